"""PHMOEA by ask and tell: its invariants, and all kinds of hard spaces and objectives."""

import pickle
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from sklearn_mtl.search import MODES, PHMOEA, ConfigurationSpace, Continuous, Discrete
from sklearn_mtl.search._engine.encoding import Encoding
from sklearn_mtl.search._engine.ranking import non_dominated
from tests.search.test_space import random_space

pytestmark = pytest.mark.filterwarnings("error")
BOTH = pytest.mark.parametrize("mode", list(MODES))
SPACE = ConfigurationSpace(
    [
        Discrete("system", ["net", "trees", "line"]),
        Continuous("width", 1.0, 1000.0, log=True, when={"system": ["net"]}),
        Discrete("depth", [1, 2, 3, 5, 8], {"system": ["net", "trees"]}),
        Discrete("norm", [True, False]),
        Continuous("norm_share", 0.0, 0.5, when={"norm": [True]}),
        Continuous("ridge", 1e-6, 1e2, log=True),
    ]
)


def objectives_of(space, n_objectives=2):
    """Objectives that conflict and hang on all active variables."""
    encoding = Encoding(space)
    largest = np.where(encoding.is_continuous, 1, np.maximum(encoding.n_choices - 1, 1))

    def objectives(config):
        x = encoding.encode(config) / largest
        x = np.where(np.isnan(x), 0.4, x)
        return [x.mean(), ((1 - x) ** 2).mean(), np.abs(x - 0.5).mean()][:n_objectives]

    return objectives


def advance(search, n, lot=None, objectives=None):
    """Evaluate so many configurations, or more to fill a generation, and give them."""
    objectives = objectives or objectives_of(search.space, search.n_objectives)
    asked = []
    while len(asked) < n:
        left = n - len(asked)
        configs = search.ask(None if lot is None else min(lot, left))
        if not configs:
            break
        search.tell(configs, [objectives(config) for config in configs])
        asked += configs
    return asked


def rebuilt(search, **settings):
    """A fresh search that was told all at once what this one found."""
    other = PHMOEA(
        search.space,
        search.population_size,
        mode=search.mode,
        seed=search.seed,
        n_objectives=search.n_objectives,
        **settings,
    )
    other.tell(*search.evaluations())
    return other


@BOTH
def test_same_seed_same_search(mode):
    first, second, other = (
        advance(PHMOEA(SPACE, 10, mode=mode, seed=seed), 40) for seed in (3, 3, 4)
    )
    assert first == second != other


def test_lots_do_not_matter_without_a_surrogate():
    searches = [PHMOEA(SPACE, 20, mode="paper", seed=1) for _ in range(4)]
    whole = advance(searches[0], 100)
    for search, lot in zip(searches[1:], (1, 4, 20), strict=True):
        assert advance(search, 100, lot) == whole
    # Asked for one by one, but told together
    search, objectives = PHMOEA(SPACE, 20, mode="paper", seed=1), objectives_of(SPACE)
    for start in range(0, 100, 20):
        configs = [search.ask(1)[0] for _ in range(20)]
        assert configs == whole[start : start + 20]
        search.tell(configs, [objectives(config) for config in configs])


@BOTH
@pytest.mark.parametrize("n", [7, 20, 55])
def test_state_follows_from_the_evaluations(mode, n):
    search = PHMOEA(SPACE, 20, mode=mode, seed=2)
    advance(search, n, lot=1)
    other = rebuilt(search)
    assert other.generation == search.generation
    assert other.propose(1234) == search.propose(1234)
    assert other.ask(5) == search.ask(5)
    assert advance(other, 10, lot=1) == advance(search, 10, lot=1)


@BOTH
def test_state_follows_from_the_evaluations_when_some_failed(mode):
    search, objectives = PHMOEA(SPACE, 10, mode=mode, seed=2), objectives_of(SPACE)

    def often_fails(config):
        return [np.nan, 1.0] if config["system"] == "trees" else objectives(config)

    advance(search, 47, lot=1, objectives=often_fails)
    assert rebuilt(search).ask(5) == search.ask(5)


