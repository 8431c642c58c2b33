"""PHMOEA with constraints: what breaks them ranks behind what keeps them, and is never offered."""

import numpy as np
import pytest

from sklearn_mtl.search import MODES, PHMOEA
from sklearn_mtl.search._engine.evaluations import Evaluations, feasible_first
from sklearn_mtl.search._engine.ranking import non_dominated
from sklearn_mtl.search.problems import HDTLZ2

PROBLEM = HDTLZ2(n=5)
BOTH = pytest.mark.parametrize("mode", list(MODES))


def too_few_switches(config):
    """Against the grain: on the front of the problem all switches are off."""
    return 2 - sum(value is True for value in config.values())


def told(search, n, evaluate=PROBLEM.evaluate):
    while len(search.evaluations()[0]) < n:
        configs = search.ask(1)
        search.tell(
            configs,
            [evaluate(config) for config in configs],
            [too_few_switches(config) for config in configs],
        )
    return search


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("m", [1, 2, 3])
def test_feasible_rows_dominate_and_violations_order_the_others(m, seed):
    rng = np.random.default_rng(seed)
    values = 10.0 ** rng.integers(-9, 9) * rng.normal(size=(30, m))
    violations = np.maximum(0, rng.integers(-3, 4, size=30)) * 10.0 ** rng.integers(-9, 9)
    violations[:2] = 0.0, np.inf
    before = values.copy()
    given = feasible_first(values, violations)
    np.testing.assert_array_equal(values, before)
    kept = violations == 0
    np.testing.assert_array_equal(given[kept], values[kept])
    assert (given[~kept] > values[kept].max(axis=0)).all()
    for first in np.flatnonzero(~kept):
        for second in np.flatnonzero(~kept):
            rises = np.sign(violations[first] - violations[second]) if first != second else 0
            if np.isnan(rises):  # both infinite
                rises = 0
            assert (np.sign(given[first] - given[second]) == rises).all()


def test_nothing_is_copied_without_constraints():
    values = np.array([[1.0, np.nan], [2.0, 3.0]])
    assert feasible_first(values, np.zeros(2)) is values


@pytest.mark.parametrize("n_feasible", [0, 1])
def test_few_feasible_rows(n_feasible):
    values, violations = np.full((3, 2), 7.0), np.array([1.0, 2.0, 3.0])
    violations[:n_feasible] = 0.0
    given = feasible_first(values, violations)
    assert np.isfinite(given).all()
    assert (np.diff(given, axis=0) > 0).all()


def test_the_first_rows_do_not_know_of_later_ones():
    rng = np.random.default_rng(0)
    genomes, values = rng.random((20, 3)), rng.random((20, 2))
    violations = np.maximum(0.0, rng.normal(size=20))
    values[15] = 1e9
    whole = Evaluations(genomes, values, violations)
    for n in range(1, 20):
        part = Evaluations(genomes[:n], values[:n], violations[:n])
        for given, expected in zip(whole.first(n), part.first(n), strict=True):
            np.testing.assert_array_equal(given, expected)


@BOTH
def test_front_keeps_the_constraints(mode):
    search = told(PHMOEA(PROBLEM.space, 10, mode=mode, seed=1), 60)
    configs, values = search.evaluations()
    keeps = np.array([too_few_switches(config) <= 0 for config in configs])
    assert 0 < keeps.sum() < 60
    feasible = values[keeps]
    front = feasible[non_dominated(feasible)]
    configs, offered = search.front()
    assert sorted(map(tuple, offered)) == sorted(map(tuple, front))
    assert all(too_few_switches(config) <= 0 for config in configs)
    configs, chosen = search.select_front(3)
    assert len(configs) == min(3, len(front)) and set(map(tuple, chosen)) <= set(map(tuple, front))


@BOTH
def test_search_turns_to_what_keeps_the_constraints(mode):
    def share_of_feasible(search):
        configs, _ = search.evaluations()
        return np.mean([too_few_switches(config) <= 0 for config in configs[60:]])

    free = PHMOEA(PROBLEM.space, 10, mode=mode, seed=0)
    while len(free.evaluations()[0]) < 120:
        configs = free.ask(1)
        free.tell(configs, [PROBLEM.evaluate(config) for config in configs])
    bound = told(PHMOEA(PROBLEM.space, 10, mode=mode, seed=0), 120)
    assert share_of_feasible(bound) > 2 * share_of_feasible(free)
    configs, _ = bound.population()
    assert all(too_few_switches(config) <= 0 for config in configs)


@BOTH
def test_kept_constraints_change_nothing(mode):
    def asked(violations):
        search = PHMOEA(PROBLEM.space, 10, mode=mode, seed=2)
        for _ in range(50):
            configs = search.ask(1)
            search.tell(configs, [PROBLEM.evaluate(config) for config in configs], violations)
        return search.evaluations()[0]

    assert asked(None) == asked([0.0]) == asked([-3.0])


@BOTH
@pytest.mark.parametrize("n", [13, 47])
def test_state_follows_from_evaluations_and_violations(mode, n):
    def search():
        return PHMOEA(PROBLEM.space, 10, mode=mode, seed=3)

    whole = told(search(), n)
    other = search()
    other.tell(*whole.evaluations(), whole.violations)
    assert other.ask(3) == whole.ask(3)


@BOTH
def test_failed_evaluations_that_break_constraints(mode):
    def fails(config):
        values = PROBLEM.evaluate(config)
        return [np.nan, 1.0] if values[0] > 1 else values

    search = told(PHMOEA(PROBLEM.space, 10, mode=mode, seed=0), 60, fails)
    assert np.isfinite(search.front()[1]).all()


def test_nothing_keeps_the_constraints():
    search = PHMOEA(PROBLEM.space, 5, seed=0)
    for _ in range(6):
        configs = search.ask()
        violations = [1.0 + number for number in range(len(configs))]
        search.tell(configs, [PROBLEM.evaluate(config) for config in configs], violations)
    assert search.front()[0] == search.select_front(3)[0] == []
    assert len(search.population()[0]) == 5


@pytest.mark.parametrize("violations", [[1.0], 1.0, [0.0, np.nan], [[0.0], [0.0]]])
def test_wrong_violations_change_nothing(violations):
    search = PHMOEA(PROBLEM.space, 4, seed=0)
    configs = search.ask(2)
    values = [PROBLEM.evaluate(config) for config in configs]
    with pytest.raises(ValueError, match="must be 2 numbers"):
        search.tell(configs, values, violations)
    assert search.evaluations()[0] == []
