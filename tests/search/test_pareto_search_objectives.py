"""Objectives and constraints of a search."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer, mean_pinball_loss, mean_squared_error
from sklearn.pipeline import make_pipeline

from sklearn_mtl import PerTargetRegressor
from sklearn_mtl.metrics import normalized_mean_squared_error
from sklearn_mtl.preprocessing import SteadyStateFilter
from sklearn_mtl.search._pareto.trial_evaluation import _TRAINED
from tests.search.searched import Counted, X, Y, lasso, noisy, search_of


def test_scores_are_shown_as_scores():
    def slope(estimator, X, y):
        return -abs(estimator.coef_[0] - 0.5)

    search = lasso(objectives=("neg_mean_absolute_error", slope)).fit(X, Y)
    front = search.pareto_front_
    assert (front["neg_mean_absolute_error"] < 0).all()
    assert front["neg_mean_absolute_error"].is_monotonic_decreasing
    assert front["slope"].is_monotonic_increasing
    assert search.select_index("best_error") == front["neg_mean_absolute_error"].argmax()


def test_errors_made_scorers_are_negative_and_say_so():
    scorer = make_scorer(mean_squared_error, greater_is_better=False)
    front = search_of(objectives=[scorer, "n_parameters"]).fit(X, Y).pareto_front_
    assert (front["neg_mean_squared_error"] < 0).all()


def test_two_scorers_of_one_metric():
    def pinball(alpha):
        return make_scorer(mean_pinball_loss, alpha=alpha, greater_is_better=False)

    low, high = (f"neg_mean_pinball_loss(alpha={alpha})" for alpha in (0.1, 0.9))
    limit = f"{low} >= -0.5"
    search = noisy(objectives=[pinball(0.1), pinball(0.9)], constraints=[limit]).fit(X, Y)
    assert search.objective_names_ == [low, high]
    results = pd.DataFrame(search.cv_results_)
    kept = results[f"mean_test_{low}"] >= -0.5
    assert 0 < kept.sum() < len(results)
    assert (results["feasible"] == kept).all()
    assert search.pareto_front_[high].is_monotonic_increasing
    other = noisy(objectives=[pinball(0.9), pinball(0.1)], constraints=[limit]).fit(X, Y)
    assert other.objective_names_ == [high, low]
    for name in (low, high):
        column = f"mean_test_{name}"
        np.testing.assert_array_equal(other.cv_results_[column], results[column])


@pytest.mark.filterwarnings("ignore:1 of 12 rows have a missing value")
def test_rows_without_a_prediction():
    """A step that excludes rows can be searched with a metric that leaves them out."""
    pipeline = make_pipeline(SteadyStateFilter({0: (-1.0, None)}), PerTargetRegressor(Ridge()))
    space = {"pertargetregressor__regressor__alpha": (0.1, 1.0)}
    by_name = search_of(pipeline, space, objectives=["nmse", "n_parameters"])
    with pytest.raises(ValueError, match=r"make_scorer\(\.\.\., nan_prediction='skip'\)"):
        by_name.fit(X, Y)
    scorer = make_scorer(
        normalized_mean_squared_error, nan_prediction="skip", greater_is_better=False
    )
    search = search_of(pipeline, space, objectives=[scorer, "n_parameters"])
    with pytest.warns(UserWarning, match="without a prediction are left out"):
        search.fit(X, Y)
    assert (search.cv_results_["mean_test_neg_normalized_mean_squared_error"] < 0).all()


def test_three_objectives_and_one():
    three = noisy(objectives=("mse", "n_parameters", "fit_time")).fit(X, Y)
    assert {"mse", "n_parameters", "fit_time"} <= set(three.pareto_front_)
    assert three.select("smallest").width == min(three.pareto_front_["width"])
    one = lasso(objectives=("mse",)).fit(X, Y)
    assert len(one.pareto_front_) == 1
    assert one.best_index_ == np.argmin(one.cv_results_["mean_test_mse"])


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


def test_limits_that_lie_close_together_are_all_kept():
    limits = ["n_parameters >= 5.0000001", "n_parameters >= 5", "n_parameters >= 5"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search = noisy(constraints=limits, n_trials=30).fit(X, Y)
    results = pd.DataFrame(search.cv_results_)
    assert (results["mean_test_n_parameters"] == 5).any()
    assert (results["feasible"] == (results["mean_test_n_parameters"] > 5)).all()
    assert all(set(trial.constraints) == set(limits) for trial in search.study_.trials)


def test_nothing_keeps_the_constraints():
    search = noisy(constraints=["n_parameters <= 0"])
    with pytest.raises(
        ValueError, match=r"None of the 12 complete trials .* n_parameters <= 0. The"
    ):
        search.fit(X, Y)
    assert len(search.cv_results_["params"]) == 12, "what was tried can be looked at"
