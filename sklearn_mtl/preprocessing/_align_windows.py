"""From raw histories at different rates to one row of windows per sample time."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from sklearn_mtl._sequence_layout import SourceWindows, window_names
from sklearn_mtl.preprocessing._as_of import as_of_rows
from sklearn_mtl.preprocessing._histories import History, nanoseconds, read_histories
from sklearn_mtl.preprocessing._laboratory_results import available_at, targets_at
from sklearn_mtl.preprocessing._segments import LARGEST_REGULAR_STEP
from sklearn_mtl.preprocessing._time_arguments import (
    check_durations,
    check_zone,
    per_source,
    read_times,
)
from sklearn_mtl.preprocessing._window_layout import read_layout

# Cells of a window grid that are looked up together: they stay in the processor's cache.
_CHUNK = 2**18


def align_windows(
    frames: Mapping[str, Any],
    times: Any,
    lookback: Any,
    dead_time: Any = "0s",
    targets: Any = None,
    result_delay: Any = "0s",
    *,
    time_column: bool = False,
    layout: Mapping[str, tuple[int, int]] | None = None,
    max_age: Any = None,
    campaign_starts: Any = None,
) -> Bunch:
    """Cut the windows of several histories that were known at given times.

    Sources tick at different rates: temperatures per minute, the raw material per shift. For each
    time t and each source this takes the window ``(t - dead_time - lookback, t - dead_time]``.
    Training and operation make the same call: in training `times` are the sample times of the
    laboratory, live `times` is now. No value later than ``t - dead_time`` enters a row.

    Parameters
    ----------
    frames : dict of str to DataFrame
        Histories by name of the source, each at its own rate: a DataFrame with a DatetimeIndex in
        ascending order, or an Arrow table (polars, pyarrow) with one column of times. Channels of
        one rate make a source. Clocks may jitter and times may repeat: of rows at the same time
        the last one counts. NaN is a value that was not measured.
    times : datetime or array-like of datetimes, shape (n_samples,)
        When to look. In any order; with a time zone if the sources have one.
    lookback : str, timedelta, or dict of them by source
        Length of the windows, as in ``"3h"``. A source that is slower needs a longer one of its
        own, or `max_age`: otherwise many of its windows hold no row.
    dead_time : str, timedelta, or dict of them by source, default="0s"
        Transport in the plant: how long ago the material that is sampled now passed the source.
    targets : DataFrame or Series, default=None
        Laboratory values indexed by sample time, as `parse_lab` returns them. NaN where a target
        has no value at that time.
    result_delay : str, timedelta, dict of them by target, or Series, default="0s"
        How long after sampling a result is known. A Series of timedeltas, indexed by sample time,
        gives each sample its own delay.
        The windows never use it: it is for baselines and the simulation of operation.
    time_column : bool, default=False
        Whether X begins with a column ``time`` of `times`, for `CalendarEncoder`.
    layout : dict of str to (n_steps, n_channels), default=None
        Steps and channels of the windows of each source. By default a window has as many steps as
        usual steps of its source (their median) fit in. Pass the ``layout`` of the training in
        operation, where too little history may be at hand to tell; the amount of history is then
        not checked either, and what is absent is NaN.
    max_age : str, timedelta, or dict of them by source, default=None
        For how long a row stands for the times after it. By default for one and a half steps and
        inside of the window only. A historian that stores changes only needs a longer one, which
        also reaches back beyond the window; a window shorter than its usual step has one step.
    campaign_starts : array-like of datetimes, default=None
        Windows end at the start of a campaign: earlier rows belong to another product.

    Returns
    -------
    samples : :class:`~sklearn.utils.Bunch`
        With the attributes

        X : DataFrame of shape (n_samples, n_features)
            Columns ``source:channel:step``: channel-major, time ascending, step 0 the oldest. NaN
            where a window is short or has a hole. float64; float32 if all sources are.
        y : DataFrame of shape (n_samples, n_targets) or None
            `targets` at `times`; NaN where there is none.
        times : DatetimeIndex of shape (n_samples,)
            As given. X, y, `available_at` and `age` are indexed by it.
        available_at : Series, or DataFrame if `result_delay` is a dict
            When the results are known: times + `result_delay`.
        layout : dict of str to (n_steps, n_channels)
            As `MultirateResampler` takes it.
        age : DataFrame of shape (n_samples, n_sources)
            How much older than t the newest row is that was known at ``t - dead_time``; NaT where
            there is none.

    Raises
    ------
    TypeError
        If a source is no table, or a duration has no unit.
    ValueError
        If a source is empty, has no DatetimeIndex, is out of order, or has a cell that is no
        number; if an argument names an unknown source; if a lookback is not positive or longer
        than the history; if a dead time is negative; if no window of a
        source holds a row; if times with and without time zone are mixed; if `targets` have
        repeated times or no time in common with `times`.

    Warns
    -----
    UserWarning
        If a lookback is less than two thirds of the usual step of its source, without `max_age`.

    See Also
    --------
    parse_lab : Makes `targets` from a table of the laboratory.
    MultirateResampler : Brings the windows to one length.
    ShortGapInterpolator : Fills short holes inside of a window (``along="steps"``).

    Notes
    -----
    A window is divided evenly into steps and each step is given the newest row that is not later
    than its end (as-of). So regular sources give their rows as they are, a hole in a source is a
    hole in the window at the right place, and jitter of the clock does no harm.

    Sources with different zones are compared in UTC. A history in local time without a zone
    repeats an hour when summer time ends: give it its zone by ``tz_localize`` first.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mtl.preprocessing import align_windows
    >>> minutes = pd.date_range("2024-01-01 00:00", periods=600, freq="min")
    >>> shifts = pd.date_range("2023-12-31 22:00", periods=3, freq="8h")
    >>> frames = {
    ...     "thermal": pd.DataFrame({"hood": range(600)}, index=minutes),
    ...     "raw": pd.DataFrame({"moisture": [7.1, 6.8, 7.4]}, index=shifts),
    ... }
    >>> lab = pd.DataFrame(
    ...     {"FeO": [8.4, 8.9]}, index=pd.to_datetime(["2024-01-01 05:00", "2024-01-01 09:00"])
    ... )
    >>> samples = align_windows(
    ...     frames,
    ...     lab.index,
    ...     lookback={"thermal": "3min", "raw": "8h"},
    ...     dead_time={"thermal": "0s", "raw": "30min"},
    ...     targets=lab,
    ...     result_delay="2h",
    ... )
    >>> print(samples.X.to_string())
                         thermal:hood:0  thermal:hood:1  thermal:hood:2  raw:moisture:0
    time
    2024-01-01 05:00:00           298.0           299.0           300.0             7.1
    2024-01-01 09:00:00           538.0           539.0           540.0             6.8
    >>> samples.layout
    {'thermal': (3, 1), 'raw': (1, 1)}

    In operation, with the newest rows of the same sources:

    >>> now = align_windows(
    ...     frames,
    ...     "2024-01-01 09:59",
    ...     lookback={"thermal": "3min", "raw": "8h"},
    ...     dead_time={"thermal": "0s", "raw": "30min"},
    ...     layout=samples.layout,
    ... )
    >>> now.X.shape
    (1, 4)
    """
    histories = read_histories(frames, may_be_empty=layout is not None)
    given = None if layout is None else _given_windows(layout, histories)
    index = read_times(times)
    for source, history in histories.items():
        check_zone(f"source {source!r}", history.zoned, index)
    lookbacks = per_source(lookback, "lookback", histories)
    dead_times = per_source(dead_time, "dead_time", histories)
    ages = per_source(max_age, "max_age", histories)
    for source in histories:
        check_durations(source, lookbacks[source], dead_times[source], ages[source])
    windows = given or [
        _usual_windows(source, history, lookbacks[source], ages[source])
        for source, history in histories.items()
    ]
    campaigns = _read_campaigns(campaign_starts, index)

    moments = nanoseconds(index)
    dtype = np.result_type(*(history.values.dtype for history in histories.values()))
    n_columns = sum(len(channels) * n_steps for _, channels, n_steps in windows)
    X = np.empty((len(index), n_columns), dtype=dtype)
    newest = {}
    column = 0
    for source, channels, n_steps in windows:
        history, ends = histories[source], moments - dead_times[source]
        width = len(channels) * n_steps
        has_row = _fill_windows(
            X[:, column : column + width],
            history,
            ends,
            lookback=lookbacks[source],
            n_steps=n_steps,
            max_age=ages[source],
            campaign_starts=campaigns,
        )
        if layout is None and not has_row:
            raise ValueError(_no_row(source, history, ends - lookbacks[source], ends))
        newest[source] = _age(history, moments, ends)
        column += width
    data = pd.DataFrame(X, index=index, columns=window_names(windows), copy=False)
    if time_column:
        data.insert(0, "time", index)
    return Bunch(
        X=data,
        y=None if targets is None else targets_at(targets, index),
        times=index,
        available_at=available_at(result_delay, index, targets),
        layout={source: (n_steps, len(channels)) for source, channels, n_steps in windows},
        age=pd.DataFrame(newest, index=index),
    )


def _fill_windows(
    out: np.ndarray, history: History, ends: np.ndarray, *, n_steps: int, **options: Any
) -> bool:
    """Write the windows of one source into `out`; tell whether any window holds a row."""
    n_rows, n_channels = history.values.shape
    windows = out.reshape(len(out), n_channels, n_steps, copy=False)
    channels = np.full((n_channels, n_rows + 1), np.nan, dtype=history.values.dtype)
    channels[:, :n_rows] = history.values.T  # the last one stays NaN, for rows that are absent
    has_row = False
    size = max(1, _CHUNK // n_steps)
    for start in range(0, len(ends), size):
        chunk = slice(start, start + size)
        rows = as_of_rows(history.times, ends[chunk], n_steps=n_steps, **options)
        has_row |= bool((rows < n_rows).any())
        for channel, values in enumerate(channels):
            windows[chunk, channel] = values[rows]
    return has_row


def _usual_windows(
    source: str, history: History, lookback: int, max_age: int | None
) -> SourceWindows:
    """Count how many usual steps of the source a window takes; held rows fill one in any case."""
    steps = np.diff(history.times)
    steps = steps[steps > 0]
    if max_age is not None and (not len(steps) or lookback < np.median(steps)):
        return SourceWindows(source, history.channels, 1)
    if not len(steps):
        raise ValueError(
            f"Source {source!r} has one time only, which tells no rate. Pass `layout`, for example "
            f"{{{source!r}: (1, {len(history.channels)})}} for windows of one step."
        )
    step = float(np.median(steps))
    n_steps = max(1, round(lookback / step))
    if lookback < step / LARGEST_REGULAR_STEP:
        warnings.warn(
            f"`lookback` of source {source!r} is {pd.Timedelta(lookback)}, but its usual step is "
            f"{pd.Timedelta(step)}: many windows hold no row of it and are NaN. Pass a longer one "
            f"for this source, lookback={{{source!r}: ...}}, or the time for which a row stands, "
            f"max_age={{{source!r}: ...}}.",
            UserWarning,
            stacklevel=3,
        )
    span = int(history.times[-1] - history.times[0])
    if lookback > span + 1.5 * step:
        raise ValueError(
            f"`lookback` of source {source!r} is {pd.Timedelta(lookback)}, longer than its "
            f"history of {pd.Timedelta(span)}: no window would be complete. Pass a shorter one, "
            "or more history."
        )
    return SourceWindows(source, history.channels, n_steps)


def _given_windows(layout: Any, histories: Mapping[str, History]) -> list[SourceWindows]:
    """Return the windows in the order of the layout, which is that of the columns in training."""
    stated = read_layout(layout)
    if set(stated) != set(histories):
        raise ValueError(
            f"`layout` is about the sources {list(stated)}, `frames` has {list(histories)}. "
            "Pass the same sources."
        )
    for source, (_, n_channels) in stated.items():
        channels = histories[source].channels
        if n_channels != len(channels):
            raise ValueError(
                f"`layout` gives source {source!r} {n_channels} channels, its table has "
                f"{len(channels)}: {', '.join(channels)}. Pass the columns of the training."
            )
    return [
        SourceWindows(source, histories[source].channels, n_steps)
        for source, (n_steps, _) in stated.items()
    ]


def _read_campaigns(starts: Any, times: pd.DatetimeIndex) -> np.ndarray | None:
    if starts is None or (np.ndim(starts) and not len(starts)):
        return None
    index = read_times(starts, "campaign_starts")
    check_zone("`campaign_starts`", index.tz is not None, times)
    return np.sort(nanoseconds(index))


def _age(history: History, moments: np.ndarray, ends: np.ndarray) -> pd.TimedeltaIndex:
    if not len(history.times):
        return pd.TimedeltaIndex([pd.NaT] * len(ends))
    rows = np.searchsorted(history.times, ends, side="right") - 1
    ages = pd.to_timedelta(moments - history.times[np.maximum(rows, 0)], unit="ns")
    return ages.where(rows >= 0)


def _no_row(source: str, history: History, starts: np.ndarray, ends: np.ndarray) -> str:
    first, last = (pd.Timestamp(history.times[row]) for row in (0, -1))
    return (
        f"No window of source {source!r} holds a row. Its history is from {first} to {last}, the "
        f"windows from {pd.Timestamp(starts.min())} to {pd.Timestamp(ends.max())} (both in UTC "
        "where they have a zone). Check the years, the order of day and month, and the zones."
    )
