"""The same seed gives the same search, and a configuration the same result everywhere."""

import numpy as np
import pandas as pd
import pytest
from optuna.samplers import NSGAIISampler, RandomSampler
from sklearn.utils import check_random_state

from sklearn_mtl.search._studies.samplers import SAMPLERS
from tests.search.searched import Counted, X, Y, noisy


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


def test_no_configuration_is_trained_twice():
    Counted.trained.clear()
    space = {"width": [1, 2, 3], "shift": [0.0, 1.0]}
    search = noisy(Counted, space, n_trials=40, refit=False).fit(X, Y)
    assert len(Counted.trained) == len(set(Counted.trained)) == 6
    assert 6 <= len(search.cv_results_["params"]) < 40, "it ends when all six are known"
    assert len(search.pareto_front_) <= 3


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
