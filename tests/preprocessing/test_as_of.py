"""Rows of windows against loops, and what they may never be."""

import numpy as np
import pytest

from sklearn_mtl.preprocessing._as_of import as_of_rows


def rows_by_loops(times, ends, lookback, n_steps, max_age, campaign_starts):
    """The docstring of `as_of_rows`, read sentence by sentence."""
    expected = np.full((len(ends), n_steps), len(times))
    for i, end in enumerate(ends):
        started = [start for start in campaign_starts if start <= end]
        campaign = started[-1] if started else -np.inf
        for k in range(n_steps):
            step_end = end - lookback * (n_steps - 1 - k) // n_steps
            age = 1.5 * lookback / n_steps if max_age is None else max_age
            for row, time in enumerate(times):
                inside = max_age is not None or time > end - lookback
                if time <= step_end and time >= step_end - int(age) and inside and time >= campaign:
                    expected[i, k] = row
            if expected[i, k] == len(times) and max_age is None:
                later = [row for row, time in enumerate(times) if time > step_end]
                for row in later[:1]:
                    near = times[row] - step_end <= lookback // n_steps // 2
                    inside = end - lookback < times[row] <= end and times[row] >= campaign
                    if near and inside:
                        expected[i, k] = row
    return expected


@pytest.mark.parametrize("seed", range(60))
def test_every_window_is_that_of_the_loops(seed):
    rng = np.random.default_rng(seed)
    n_rows = int(rng.integers(1, 40))
    usual = int(rng.integers(2, 50))
    # Regular with jitter, holes and repeated times
    steps = np.where(rng.random(n_rows) < 0.2, rng.integers(0, 5 * usual, n_rows), usual)
    times = np.cumsum(np.maximum(steps + rng.integers(-usual // 4, usual // 4 + 1, n_rows), 0))
    ends = rng.integers(-usual, times[-1] + 3 * usual, size=12)
    n_steps = int(rng.integers(1, 9))
    lookback = n_steps * usual + int(rng.integers(0, usual))
    max_age = None if seed % 3 else int(rng.integers(0, 4 * usual))
    starts = np.sort(rng.integers(0, times[-1] + 1, size=seed % 4))
    rows = as_of_rows(
        times, ends, lookback=lookback, n_steps=n_steps, max_age=max_age, campaign_starts=starts
    )
    np.testing.assert_array_equal(
        rows, rows_by_loops(times, ends, lookback, n_steps, max_age, starts)
    )
    found = rows < n_rows
    taken = times[np.minimum(rows, n_rows - 1)]
    assert np.all(taken[found] <= np.broadcast_to(ends[:, None], rows.shape)[found])


def test_regular_rows_come_as_they_are():
    times = np.arange(0, 1000, 10)
    rows = as_of_rows(times, np.array([500, 505, 509]), lookback=50, n_steps=5)
    np.testing.assert_array_equal(rows, [[46, 47, 48, 49, 50]] * 3)


def test_long_windows_in_nanoseconds():
    """Two weeks of minutes: duration times steps is more than 64 bits hold."""
    minute = 60 * 10**9
    times = 1_700_000_000 * 10**9 + minute * np.arange(30_000)
    n_steps = 14 * 24 * 60
    rows = as_of_rows(times, times[[25_000]], lookback=n_steps * minute, n_steps=n_steps)
    np.testing.assert_array_equal(rows, [np.arange(25_000 - n_steps + 1, 25_001)])


def test_a_hole_stays_at_its_place():
    times = np.delete(np.arange(0, 100, 10), [4, 5, 6])  # 0 10 20 30 . . . 70 80 90
    rows = as_of_rows(times, np.array([90]), lookback=80, n_steps=8)
    # The step after a row takes it, too: it is one step old. The second does not.
    np.testing.assert_array_equal(rows, [[2, 3, 3, 7, 7, 4, 5, 6]])


def test_the_jitter_of_a_clock_leaves_no_hole():
    rng = np.random.default_rng(0)
    times = np.arange(0, 100_000, 100) + rng.integers(-30, 31, 1000)
    ends = rng.integers(2000, 99_000, 500)
    rows = as_of_rows(times, ends, lookback=1000, n_steps=10)
    assert np.all(rows < len(times))


def test_of_rows_at_the_same_time_the_last_counts():
    rows = as_of_rows(np.array([0, 10, 10, 10, 20]), np.array([10]), lookback=10, n_steps=1)
    np.testing.assert_array_equal(rows, [[3]])
