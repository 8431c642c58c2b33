"""As-of logic: which row of a history was the newest at each step of a window."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.preprocessing._segments import LARGEST_REGULAR_STEP


def as_of_rows(
    times: np.ndarray,
    ends: np.ndarray,
    *,
    lookback: int,
    n_steps: int,
    max_age: int | None = None,
    campaign_starts: np.ndarray | None = None,
) -> np.ndarray:
    """Find the row of each step of the windows ``(end - lookback, end]``.

    The steps divide a window evenly; the last one ends with it. A step is given the newest row
    that is not later than its end. No row later than the window's end is ever taken.

    Parameters
    ----------
    times : ndarray of int64 of shape (N,)
        Times of the rows, ascending; of rows at the same time the last one counts.
    ends : ndarray of int64 of shape (n,)
        Newest time of each window.
    lookback : int
        Duration of the windows.
    n_steps : int
        Steps per window.
    max_age : int, optional
        How much older than the end of its step a row may be. By default one and a half steps, and
        rows from before the window are never taken; a step without such a row is given the next
        one where that is at most half a step later (clocks jitter) and inside the window. A given
        age is taken as it is and reaches back beyond the window.
    campaign_starts : ndarray of int64 of shape (C,), optional
        Ascending. Rows from before the newest campaign that had started at the window's end are
        not taken.

    Returns
    -------
    rows : ndarray of int of shape (n, n_steps)
        N where a step has no row.
    """
    if not len(times):
        return np.zeros((len(ends), n_steps), dtype=np.intp)
    # lookback * steps // n_steps, without the product: in nanoseconds it can exceed 64 bits.
    step, rest = divmod(lookback, n_steps)
    steps = np.arange(n_steps - 1, -1, -1)
    step_ends = ends[:, np.newaxis] - (step * steps + rest * steps // n_steps)
    if max_age is None:
        first = ends - lookback + 1  # the start itself is outside of the window
        age = int(LARGEST_REGULAR_STEP * lookback / n_steps)
    else:
        first = np.full(len(ends), np.iinfo(np.int64).min)
        age = max_age
    if campaign_starts is not None and len(campaign_starts):
        campaign = np.searchsorted(campaign_starts, ends, side="right") - 1
        first = np.where(campaign >= 0, np.maximum(first, campaign_starts[campaign]), first)
    first = first[:, np.newaxis]
    rows = np.searchsorted(times, step_ends, side="right") - 1
    found = times[np.maximum(rows, 0)]
    absent = (rows < 0) | (found < first) | (found < step_ends - age)
    if max_age is None:
        following = np.minimum(rows + 1, len(times) - 1)
        found = times[following]
        close = (found >= first) & (found - step_ends <= lookback // n_steps // 2)
        # Not the last step of a window: what follows its end is not known yet.
        usable = absent & close & (found > step_ends) & (found <= ends[:, np.newaxis])
        rows = np.where(usable, following, rows)
        absent &= ~usable
    return np.where(absent, len(times), rows)
