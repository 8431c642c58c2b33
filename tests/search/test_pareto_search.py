"""The search as users see it."""

import pickle

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import NSGAIISampler, RandomSampler
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold, KFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from sklearn_mtl.search import ConfigurationSpace, Continuous, Discrete
from sklearn_mtl.search._pareto.pareto_search import ParetoSearchCV
from sklearn_mtl.search._studies.samplers import SAMPLERS
from tests.search.searched import Counted, Fragile, Interrupted, Killed, Noisy, WeightedRidge, line

X, Y = line()
ALPHA = ConfigurationSpace([Continuous("alpha", 1e-3, 1.0, log=True)])
WIDTHS = {"width": list(range(1, 9)), "shift": (0.0, 1.0)}


def lasso(n_trials=12, **params):
    params = {"sampler": "nsga2", "random_state": 0, **params}
    return ParetoSearchCV(Lasso(), ALPHA, n_trials=n_trials, **params)


def noisy(cls=Noisy, space=WIDTHS, n_trials=12, **params):
    params = {"sampler": "random", "random_state": 0, **params}
    return ParetoSearchCV(cls(), space, n_trials=n_trials, **params)


@pytest.fixture(scope="module")
def fitted():
    return lasso(30, cv=3).fit(X, Y)


# --- what comes out


def test_front_is_what_no_other_trial_beats(fitted):
    results = pd.DataFrame(fitted.cv_results_)
    losses = results[["mean_test_mse", "mean_test_n_parameters"]].to_numpy()
    on_front = [
        not any((other <= own).all() and (other < own).any() for other in losses) for own in losses
    ]
    assert ((results["rank_test_score"] == 1) == on_front).all()
    front = fitted.pareto_front_
    assert not front.duplicated(["mse", "n_parameters"]).any()
    expected = np.unique(losses[on_front], axis=0)
    np.testing.assert_allclose(front[["mse", "n_parameters"]], expected)
    by_number = results.set_index("trial").loc[front["trial"]]
    np.testing.assert_allclose(by_number["param_alpha"].astype(float), front["alpha"])


def test_results_are_what_cross_validation_gives(fitted):
    row = 7
    model = Lasso(**fitted.cv_results_["params"][row])
    expected = -cross_val_score(model, X, Y, cv=3, scoring="neg_mean_squared_error")
    got = [fitted.cv_results_[f"split{i}_test_mse"][row] for i in range(3)]
    np.testing.assert_allclose(got, expected)
    assert fitted.cv_results_["mean_test_mse"][row] == pytest.approx(expected.mean())
    assert fitted.cv_results_["std_test_mse"][row] == pytest.approx(expected.std())
    assert fitted.n_splits_ == 3
    assert len(fitted.cv_results_["mean_fit_time"]) == 30


def test_selected_model_predicts_as_fitted_on_all_rows(fitted):
    expected = Lasso(**fitted.best_params_).fit(X, Y)
    np.testing.assert_allclose(fitted.predict(X), expected.predict(X))
    assert fitted.score(X, Y) == pytest.approx(expected.score(X, Y))
    assert fitted.best_params_ == fitted.cv_results_["params"][fitted.best_index_]
    assert fitted.best_params_["alpha"] == fitted.pareto_front_["alpha"][fitted.best_front_index_]


def test_selection(fitted):
    assert fitted.select_index("best_error") == 0
    assert fitted.select_index("smallest") == len(fitted.pareto_front_) - 1
    largest = fitted.select(lambda front: int(front["n_parameters"].argmax()))
    assert np.count_nonzero(largest.coef_) >= np.count_nonzero(fitted.select("smallest").coef_)
    assert fitted.select("smallest_within", tolerance=1e9) is fitted.select("smallest")
    with pytest.raises(ValueError, match=r"an integer from 0 to \d+. Got 99"):
        fitted.select(lambda front: 99)
    with pytest.raises(ValueError, match="'best' is no rule"):
        fitted.select("best")


