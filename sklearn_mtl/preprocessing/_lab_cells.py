"""Cells of a laboratory's table as numbers: detection limits, decimal commas, remarks."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

# What stands for a result below its detection limit.
BELOW_LIMIT = {"half": 0.5, "limit": 1.0, "zero": 0.0, "missing": np.nan}
_N_WORDS = 8  # shown in an error


def lab_numbers(
    cells: pd.Series, *, censored: str, remarks: str, missing: Sequence[str], decimal: str
) -> tuple[np.ndarray, pd.Series]:
    """Read one column of results.

    Parameters
    ----------
    cells : Series of shape (n,)
        Numbers or text.
    censored, remarks, missing, decimal
        As `parse_lab` takes them.

    Returns
    -------
    values : ndarray of float64 of shape (n,)
        NaN where nothing was measured.
    words : Series
        Cells that could not be read, with their positions as index.
    """
    cells = cells.reset_index(drop=True)
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return cells.to_numpy(dtype=np.float64, na_value=np.nan), cells[:0]
    text = cells.astype("object").map(str, na_action="ignore").astype("string").str.strip()
    text = text.mask(text.isin(["", *missing]) | text.str.lower().isin(["nan", "nat", "none"]))
    parts = text.str.extract(_pattern(decimal))
    numbers = pd.to_numeric(
        parts["number"].str.replace(decimal, ".", regex=False), errors="coerce"
    ).to_numpy(dtype=np.float64, na_value=np.nan)
    has_remark = (parts["remark"].fillna("") != "").to_numpy(dtype=bool)
    unread = text.notna().to_numpy(dtype=bool) & (np.isnan(numbers) | has_remark)
    if remarks != "strip":
        numbers[has_remark] = np.nan
    below = parts["limit"].isin(["<", "<=", "≤"]).to_numpy(dtype=bool)
    above = parts["limit"].isin([">", ">=", "≥"]).to_numpy(dtype=bool)
    numbers[below] *= BELOW_LIMIT[censored]
    if censored == "missing":
        numbers[above] = np.nan
    return numbers, text[unread] if remarks == "error" else text[:0]


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


def _pattern(decimal: str) -> re.Pattern[str]:
    """Match an optional limit sign, a number and what follows it."""
    sign = re.escape(decimal)
    number = rf"[+-]?(?:\d+(?:{sign}\d*)?|{sign}\d+)(?:[eE][+-]?\d+)?"
    # A remark does not begin in the middle of a number, as in 1,25 with a decimal point.
    return re.compile(
        rf"^(?P<limit><=|>=|[<>≤≥])?\s*(?P<number>{number})(?![\d.,])(?P<remark>.*)$", re.DOTALL
    )
