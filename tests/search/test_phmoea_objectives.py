"""PHMOEA on objectives that fail, tie, differ in scale or are other than two."""

import numpy as np
import pytest

from sklearn_mtl.search import PHMOEA, ConfigurationSpace, Discrete
from sklearn_mtl.search._engine.ranking import non_dominated
from tests.search.searched import BOTH, SPACE, advance, objectives_of

pytestmark = pytest.mark.filterwarnings("error")


@BOTH
def test_front_is_what_nothing_dominates(mode):
    search = PHMOEA(SPACE, 10, mode=mode)
    advance(search, 60)
    configs, values = search.evaluations()
    front = non_dominated(values)
    assert search.front()[0] == [configs[i] for i in front]
    np.testing.assert_array_equal(search.front()[1], values[front])
    some, some_values = search.select_front(4)
    assert len(some) == 4
    assert (np.diff(some_values[:, 0]) > 0).all()
    objectives = objectives_of(SPACE)
    assert [objectives(config) for config in some] == some_values.tolist()
    assert len(search.select_front(1000, "spread")[0]) == len(np.unique(values[front], axis=0))


@BOTH
@pytest.mark.parametrize("failure", [[np.nan, -1.0], [np.inf, 0.0]])
def test_failed_evaluations(mode, failure):
    space = ConfigurationSpace([Discrete("a", list(range(100))), Discrete("b", [1, 2, 3])])
    search, objectives = PHMOEA(space, 10, mode=mode), objectives_of(space)
    configs = advance(
        search, 60, objectives=lambda c: failure if c["a"] % 3 == 0 else objectives(c)
    )
    assert len({space.key(config) for config in configs}) == len(configs) >= 60
    told, values = search.evaluations()
    assert told == configs
    n_failed = sum(config["a"] % 3 == 0 for config in configs)
    assert (~np.isfinite(values).all(axis=1)).sum() == n_failed > 0
    for some in (search.front(), search.select_front(5), search.population()):
        assert len(some[0]) > 0
        assert np.isfinite(some[1]).all()
        assert all(config["a"] % 3 for config in some[0])


@BOTH
def test_whole_generations_fail(mode):
    search, objectives = PHMOEA(SPACE, 10, mode=mode), objectives_of(SPACE)
    failed = advance(search, 40, objectives=lambda config: [np.nan, np.nan])
    assert len({SPACE.key(config) for config in failed}) == 40
    assert search.generation == 0
    assert search.front()[0] == search.select_front(3)[0] == search.population()[0] == []
    assert search.front()[1].shape == (0, 2)
    good = advance(search, 30, objectives=objectives)
    assert search.generation == 3
    also_failed = advance(search, 20, objectives=lambda config: [np.inf, 0.0])
    assert search.generation == 3
    everything = failed + good + also_failed
    assert len({SPACE.key(config) for config in everything}) == 90
    assert all(config in good for config in search.front()[0])


@BOTH
@pytest.mark.parametrize("n_objectives", [1, 3])
def test_other_numbers_of_objectives(mode, n_objectives):
    search = PHMOEA(SPACE, 10, mode=mode, n_objectives=n_objectives)
    advance(search, 60)
    values = search.evaluations()[1]
    assert values.shape == (60, n_objectives)
    assert search.front()[1].shape[1] == n_objectives
    assert len(search.select_front(4)[0]) == (1 if n_objectives == 1 else 4)
    # Something is learnt: what is asked for late is better than what was asked for first.
    assert values[40:].sum(axis=1).min() < values[:10].sum(axis=1).min()


@BOTH
@pytest.mark.parametrize(
    "change",
    [
        lambda f: [f[0], 1.0],
        lambda f: [0.0, 0.0],
        lambda f: [round(f[0], 1), round(f[1], 1)],
        lambda f: [f[0], f[0]],
        lambda f: [-f[0], f[1] - 7],
        lambda f: [f[0] * 1e-12, f[1] * 1e12],
        lambda f: [f[0] + 1e12, f[1] + 1e12],
        lambda f: [f[0], 10.0 ** (30 * f[1])],
    ],
    ids=["one constant", "constant", "ties", "equal", "negative", "scales", "far", "steep"],
)
def test_hard_objectives(mode, change):
    objectives = objectives_of(SPACE)
    search = PHMOEA(SPACE, 10, mode=mode)
    configs = advance(search, 40, objectives=lambda config: change(objectives(config)))
    assert len(configs) == 40
    assert len(search.select_front(3)[0]) >= 1


def test_scale_of_objectives_does_not_change_the_search():
    objectives = objectives_of(SPACE)
    factors = np.array([2.0**-40, 2.0**40])
    plain, scaled = (
        advance(
            PHMOEA(SPACE, 10, n_generations=10, mode="paper"),
            100,
            objectives=lambda config, factor=factor: factor * objectives(config),
        )
        for factor in (np.ones(2), factors)
    )
    assert plain == scaled