def test_models_are_fitted_when_asked_for():
    search = lasso().fit(X, Y)
    models = search.pareto_estimators_
    assert repr(models).endswith("1 of them fitted>")
    assert models[-1] is models[len(models) - 1] is search.select("smallest")
    assert [m.alpha for m in models[:]] == search.pareto_front_["alpha"].tolist()
    with pytest.raises(IndexError):
        models[len(models)]


def test_tables(fitted):
    table = fitted.front_table()
    assert table.index.tolist() == fitted.pareto_front_["trial"].tolist()
    assert table["mse / best"].iloc[0] == 1
    assert "best_error" in table["selected by"].iloc[0]
    assert "smallest" in table["selected by"].iloc[-1]
    history = fitted.hypervolume_history()
    assert history["trial"].tolist() == list(range(30))
    assert (history["hypervolume"].diff().dropna() >= -1e-12).all()
    assert history["hypervolume"].iloc[-1] > history["hypervolume"].iloc[0] >= 0


def test_without_refit():
    search = lasso(refit=False).fit(X, Y)
    assert not hasattr(search, "predict")
    assert not hasattr(search, "best_index_")
    assert search.n_features_in_ == 3
    assert search.select("smallest").predict(X).shape == Y.shape


def test_refit_by_a_function():
    search = lasso(refit=lambda front: len(front) - 1).fit(X, Y)
    assert search.best_front_index_ == search.select_index("smallest")


# --- objectives, constraints


def test_scores_are_shown_as_scores():
    def slope(estimator, X, y):
        return -abs(estimator.coef_[0] - 0.5)

    search = lasso(objectives=("neg_mean_absolute_error", slope)).fit(X, Y)
    front = search.pareto_front_
    assert (front["neg_mean_absolute_error"] < 0).all()
    assert front["neg_mean_absolute_error"].is_monotonic_decreasing
    assert front["slope"].is_monotonic_increasing
    assert search.select_index("best_error") == front["neg_mean_absolute_error"].argmax()


def test_three_objectives_and_one():
    three = noisy(objectives=("mse", "n_parameters", "fit_time")).fit(X, Y)
    assert {"mse", "n_parameters", "fit_time"} <= set(three.pareto_front_)
    assert three.select("smallest").width == min(three.pareto_front_["width"])
    one = lasso(objectives=("mse",)).fit(X, Y)
    assert len(one.pareto_front_) == 1
    assert one.best_index_ == np.argmin(one.cv_results_["mean_test_mse"])


def test_what_violates_a_constraint_is_kept_but_not_offered():
    search = noisy(constraints=["n_parameters <= 4", ("mae", "<", 5)], n_trials=30).fit(X, Y)
    results = pd.DataFrame(search.cv_results_)
    kept = (results["mean_test_n_parameters"] <= 4) & (results["mean_test_mae"] < 5)
    assert 0 < kept.sum() < len(results)
    assert (results["feasible"] == kept).all()
    assert (search.pareto_front_["n_parameters"] <= 4).all()
    assert results["rank_test_score"][kept].max() < results["rank_test_score"][~kept].min()
    # Samplers see it as well
    violations = [t.constraints["n_parameters <= 4"] for t in search.study_.trials]
    assert ((np.array(violations) <= 0) == (results["mean_test_n_parameters"] <= 4)).all()


def test_nothing_keeps_the_constraints():
    search = noisy(constraints=["n_parameters <= 0"])
    with pytest.raises(
        ValueError, match=r"None of the 12 complete trials .* n_parameters <= 0. The"
    ):
        search.fit(X, Y)
    assert len(search.cv_results_["params"]) == 12, "what was tried can be looked at"


def test_missing_labels():
    labels = np.column_stack([Y, -Y])
    labels[::3, 0] = np.nan
    search = noisy(Fragile, {"width": [1, 4], "shift": (0.0, 1.0)}, objectives=("nmae",))
    with pytest.raises(ValueError, match="All 10 trials failed"):
        search.fit(X, labels)  # a plain mean of NaN
    from sklearn_mtl import PerTargetRegressor

    search = ParetoSearchCV(
        PerTargetRegressor(Ridge()), {"regressor__alpha": (0.1, 9.0)}, sampler="random", n_trials=3
    )
    assert search.fit(X, labels).predict(X).shape == (60, 2)
    assert search.pareto_front_["n_parameters"].tolist() == [8]


