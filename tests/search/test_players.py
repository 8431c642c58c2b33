"""Players: what they earn, their pools, and chances by equation 9."""

import math

import numpy as np
import pytest

from sklearn_mtl.search._engine.players import Players, Pools, hot_chances, other_chances


def some_players(n, rng):
    players = Players(n)
    for _ in range(3):
        candidates = rng.integers(n, size=9)
        players.earn(candidates, rng.dirichlet(np.ones(9)))
    return players


def test_earnings_by_loops():
    rng = np.random.default_rng(0)
    players, heat, count = Players(5), [0.0] * 5, [0] * 5
    for n in (4, 0, 7):
        candidates, weights = rng.integers(4, size=n), rng.random(n)
        players.earn(candidates, weights)
        for candidate, weight in zip(candidates, weights, strict=True):
            heat[candidate] += weight
            count[candidate] += 1
    assert players.heat == pytest.approx(heat)
    assert players.count.tolist() == count


def test_parts_of_a_split_candidate_share_what_it_had():
    players = some_players(4, np.random.default_rng(1))
    heat, count = players.heat, players.count
    players.share_out(np.array([0, 1, 1, 1, 2, 3, 3, 3]))
    assert players.heat == pytest.approx([heat[0], *[heat[1] / 3] * 3, heat[2], *[heat[3] / 3] * 3])
    assert players.count.sum() == pytest.approx(count.sum())
    assert players.heat.sum() == pytest.approx(1 * 3)  # three generations of weights


@pytest.mark.parametrize("n", range(1, 13))
@pytest.mark.parametrize("hot_share", [0.01, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("cold_share", [0.0, 0.2, 0.5, 1.0])
def test_pools_are_all_candidates(n, hot_share, cold_share):
    players = some_players(n, np.random.default_rng(n))
    hot, normal, cold = players.pools(hot_share, cold_share)
    assert sorted([*hot, *normal, *cold]) == list(range(n))
    assert len(hot) == math.ceil(hot_share * n)
    assert len(cold) == min(n - len(hot), max(1, math.floor(cold_share * n)))
    others = [*normal, *cold]
    assert all(players.heat[h] >= players.heat[o] for h in hot for o in others)
    assert all(players.count[c] <= players.count[o] for c in cold for o in normal)


def test_chances_by_equation_9():
    pools = Pools(np.array([0, 4]), np.array([1, 5, 6]), np.array([2, 3]))
    factor = 0.15
    eta = [0.0, 1.0, factor, factor, 0.0, 1.0, 1.0]
    expected = [weight / sum(eta) for weight in eta]
    assert other_chances(pools, factor) == pytest.approx(expected)
    assert hot_chances(pools) == pytest.approx([0.5, 0, 0, 0, 0.5, 0, 0])


def test_where_all_are_hot_the_others_are_drawn_from_them():
    pools = Players(3).pools(1.0, 0.2)
    assert other_chances(pools, 0.15) == pytest.approx([1 / 3] * 3)


def test_a_cold_candidate_alone_is_drawn():
    pools = Players(2).pools(0.3, 0.2)
    assert [len(pool) for pool in pools] == [1, 0, 1]
    assert other_chances(pools, 0.15)[pools.cold].tolist() == [1.0]
