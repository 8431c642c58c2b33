"""Environmental selection: which members of a generation become parents."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.search._engine.ranking import crowding_distances, ranks

# Weight of the two gaps beside a member's share of the hypervolume: enough to keep spacing even.
_GAP_WEIGHT = 0.3


def select_by_crowding(values: np.ndarray, n: int) -> np.ndarray:
    """Select n rows by front, then by crowding distance, as NSGA-II does.

    Parameters
    ----------
    values : ndarray of shape (rows, m)
        Objectives, minimised.
    n : int

    Returns
    -------
    selected : int ndarray of shape (min(n, rows),)
    """
    rank = ranks(values)
    return np.lexsort((-crowding_distances(values, rank), rank))[:n]


def select_by_contribution(values: np.ndarray, n: int) -> np.ndarray:
    """Select n rows by front; from the front that does not fit, leave out one by one.

    The row left out is the one with the smallest sum of its own hypervolume and 0.3 times the
    product of the gaps to its two neighbours. This is for two objectives; for others the choice is
    that of `select_by_crowding`.

    Parameters
    ----------
    values : ndarray of shape (rows, m)
        Objectives, minimised.
    n : int

    Returns
    -------
    selected : int ndarray of shape (min(n, rows),)
    """
    if values.shape[1] != 2:
        return select_by_crowding(values, n)
    rank = ranks(values)
    fits = np.bincount(rank).cumsum() <= n
    selected = np.flatnonzero(fits[rank])
    left = n - len(selected)
    if left <= 0 or len(selected) == len(values):
        return selected
    last = np.flatnonzero(rank == fits.sum())
    last = last[np.lexsort((values[last, 1], values[last, 0]))]
    return np.concatenate([selected, last[_thinned(values[last], left)]])


def _thinned(front: np.ndarray, n: int) -> np.ndarray:
    """Leave out the least useful point until n are left; `front` is sorted by its first column."""
    span = front.max(axis=0) - front.min(axis=0)
    points = (front - front.min(axis=0)) / np.where(span > 0, span, 1.0)
    kept = list(range(len(points)))
    use = [_use(points, kept, i) for i in range(len(kept))]
    while len(kept) > n:
        worst = int(np.argmin(use))
        del kept[worst], use[worst]
        for i in (worst - 1, worst):
            if 0 <= i < len(kept):
                use[i] = _use(points, kept, i)
    return np.array(kept)


def _use(points: np.ndarray, kept: list[int], i: int) -> float:
    if i in (0, len(kept) - 1):
        return np.inf  # the ends of a front stay
    before, own, after = points[kept[i - 1]], points[kept[i]], points[kept[i + 1]]
    contribution = (after[0] - own[0]) * (before[1] - own[1])
    gaps = np.hypot(*(own - before)) * np.hypot(*(after - own))
    return float(contribution + _GAP_WEIGHT * gaps)