# --- spaces


def test_spaces_of_plain_python():
    space = {
        "width": (1, 3),
        "shift": (0.5, 1.5),
        "random_state": [7],
    }
    search = noisy(space=space, n_trials=20).fit(X, Y)
    tried = pd.DataFrame(search.cv_results_["params"])
    assert set(tried["width"]) == {1, 2, 3}
    assert tried["shift"].between(0.5, 1.5).all()
    assert search.best_estimator_.random_state == 7


def test_distributions():
    space = {
        "width": IntDistribution(2, 8, step=3),
        "shift": FloatDistribution(1e-3, 1.0, log=True),
        "random_state": CategoricalDistribution([1, 2]),
    }
    tried = pd.DataFrame(noisy(space=space, n_trials=40).fit(X, Y).cv_results_["params"])
    assert set(tried["width"]) == {2, 5, 8}
    assert (tried["shift"] < 0.05).mean() > 0.3
    assert set(tried["random_state"]) == {1, 2}


@pytest.mark.parametrize("values", [(1, 1000), IntDistribution(1, 8, log=True)])
def test_many_integers_must_be_listed(values):
    with pytest.raises(ValueError, match=r"'width' takes .* values from 1 to"):
        noisy(space={"width": values}).fit(X, Y)


@pytest.mark.parametrize(
    ("estimator", "space", "message"),
    [
        (Lasso(), None, "`space` says which parameters"),
        (Lasso(), {}, "`space` must be"),
        (Lasso(), {"alpha": 3}, "The values of 'alpha' must be"),
        (Lasso(), {"alpha": "auto"}, "The values of 'alpha' must be"),
        (Lasso(), {"beta": (0.0, 1.0)}, "beta is no parameter of Lasso. Its parameters: alpha,"),
        (ALPHA, {"alpha": (0.0, 1.0)}, "`estimator` is a ConfigurationSpace"),
    ],
)
def test_bad_spaces(estimator, space, message):
    with pytest.raises(ValueError, match=message):
        ParetoSearchCV(estimator, space, n_trials=2, sampler="random").fit(X, Y)


def test_a_space_with_its_pipeline():
    space = ConfigurationSpace(
        [Discrete("width", [1, 2, 3])], pipeline="tests.search.searched.Noisy", fixed={"shift": 0.3}
    )
    search = ParetoSearchCV(space, sampler="random", n_trials=5, random_state=0).fit(X, Y)
    assert isinstance(search.best_estimator_, Noisy)
    assert search.best_estimator_.shift == 0.3
    assert search.__sklearn_tags__().estimator_type == "regressor"


def test_conditional_steps_of_a_pipeline():
    ridge, sized, scaler = Ridge(), Noisy(), StandardScaler()
    space = ConfigurationSpace(
        [
            Discrete("scale", ["passthrough", scaler]),
            Discrete("model", [ridge, sized]),
            Continuous("model__alpha", 1e-3, 1.0, log=True, when={"model": [ridge]}),
            Discrete("model__width", [1, 2], when={"model": [sized]}),
        ]
    )
    pipeline = Pipeline([("scale", "passthrough"), ("model", Lasso())])
    search = ParetoSearchCV(pipeline, space, sampler="random", n_trials=20, random_state=0)
    results = search.fit(X, Y).cv_results_
    assert (results["state"] == "complete").all()
    assert {type(c["model"]) for c in results["params"]} == {Ridge, Noisy}
    is_ridge = np.array([c["model"] is ridge for c in results["params"]])
    np.testing.assert_array_equal(results["param_model__alpha"].mask, ~is_ridge)
    assert not hasattr(scaler, "mean_"), "the choices themselves are never fitted"
    assert not hasattr(ridge, "coef_")


