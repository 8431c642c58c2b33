"""Times in a column of a table: readable, in order, how far apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._table import Table, quoted
from sklearn_mtl.preprocessing._segments import LARGEST_REGULAR_STEP

_N_PLACES = 5  # places named per fault; the rest is counted


def read_times(table: Table, name: str, *, otherwise: str) -> pd.DatetimeIndex:
    """Return a column as times, in any order.

    Parameters
    ----------
    table : Table
        With the column `name`.
    name : str
        Column of times.
    otherwise : str
        What to do if the column is not the time after all, as an error ends with it.

    Raises
    ------
    CommandError
        If a time is empty or unreadable.
    """
    column = table.data[name]
    where = _where(table, name)
    format = table.format.time_format
    if pd.api.types.is_numeric_dtype(column) and format is None:
        raise CommandError(
            f"{where}: it holds numbers, not times. Give their format, as in "
            f'--time-format "%Y%m%d", or {otherwise}'
        )
    if pd.api.types.is_datetime64_any_dtype(column):
        parsed = pd.DatetimeIndex(column)
    else:
        # A column with empty cells came as 20240101.0; the format is about whole numbers.
        text = column.astype("Int64") if pd.api.types.is_float_dtype(column) else column
        parsed = _parse_times(text.astype("string").str.strip(), format)
    _raise_for_rows(
        table,
        np.asarray(parsed.isna()),
        lambda row: f"{table.place(row)}: {_shown(column.iloc[row])}",
        f"{where}: no readable time in",
        "Without a format, times are read year first, as in 2024-01-31 13:05. Correct these "
        'cells, name the format, as in --time-format "%d.%m.%Y %H:%M", or ' + otherwise,
    )
    return parsed.rename(name)


def ascending_times(table: Table, name: str) -> pd.DatetimeIndex:
    """Return the time column of a table of rows, each later than the one before.

    Raises
    ------
    CommandError
        If a time is empty, unreadable, repeated or earlier than the one before.
    """
    times = read_times(
        table, name, otherwise=f"drop the column if the rows are equally spaced: --drop {name}"
    )
    _raise_for_rows(
        table,
        np.asarray(times.duplicated()),
        lambda row: (
            f"{table.place(row)}: {times[row]}, as in "
            f"{table.place(int((times == times[row]).argmax()))}"
        ),
        f"{_where(table, name)}: duplicate times,",
        "Keep one row per time (at the end of summer time an hour repeats: export UTC).",
    )
    check_order(table, times)
    return times


def check_order(table: Table, times: pd.DatetimeIndex) -> None:
    """Raise for the rows that are earlier than the row before; equal times are in order."""
    backwards = np.zeros(len(times), dtype=bool)
    backwards[1:] = times[1:] < times[:-1]
    _raise_for_rows(
        table,
        backwards,
        lambda row: f"{table.place(row)}: {times[row]} after {times[row - 1]}",
        f"{_where(table, str(times.name))}: the rows are not in time order,",
        "Sort the table by time, oldest first (at the end of summer time an hour repeats: "
        "export UTC).",
    )


def parse_time(text: str, format: str | None) -> pd.Timestamp | None:
    """Read a time of the command line, written as in the tables or year first; None if neither."""
    cells = pd.Series([text], dtype="string")
    found = _parse_times(cells, format)[0]
    if found is pd.NaT:
        found = _parse_times(cells, None)[0]
    return None if found is pd.NaT else found


def describe_time_steps(index: pd.Index) -> str:
    """Say how far the rows are apart and how often a longer step ends the history of lags."""
    steps = pd.Series(index[1:]) - pd.Series(index[:-1])
    if steps.empty:
        return "Time: one row."
    usual = pd.Timedelta(steps.median())
    n_gaps = int((steps > LARGEST_REGULAR_STEP * usual).sum())
    text = (
        f"Time: one row per {show_duration(usual)}; "
        f"{n_gaps:,} longer steps. The history of the lags ends at a longer step."
    )
    if n_gaps > 0.1 * len(index):
        text += (
            " So many leave the lags little to see: put the rows on a regular grid first "
            "(in pandas: round or resample the times), or leave --time out."
        )
    return text


def show_duration(duration: pd.Timedelta) -> str:
    """Write hours, minutes and seconds, with the days only where there are some."""
    return str(duration).removeprefix("0 days ")


def _where(table: Table, name: str) -> str:
    return f"{table.path}, time column {quoted(name)}"


def _raise_for_rows(
    table: Table,
    faulty: np.ndarray,
    describe: Callable[[int], str],
    problem: str,
    fix: str,
) -> None:
    """Raise one error for all faulty rows that names the first of them."""
    rows = np.flatnonzero(faulty)
    if len(rows):
        named = "; ".join(describe(int(row)) for row in rows[:_N_PLACES])
        more = f" and {len(rows) - _N_PLACES} more" if len(rows) > _N_PLACES else ""
        raise CommandError(f"{problem} {named}{more}. {fix}")


def _parse_times(cells: pd.Series, format: str | None) -> pd.DatetimeIndex:
    """Parse text; NaT where it is no time.

    Nothing is guessed without a format: pandas would take 01.02.2024 for the second of January.
    """
    format = format or "ISO8601"
    try:
        return pd.DatetimeIndex(pd.to_datetime(cells, format=format, errors="coerce"))
    except ValueError:  # offsets that change with summer time: count all in UTC
        return pd.DatetimeIndex(pd.to_datetime(cells, format=format, errors="coerce", utc=True))


def _shown(cell: object) -> str:
    return "empty" if pd.isna(cell) else quoted(cell)  # type: ignore[call-overload]
