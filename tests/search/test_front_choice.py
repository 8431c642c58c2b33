"""Choosing k points of a front, against all choices there are."""

from itertools import combinations

import numpy as np
import pytest

from sklearn_mtl.search._engine.front_choice import KINDS, choose_front
from sklearn_mtl.search._engine.hypervolume import hypervolume


def random_front(n, seed):
    """A bent front with gaps, some points close together."""
    rng = np.random.default_rng(seed)
    x = np.sort(rng.choice([rng.random(n), rng.beta(0.3, 0.3, n)]))
    return np.column_stack([x, (1 - x) ** rng.choice([0.5, 1.0, 3.0])])


def front_of_three(n, seed):
    directions = np.abs(np.random.default_rng(seed).normal(size=(n, 3)))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


def worth(front, chosen, kind):
    """What a choice is best in, on objectives scaled to the range of the front."""
    low, high = front.min(axis=0), front.max(axis=0)
    points = (front - low) / np.where(high > low, high - low, 1)
    volume = hypervolume(points[list(chosen)], np.full(front.shape[1], 1.1))
    distances = np.linalg.norm(points[:, None] - points[list(chosen)], axis=2)
    spread = distances.min(axis=1).mean()
    return {
        "spread": -spread,
        "hypervolume": volume,
        "balanced": volume - 0.6 * spread,
    }[kind]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [3, 6, 9])
@pytest.mark.parametrize("seed", range(3))
def test_best_of_all_choices(kind, n, seed):
    front = random_front(n, seed)
    for k in range(1, n):
        chosen = choose_front(front, k, kind)
        assert len(set(chosen)) == k
        best = max(worth(front, subset, kind) for subset in combinations(range(n), k))
        assert worth(front, chosen, kind) == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("k", [1, 4, 12])
def test_three_objectives_add_the_best_next_point(kind, k):
    front = front_of_three(20, seed=k)
    greedy = []
    for _ in range(k):
        left = [i for i in range(20) if i not in greedy]
        greedy.append(max(left, key=lambda i: worth(front, [*greedy, i], kind)))
    assert worth(front, choose_front(front, k, kind), kind) == pytest.approx(
        worth(front, greedy, kind)
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("front", [random_front(40, 0), front_of_three(30, 0)])
def test_scale_place_and_order_do_not_count(kind, front):
    chosen = choose_front(front, 7, kind)
    scale = 2.0 ** np.array([40, -40, 3])[: front.shape[1]]
    np.testing.assert_array_equal(choose_front(front * scale, 7, kind), chosen)
    order = np.random.default_rng(0).permutation(len(front))
    np.testing.assert_array_equal(order[choose_front(front[order], 7, kind)], chosen)
    moved = choose_front(front + 5, 7, kind)
    assert worth(front, moved, kind) == pytest.approx(worth(front, chosen, kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_objectives", [1, 2, 3])
def test_only_different_points_of_the_front(kind, n_objectives):
    front = {1: np.zeros((1, 1)), 2: random_front(10, 1), 3: front_of_three(10, 1)}[n_objectives]
    nothing = np.full((1, n_objectives), np.nan)
    half = np.full((1, n_objectives), -5.0)
    half[0, -1] = np.nan  # a failed evaluation, however good its other objectives
    values = np.vstack([nothing, front + 1, front, half, front, front + np.inf])
    everything = choose_front(values, 50, kind)
    assert sorted(everything) == list(range(1 + len(front), 1 + 2 * len(front)))
    assert (np.diff(values[everything, 0]) >= 0).all()
    some = choose_front(values, 4, kind)
    assert len(some) == min(4, len(front))
    assert set(some) <= set(everything)


def test_long_fronts_are_thinned_evenly():
    x = np.linspace(0, 1, 2500) ** 3  # most points at one end
    front = np.column_stack([x, (1 - np.sqrt(x)) ** 2])
    chosen = choose_front(front, 10, "hypervolume")
    assert len(set(chosen)) == 10
    assert (np.diff(chosen) > 0).all()
    # Hardly worse than the best choice from other points
    some = choose_front(front[::5], 10, "hypervolume") * 5
    assert worth(front, chosen, "hypervolume") > worth(front, some, "hypervolume") - 1e-4


@pytest.mark.parametrize("n_objectives", [1, 2, 3])
def test_nothing_to_choose_from(n_objectives):
    assert len(choose_front(np.zeros((0, n_objectives)), 3)) == 0
    assert len(choose_front(np.full((4, n_objectives), np.nan), 3)) == 0


@pytest.mark.parametrize(
    ("values", "k", "kind", "message"),
    [
        (np.ones((3, 2)), 2, "best", "kind='best' is none of spread, hypervolume, balanced"),
        (np.ones((3, 2)), 0, "spread", "k must be at least 1. Got 0"),
        (np.ones((3, 4)), 2, "spread", r"1, 2 or 3 columns. Got shape \(3, 4\)"),
        (np.ones(3), 2, "spread", r"1, 2 or 3 columns. Got shape \(3,\)"),
    ],
)
def test_what_is_wrong_is_said(values, k, kind, message):
    with pytest.raises(ValueError, match=message):
        choose_front(values, k, kind)