@BOTH
def test_pickled_search_goes_on_as_it_would_have(mode):
    search = PHMOEA(SPACE, 10, mode=mode, seed=0)
    advance(search, 43, lot=1)
    search.ask(3)
    copy = pickle.loads(pickle.dumps(search))
    assert advance(copy, 20) == advance(search, 20)


@BOTH
def test_global_random_state_is_left_alone(mode):
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    advance(PHMOEA(SPACE, 10, mode=mode), 40)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


@BOTH
def test_proposing_changes_nothing(mode):
    search, other = (PHMOEA(SPACE, 10, mode=mode, seed=5) for _ in range(2))
    advance(search, 35, lot=1)
    advance(other, 35, lot=1)
    running = [other.propose(number) for number in (35, 36, 99)]
    proposed = other.propose(37, running)
    assert proposed not in running
    assert SPACE.check(proposed) == proposed
    assert advance(other, 10, lot=1) == advance(search, 10, lot=1)


@BOTH
def test_asking_takes_note_of_what_is_running(mode):
    search, other = (PHMOEA(SPACE, 10, mode=mode, seed=5) for _ in range(2))
    advance(search, 30, lot=1)
    advance(other, 30, lot=1)
    asked = []
    for number in range(30, 38):
        asked.append(other.propose(number, asked))
    assert search.ask(8) == asked


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
def test_foreign_configurations(mode):
    rng = np.random.default_rng(0)
    objectives = objectives_of(SPACE)
    foreign = [SPACE.sample(rng) for _ in range(33)]
    search = PHMOEA(SPACE, 10, mode=mode)
    asked = search.ask(4)
    search.tell(foreign, [objectives(config) for config in foreign])
    assert search.generation == 3
    search.tell(asked[::-1], [objectives(config) for config in asked[::-1]])
    more = advance(search, 30)
    keys = {SPACE.key(config) for config in foreign + asked + more}
    assert len(keys) == 33 + 4 + len(more)
    assert search.evaluations()[0] == foreign + asked[::-1] + more


@BOTH
@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1.0, 2.0]], r"must have shape \(2, 2\).*Got \(1, 2\)"),
        ([[1.0], [2.0]], r"Got \(2, 1\)"),
        ([1.0, 2.0], r"Got \(2,\)"),
        ([], r"Got \(0"),
    ],
)
def test_values_of_a_wrong_shape_change_nothing(mode, values, message):
    search, other = (PHMOEA(SPACE, 10, mode=mode) for _ in range(2))
    advance(search, 20)
    advance(other, 20)
    configs = search.ask(2)
    with pytest.raises(ValueError, match=message):
        search.tell(configs, values)
    with pytest.raises(ValueError, match="depth=4 is none of its choices"):
        search.tell([configs[0], {**configs[1], "system": "trees", "depth": 4}], np.ones((2, 2)))
    assert len(search.evaluations()[0]) == 20
    assert other.ask(2) == configs
    objectives = objectives_of(SPACE)
    for one in (search, other):
        one.tell(configs, [objectives(config) for config in configs])
    assert search.ask(3) == other.ask(3)


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


def test_empty_space():
    with pytest.raises(ValueError, match="no variables"):
        PHMOEA(ConfigurationSpace([]))


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
def test_what_is_given_is_not_the_state(mode):
    search, other = (PHMOEA(SPACE, 10, mode=mode) for _ in range(2))
    advance(search, 24)
    advance(other, 24)
    for configs, values in (search.evaluations(), search.front(), search.population()):
        values[:] = -1
        for config in configs:
            config.clear()
    assert advance(search, 10) == advance(other, 10)
    assert all(search.evaluations()[0])


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


@BOTH
def test_without_deduplication_configurations_come_again(mode):
    space = ConfigurationSpace([Discrete("a", [1, 2, 3]), Discrete("b", ["x", "y"])])
    search = PHMOEA(space, 10, mode=mode, deduplicate=False)
    configs = advance(search, 50)
    assert len(configs) == 50
    assert search.n_duplicates == 0
    assert len({space.key(config) for config in configs}) <= 6


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
