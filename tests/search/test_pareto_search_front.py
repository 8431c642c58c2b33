"""What comes out of a search: its results, its front, its tables, and the models chosen."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Lasso
from sklearn.model_selection import cross_val_score

from sklearn_mtl.search import ConfigurationSpace, Discrete
from sklearn_mtl.search._pareto.goals import find_goals
from sklearn_mtl.search._pareto.search_results import front_frame
from sklearn_mtl.search._pareto.trial_evaluation import Evaluation
from sklearn_mtl.search._pareto.trial_records import TrialRecord
from tests.search.searched import Noisy, X, Y, lasso, noisy, search_of


@pytest.fixture(scope="module")
def fitted():
    return lasso(30, cv=3).fit(X, Y)


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


def test_options_belong_to_rules():
    search = search_of().fit(X, Y)
    with pytest.raises(ValueError, match="The rule 'knee' has no option 'tolerance'"):
        search.select("knee", tolerance=0.1)


def test_refit_by_a_function():
    search = lasso(refit=lambda front: len(front) - 1).fit(X, Y)
    assert search.best_front_index_ == search.select_index("smallest")


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


def test_columns_hold_the_values_as_they_are():
    """What does not count is missing; None is a value, and 1 and 1.0 are two."""
    nothing = {"random_state": None}
    configs = [
        {"width": 3, "name": "a", "share": 0.5, "share_or_number": 1, "flag": True, **nothing},
        {"depth": 4, "name": None, "share": 0.1, "share_or_number": 1.0, "flag": False, **nothing},
        {"width": 5, "name": "b", "share_or_number": 0.5, "flag": True, "random_state": 7},
    ]
    evaluation = Evaluation({"mse": [1.0]}, [0.0], [0.0], [])
    records = [
        TrialRecord(number, config, "complete", evaluation, True, 0.0, "")
        for number, config in enumerate(configs)
    ]
    front = front_frame(records, find_goals(["mse"], []).measured)
    names = ["width", "name", "share", "share_or_number", "flag", "random_state", "depth"]
    assert front.columns.tolist() == [*names, "mse", "trial"]
    for config, row in zip(configs, front.to_dict("records"), strict=True):
        for name in names:
            value = row[name]
            if name in config:
                assert (type(value), value) == (type(config[name]), config[name])
            else:
                assert isinstance(value, float) and np.isnan(value)
    plain = {"share": float, "flag": bool, "mse": float, "trial": int}
    assert {name: front[name].dtype for name in plain} == plain
    whole = front_frame(records[::2], [])
    assert whole["width"].dtype == int
    assert whole["name"].tolist() == ["a", "b"]


def test_rows_of_the_front_are_configurations():
    def wideness(model, X, y):
        return model.width

    space = ConfigurationSpace(
        [Discrete("width", [1, 2, 3, 4]), Discrete("random_state", [None, 3], {"width": [1, 2]})]
    )
    search = noisy(space=space, n_trials=20, objectives=[wideness, "n_parameters"]).fit(X, Y)
    front, results = search.pareto_front_, search.cv_results_
    assert front["width"].tolist() == [4, 3, 2, 1]
    for row in front.to_dict("records"):
        config = results["params"][results["trial"].tolist().index(row["trial"])]
        settings = {name: row[name] for name in space.names if row[name] is None or row[name] >= 0}
        assert repr(settings) == repr(config)
        Noisy().set_params(**settings).fit(X, Y)
    column = pd.DataFrame(results)["param_random_state"]
    expected = [config.get("random_state", np.nan) for config in results["params"]]
    assert list(map(repr, column)) == list(map(repr, expected))


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
