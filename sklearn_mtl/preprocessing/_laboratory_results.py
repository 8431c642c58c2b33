"""Results of the laboratory at the sample times, and when they are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sklearn_mtl._validation import check_targets
from sklearn_mtl.preprocessing._time_arguments import check_zone, duration_ns


def targets_at(targets: Any, times: pd.DatetimeIndex) -> pd.DataFrame:
    """Return the results at the sample times; NaN where there is none."""
    if isinstance(targets, pd.Series):
        targets = targets.to_frame("y0" if targets.name is None else targets.name)
    if not isinstance(targets, pd.DataFrame) or not isinstance(targets.index, pd.DatetimeIndex):
        raise ValueError(
            "`targets` must be a DataFrame indexed by sample time. Make it from a table of the "
            "laboratory: parse_lab(table, time='sampled')."
        )
    check_zone("`targets`", targets.index.tz is not None, times)
    repeated = targets.index[targets.index.duplicated()]
    if len(repeated):
        raise ValueError(
            f"`targets` has several rows for {repeated[0]} and for {len(repeated)} times in all. "
            "parse_lab settles retests."
        )
    checked = check_targets(targets, input_name="targets")
    values = pd.DataFrame(checked.values, index=targets.index, columns=checked.names)
    if not targets.index.isin(times).any():
        raise ValueError(
            f"`targets` and `times` have no time in common: targets from {targets.index.min()} to "
            f"{targets.index.max()}, times from {times.min()} to {times.max()}. Pass "
            "times=targets.index to look at the sample times."
        )
    return values.reindex(times)


def available_at(delay: Any, times: pd.DatetimeIndex, targets: Any) -> pd.Series | pd.DataFrame:
    """Return when the results of each sample are known."""
    if isinstance(delay, Mapping):
        names = {} if targets is None else dict.fromkeys(pd.DataFrame(targets).columns)
        unknown = [name for name in delay if name not in names]
        if unknown:
            raise ValueError(
                f"`result_delay` names an unknown target {unknown[0]!r}. The targets are "
                f"{list(names)}."
            )
        return pd.DataFrame(
            {name: times + _delay(one, f"result_delay[{name!r}]") for name, one in delay.items()},
            index=times,
        )
    if isinstance(delay, pd.Series):
        late = _delays_at(delay, times)
        return pd.Series(times + late, index=times, name="available_at")
    return pd.Series(times + _delay(delay, "result_delay"), index=times, name="available_at")


def _delays_at(delays: pd.Series, times: pd.DatetimeIndex) -> pd.TimedeltaIndex:
    if not isinstance(delays.index, pd.DatetimeIndex) or not pd.api.types.is_timedelta64_dtype(
        delays.dtype
    ):
        raise ValueError(
            "`result_delay` as a Series must hold timedeltas by sample time, such as "
            "lab['reported'] - lab['sampled'] indexed by lab['sampled']. Got dtype "
            f"{delays.dtype}, index {type(delays.index).__name__}. By target it is a dict."
        )
    check_zone("`result_delay`", delays.index.tz is not None, times)
    if not delays.index.is_unique:
        raise ValueError(
            "`result_delay` has several delays for one sample time. Take the longest: "
            "result_delay.groupby(level=0).max()."
        )
    if (delays < pd.Timedelta(0)).any():
        raise ValueError(f"`result_delay` must not be negative. Got {delays.min()}.")
    if not delays.index.isin(times).any():
        raise ValueError("`result_delay` and `times` have no time in common.")
    return pd.TimedeltaIndex(delays.reindex(times))


def _delay(value: Any, name: str) -> pd.Timedelta:
    delay = pd.Timedelta(duration_ns(value, name))
    if delay < pd.Timedelta(0):
        raise ValueError(f"`{name}` must not be negative. Got {delay}.")
    return delay