# --- seeds, samplers


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_same_seed_same_front(sampler):
    first, second = (noisy(sampler=sampler, n_trials=30).fit(X, Y) for _ in range(2))
    pd.testing.assert_frame_equal(first.pareto_front_, second.pareto_front_)
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    other = noisy(sampler=sampler, n_trials=30, random_state=1).fit(X, Y)
    assert not first.pareto_front_.equals(other.pareto_front_)


def test_a_configuration_has_its_own_seed():
    """The same result in every trial, and the model that is refitted has the seed of its trial."""
    search = noisy(space={"width": [1, 2]}, n_trials=12).fit(X, Y)
    errors = pd.DataFrame(
        {
            "width": [c["width"] for c in search.cv_results_["params"]],
            "mse": search.cv_results_["mean_test_mse"],
        }
    )
    assert (errors.groupby("width")["mse"].nunique() == 1).all()
    assert errors["mse"].nunique() == 2
    seeds = {m.random_state for m in search.pareto_estimators_}
    assert len(seeds) == len(search.pareto_estimators_)
    assert None not in seeds


def test_global_random_numbers_are_left_alone():
    state = check_random_state(None)  # the global one
    expected = state.get_state()[1].copy()
    noisy(random_state=None).fit(X, Y)
    np.testing.assert_array_equal(state.get_state()[1], expected)


@pytest.mark.parametrize(
    "sampler", [RandomSampler(seed=1), NSGAIISampler(population_size=4, seed=1)]
)
def test_sampler_of_the_user_is_copied(sampler):
    search = noisy(sampler=sampler)
    fronts = [search.fit(X, Y).pareto_front_ for _ in range(2)]
    pd.testing.assert_frame_equal(*fronts)
    assert search.sampler is sampler


def test_optuna_speaks_as_before(capfd):
    level = optuna.logging.get_verbosity()
    with pytest.warns(FitFailedWarning):
        noisy(Fragile, n_trials=20).fit(X, Y)
    assert optuna.logging.get_verbosity() == level
    assert capfd.readouterr().err == ""


def test_progress(capfd):
    lasso(verbose=1).fit(X, Y)
    shown = capfd.readouterr().err
    assert "12/12" in shown
    assert "front=" in shown
    assert "mse=" in shown


# --- failures, ends


def test_failures_are_recorded():
    with pytest.warns(FitFailedWarning, match="trials failed; cv_results_"):
        search = noisy(Fragile, n_trials=40, error_score=-1.0).fit(X, Y)
    results = pd.DataFrame(search.cv_results_)
    widths = results["param_width"]
    broken = results[widths.isin([2, 3])]
    assert len(broken) > 2
    assert (broken["state"] == "failed").all()
    assert (broken["error"][widths == 2] == "ArithmeticError: width 2 breaks").all()
    assert broken["error"][widths == 3].str.contains("NaN").all()
    assert (broken["mean_test_mse"] == -1).all()
    assert (results["state"][~widths.isin([2, 3])] == "complete").all()
    assert results["rank_test_score"][broken.index].nunique() == 1
    assert not search.pareto_front_["width"].isin([2, 3]).any()


def test_all_failed():
    search = noisy(Fragile, {"width": [2], "shift": (0.0, 1.0)})
    with pytest.raises(ValueError, match=r"All 10 trials failed.*\{'width': 2, .*width 2 breaks"):
        search.fit(X, Y)
    assert set(search.cv_results_["error"]) == {"ArithmeticError: width 2 breaks"}
    assert len(search.cv_results_["error"]) == 10, "the same error ten times is enough"
    search = noisy(Fragile, {"width": [2, 4], "shift": (0.0, 1.0)}, n_trials=40)
    with pytest.warns(FitFailedWarning, match="of 40 trials failed"):
        search.fit(X, Y)


def test_failure_may_end_the_search():
    with pytest.raises(ArithmeticError, match="width 2 breaks"):
        noisy(Fragile, n_trials=40, error_score="raise").fit(X, Y)


