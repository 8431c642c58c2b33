"""Predictions from several sources: now, or on a grid of times."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._model_folder import SoftSensor
from sklearn_mtl.cli._source_files import check_zones, times_of_files
from sklearn_mtl.cli._source_options import add_source_files, parse_duration
from sklearn_mtl.cli._sources import SourceSettings, complete_windows
from sklearn_mtl.cli._table import Table, TableFormat, quoted
from sklearn_mtl.cli._times import parse_time, show_duration

NEWEST = "newest"
# Cells of the windows that are cut at a time: a fine grid over a year would not fit in memory.
_CHUNK = 2**24
_N_CHANNELS = 5  # named per source; the rest is counted

Histories = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Predictions:
    """Predictions and what they are based on, all indexed by time.

    Attributes
    ----------
    values : DataFrame
        One column per target; NaN where an input is missing.
    age : DataFrame
        How old the newest value of each source was.
    complete : DataFrame
        Whether all inputs of each source were known.
    """

    values: pd.DataFrame
    age: pd.DataFrame
    complete: pd.DataFrame


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the files of the sources and the times to predict."""
    group = parser.add_argument_group(
        "several sources", "For a model of several sources: their newest rows, and when to predict."
    )
    add_source_files(group, lab=False)
    when = group.add_mutually_exclusive_group()
    when.add_argument(
        "--now",
        nargs="?",
        const=NEWEST,
        metavar="TIME",
        help="one prediction, of what is sampled at TIME; without TIME at the newest time of all "
        "sources. Rows after TIME are not looked at",
    )
    when.add_argument(
        "--every",
        metavar="TIME",
        help="predictions at a distance of TIME, as in 10min, from the first time whose windows "
        "the histories fill to the newest time of all sources",
    )


def choose_times(
    arguments: argparse.Namespace,
    settings: SourceSettings,
    tables: Mapping[str, Table],
    histories: Histories,
    format: TableFormat,
) -> tuple[pd.DatetimeIndex, str]:
    """Return when to predict, and what that is in words.

    Raises
    ------
    CommandError
        If no time is asked for, or one that cannot be read or does not go with the files.
    """
    times = times_of_files(tables, histories)
    check_zones(times)
    file, newest = max(((name, index[-1]) for name, index in times.items()), key=lambda x: x[1])
    if arguments.now == NEWEST:
        return pd.DatetimeIndex([newest]), f"at {newest}, the newest time ({file})"
    if arguments.now is not None:
        now = parse_time(arguments.now, format.time_format)
        if now is None:
            raise CommandError(
                f"--now: {quoted(arguments.now)} is no time. Write it year first, as in "
                '"2024-01-31 13:05", or leave it out for the newest time of all sources.'
            )
        check_zones({**times, "--now": pd.DatetimeIndex([now])})
        return pd.DatetimeIndex([now]), f"at {now}"
    if arguments.every is None:
        raise CommandError(
            "a model of several sources must be told when to predict: --now, --now TIME, or "
            "--every 10min"
        )
    step = parse_duration(arguments.every, option="--every")
    first, _ = settings.covered(histories)
    if first > newest:
        raise CommandError(
            f"--every: the histories fill all windows from {first} on, and end before, at "
            f"{newest}. Give longer histories."
        )
    grid = _grid(first, newest, step)
    if not len(grid):
        raise CommandError(
            f"--every: no multiple of {arguments.every} lies between {first}, when the histories "
            f"fill all windows, and {newest}. Choose a shorter distance."
        )
    return grid, f"one per {show_duration(step)} from {grid[0]} to {grid[-1]}"


