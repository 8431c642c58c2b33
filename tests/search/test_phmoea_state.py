"""PHMOEA by ask and tell: its state follows from its seed and what it was told."""

import pickle

import numpy as np
import pytest

from sklearn_mtl.search import PHMOEA
from tests.search.searched import BOTH, SPACE, advance, objectives_of, rebuilt

pytestmark = pytest.mark.filterwarnings("error")


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
