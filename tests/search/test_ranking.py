"""Dominance, fronts and crowding distances against plain loops."""

import numpy as np
import pytest

from sklearn_mtl.search._engine.ranking import (
    crowding_distances,
    distances_behind,
    dominates,
    non_dominated,
    ranks,
)

SEEDS = range(8)


def values_with_ties(seed, n_objectives, n=25):
    """Points on a coarse grid: many ties, some equal rows."""
    return np.random.default_rng(seed).integers(0, 7, size=(n, n_objectives)) / 4


def dominates_by_loops(first, second):
    pairs = list(zip(first, second, strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def ranks_by_loops(values):
    """Peel front after front."""
    rank, left, current = [0] * len(values), set(range(len(values))), 0
    while left:
        front = {i for i in left if not any(dominates_by_loops(values[j], values[i]) for j in left)}
        for i in front:
            rank[i] = current
        left -= front
        current += 1
    return rank


def crowding_by_loops(values, rank):
    """Deb et al. (2002), figure 4; of equal values the first counts as the smaller."""
    distances = [0.0] * len(values)
    for front in set(rank):
        rows = [i for i in range(len(values)) if rank[i] == front]
        for m in range(values.shape[1]):
            rows_by_value = sorted(rows, key=lambda i: values[i, m])
            first, last = rows_by_value[0], rows_by_value[-1]
            span = values[last, m] - values[first, m]
            for place in range(1, len(rows) - 1):
                before, after = rows_by_value[place - 1], rows_by_value[place + 1]
                if span > 0:
                    distances[rows_by_value[place]] += (values[after, m] - values[before, m]) / span
            distances[first] = distances[last] = np.inf
    return distances


@pytest.mark.parametrize("n_objectives", [1, 2, 3])
@pytest.mark.parametrize("seed", SEEDS)
def test_dominance_and_fronts_by_loops(n_objectives, seed):
    values = values_with_ties(seed, n_objectives)
    expected = [[dominates_by_loops(a, b) for b in values] for a in values]
    np.testing.assert_array_equal(dominates(values), expected)
    rank = ranks_by_loops(values)
    np.testing.assert_array_equal(ranks(values), rank)
    np.testing.assert_array_equal(non_dominated(values), np.flatnonzero(np.array(rank) == 0))
    np.testing.assert_allclose(
        crowding_distances(values, ranks(values)), crowding_by_loops(values, rank)
    )


@pytest.mark.parametrize("n_objectives", [1, 2, 3])
def test_equal_rows_stay_together(n_objectives):
    values = np.repeat(np.random.default_rng(0).random((6, n_objectives)), 3, axis=0)
    assert (ranks(values).reshape(6, 3) == ranks(values)[::3, None]).all()
    once = non_dominated(values[::3])
    assert non_dominated(values).tolist() == [3 * i + k for i in once for k in range(3)]
    assert non_dominated(np.ones((4, n_objectives))).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("n_objectives", [1, 2, 3])
def test_none_and_one(n_objectives):
    none, one = np.zeros((0, n_objectives)), np.ones((1, n_objectives))
    assert len(non_dominated(none)) == len(ranks(none)) == 0
    assert len(crowding_distances(none, ranks(none))) == 0
    assert non_dominated(one).tolist() == ranks(one).tolist() == [0]
    assert crowding_distances(one, ranks(one)).tolist() == [np.inf]


def test_the_front_does_not_hang_on_order_or_scale():
    rng = np.random.default_rng(3)
    values = values_with_ties(3, 2, n=60)
    order = rng.permutation(60)
    front = set(non_dominated(values))
    assert {int(order[i]) for i in non_dominated(values[order])} == front
    assert set(non_dominated(values * [2.0**40, 2.0**-40] - 1)) == front


def test_negative_zero_is_zero():
    assert non_dominated(np.array([[0.0, 1.0], [-0.0, 1.0], [-0.0, 2.0]])).tolist() == [0, 1]


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_distances_behind_by_plain_loops(m, seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 12, size=(60, m)) / 4  # with ties
    front = values[non_dominated(values)]
    found = distances_behind(values, front)
    for row, distance in zip(values, found, strict=True):
        assert distance == min(max(row - point) for point in front)
    assert (found[non_dominated(values)] <= 0).all()