def predict_at(
    sensor: SoftSensor, settings: SourceSettings, histories: Histories, times: pd.DatetimeIndex
) -> Predictions:
    """Predict what is sampled at `times`, chunk by chunk; incomplete rows stay empty."""
    names = [source.name for source in settings.sources]
    n_cells = sum(source.n_steps * len(source.features) for source in settings.sources)
    size = max(1, _CHUNK // n_cells)
    values, ages, complete = [], [], []
    for start in range(0, len(times), size):
        chunk = settings.align(histories, times[start : start + size])
        prepared = sensor.pipeline[:1].transform(chunk.X)
        known = complete_windows(prepared, names)
        rows = known.all(axis=1).to_numpy()
        predicted = np.full((len(rows), len(settings.targets)), np.nan)
        if rows.any():
            predicted[rows] = np.reshape(
                sensor.pipeline[1:].predict(prepared[rows]), (rows.sum(), -1)
            )
        values.append(pd.DataFrame(predicted, chunk.times, list(settings.targets)))
        ages.append(chunk.age)
        complete.append(known)
    return Predictions(pd.concat(values), pd.concat(ages), pd.concat(complete))


def output_table(predictions: Predictions, format: TableFormat, *, as_text: bool) -> pd.DataFrame:
    """Return time, predictions, and the age of what they are based on, as `predict` writes them."""
    output = predictions.values.add_suffix("_predicted")
    minutes = predictions.age.apply(lambda age: age.dt.total_seconds() / 60).round(3)
    output = output.join(minutes.add_suffix("_age_minutes")).reset_index(names="time")
    if as_text and format.time_format is not None:
        output["time"] = output["time"].dt.strftime(format.time_format)
    return output


def explain_empty(
    predictions: Predictions,
    settings: SourceSettings,
    tables: Mapping[str, Table],
    histories: Histories,
) -> list[str]:
    """Say for each source why it leaves rows empty: stale, short, or with holes."""
    lines: list[str] = []
    n_stale = 0
    for source in settings.sources:
        empty = predictions.complete.index[~predictions.complete[source.name]]
        if not len(empty):
            continue
        history = histories[source.name]
        first, last = source.covered(pd.DatetimeIndex(history.index))
        short, stale = empty < first, empty > last
        holes = ~(short | stale)
        where = f"  {source.name} ({tables[source.name].path})"
        if stale.any():
            n_stale += 1
            lines.append(
                f"{where} is too old for {count_rows(stale.sum())}: its newest row is of "
                f"{history.index[-1]}"
            )
        if short.any():
            lines.append(
                f"{where} is too short for {count_rows(short.sum())}: it begins at "
                f"{history.index[0]} and fills windows from {first} on"
            )
        if holes.any():
            lines.append(
                f"{where} has holes in the windows of {count_rows(holes.sum())} (--max-gap of "
                f"fit fills short ones){_channels_with_holes(history)}"
            )
    ahead = max(histories, key=lambda name: histories[name].index[-1])
    if 0 < n_stale < len(settings.sources):
        lines.append(
            f"  {ahead} ({tables[ahead].path}) runs ahead, to {histories[ahead].index[-1]}: if it "
            "holds planned rows, give --now TIME"
        )
    return lines


def count_rows(n: int) -> str:
    """Write a number of rows."""
    return "1 row" if n == 1 else f"{n:,} rows"


def _channels_with_holes(history: pd.DataFrame) -> str:
    n_missing = history.isna().sum().sort_values(ascending=False, kind="stable")
    names = [str(name) for name in n_missing.index[n_missing > 0]]
    if not names:
        return ""
    more = f" and {len(names) - _N_CHANNELS} more" if len(names) > _N_CHANNELS else ""
    return f"; cells are missing in {', '.join(names[:_N_CHANNELS])}{more}"


def _grid(first: pd.Timestamp, last: pd.Timestamp, step: pd.Timedelta) -> pd.DatetimeIndex:
    """Multiples of `step` counted from midnight of 1970 in UTC, or in local time without a zone."""
    zone = first.tz
    if zone is not None:  # local days of 23 and 25 hours have no multiples of a step
        first, last = first.tz_convert("UTC"), last.tz_convert("UTC")
    grid = pd.date_range(first.ceil(step), last, freq=step)
    return grid if zone is None else grid.tz_convert(zone)
