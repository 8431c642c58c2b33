"""Which columns are targets, time and inputs, and whether their cells are what they should be."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._table import Table, quoted
from sklearn_mtl.preprocessing._segments import LARGEST_REGULAR_STEP

_N_PLACES = 5  # places named per fault; the rest is counted
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}")


@dataclass(frozen=True)
class Columns:
    """Roles of the columns of a table.

    Attributes
    ----------
    targets, features : tuple of str
        Quality variables to predict, and the inputs of the model in their order.
    time : str or None
        Column of timestamps; without one the rows are taken as equally spaced in time.
    """

    targets: tuple[str, ...]
    features: tuple[str, ...]
    time: str | None = None


def choose_columns(
    table: Table,
    *,
    targets: Sequence[str],
    time: str | None = None,
    features: Sequence[str] = (),
    drop: Sequence[str] = (),
) -> Columns:
    """Give every column its role; without `features`, all columns that are left are inputs.

    Raises
    ------
    CommandError
        If a column is absent, has two roles, or no input is left.
    """
    roles: dict[str, str] = {}
    for option, names in (
        ("--targets", targets),
        ("--time", [time] if time is not None else []),
        ("--features", features),
        ("--drop", drop),
    ):
        require_columns(table, names, option=option)
        for name in names:
            if name in roles:
                raise CommandError(
                    f"column {quoted(name)} stands in {roles[name]} and in {option}. "
                    "Take it out of one of them."
                )
            roles[name] = option
    inputs = list(features) or [name for name in table.data.columns if name not in roles]
    if not inputs:
        raise CommandError(f"{table.path}: no column is left as an input of the model.")
    return Columns(tuple(targets), tuple(inputs), time)


def require_columns(table: Table, names: Iterable[str], *, option: str | None = None) -> None:
    """Raise for the names that the table does not have, with those that look alike."""
    present = list(table.data.columns)
    absent = [name for name in names if name not in present]
    if not absent:
        return
    lines = []
    for name in absent:
        alike = _names_alike(name, present)
        guess = f" Did you mean {' or '.join(map(quoted, alike))}?" if alike else ""
        lines.append(f"column {quoted(name)} is missing.{guess}")
    asked = f" (asked for by {option})" if option else ""
    raise CommandError(
        f"{table.path}, header{asked}: {' '.join(lines)} "
        f"The table has: {', '.join(map(quoted, present))}."
    )


def read_inputs(table: Table, columns: Columns) -> pd.DataFrame:
    """Return the inputs as numbers, indexed by time where the table has a time column."""
    require_columns(table, [*columns.features, *([columns.time] if columns.time else [])])
    inputs = numbers(table, columns.features)
    if columns.time is not None:
        inputs.index = times(table, columns.time)
    return inputs


def read_targets(table: Table, columns: Columns) -> pd.DataFrame:
    """Return the targets as numbers, NaN where a value was not measured."""
    require_columns(table, columns.targets)
    targets = numbers(table, columns.targets)
    unlabelled = [name for name in columns.targets if targets[name].isna().all()]
    if unlabelled:
        raise CommandError(
            f"{table.path}: no row has a value of the target "
            f"{', '.join(map(quoted, unlabelled))}. Leave it out, or check --missing."
        )
    return targets


def numbers(table: Table, names: Sequence[str]) -> pd.DataFrame:
    """Return columns as float64; one error lists every word in them, by column.

    Raises
    ------
    CommandError
        If a cell holds a word or an infinite value.
    """
    values: dict[str, np.ndarray] = {}
    faults: list[_TextInColumn] = []
    for name in names:
        column = table.data[name]
        if pd.api.types.is_numeric_dtype(column):  # also true and false: 1 and 0
            values[name] = column.to_numpy(dtype=np.float64, na_value=np.nan)
            continue
        cells = column.astype("object").map(str, na_action="ignore").str.strip()
        cells = cells.mask(cells.isin(table.format.missing) | (cells == ""))
        decimals = cells
        if table.format.decimal != ".":
            decimals = cells.str.replace(table.format.decimal, ".", regex=False)
        parsed = pd.to_numeric(decimals, errors="coerce")
        values[name] = parsed.to_numpy(dtype=np.float64, na_value=np.nan)
        words = cells[parsed.isna() & cells.notna()]
        if len(words):
            faults.append(_TextInColumn(name, words, no_numbers=bool(parsed.isna().all())))
    if faults:
        raise CommandError(_text_message(table, faults))
    _raise_for_infinite(table, values)
    return pd.DataFrame(values)


def times(table: Table, name: str) -> pd.DatetimeIndex:
    """Return the time column, checked: readable, without duplicates, ascending.

    Raises
    ------
    CommandError
        If a time is empty, unreadable, repeated or earlier than the one before.
    """
    column = table.data[name]
    where = f"{table.path}, time column {quoted(name)}"
    format = table.format.time_format
    if pd.api.types.is_numeric_dtype(column) and format is None:
        raise CommandError(
            f"{where}: it holds numbers, not times. Give their format, as in "
            '--time-format "%Y%m%d", or drop the column if the rows are equally spaced: '
            f"--drop {name}"
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
        "Without a format, times are read year first, as in 2024-01-31 13:05. "
        'Correct these cells, or name the format, as in --time-format "%d.%m.%Y %H:%M"',
    )
    _raise_for_rows(
        table,
        np.asarray(parsed.duplicated()),
        lambda row: (
            f"{table.place(row)}: {parsed[row]}, as in "
            f"{table.place(int((parsed == parsed[row]).argmax()))}"
        ),
        f"{where}: duplicate times,",
        "Keep one row per time (at the end of summer time an hour repeats: export UTC).",
    )
    backwards = np.zeros(len(parsed), dtype=bool)
    backwards[1:] = parsed[1:] < parsed[:-1]
    _raise_for_rows(
        table,
        backwards,
        lambda row: f"{table.place(row)}: {parsed[row]} after {parsed[row - 1]}",
        f"{where}: the rows are not in time order,",
        "Sort the table by time, oldest first.",
    )
    return parsed.rename(name)


def describe_time_steps(index: pd.Index) -> str:
    """Say how far the rows are apart and how often a longer step ends the history of lags."""
    steps = pd.Series(index[1:]) - pd.Series(index[:-1])
    if steps.empty:
        return "Time: one row."
    usual = steps.median()
    n_gaps = int((steps > LARGEST_REGULAR_STEP * usual).sum())
    text = (
        f"Time: one row per {str(usual).removeprefix('0 days ')}; "
        f"{n_gaps:,} longer steps. The history of the lags ends at a longer step."
    )
    if n_gaps > 0.1 * len(index):
        text += (
            " So many leave the lags little to see: put the rows on a regular grid first "
            "(in pandas: round or resample the times), or leave --time out."
        )
    return text


@dataclass(frozen=True)
class _TextInColumn:
    name: str
    words: pd.Series
    no_numbers: bool


def _text_message(table: Table, faults: Sequence[_TextInColumn]) -> str:
    """List all words by column, and the option that mends each kind of column."""
    lines = [f"{table.path}: text where numbers are expected"]
    words_for_missing: dict[str, None] = {}  # an ordered set
    to_drop, decimal_comma, perhaps_time = [], False, []
    for fault in faults:
        # A column of names or remarks has a new word in every row: some examples are enough.
        by_word = fault.words.groupby(fault.words, sort=False)
        shown = list(by_word)[:_N_PLACES] if fault.no_numbers else list(by_word)
        listed = ", ".join(f"{quoted(word)} ({_places(table, rows)})" for word, rows in shown)
        more = by_word.ngroups - len(shown)
        lines.append(
            f"  column {quoted(fault.name)}: {listed}"
            + (f" and {more} other words" if more else "")
        )
        if table.format.decimal == "." and fault.words.str.fullmatch(_DECIMAL_COMMA).all():
            decimal_comma = True
        elif fault.no_numbers:
            to_drop.append(fault.name)
            if fault.words.str.match(_DATE).all():
                perhaps_time.append(fault.name)
        else:
            words_for_missing.update(dict.fromkeys(str(word) for word, _ in shown))
    if words_for_missing:
        known = dict.fromkeys([*table.format.missing, *words_for_missing])
        lines.append(f'Fix: read these words as missing values: --missing "{",".join(known)}"')
    if decimal_comma:
        lines.append('Fix: the numbers have decimal commas: --decimal ","')
    if perhaps_time:
        lines.append(f"Fix: if it is the time of the row: --time {quoted(perhaps_time[0])}")
    if to_drop:
        lines.append(f'Fix: leave columns without numbers out: --drop "{",".join(to_drop)}"')
    return "\n".join(lines)


def _places(table: Table, rows: pd.Series) -> str:
    places = ", ".join(table.place(int(row)) for row in rows.index[:_N_PLACES])
    more = len(rows) - _N_PLACES
    return places + (f" and {more} more" if more > 0 else "")


def _raise_for_infinite(table: Table, values: dict[str, np.ndarray]) -> None:
    lines = []
    for name, column in values.items():
        rows = pd.Series(column)[np.isinf(column)]
        if len(rows):
            lines.append(f"  column {quoted(name)}: {_places(table, rows)}")
    if lines:
        raise CommandError(
            "\n".join(
                [
                    f"{table.path}: infinite values",
                    *lines,
                    'Fix: if they mean "not measured", read them so: --missing "inf,-inf"',
                ]
            )
        )


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


def _names_alike(name: str, present: Sequence[str]) -> list[str]:
    """Return up to three names that differ by case or by a few letters."""
    folded = {other.casefold(): other for other in present}
    found = difflib.get_close_matches(name.casefold(), list(folded), n=3)
    return [folded[other] for other in found]
