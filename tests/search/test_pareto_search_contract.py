"""What a search promises: what it refuses, what it measures, what it leaves behind."""

import itertools
import re
import warnings

import numpy as np
import optuna
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Lasso, Ridge
from sklearn.metrics import make_scorer, mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import PerTargetRegressor
from sklearn_mtl.search import (
    ConfigurationSpace,
    Continuous,
    Discrete,
    ParetoSearchCV,
    any_of,
    msbcnn_space,
)
from sklearn_mtl.search._pareto.progress import StopAt, StopWhenStagnant, is_done
from sklearn_mtl.search._pareto.trial_evaluation import _TRAINED
from sklearn_mtl.search._pareto.trial_records import ERROR, EVALUATION, KEY
from tests.search.searched import Counted, Noisy, WeightedRidge, line

X, Y = line()
WEIGHTS = np.linspace(0.1, 2.0, len(Y))


def search_of(estimator=None, space=None, **params):
    params = {"sampler": "random", "n_trials": 8, "random_state": 0, **params}
    return ParetoSearchCV(estimator or Lasso(), space or {"alpha": (1e-3, 0.5)}, **params)


# --- one study, one purpose


def resumed(storage, *, fit=None, **params):
    """Go on with a study."""
    search = search_of(**{"storage": storage, "study_name": "s", "n_trials": 9, **params})
    return search.fit(X, Y, **(fit or {}))


@pytest.mark.parametrize("objectives", [("mse",), ("n_parameters",)])
def test_a_study_is_for_one_set_of_weights(objectives):
    storage = optuna.storages.InMemoryStorage()
    params = {"estimator": WeightedRidge(), "objectives": objectives}
    resumed(storage, fit={"sample_weight": WEIGHTS}, n_trials=3, **params)
    for other in ({}, {"sample_weight": WEIGHTS[::-1]}):
        with pytest.raises(ValueError, match="was made for other data"):
            resumed(storage, fit=other, **params)
    same = resumed(storage, fit={"sample_weight": WEIGHTS.copy()}, **params)
    assert len(same.cv_results_["trial"]) == 9


def test_ends_of_a_range_and_limits_count_exactly():
    storage = optuna.storages.InMemoryStorage()
    first = {"space": {"alpha": (1e6, 1e6 + 4)}, "constraints": ["n_parameters <= 1000001"]}
    resumed(storage, n_trials=3, **first)
    with pytest.raises(ValueError, match="was made for other space"):
        resumed(storage, **{**first, "space": {"alpha": (1e6, 1e6 + 1)}})
    with pytest.raises(ValueError, match="was made for other constraints"):
        resumed(storage, **{**first, "constraints": ["n_parameters <= 1000002"]})
    assert len(resumed(storage, **first).cv_results_["trial"]) == 9


def test_functions_as_choices_can_be_resumed():
    def pipeline():
        """As another process makes it: the function has another address there."""

        def model(x):
            return x**3

        def plain(x):
            return x

        space = ConfigurationSpace(
            [
                Discrete("width", [model, plain]),
                Discrete("shift", [0.0, 1.0], when={"width": [model]}),
            ]
        )
        return Named(), space

    storage = optuna.storages.InMemoryStorage()
    for n_trials in (3, 6):
        estimator, space = pipeline()
        search = resumed(storage, estimator=estimator, space=space, n_trials=n_trials)
        assert len(search.cv_results_["trial"]) == n_trials


class Named(Noisy):
    """Be as wide as the name of a function is long."""

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.n_parameters_ = len(self.width.__name__)
        return self


# --- what is measured


def test_sizes_of_pipelines_for_several_targets_with_missing_labels():
    labels = np.column_stack([Y, -Y])
    labels[::3, 0] = np.nan
    model = PerTargetRegressor(make_pipeline(StandardScaler(), Ridge()))
    search = search_of(model, {"regressor__ridge__alpha": (0.1, 9.0)}).fit(X, labels)
    assert search.pareto_front_["n_parameters"].tolist() == [8]


class FirstIsSlow(Counted):
    """Say how often it was trained, as the time that a training takes."""