def test_a_sampler_that_fails_ends_the_search():
    class Broken(RandomSampler):
        def sample_independent(self, *args):
            raise ZeroDivisionError("in the sampler")

    with pytest.raises(ZeroDivisionError, match="in the sampler"):
        noisy(sampler=Broken()).fit(X, Y)


def test_ctrl_c_ends_the_search_and_keeps_what_was_found():
    Interrupted.interrupts_at = 6
    with pytest.warns(UserWarning, match="interrupted after 5 of 20 trials"):
        search = noisy(Interrupted, n_trials=20).fit(X, Y)
    # The training that took the interrupt for its own end has no result.
    assert len(search.cv_results_["params"]) == 5
    assert search.predict(X).shape == Y.shape


def test_ctrl_c_before_the_first_result():
    Interrupted.interrupts_at = 1
    with pytest.raises(KeyboardInterrupt):
        noisy(Interrupted).fit(X, Y)


def test_timeout():
    search = noisy(n_trials=10**6, timeout=0.5).fit(X, Y)
    assert 0 < len(search.cv_results_["params"]) < 10**6


def test_callbacks_may_stop():
    seen = []

    def stop_at_five(study, trial):
        seen.append(trial.number)
        if len(seen) == 5:
            study.stop()

    search = noisy(callbacks=[stop_at_five]).fit(X, Y)
    assert seen == [0, 1, 2, 3, 4]
    assert len(search.cv_results_["params"]) == 5


def test_early_stopping():
    space = {"width": [1], "shift": (0.0, 1.0)}  # endless, and of one size
    endless = {"space": space, "objectives": ("n_parameters",)}
    search = noisy(**endless, n_trials=200, early_stopping=5).fit(X, Y)
    assert len(search.cv_results_["params"]) == 45, "eight generations of 5 after the first"
    assert len(noisy(**endless, n_trials=60).fit(X, Y).cv_results_["params"]) == 60


# --- caching, storage, processes


def test_no_configuration_is_trained_twice():
    Counted.trained.clear()
    space = {"width": [1, 2, 3], "shift": [0.0, 1.0]}
    search = noisy(Counted, space, n_trials=40, refit=False).fit(X, Y)
    assert len(Counted.trained) == len(set(Counted.trained)) == 6
    assert 6 <= len(search.cv_results_["params"]) < 40, "it ends when all six are known"
    assert len(search.pareto_front_) <= 3


def test_resume(tmp_path):
    storage = f"sqlite:///{tmp_path}/search.db"
    Counted.trained.clear()
    space = {"width": [1, 2, 3, 4], "shift": [0.0, 1.0]}
    params = {"space": space, "storage": storage, "study_name": "s", "refit": False}
    first = noisy(Counted, n_trials=3, **params).fit(X, Y)
    known = len(Counted.trained)
    again = noisy(Counted, n_trials=3, **params).fit(X, Y)
    assert len(Counted.trained) == known, "all three trials are done"
    pd.testing.assert_frame_equal(first.pareto_front_, again.pareto_front_)
    more = noisy(Counted, n_trials=8, **params).fit(X, Y)
    assert len(Counted.trained) == len(set(Counted.trained))
    assert first.cv_results_["params"] == more.cv_results_["params"][:3]
    assert first.cv_results_["params"] != more.cv_results_["params"][3:6], "not the same again"
    assert len(more.cv_results_["params"]) == 8
    restored = pickle.loads(pickle.dumps(more))
    assert isinstance(restored.study_._storage, optuna.storages.InMemoryStorage)
    assert len(restored.study_.trials) == 8


