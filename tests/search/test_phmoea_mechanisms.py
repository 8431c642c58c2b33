"""Mechanisms of PHMOEA: elitism, bins, sources of parents, convergence, and its settings."""

from collections import Counter

import numpy as np
import pytest

from sklearn_mtl.search import PHMOEA
from tests.search.searched import BOTH, SPACE, advance, objectives_of

pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "fast"}, "mode='fast' is none of paper, default"),
        ({"population_size": 0}, "`population_size` must be an integer, 1 or more. Got 0"),
        ({"n_generations": 0}, "`n_generations` must be an integer, 1 or more. Got 0"),
        ({"seed": None}, "`seed` must be an integer, 0 or more. Got None"),
        ({"n_objectives": 4}, "`n_objectives` must be 1, 2 or 3. Got 4"),
    ],
)
def test_wrong_settings(arguments, message):
    with pytest.raises(ValueError, match=message):
        PHMOEA(SPACE, **arguments)


@BOTH
def test_elitism(mode):
    objectives = objectives_of(SPACE)
    for elitism in (True, False):
        search = PHMOEA(SPACE, 12, mode=mode, elitism=elitism)
        was_kept = []
        for _ in range(6):
            parents = {SPACE.key(config) for config in search.population()[0]}
            configs = search.ask()
            search.tell(configs, [objectives(config) for config in configs])
            survivors = {SPACE.key(config) for config in search.population()[0]}
            was_kept.append(bool(parents & survivors))
            if not elitism:
                assert survivors == {SPACE.key(config) for config in configs}
        assert any(was_kept) == elitism


def test_paper_evaluates_midpoints_of_bins_only():
    search = PHMOEA(SPACE, 20, mode="paper", seed=0)
    for generation in range(8):
        midpoints = {
            SPACE.names[column]: bins.midpoints for column, bins in search._breeding._bins.items()
        }
        configs = search.ask()
        for config in configs:
            for name in set(config) & set(midpoints):
                position = SPACE[name].encode(config[name])
                assert np.abs(midpoints[name] - position).min() < 1e-12
        if generation == 0:
            assert all(len(middle) == 6 for middle in midpoints.values())
        objectives = objectives_of(SPACE)
        search.tell(configs, [objectives(config) for config in configs])
    assert len(midpoints["ridge"]) > 6, "bins get finer"


@pytest.mark.parametrize("mode", ["paper"])
def test_sources_have_the_shares_of_the_stage(mode):
    search = PHMOEA(SPACE, 50, n_generations=10, mode=mode)
    counts = []
    for generation in (0, 2, 3, 5, 6, 9, 20):
        search.generation = generation
        counts.append(Counter(search._source(slot) for slot in range(50)))
    early, middle, late = (
        {"parents": a, "hot": b, "not hot": c}
        for a, b, c in ((40, 5, 5), (30, 10, 10), (25, 15, 10))
    )
    assert counts == [early, early, middle, middle, late, late, late]


@BOTH
@pytest.mark.parametrize("population_size", [1, 2, 3])
def test_tiny_populations(mode, population_size):
    search = PHMOEA(SPACE, population_size, mode=mode)
    configs = advance(search, 40)
    assert search.generation == len(configs) // population_size


@BOTH
def test_search_is_better_than_chance(mode):
    objectives = objectives_of(SPACE)
    rng = np.random.default_rng(0)
    chance = min(sum(objectives(SPACE.sample(rng))) for _ in range(100))
    search = PHMOEA(SPACE, 10, n_generations=10, mode=mode)
    advance(search, 100)
    assert search.evaluations()[1].sum(axis=1).min() < chance


def test_convergence_is_seen():
    search = PHMOEA(SPACE, 10, mode="paper")
    assert not search.has_converged()
    advance(search, 90, objectives=lambda config: [1.0, 2.0])
    assert search.has_converged()
    assert not search.has_converged(window=9)