@pytest.mark.parametrize("objectives", [("mse", "fit_time"), ("mse", "n_parameters")])
def test_the_first_training_of_a_process_is_not_timed(objectives):
    Counted.trained.clear()
    _TRAINED.discard(FirstIsSlow)
    params = {"objectives": objectives, "n_trials": 2, "refit": False}
    search = search_of(FirstIsSlow(), {"width": [1, 2, 3], "shift": (0.0, 1.0)}, **params)
    search.fit(X, Y)
    warmed_up = "fit_time" in objectives
    assert len(Counted.trained) == 2 + warmed_up
    assert Counted.trained[0] == Counted.trained[int(warmed_up)]
    search.fit(X, Y)
    assert len(Counted.trained) == 4 + warmed_up, "only once in a process"


def test_errors_made_scorers_are_negative_and_say_so():
    scorer = make_scorer(mean_squared_error, greater_is_better=False)
    front = search_of(objectives=[scorer, "n_parameters"]).fit(X, Y).pareto_front_
    assert (front["neg_mean_squared_error"] < 0).all()


# --- tables


def named(name):
    def score(estimator, X, y):
        return -1.0

    score.__name__ = name
    return score


@pytest.mark.parametrize("name", ["alpha", "trial"])
def test_columns_of_the_front_have_different_names(name):
    with pytest.raises(ValueError, match=f"'{name}' would be two columns of `pareto_front_`"):
        search_of(objectives=["mse", named(name)]).fit(X, Y)


def test_errors_next_to_the_best():
    errors = search_of().fit(X, Y).front_table()
    assert errors["mse / best"].iloc[0] == 1
    assert errors["mse / best"].is_monotonic_increasing
    search = search_of(objectives=("r2", "n_parameters"), n_trials=20)
    scores = search.fit(X, Y).front_table()
    np.testing.assert_allclose(scores["r2 - best"], scores["r2"] - scores["r2"].max())
    assert scores["r2 - best"].iloc[0] == 0
    perfect = search_of(objectives=("mse",), space={"alpha": [0.1, 0.2]})
    table = perfect.fit(X, np.ones(len(Y))).front_table()  # what a constant explains
    assert table["mse - best"].tolist() == [0]


def test_history_of_the_hypervolume():
    search = search_of(n_trials=20).fit(X, Y)
    history = search.hypervolume_history([5.0, 9.0])
    assert history["hypervolume"].is_monotonic_increasing
    with pytest.raises(ValueError, match=r"one value for each objective.* Got shape \(1,\)"):
        search.hypervolume_history([1.0])


# --- before and after a fit


@pytest.mark.parametrize("method", ["select", "select_index", "front_table", "hypervolume_history"])
def test_not_fitted(method):
    with pytest.raises(NotFittedError):
        getattr(search_of(), method)()


def test_a_failed_search_leaves_nothing_of_an_earlier_one():
    search = search_of().fit(X, Y)
    search.set_params(constraints=["n_parameters <= 0"])
    with pytest.raises(ValueError, match="keeps the constraints"):
        search.fit(X, Y)
    assert not hasattr(search, "pareto_front_")
    with pytest.raises(NotFittedError):
        search.front_table()
    with pytest.raises(ValueError, match="is no objective"):
        search.set_params(objectives=["msee"]).fit(X, Y)
    assert not hasattr(search, "cv_results_")


def test_methods_that_models_of_a_space_have():
    search = ParetoSearchCV(msbcnn_space())
    assert hasattr(search, "predict")
    assert hasattr(search, "score")
    for name in ("transform", "predict_proba", "decision_function"):
        assert not hasattr(search, name)


def test_options_belong_to_rules():
    search = search_of().fit(X, Y)
    with pytest.raises(ValueError, match="The rule 'knee' has no option 'tolerance'"):
        search.select("knee", tolerance=0.1)


@pytest.mark.parametrize("changed", ["X", "y", "sample_weight"])
def test_models_are_not_fitted_on_data_changed_after_the_search(changed):
    data = {"X": X.copy(), "y": Y.copy(), "sample_weight": WEIGHTS.copy()}
    space = {"width": list(range(1, 9)), "shift": (0.0, 1.0)}
    search = search_of(Noisy(), space, n_trials=20, refit="best_error").fit(**data)
    assert search.best_front_index_ != search.select_index("smallest")
    expected = clone(search).fit(X, Y, sample_weight=WEIGHTS).select("smallest")
    before = data[changed][0].copy()
    data[changed][0] += 1
    with pytest.raises(RuntimeError, match="was changed after the search"):
        search.select("smallest")
    assert search.select("best_error") is search.best_estimator_, "fitted before"
    data[changed][0] = before
    assert search.select("smallest").mean_ == expected.mean_


