"""Trials, samplers, processes and whole searches that fail."""

import optuna
import pandas as pd
import pytest
from optuna.samplers import RandomSampler
from sklearn.exceptions import FitFailedWarning, NotFittedError

from tests.search.searched import Fragile, Killed, X, Y, noisy, search_of


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