def test_the_same_search_goes_on_without_a_name(tmp_path):
    storage = str(tmp_path / "journal")
    first = noisy(storage=storage, n_trials=3).fit(X, Y)
    more = noisy(storage=storage, n_trials=5, refit="smallest").fit(X, Y)
    assert more.cv_results_["params"][:3] == first.cv_results_["params"]
    for other in (
        noisy(storage=storage, random_state=1),
        noisy(storage=storage, sampler="nsga2"),
        noisy(storage=storage, constraints=["mae <= 3"]),
        noisy(storage=storage, objectives=["mse"]),
        noisy(storage=storage, space={"width": [1, 2]}),
        noisy(Counted, storage=storage),
    ):
        other.set_params(n_trials=1).fit(X, Y)
        assert len(other.study_.trials) == 1
    assert len(noisy(storage=storage, n_trials=1).fit(X, Y + 1).study_.trials) == 1
    unseeded = [noisy(storage=storage, random_state=None, n_trials=n).fit(X, Y) for n in (2, 3)]
    assert len(unseeded[1].study_.trials) == 3


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url):
    with pytest.raises(ConnectionError, match="it would be in memory"):
        noisy(storage=url).fit(X, Y)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"objectives": ("mae", "n_parameters")}, "objectives"),
        ({"constraints": ["mae <= 3"]}, "constraints"),
        ({"space": {"width": [1, 2, 9]}}, "space"),
        ({"cls": Counted}, "estimator"),
        ({"cv": 3}, "data"),
    ],
)
def test_a_study_is_for_one_purpose(change, part):
    storage = optuna.storages.InMemoryStorage()
    noisy(storage=storage, study_name="s").fit(X, Y)
    with pytest.raises(ValueError, match=f"'s' of this storage was made for other .*{part}"):
        noisy(**{"storage": storage, "study_name": "s", **change}).fit(X, Y)


def test_a_study_of_other_data_or_makers():
    storage = optuna.storages.InMemoryStorage()
    noisy(storage=storage, study_name="s").fit(X, Y)
    with pytest.raises(ValueError, match="made for other data"):
        noisy(storage=storage, study_name="s").fit(X, Y + 1)
    foreign = optuna.create_study(storage=storage, study_name="t", directions=["minimize"] * 2)
    foreign.optimize(lambda trial: (1, 2), n_trials=1)
    with pytest.raises(ValueError, match="'t' of this storage was made for other"):
        noisy(storage=storage, study_name="t").fit(X, Y)


def test_processes():
    search = noisy(n_jobs=2, n_trials=6, constraints=["mae <= 100"]).fit(X, Y)
    assert len(search.cv_results_["params"]) == 6
    assert (search.cv_results_["state"] == "complete").all()
    # A configuration gives what it gives here.
    row = int(np.argmin(search.cv_results_["mean_test_mse"]))
    one = noisy(
        space={name: [v] for name, v in search.cv_results_["params"][row].items()}, n_trials=1
    )
    assert search.study_.trials[row].values[1] == one.fit(X, Y).pareto_front_["n_parameters"][0]


@pytest.mark.slow
def test_a_process_that_dies_fails_its_trial_only():
    space = {"width": [1, 2, 3, 4]}
    every = optuna.samplers.GridSampler(space)
    with pytest.warns(FitFailedWarning, match="was ended from outside 2 times"):
        search = noisy(Killed, space, sampler=every, n_jobs=2, n_trials=4).fit(X, Y)
    states = {
        config["width"]: state
        for config, state in zip(
            search.cv_results_["params"], search.cv_results_["state"], strict=True
        )
    }
    assert states == {1: "complete", 2: "failed", 3: "complete", 4: "complete"}


# --- scikit-learn


def test_nested_and_cloned():
    search = lasso(4)
    assert cross_val_score(search, X, Y, cv=3).min() > 0.5
    copied = clone(search)
    assert copied.get_params()["estimator"] is not search.estimator
    with pytest.raises(NotFittedError):
        copied.predict(X)


def test_pickle_predicts_but_holds_no_data():
    search = lasso().fit(np.tile(X, (50, 1)), np.tile(Y, 50))
    stored = pickle.dumps(search)
    assert len(stored) < 50 * X.nbytes
    restored = pickle.loads(stored)
    np.testing.assert_array_equal(restored.predict(X), search.predict(X))
    assert restored.select("knee").alpha == search.best_params_["alpha"]
    assert len(restored.study_.trials) == 12
    with pytest.raises(RuntimeError, match="does not hold the training data"):
        restored.select("smallest")


