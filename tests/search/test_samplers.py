"""Samplers in a search of estimators: what they are given, and what they are refused."""

import numpy as np
import pytest

from sklearn_mtl.search import (
    PHMOEA,
    ConfigurationSpace,
    Continuous,
    Discrete,
    ParetoSearchCV,
    PHMOEASampler,
)
from sklearn_mtl.search._studies.samplers import POPULATION_SIZE
from tests.search.searched import line

X, Y = line()
SPACE = ConfigurationSpace(
    [Discrete("width", list(range(1, 30))), Continuous("shift", 0.0, 1.0)],
    pipeline="tests.search.searched.Noisy",
)


def trials(sampler, n_trials=50):
    search = ParetoSearchCV(SPACE, sampler=sampler, n_trials=n_trials, random_state=3).fit(X, Y)
    objectives = [search.cv_results_[f"mean_test_{name}"] for name in ("mse", "n_parameters")]
    return search, search.cv_results_["params"], np.column_stack(objectives)


def test_the_default_is_phmoea_by_ask_and_tell():
    search, params, values = trials("phmoea")
    engine = PHMOEA(
        SPACE, POPULATION_SIZE, -(-50 // POPULATION_SIZE), seed=search.study_.sampler.seed
    )
    for config, row in zip(params, values, strict=True):
        assert engine.ask(1) == [config]
        engine.tell([config], [row])
    assert ParetoSearchCV(SPACE).sampler == "phmoea"


def test_a_sampler_without_a_space_searches_that_of_the_search():
    settings = {"population_size": 5, "mode": "paper", "seed": 1}
    _, given, _ = trials(PHMOEASampler(**settings), n_trials=20)
    _, own, _ = trials(PHMOEASampler(SPACE, **settings), n_trials=20)
    assert given == own
    engine = PHMOEA(SPACE, 5, 30, "paper", 1)
    assert engine.ask(1) == given[:1]


def test_the_users_sampler_is_not_changed():
    sampler = PHMOEASampler(seed=0)
    trials(sampler, n_trials=3)
    assert sampler.space is None


def test_a_sampler_of_another_space_is_refused():
    other = SPACE.extended(Continuous("shift", 0.5, 0.6))
    with pytest.raises(ValueError, match=r"another space .* without\s`space`"):
        trials(PHMOEASampler(other, seed=0))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"population_size": 0}, "`population_size` must be an integer, 1 or more. Got 0"),
        ({"population_size": 1.5}, "Got 1.5"),
        ({"n_generations": 0}, "`n_generations`"),
        ({"mode": "nope"}, "none of paper, default"),
    ],
)
@pytest.mark.parametrize("space", [None, SPACE])
def test_wrong_settings_show_at_once(space, settings, message):
    with pytest.raises(ValueError, match=message):
        PHMOEASampler(space, **settings)


def test_a_search_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path):
    settings = {"sampler": "phmoea", "n_trials": 45, "random_state": 0, "refit": False}
    whole = ParetoSearchCV(SPACE, **settings).fit(X, Y)

    def stop(study, trial):
        if trial.number == 24:
            study.stop()

    kept = {**settings, "storage": str(tmp_path / "journal")}
    ParetoSearchCV(SPACE, callbacks=[stop], **kept).fit(X, Y)
    again = ParetoSearchCV(SPACE, **kept).fit(X, Y)
    assert again.cv_results_["params"] == whole.cv_results_["params"]


def test_another_seed_for_a_study_that_goes_on_is_passed_over_loudly(tmp_path):
    kept = {"storage": str(tmp_path / "journal"), "study_name": "s", "refit": False}
    ParetoSearchCV(SPACE, n_trials=2, random_state=0, **kept).fit(X, Y)
    with pytest.warns(UserWarning, match="`random_state=1` is passed over"):
        ParetoSearchCV(SPACE, n_trials=3, random_state=1, **kept).fit(X, Y)
