"""Times and durations as users write them, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mtl.preprocessing._histories import History

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")


def read_times(times: Any, name: str = "times") -> pd.DatetimeIndex:
    """Return one time or many as an index; errors name the argument and the row."""
    if isinstance(times, pd.Series):
        times = pd.Index(times)
    elif isinstance(times, str) or np.ndim(times) == 0:
        times = [times]
    if not len(times):
        raise ValueError(f"`{name}` is empty. Pass at least one time.")
    if pd.api.types.is_numeric_dtype(np.asarray(times).dtype):
        raise ValueError(f"`{name}` must be datetimes, not numbers. Got {times[:3]}.")
    try:
        index = pd.DatetimeIndex(times, name="time")
    except ValueError as error:
        raise ValueError(
            f"`{name}` cannot be read as times: {error}. If they are of several zones: "
            "pandas.to_datetime(..., utc=True)."
        ) from error
    unknown = np.flatnonzero(index.isna())
    if len(unknown):
        raise ValueError(f"`{name}` has no time in row {unknown[0]}. Remove empty times.")
    return index


def check_zone(who: str, zoned: bool, times: pd.DatetimeIndex) -> None:
    """Refuse to mix times with and without a time zone."""
    if zoned != (times.tz is not None):
        raise ValueError(
            f"The times of {who} are {'with' if zoned else 'without'} a time zone, `times` are "
            f"{'without' if zoned else 'with'} one. Give both a zone: "
            "index.tz_localize('Europe/Berlin'), or tz_localize('UTC')."
        )


def duration_ns(value: Any, name: str) -> int:
    """Return nanoseconds."""
    text = value.strip() if isinstance(value, str) else value
    is_number = isinstance(text, (int, float, np.number)) and not isinstance(text, np.timedelta64)
    if is_number or (isinstance(text, str) and _NUMBER.fullmatch(text)):
        raise TypeError(f"`{name}` needs a unit, as in '{text}min' or '{text}h'. Got {value!r}.")
    try:
        duration = pd.Timedelta(text)
    except (ValueError, TypeError) as error:
        raise ValueError(f"`{name}`={value!r} is no duration, as '30min' or '3h' are.") from error
    if duration is pd.NaT:
        raise ValueError(f"`{name}` must be a duration, as '30min' or '3h' are. Got {value!r}.")
    return duration.as_unit("ns").value


def per_source(value: Any, name: str, histories: Mapping[str, History]) -> dict[str, Any]:
    """Return a duration in nanoseconds, or None, for every source."""
    if not isinstance(value, Mapping):
        optional = value is None and name == "max_age"
        return dict.fromkeys(histories, None if optional else duration_ns(value, name))
    unknown = [source for source in value if source not in histories]
    if unknown:
        raise ValueError(
            f"`{name}` names an unknown source {unknown[0]!r}. The sources are {list(histories)}."
        )
    absent = [source for source in histories if source not in value]
    if absent and name != "max_age":
        raise ValueError(f"`{name}` lacks the source {absent[0]!r}. Name it, or pass one for all.")
    given = {source: duration_ns(one, f"{name}[{source!r}]") for source, one in value.items()}
    return {source: given.get(source) for source in histories}


def check_durations(source: str, lookback: int, dead_time: int, max_age: int | None) -> None:
    """Refuse durations out of range; errors name the source."""
    if lookback <= 0:
        raise ValueError(
            f"The window of source {source!r} is empty: `lookback` must be above zero. "
            f"Got {pd.Timedelta(lookback)}."
        )
    if dead_time < 0:
        raise ValueError(
            f"`dead_time` of source {source!r} must not be negative: the window would end after "
            f"the time of the sample. Got {pd.Timedelta(dead_time)}. For the time until a result "
            "is known use `result_delay`."
        )
    if max_age is not None and max_age < 0:
        raise ValueError(
            f"`max_age` of source {source!r} must not be negative. Got {pd.Timedelta(max_age)}."
        )
