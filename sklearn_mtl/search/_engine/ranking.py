"""Pareto dominance: who is on the front, ranks and crowding (Deb et al. 2002)."""

from __future__ import annotations

import numpy as np


def dominates(values: np.ndarray) -> np.ndarray:
    """Tell for every pair whether the first dominates the second.

    Parameters
    ----------
    values : ndarray of shape (n, m)
        Objectives, minimised.

    Returns
    -------
    dominates : bool ndarray of shape (n, n)
        ``[i, j]``: i is nowhere worse than j and somewhere better.
    """
    no_worse = np.ones((len(values), len(values)), dtype=bool)
    better = np.zeros_like(no_worse)
    for column in values.T:
        no_worse &= column[:, None] <= column[None, :]
        better |= column[:, None] < column[None, :]
    return no_worse & better


def non_dominated(values: np.ndarray) -> np.ndarray:
    """Find the rows that no other row dominates; of equal rows all stay.

    Parameters
    ----------
    values : ndarray of shape (n, m)
        Objectives, minimised.

    Returns
    -------
    rows : ndarray of int
        In rising order.
    """
    if len(values) == 0:
        return np.zeros(0, dtype=int)
    if values.shape[1] == 2:
        order = np.lexsort((values[:, 1], values[:, 0]))
        first, second = values[order].T
        # The best second objective of all rows with a smaller first one
        starts = np.concatenate([[True], first[1:] > first[:-1]])
        group = np.cumsum(starts) - 1
        best_of_group = second[starts]  # sorted within the group
        best_before = np.minimum.accumulate(np.concatenate([[np.inf], best_of_group[:-1]]))
        keep = (second < best_before[group]) & (second == best_of_group[group])
        return np.sort(order[keep])
    return np.flatnonzero(~dominates(values).any(axis=0))


def distances_behind(values: np.ndarray, front: np.ndarray) -> np.ndarray:
    """Tell how far rows are behind a front: by how much each must improve in all objectives.

    Parameters
    ----------
    values : ndarray of shape (n, m)
        Objectives, minimised.
    front : ndarray of shape (k, m)
        Non-dominated points.

    Returns
    -------
    distances : ndarray of shape (n,)
        Negative for rows in front of it.
    """
    if values.shape[1] != 2:
        return np.max(values[:, None] - front, axis=2).min(axis=1)
    front = front[np.lexsort(front.T[::-1])]
    # Along the front the first objective rises and the second one falls: the nearest point is one
    # of the two between which a row is as far behind in the one as in the other.
    tilt = front[:, 0] - front[:, 1]
    after = np.searchsorted(tilt, values[:, 0] - values[:, 1])
    beside = np.clip([after - 1, after], 0, len(front) - 1)
    return np.max(values - front[beside], axis=2).min(axis=0)


def ranks(values: np.ndarray) -> np.ndarray:
    """Sort a population into fronts, 0 for the non-dominated rows.

    Parameters
    ----------
    values : ndarray of shape (n, m)
        Objectives, minimised.

    Returns
    -------
    ranks : int ndarray of shape (n,)
    """
    rank = np.zeros(len(values), dtype=int)
    dominating = dominates(values)
    n_above = dominating.sum(axis=0)
    left = np.ones(len(values), dtype=bool)
    current = 0
    while left.any():
        front = left & (n_above == 0)
        rank[front] = current
        n_above = n_above - dominating[front].sum(axis=0)
        left &= ~front
        current += 1
    return rank


def crowding_distances(values: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Crowding distance of NSGA-II within every front; its ends are infinitely far.

    Parameters
    ----------
    values : ndarray of shape (n, m)
        Objectives.
    rank : ndarray of shape (n,)
        Fronts, as from `ranks`.

    Returns
    -------
    distances : ndarray of shape (n,)
    """
    distances = np.zeros(len(values))
    for front in range(int(rank.max(initial=-1)) + 1):
        rows = np.flatnonzero(rank == front)
        for column in values[rows].T:
            order = np.argsort(column, kind="stable")
            ordered = column[order]
            span = ordered[-1] - ordered[0]
            gaps = np.full(len(rows), np.inf)
            if len(rows) > 2:
                gaps[1:-1] = (ordered[2:] - ordered[:-2]) / span if span > 0 else 0.0
            distances[rows[order]] += gaps
    return distances
