"""PHMOEA on all kinds of spaces, of which it asks for nothing twice."""

from dataclasses import replace

import numpy as np
import pytest

from sklearn_mtl.search import MODES, PHMOEA, ConfigurationSpace, Continuous, Discrete
from tests.search.random_spaces import random_space
from tests.search.searched import BOTH, advance, rebuilt

pytestmark = pytest.mark.filterwarnings("error")


@BOTH
def test_nothing_is_asked_for_twice(mode):
    space = ConfigurationSpace(
        [Discrete("a", list(range(12))), Discrete("b", list("xyz")), Continuous("c", 0.0, 1.0)]
    )
    settings = replace(MODES[mode], screened_evaluations=min(60, MODES[mode].screened_evaluations))
    search = PHMOEA(space, 25, mode=mode, settings=settings)
    configs = advance(search, 500)
    assert len(configs) == 500
    assert len({space.key(config) for config in configs}) == 500
    assert search.n_asked >= 500


@pytest.mark.parametrize(
    "variable",
    [
        Continuous("x", 1e6, 1e6 + 1),
        Continuous("x", 1500.0, 1600.0),
        Continuous("x", 0.9, 0.9001, log=True),
    ],
)
def test_narrow_ranges_far_from_zero_do_not_repeat(variable):
    # Positions are read back with an error of many units in the last place.
    space = ConfigurationSpace([variable, Discrete("a", list(range(8)))])
    search = PHMOEA(space, 5, mode="paper")
    configs = advance(search, 30)
    assert len({space.key(config) for config in configs}) == len(configs)
    assert not search._pending, "what was told is not running"
    running = []
    for number in range(10):
        config = search.propose(number, running)
        assert config not in [*running, *configs]
        running.append(config)


@BOTH
def test_used_up_space(mode):
    space = ConfigurationSpace(
        [
            Discrete("a", [1, 2]),
            Discrete("b", [1, 2, 3], {"a": [1]}),
            Discrete("c", [True, False], {"b": [2, 3]}),
            Discrete("d", ["x", "y"]),
        ]
    )
    n_different = 2 * (1 + 1 + 2 * 2)
    search = PHMOEA(space, 8, mode=mode)
    configs = advance(search, 100)
    assert n_different - 2 <= len(configs) <= n_different
    assert len({space.key(config) for config in configs}) == len(configs)
    assert search.ask() == []
    search.tell([], np.empty((0, 2)))
    search.tell([], [])
    assert search.ask(3) == []
    assert len(search.evaluations()[0]) == len(configs)
    assert len(search.front()[0]) >= 1


@BOTH
def test_ask_gives_fewer_where_there_are_fewer(mode):
    search = PHMOEA(ConfigurationSpace([Discrete("a", [1, 2, 3])]), 20, mode=mode)
    configs = search.ask()
    assert sorted(config["a"] for config in configs) == [1, 2, 3]
    assert search.n_duplicates >= 17 * search.settings.attempts
    search.tell(configs, [[1.0, 2.0]] * 3)
    assert search.generation == 1, "the generation cannot get any larger"


@BOTH
def test_without_deduplication_configurations_come_again(mode):
    space = ConfigurationSpace([Discrete("a", [1, 2, 3]), Discrete("b", ["x", "y"])])
    search = PHMOEA(space, 10, mode=mode, deduplicate=False)
    configs = advance(search, 50)
    assert len(configs) == 50
    assert search.n_duplicates == 0
    assert len({space.key(config) for config in configs}) <= 6


@BOTH
@pytest.mark.parametrize(
    "variables",
    [
        [Continuous("x", -1.0, 1.0)],
        [Discrete("a", list(range(200)))],
        [Discrete(f"a{i}", list(range(i + 1))) for i in range(6)],
        [Continuous(f"x{i}", 1e-3, 1e3, log=bool(i % 2)) for i in range(4)],
        [Continuous(f"x{i}", 0, 1) if i % 2 else Discrete(f"a{i}", [1, 2, 3]) for i in range(200)],
    ],
    ids=["one continuous", "one discrete", "discrete", "continuous", "200 variables"],
)
def test_spaces_of_one_kind(mode, variables):
    space = ConfigurationSpace(variables)
    search = PHMOEA(space, 10, mode=mode)
    configs = advance(search, 40)
    assert len({space.key(config) for config in configs}) == len(configs)
    assert len(search.select_front(3)[0]) >= 1
    # Of one variable, the text knows no more than the middles of six bins.
    is_used_up = mode == "paper" and variables == [Continuous("x", -1.0, 1.0)]
    assert len(configs) == (6 if is_used_up else 40)


@BOTH
@pytest.mark.parametrize("seed", range(3))
def test_random_conditional_spaces(mode, seed):
    space = random_space(seed)
    search = PHMOEA(space, 8, n_generations=5, mode=mode, seed=seed)
    configs = advance(search, 40)
    assert len({space.key(config) for config in configs}) == len(configs)
    for config in configs:
        assert space.check(config) == config
    assert rebuilt(search, n_generations=5).propose(77) == search.propose(77)


def test_empty_space():
    with pytest.raises(ValueError, match="no variables"):
        PHMOEA(ConfigurationSpace([]))
