"""Environmental selection against naive implementations."""

import numpy as np
import pytest

from sklearn_mtl.search._engine.environment import select_by_contribution, select_by_crowding
from tests.search.test_ranking import crowding_by_loops, ranks_by_loops, values_with_ties

SELECTIONS = [select_by_crowding, select_by_contribution]


def random_front(n, rng):
    x = np.sort(rng.random(n))
    return np.column_stack([x, 1 - np.sqrt(x)])


def thinned_by_loops(front, n):
    """Leave out the point of least use, all uses computed anew every time."""
    low, high = front.min(axis=0), front.max(axis=0)
    points = [tuple(point) for point in (front - low) / np.where(high > low, high - low, 1)]
    kept = sorted(range(len(points)), key=points.__getitem__)
    while len(kept) > n:
        uses = {}
        for a, b, c in zip(kept, kept[1:], kept[2:], strict=False):
            (ax, ay), (bx, by), (cx, cy) = points[a], points[b], points[c]
            gaps = np.hypot(bx - ax, by - ay) * np.hypot(cx - bx, cy - by)
            uses[b] = (cx - bx) * (ay - by) + 0.3 * gaps
        kept.remove(min(uses, key=uses.get))
    return kept


@pytest.mark.parametrize("select", SELECTIONS)
@pytest.mark.parametrize("n_objectives", [1, 2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_better_fronts_come_first(select, n_objectives, seed):
    values = values_with_ties(seed, n_objectives, n=30)
    rank = np.array(ranks_by_loops(values))
    for n in (1, 2, 7, 29, 30, 40):
        selected = select(values, n)
        assert len(selected) == len(set(selected)) == min(n, 30)
        left = np.setdiff1d(np.arange(30), selected)
        assert rank[selected].max() <= rank[left].min(initial=30)


@pytest.mark.parametrize("n_objectives", [1, 2, 3])
def test_of_the_last_front_the_least_crowded_stay(n_objectives):
    values = values_with_ties(0, n_objectives, n=30)
    rank = ranks_by_loops(values)
    crowding = crowding_by_loops(values, rank)
    expected = sorted(range(30), key=lambda i: (rank[i], -crowding[i]))
    assert select_by_crowding(values, 12).tolist() == expected[:12]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [2, 3, 10, 24])
def test_thinning_by_loops(seed, n):
    front = random_front(25, np.random.default_rng(seed))
    front = np.random.default_rng(seed).permutation(front) * [1e6, 1e-6]
    selected = select_by_contribution(front, n)
    assert sorted(selected) == sorted(thinned_by_loops(front, n))
    assert {front[:, 0].argmin(), front[:, 0].argmax()} <= set(selected), "the ends stay"


def test_thinning_begins_behind_the_fronts_that_fit():
    rng = np.random.default_rng(0)
    fronts = [random_front(10, rng) + shift for shift in (0.0, 2.0, 4.0)]
    selected = select_by_contribution(np.vstack(fronts), 14)
    assert set(range(10)) <= set(selected)
    expected = {10 + i for i in thinned_by_loops(fronts[1], 4)}
    assert set(selected) - set(range(10)) == expected


def test_copies_go_first():
    front = random_front(8, np.random.default_rng(0))
    selected = select_by_contribution(np.repeat(front, 3, axis=0), 8)
    assert sorted(selected // 3) == list(range(8))


@pytest.mark.parametrize("select", SELECTIONS)
def test_all_equal(select):
    assert len(select(np.ones((9, 2)), 4)) == 4


@pytest.mark.parametrize("n_objectives", [1, 3])
def test_other_numbers_of_objectives_go_by_crowding(n_objectives):
    values = np.random.default_rng(0).random((30, n_objectives))
    np.testing.assert_array_equal(
        select_by_contribution(values, 10), select_by_crowding(values, 10)
    )
