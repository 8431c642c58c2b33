"""Where a table is cut into stretches of consecutive rows that windows must not cross.

A segmentation is an array that gives each row the number of the first row of its segment.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def one_segment(n_rows: int) -> np.ndarray:
    """All rows follow each other."""
    return np.zeros(n_rows, dtype=np.intp)


# A step of more than this many usual steps is a jump: one missing row makes two, while the clocks
# of historians jitter by less than half a step.
LARGEST_REGULAR_STEP = 1.5


def usual_step(index: pd.Index) -> tuple[type, float] | None:
    """Median step of an index, with the kind of index it belongs to; None for fewer than two rows.

    Raises
    ------
    ValueError
        If the index has no numeric or time order, has missing or repeated entries, or falls.
    """
    steps = _steps(index)
    return (_kind(index), float(np.median(steps))) if len(steps) else None


def segments_of_index(index: pd.Index, usual: tuple[type, float] | None = None) -> np.ndarray:
    """Cut wherever the index steps by more than one and a half of its usual step.

    Parameters
    ----------
    index : Index
        Times or numbers of the rows.
    usual : tuple of type and float, optional
        What :func:`usual_step` found on the training rows; without it, or if it is of another
        kind, the median step of `index` itself counts.

    Returns
    -------
    segments : ndarray of int of shape (n,)

    Raises
    ------
    ValueError
        If the index has no numeric or time order, has missing or repeated entries, or falls.
    """
    steps = _steps(index)
    if not len(steps):
        return one_segment(len(index))
    known = usual is not None and usual[0] is _kind(index)
    step = usual[1] if known and usual is not None else float(np.median(steps))
    return _first_rows(steps > LARGEST_REGULAR_STEP * step)


def _kind(index: pd.Index) -> type:
    """Tell times, durations, periods and numbers apart: steps of one kind can be compared."""
    kinds = (pd.DatetimeIndex, pd.TimedeltaIndex, pd.PeriodIndex)
    return next((kind for kind in kinds if isinstance(index, kind)), pd.Index)


def _steps(index: pd.Index) -> np.ndarray:
    steps = np.diff(_positions(index))
    wrong = np.flatnonzero(steps <= 0)
    if len(wrong):
        row = wrong[0] + 1
        fault = "repeats" if steps[wrong[0]] == 0 else "goes back"
        raise ValueError(
            f"segment='index' needs an index that increases from row to row. It {fault} at row "
            f"{row}: {index[row - 1]} is followed by {index[row]}. Sort the table with "
            "`sort_index()` and remove repeated rows, or pass segment=None if the order of the "
            "rows is the order of time."
        )
    return steps


def segments_of_labels(labels: pd.Index) -> np.ndarray:
    """Cut wherever the label of a row differs from that of the row before.

    Raises
    ------
    ValueError
        If a label is missing.
    """
    codes, _ = pd.factorize(labels)
    missing = np.flatnonzero(codes < 0)
    if len(missing):
        raise ValueError(
            f"The segment column {labels.name!r} is missing in {len(missing)} rows, first in row "
            f"{missing[0]}. Fill it: every row belongs to a segment."
        )
    return _first_rows(np.diff(codes) != 0)


def _first_rows(is_cut: np.ndarray) -> np.ndarray:
    """Turn marks of cuts between rows, shape (n - 1,), into a segmentation, shape (n,)."""
    rows = np.arange(len(is_cut) + 1)
    return np.maximum.accumulate(np.where(np.r_[True, is_cut], rows, 0))


def _positions(index: pd.Index) -> np.ndarray:
    ordered = isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex | pd.PeriodIndex)
    if not ordered and not pd.api.types.is_numeric_dtype(index.dtype):
        raise ValueError(
            "segment='index' needs a DatetimeIndex or a numeric index. Got an index of dtype "
            f"{index.dtype}. Set the time as index, name a segment column, or pass segment=None "
            "if all rows follow each other."
        )
    n_missing = np.count_nonzero(index.isna())
    if n_missing:
        raise ValueError(
            f"segment='index' needs a complete index. It has {n_missing} missing "
            "entries. Remove those rows, or pass segment=None if all rows follow each other."
        )
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        index = index.as_unit("ns")  # one unit, so that steps of two tables compare
    # Whole numbers keep time stamps exact and make steps of unsigned integers able to fall.
    if not pd.api.types.is_float_dtype(index.dtype):
        index = index.astype("int64")
    return index.to_numpy()