# --- early ends


def test_early_stopping_that_cannot_act():
    with pytest.warns(UserWarning, match=r"after 180 trials.*n_trials=20.*early_stopping=2 for"):
        search_of(n_trials=20, early_stopping=True, refit=False).fit(X, Y)
    with pytest.warns(UserWarning, match=r"after 9 trials.*n_trials=9: pass more\.$"):
        search_of(n_trials=9, early_stopping=1, refit=False).fit(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search_of(n_trials=10, early_stopping=1, refit=False).fit(X, Y)


@pytest.mark.parametrize("jump", [1, 2, 3])
def test_the_end_of_a_generation_may_be_jumped_over(jump):
    study = optuna.create_study(directions=["minimize"] * 2)
    trial = optuna.trial.create_trial(values=[1.0, 1.0])  # all alike
    look = StopWhenStagnant(5)
    with pytest.raises(RuntimeError, match=r"Study\.stop"):  # it stops what does not run
        while len(study.trials) < 90:
            study.add_trials([trial] * jump)  # that finish together
            look(study, trial)
    assert len(study.trials) == -(-45 // jump) * jump


def recorded(study, key, **attributes):
    failed = ERROR in attributes
    state = optuna.trial.TrialState.FAIL if failed else optuna.trial.TrialState.COMPLETE
    study.add_trial(
        optuna.trial.create_trial(
            state=state,
            values=None if failed else [1.0],
            user_attrs={KEY: key, **attributes},
        )
    )


def test_a_study_that_knows_every_configuration_is_done():
    study = optuna.create_study()
    recorded(study, "a", **{EVALUATION: {}})
    recorded(study, "a", **{EVALUATION: {}})
    assert not is_done(study, n_trials=10, n_configurations=2)
    recorded(study, "b", **{ERROR: "broken"})
    assert is_done(study, n_trials=10, n_configurations=2)
    assert not is_done(study, n_trials=10, n_configurations=3)
    assert is_done(study, n_trials=3)


def test_stop_when_every_configuration_is_known():
    study = optuna.create_study()
    stop = StopAt(100, n_configurations=2)
    keys = itertools.cycle("ab")

    def objective(trial):
        trial.set_user_attr(KEY, next(keys))
        trial.set_user_attr(EVALUATION, {})
        return 0.0

    study.optimize(objective, n_trials=100, callbacks=[stop])
    assert len(study.trials) == 2


# --- mistakes are told before the first trial


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"objectives": [3]}, "3 is no objective"),
        ({"callbacks": [3]}, "`callbacks` must be functions (study, trial). Got 3."),
        (
            {
                "estimator": make_pipeline(StandardScaler(), Ridge()),
                "space": {"ridge__alfa": (0.1, 1.0)},
            },
            "The space does not fit the estimator. Invalid parameter 'alfa' for estimator Ridge()",
        ),
    ],
)
def test_mistakes(params, message):
    tried = []
    callbacks = params.pop("callbacks", [lambda study, trial: tried.append(trial)])
    with pytest.raises(ValueError, match=re.escape(message)):
        search_of(**params, callbacks=callbacks).fit(X, Y)
    assert not tried


@pytest.mark.parametrize(
    ("rows", "part"), [(slice(48, None), "test"), (slice(None, 48), "training")]
)
def test_targets_without_labels(rows, part):
    labels = pd.DataFrame({"h2s": Y, "so2": -Y})
    labels.iloc[rows, 1] = np.nan
    search = search_of(PerTargetRegressor(Ridge()), {"regressor__alpha": (0.1, 1.0)})
    with pytest.raises(ValueError, match=f"'so2' has no label in the {part} part of split 0"):
        search.fit(X, labels)
    whole = np.arange(60)
    search.set_params(cv=[(whole, whole), (whole[:48], whole[48:])])
    with pytest.raises(ValueError, match=f"'so2' has no label in the {part} part of split 1"):
        search.fit(X, labels)


def test_the_first_trial_of_a_space_of_spaces_is_tried_as_before():
    """Spaces that make their own estimators have no parameters to set."""
    own = ConfigurationSpace([Continuous("alpha", 0.1, 1.0)], "sklearn.linear_model.Lasso")
    search = ParetoSearchCV(
        any_of("model", {"lasso": own}), sampler="random", n_trials=2, random_state=0
    )
    assert search.fit(X, Y).predict(X).shape == Y.shape
