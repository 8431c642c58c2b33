"""Choosing k points of a front: exactly for two objectives, greedily for three."""

from __future__ import annotations

import heapq

import numpy as np

from sklearn_mtl.search._engine.hypervolume import hypervolume
from sklearn_mtl.search._engine.ranking import non_dominated

# Weight of the mean distance against the dominated share in "balanced". On fronts of the
# synthetic problems it is where one set of 100 is good in both.
_BALANCE = 0.6
_MOST_POINTS = 1200  # of a longer front, evenly spaced ones enter the dynamic programme
_MARGIN = 1.1  # the reference point, in ranges of the front from its best corner

KINDS = ("spread", "hypervolume", "balanced")


def choose_front(values: np.ndarray, k: int, kind: str = "balanced") -> np.ndarray:
    """Choose k of the non-dominated points.

    Parameters
    ----------
    values : ndarray of shape (n, m)
        Objectives of all points, minimised, m = 1, 2 or 3. Rows with NaN are left out.
    k : int
        Number of points wanted.
    kind : {"spread", "hypervolume", "balanced"}, default="balanced"
        What the chosen set is best in: "spread" is the smallest mean distance from all points of
        the front to the nearest chosen one, "hypervolume" the largest hypervolume, "balanced" a
        weighted sum of both.

    Returns
    -------
    chosen : ndarray of shape (min(k, number of points on the front),)
        Row numbers in `values`, by rising first objective. Equal points are chosen once.

    Raises
    ------
    ValueError
        If `kind` is unknown, `k` is below 1 or there are more than three objectives.

    Notes
    -----
    Objectives are first scaled to the range that the front spans. For two objectives both measures
    are sums over neighbours along the front, so that a dynamic programme finds the best set; fronts
    of more than 1,200 points are thinned evenly along their length before. For three objectives
    points are added one by one, each the best addition.
    """
    values = np.asarray(values, dtype=float)
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r} is none of {', '.join(KINDS)}.")
    if k < 1:
        raise ValueError(f"k must be at least 1. Got {k}.")
    if values.ndim != 2 or not 1 <= values.shape[1] <= 3:
        raise ValueError(f"values must have 1, 2 or 3 columns. Got shape {values.shape}.")
    rows = np.flatnonzero(np.isfinite(values).all(axis=1))
    rows = rows[non_dominated(values[rows])]
    _, first = np.unique(values[rows], axis=0, return_index=True)
    rows = rows[first]  # sorted by the first objective, then by the others
    if len(rows) <= k:
        return rows
    if values.shape[1] == 2:
        if len(rows) > _MOST_POINTS:
            rows = rows[_even(_scaled(values[rows]), _MOST_POINTS)]
        return rows[_best_along_front(_scaled(values[rows]), k, kind)]
    return rows[np.sort(_greedy(_scaled(values[rows]), k, kind))]


def _scaled(front: np.ndarray) -> np.ndarray:
    low = front.min(axis=0)
    span = front.max(axis=0) - low
    return (front - low) / np.where(span > 0, span, 1.0)


def _even(front: np.ndarray, n: int) -> np.ndarray:
    """Find the points nearest to n places at equal distances along a sorted front."""
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(front, axis=0).T))])
    places = np.linspace(0.0, lengths[-1], n)
    after = np.clip(np.searchsorted(lengths, places), 1, len(front) - 1)
    nearer_before = places - lengths[after - 1] < lengths[after] - places
    return np.unique(after - nearer_before)


def _best_along_front(front: np.ndarray, k: int, kind: str) -> np.ndarray:
    """Solve the choice by dynamic programming over pairs of neighbours."""
    gain = np.zeros((len(front) + 2, len(front) + 2))  # from one chosen point to the next
    if kind != "spread":
        gain += _dominated_areas(front)
    if kind != "hypervolume":
        weight = _BALANCE if kind == "balanced" else 1.0
        gain -= weight * _distances_between(front) / len(front)
    gain[np.tril_indices(len(gain))] = -np.inf
    best = gain[0, 1:-1]
    steps = []
    for _ in range(k - 1):
        candidates = best[:, None] + gain[1:-1, 1:-1]
        steps.append(candidates.argmax(axis=0))
        best = candidates.max(axis=0)
    chosen = [int(np.argmax(best + gain[1:-1, -1]))]
    for step in reversed(steps):
        chosen.append(int(step[chosen[-1]]))
    return np.array(chosen[::-1])


def _dominated_areas(front: np.ndarray) -> np.ndarray:
    """Area between neighbours i and j that i dominates; the last neighbour is the reference."""
    x = np.concatenate([[0.0], front[:, 0], [_MARGIN]])
    height = np.concatenate([[0.0], _MARGIN - front[:, 1], [0.0]])
    return (x[None, :] - x[:, None]) * height[:, None]


def _distances_between(front: np.ndarray) -> np.ndarray:
    """Sum of the distances of the points between chosen neighbours i and j to the nearer one.

    Distance grows along a front, so that the points between two neighbours split at one place, and
    each side is a difference of running sums. Row 0 and the last column stand for no neighbour.
    """
    n = len(front)
    distance = np.linalg.norm(front[:, None] - front[None, :], axis=2)
    from_left = np.cumsum(distance, axis=1)  # [i, p]: of points 0..p to i
    left, right = np.triu_indices(n, 1)
    low, high = left + 1, right  # first point that is nearer to the right neighbour
    while (open_ := low < high).any():
        middle = (low + high) // 2
        nearer_right = distance[left, middle] > distance[right, middle]
        high = np.where(open_ & nearer_right, middle, high)
        low = np.where(open_ & ~nearer_right, middle + 1, low)
    total = np.zeros((n + 2, n + 2))
    total[left + 1, right + 1] = (from_left[left, low - 1] - from_left[left, left]) + (
        from_left[right, right] - from_left[right, low - 1]
    )
    total[0, 1:-1] = np.diagonal(from_left)
    total[1:-1, -1] = from_left[:, -1] - np.diagonal(from_left)
    return total


def _greedy(front: np.ndarray, k: int, kind: str) -> np.ndarray:
    """Add the best next point until there are k, for any number of objectives.

    What a point adds shrinks as others are chosen, so that its old gain bounds the new one, and few
    gains need computing again (Minoux 1978).
    """
    reference = np.full(front.shape[1], _MARGIN)
    weight = _BALANCE if kind == "balanced" else 1.0
    nearest = np.full(len(front), 1.0 + front.shape[1])
    chosen: list[int] = []
    volume = 0.0

    def gain(i: int) -> float:
        total = 0.0
        if kind != "spread":
            total += hypervolume(front[[*chosen, i]], reference) - volume
        if kind != "hypervolume":
            distance = np.linalg.norm(front - front[i], axis=1)
            total += weight * float(np.maximum(nearest - distance, 0.0).mean())
        return total

    queue = [(-np.inf, i) for i in range(len(front))]
    while len(chosen) < k:
        _, i = heapq.heappop(queue)
        loss = (-gain(i), i)
        if loss > queue[0]:
            heapq.heappush(queue, loss)
            continue
        chosen.append(i)
        volume = hypervolume(front[chosen], reference)
        nearest = np.minimum(nearest, np.linalg.norm(front - front[i], axis=1))
    return np.array(chosen)
