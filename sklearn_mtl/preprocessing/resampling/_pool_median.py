"""Median of adjacent intervals; repetition for upsampling."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from sklearn_mtl.preprocessing.resampling._decimate_repeat import repeated_steps
from sklearn_mtl.preprocessing.resampling._pool import interval_edges
from sklearn_mtl.preprocessing.resampling._sorting_network import selection_network
from sklearn_mtl.preprocessing.resampling._steps_first import steps_first

# Longer intervals are partitioned one by one: a network grows faster than its interval.
LONGEST_NETWORK = 128


def median_pool(windows: np.ndarray, length: int) -> np.ndarray:
    """Median of each interval (eq. 48); repetition where there are fewer steps.

    Parameters
    ----------
    windows : ndarray of shape (..., T)
    length : int
        Length L of the windows written, at least 2.

    Returns
    -------
    pooled : ndarray of shape (..., length)
        The mean of the two middle values where the number of steps is even; NaN where an interval
        has a missing step.
    """
    n_steps = windows.shape[-1]
    if n_steps <= length:
        return windows[..., repeated_steps(n_steps, length)]
    steps = steps_first(windows)
    pooled = np.empty((length, steps.shape[1]), steps.dtype)
    for rows, places in intervals_by_size(n_steps, length):
        values = list(steps.take(places, axis=0, mode="clip"))  # (n_intervals, n_series) each
        median = _median_by_network if len(values) <= LONGEST_NETWORK else _median_by_partition
        pooled[rows] = median(values)
    return pooled.T.reshape(*windows.shape[:-1], length)


@lru_cache(maxsize=128)
def intervals_by_size(n_steps: int, length: int) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Gather the intervals of one size, of which there are two at most.

    Returns
    -------
    groups : tuple of (ndarray of shape (n_intervals,), ndarray of shape (size, n_intervals))
        For each size, the output steps of its intervals and the steps that they read. Shared
        between calls: the arrays are read-only.
    """
    edges = interval_edges(n_steps, length)
    sizes = np.diff(edges)
    groups = []
    for size in np.unique(sizes):
        rows = np.flatnonzero(sizes == size)
        places = edges[rows] + np.arange(size)[:, np.newaxis]
        rows.flags.writeable = places.flags.writeable = False
        groups.append((rows, places))
    return tuple(groups)


def _middle_ranks(size: int) -> tuple[int, ...]:
    return tuple(sorted({(size - 1) // 2, size // 2}))


def _median_by_network(values: list[np.ndarray]) -> np.ndarray:
    """Median over a list of arrays, which are overwritten.

    A NaN reaches the result from every place: minimum and maximum both hand it on, and any of the
    values could have been the median.
    """
    ranks = _middle_ranks(len(values))
    spare = np.empty_like(values[0])
    for low, high, keeps_low, keeps_high in selection_network(len(values), ranks):
        first, second = values[low], values[high]
        if not keeps_high:
            np.minimum(first, second, out=first)
        elif not keeps_low:
            np.maximum(first, second, out=second)
        else:
            np.minimum(first, second, out=spare)
            np.maximum(first, second, out=second)
            values[low], spare = spare, first
    return _centre([values[rank] for rank in ranks])


def _median_by_partition(values: list[np.ndarray]) -> np.ndarray:
    ranks = _middle_ranks(len(values))
    last = len(values) - 1  # where NaN goes
    ordered = np.partition(np.stack(values, axis=-1), [*ranks, last], axis=-1)
    median = _centre([ordered[..., rank] for rank in ranks])
    return np.where(np.isnan(ordered[..., last]), np.nan, median)


def _centre(middle: list[np.ndarray]) -> np.ndarray:
    # Halved before the sum, which could overflow
    return middle[0] if len(middle) == 1 else 0.5 * middle[0] + 0.5 * middle[1]