def test_data_frames():
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    search = lasso().fit(frame, pd.Series(Y))
    assert search.feature_names_in_.tolist() == ["a", "b", "c"]
    assert search.best_estimator_.feature_names_in_.tolist() == ["a", "b", "c"]


def test_default_splits_are_in_the_order_of_time():
    search = noisy(n_trials=2).fit(X, Y)
    assert search.n_splits_ == 1
    rows = np.arange(60)
    expected = noisy(n_trials=2, cv=[(rows[:48], rows[48:])]).fit(X, Y)
    pd.testing.assert_frame_equal(search.pareto_front_, expected.pareto_front_)
    with pytest.raises(ValueError, match="a minimum of 2 is required"):
        noisy().fit(X[:1], Y[:1])


@pytest.mark.parametrize("cv", [3, KFold(3, shuffle=True, random_state=0)])
def test_splitters(cv):
    assert noisy(cv=cv, n_trials=2).fit(X, Y).n_splits_ == 3


def test_weights_go_to_estimator_and_scorers():
    weights = np.random.default_rng(0).integers(0, 3, size=60).astype(float)
    search = ParetoSearchCV(
        WeightedRidge(), {"alpha": [1.0]}, objectives=("mse",), sampler="random", n_trials=1
    )
    search.fit(X, Y, sample_weight=weights)
    model = Ridge(1.0).fit(X[:48], Y[:48], sample_weight=weights[:48])
    expected = np.average((model.predict(X[48:]) - Y[48:]) ** 2, weights=weights[48:])
    assert search.pareto_front_["mse"][0] == pytest.approx(expected)
    np.testing.assert_array_equal(search.best_estimator_.weights_, weights)

    def own(estimator, X, y):
        return 0.0

    search.set_params(objectives=("mse", own))
    with pytest.warns(UserWarning, match="`sample_weight` is not used by own"):
        search.fit(X, Y, sample_weight=weights)


def test_groups_go_to_the_splitter():
    groups = np.repeat(np.arange(6), 10)
    search = noisy(cv=GroupKFold(3), n_trials=2).fit(X, Y, groups=groups)
    assert search.n_splits_ == 3


def test_metadata_routing():
    import sklearn

    weights = np.ones(60)
    weights[:30] = 2
    with sklearn.config_context(enable_metadata_routing=True):
        model = WeightedRidge().set_fit_request(sample_weight=True)
        search = ParetoSearchCV(
            model, {"alpha": [1.0]}, cv=GroupKFold(3), sampler="random", n_trials=1
        )
        search.fit(X, Y, sample_weight=weights, groups=np.repeat(np.arange(6), 10))
    np.testing.assert_array_equal(search.best_estimator_.weights_, weights)


def test_classifiers():
    iris_X, iris_y = load_iris(return_X_y=True)
    search = ParetoSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression(l1_ratio=1.0, solver="saga", tol=0.1)),
        {"logisticregression__C": FloatDistribution(1e-2, 1.0, log=True)},
        objectives=("accuracy", "n_parameters"),
        cv=3,
        sampler="random",
        n_trials=5,
        random_state=0,
    ).fit(iris_X, iris_y)
    assert search.classes_.tolist() == [0, 1, 2]
    assert search.predict_proba(iris_X).shape == (150, 3)
    assert not hasattr(search, "transform")
    assert search.pareto_front_["accuracy"].is_monotonic_decreasing


@pytest.mark.parametrize(
    "params",
    [
        {"n_trials": 0},
        {"sampler": "genetic"},
        {"refit": "elbow"},
        {"timeout": 0},
        {"early_stopping": 0},
        {"objectives": "mse"},
        {"constraints": "mae <= 3"},
    ],
)
def test_bad_parameters(params):
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter"):
        lasso().set_params(**params).fit(X, Y)
