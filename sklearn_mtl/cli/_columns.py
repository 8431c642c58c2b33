"""Which columns are targets, time and inputs, and whether their cells are numbers."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._table import Table, TableFormat, quoted
from sklearn_mtl.cli._times import ascending_times

_N_PLACES = 5  # places named per fault; the rest is counted
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
# From one column to its numbers and the words in it, with their row numbers as index.
CellReader = Callable[[pd.Series, TableFormat], tuple[np.ndarray, pd.Series]]
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

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Columns:
        """Rebuild what `to_json` gave."""
        return cls(tuple(values["targets"]), tuple(values["features"]), values["time"])

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return asdict(self)


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
        alike = names_alike(name, present)
        guess = f" Did you mean {' or '.join(map(quoted, alike))}?" if alike else ""
        lines.append(f"column {quoted(name)} is missing.{guess}")
    asked = f" (asked for by {option})" if option else ""
    raise CommandError(
        f"{table.path}, header{asked}: {' '.join(lines)} "
        f"The table has: {', '.join(map(quoted, present))}."
    )


def read_cells(cells: pd.Series, format: TableFormat) -> tuple[np.ndarray, pd.Series]:
    """Read one column as float64: the reader of inputs, and of targets in the same table."""
    if pd.api.types.is_numeric_dtype(cells):  # also true and false: 1 and 0
        return cells.to_numpy(dtype=np.float64, na_value=np.nan), cells[:0]
    text = cells.astype("object").map(str, na_action="ignore").str.strip()
    text = text.mask(text.isin(format.missing) | (text == ""))
    decimals = text
    if format.decimal != ".":
        decimals = text.str.replace(format.decimal, ".", regex=False)
    parsed = pd.to_numeric(decimals, errors="coerce")
    return parsed.to_numpy(dtype=np.float64, na_value=np.nan), text[parsed.isna() & text.notna()]


def read_inputs(table: Table, columns: Columns) -> pd.DataFrame:
    """Return the inputs as numbers, indexed by time where the table has a time column."""
    require_columns(table, [*columns.features, *([columns.time] if columns.time else [])])
    inputs = numbers(table, columns.features)
    if columns.time is not None:
        inputs.index = ascending_times(table, columns.time)
    return inputs


def read_targets(table: Table, names: Sequence[str], read: CellReader = read_cells) -> pd.DataFrame:
    """Return the targets as numbers, NaN where a value was not measured."""
    require_columns(table, names)
    targets = numbers(table, names, read, fix_for_names="take them out of --targets:")
    unlabelled = [name for name in names if targets[name].isna().all()]
    if unlabelled:
        raise CommandError(
            f"{table.path}: no row has a value of the target "
            f"{', '.join(map(quoted, unlabelled))}. Leave it out, or check --missing."
        )
    return targets


def numbers(
    table: Table,
    names: Sequence[str],
    read: CellReader = read_cells,
    *,
    fix_for_names: str = "leave them out: --drop",
) -> pd.DataFrame:
    """Return columns as float64; one error lists every word in them, by column.

    Parameters
    ----------
    table : Table
        With the columns `names`.
    names : sequence of str
        Columns to read.
    read : callable, default=read_cells
        What reads a column.
    fix_for_names : str
        What to do with columns without any number, followed by their names.

    Raises
    ------
    CommandError
        If a cell holds a word or an infinite value.
    """
    values: dict[str, np.ndarray] = {}
    faults: list[_TextInColumn] = []
    for name in names:
        values[name], words = read(table.data[name], table.format)
        if len(words):
            no_numbers = bool(np.isnan(values[name]).all())
            faults.append(_TextInColumn(name, words, no_numbers))
    if faults:
        raise CommandError(_text_message(table, faults, fix_for_names))
    _raise_for_infinite(table, values)
    return pd.DataFrame(values)


@dataclass(frozen=True)
class _TextInColumn:
    name: str
    words: pd.Series
    no_numbers: bool


def _text_message(table: Table, faults: Sequence[_TextInColumn], fix_for_names: str) -> str:
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
        lines.append(f'Fix: columns without numbers: {fix_for_names} "{",".join(to_drop)}"')
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


def names_alike(name: str, present: Sequence[str]) -> list[str]:
    """Return up to three names that differ by case or by a few letters."""
    folded = {other.casefold(): other for other in present}
    found = difflib.get_close_matches(name.casefold(), list(folded), n=3)
    return [folded[other] for other in found]
