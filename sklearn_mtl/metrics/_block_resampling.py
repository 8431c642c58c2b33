"""Means of rows drawn in blocks, so that neighbours which depend on each other stay together."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

# Resamples are drawn together as long as their counts of rows fit into a processor's cache.
COUNTS_AT_ONCE = 200_000


def block_resampled_means(
    values: np.ndarray, *, block_length: int, n_resamples: int, random_state: Any = None
) -> np.ndarray:
    """Means of the columns in circular block resamples of the rows.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        Rows in the order of time. NaN is left out of the mean of its column.
    block_length : int
        Rows of a block; the last block of a resample is cut, so that it has `n_rows` rows.
    n_resamples : int
        Number of resamples.
    random_state : int, RandomState instance or None, default=None
        Randomness of the resamples.

    Returns
    -------
    means : ndarray of shape (n_resamples, n_columns)
        NaN where a resample holds no value of the column.
    """
    rng = check_random_state(random_state)
    n_rows, n_columns = values.shape
    observed = ~np.isnan(values)
    summands = np.hstack([np.where(observed, values, 0.0), observed])  # (n_rows, 2 * n_columns)
    n_whole_blocks, last_length = divmod(n_rows - 1, block_length)
    whole = _circular_window_sums(summands, block_length)
    last = _circular_window_sums(summands, last_length + 1)
    sums = np.empty((n_resamples, 2 * n_columns))
    at_once = max(1, COUNTS_AT_ONCE // n_rows)
    for first in range(0, n_resamples, at_once):
        part = sums[first : first + at_once]
        starts = rng.randint(n_rows, size=(len(part), n_whole_blocks + 1))
        part[:] = _times_drawn(starts[:, 1:], n_rows) @ whole + last[starts[:, 0]]
    totals, counts = np.split(sums, 2, axis=1)
    return np.divide(totals, counts, out=np.full_like(totals, np.nan), where=counts > 0)


def _times_drawn(starts: np.ndarray, n_rows: int) -> np.ndarray:
    """Count how often every row starts a block, for every resample."""
    n_resamples = len(starts)
    numbers = starts + n_rows * np.arange(n_resamples)[:, np.newaxis]
    counts = np.bincount(numbers.ravel(), minlength=n_resamples * n_rows)
    return counts.reshape(n_resamples, n_rows).astype(np.float64)


def _circular_window_sums(values: np.ndarray, length: int) -> np.ndarray:
    """Sum `length` rows from each row on; after the last row comes the first.

    Sums of 1, 2, 4, ... rows are put together. Differences of cumulative sums would be as fast,
    but one gross error would take the digits of all sums after it.
    """
    sums, n_summed = np.zeros_like(values), 0
    power, n_power = values, 1
    while n_summed < length:
        if length & n_power:
            sums += np.roll(power, -n_summed, axis=0)
            n_summed += n_power
        power = power + np.roll(power, -n_power, axis=0)
        n_power *= 2
    return sums
