"""Cells of a laboratory's table as numbers: detection limits, decimal commas, remarks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from numbers import Real

import numpy as np
import pandas as pd

# What stands for a result below its detection limit.
BELOW_LIMIT = {"half": 0.5, "limit": 1.0, "zero": 0.0, "missing": np.nan}
_N_WORDS = 8  # shown in an error
_MISSING = ("", "nan", "nat", "none", "<na>")
_BEGINS_AS_NUMBER = re.compile(r"[<>≤≥=\s]*[+-]?[.,]?\d")


def lab_numbers(
    cells: pd.Series, *, censored: str, remarks: str, missing: Sequence[str], decimal: str
) -> tuple[np.ndarray, pd.Series]:
    """Read one column of results.

    Parameters
    ----------
    cells : Series of shape (n,)
        Numbers or text, indexed by the position of the row.
    censored, remarks, missing, decimal
        As `parse_lab` takes them.

    Returns
    -------
    values : ndarray of float64 of shape (n,)
        NaN where nothing was measured.
    words : Series
        Cells that could not be read, indexed alike.
    """
    cells = cells.astype("object")
    is_number = cells.map(_is_number).to_numpy(dtype=bool)
    values = np.full(len(cells), np.nan)
    values[is_number] = cells[is_number].to_numpy(dtype=np.float64)
    text = cells.mask(is_number).map(str, na_action="ignore").astype("string").str.strip()
    words_for_missing = [str(word).strip() for word in missing]
    text = text.mask(text.isin(words_for_missing) | text.str.lower().isin(_MISSING))
    values[np.isin(values, [float(word) for word in words_for_missing if _reads(word)])] = np.nan

    parts = text.str.extract(_pattern(decimal))
    numbers = pd.to_numeric(parts["number"].str.replace(decimal, ".", regex=False)).to_numpy(
        dtype=np.float64, na_value=np.nan
    )
    below = parts["limit"].isin(["<", "<=", "≤"]).to_numpy(dtype=bool)
    above = parts["limit"].isin([">", ">=", "≥"]).to_numpy(dtype=bool)
    numbers[below & (numbers < 0)] = np.nan  # half of such a limit would lie above it
    has_remark = parts["remark"].fillna("").ne("").to_numpy(dtype=bool)
    is_unread = text.notna().to_numpy(dtype=bool) & np.isnan(numbers)
    if remarks == "error":
        is_unread |= has_remark
    elif remarks == "missing":
        numbers[has_remark] = np.nan
        is_unread[:] = False
    else:  # what begins as a number and is none is no remark
        is_unread &= text.fillna("").str.match(_BEGINS_AS_NUMBER).to_numpy(dtype=bool)
    numbers[below] *= BELOW_LIMIT[censored]
    if censored == "missing":
        numbers[above] = np.nan
    return np.where(is_number, values, numbers), text[is_unread]


def words_message(words: dict[str, pd.Series]) -> str:
    """List the words of all columns in one text, and the ways out."""
    lines, known = ["The laboratory's table has cells that are no results:"], {}
    for name, cells in words.items():
        by_word = list(cells.groupby(cells, sort=False))
        shown = [
            f"{word!r} ({len(rows)}x, first in row {rows.index[0]})"
            for word, rows in by_word[:_N_WORDS]
        ]
        more = len(by_word) - _N_WORDS
        lines.append(
            f"  column {name!r}: {', '.join(shown)}" + (f" and {more} others" if more > 0 else "")
        )
        known.update(dict.fromkeys(str(word) for word, _ in by_word[:_N_WORDS]))
    lines.append(
        f"Pass missing={list(known)} if they mean that nothing was measured, remarks='strip' to "
        "keep a number that stands before a remark, remarks='missing' to drop such cells, or "
        "decimal=',' if the numbers have decimal commas."
    )
    return "\n".join(lines)


def _is_number(cell: object) -> bool:
    return isinstance(cell, Real) and not isinstance(cell, (bool, np.bool_))


def _reads(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _pattern(decimal: str) -> re.Pattern[str]:
    """Match an optional limit sign, a number and a remark behind it.

    What goes on as numbers, dates and times do is no remark: 1 000, 1/2, 12:30, 0x10.
    """
    sign = re.escape(decimal)
    number = rf"[+-]?(?:\d+(?:{sign}\d*)?|{sign}\d+)(?:[eE][+-]?\d+)?"
    remark = r"(?![\d.,_/:]|[+-]?\s*\d|[A-Za-z]\d|[A-Za-z][+-]\d)\S.*"
    return re.compile(
        rf"^(?P<limit><=|>=|[<>≤≥])?\s*(?P<number>{number})\s*(?P<remark>{remark})?$", re.DOTALL
    )
