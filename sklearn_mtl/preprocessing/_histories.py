"""Raw histories of a plant, checked: times that ascend, numbers in the cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_mtl._optional import import_optional


class History(NamedTuple):
    """A source as arrays.

    Attributes
    ----------
    times : ndarray of int64 of shape (n,)
        Nanoseconds since 1970, in UTC where the source has a time zone; ascending, may repeat.
    values : ndarray of shape (n, D)
        float64, or float32 if all columns are; NaN where a cell is empty.
    channels : tuple of str
        Names of the columns.
    zoned : bool
        Whether the source has a time zone.
    """

    times: np.ndarray
    values: np.ndarray
    channels: tuple[str, ...]
    zoned: bool


def read_histories(frames: Any, *, may_be_empty: bool = False) -> dict[str, History]:
    """Check every source; errors name the source, the row and the fix.

    A source that fell silent has no rows, which is an error unless it `may_be_empty`.
    """
    if not isinstance(frames, Mapping):
        raise TypeError(
            "`frames` must be a dict of tables, one per rate, as in {'thermal': table}. "
            f"Got {type(frames).__name__}."
        )
    if not frames:
        raise ValueError("`frames` is empty. Pass at least one source.")
    histories = {}
    for source, frame in frames.items():
        if not isinstance(source, str) or not source or ":" in source:
            raise ValueError(
                "The name of a source must be a word without a colon, because columns are called "
                f"source:channel:step. Got {source!r}."
            )
        histories[source] = _read_history(source, frame)
        n_rows, n_columns = histories[source].values.shape
        if not n_columns or not (n_rows or may_be_empty):
            raise ValueError(f"Source {source!r} is empty: {n_rows} rows, {n_columns} columns.")
    return histories


def nanoseconds(index: pd.DatetimeIndex) -> np.ndarray:
    """Nanoseconds since 1970; of times with a zone in UTC, so that zones compare."""
    return index.as_unit("ns").asi8


def _read_history(source: str, frame: Any) -> History:
    where = f"Source {source!r}"
    if not isinstance(frame, pd.DataFrame):
        frame = _from_arrow(where, frame)
    if not isinstance(frame.index, pd.DatetimeIndex):
        raise ValueError(
            f"{where} has an index of {type(frame.index).__name__}. Make the time its index: "
            f'frames[{source!r}].set_index("time"), with a column of datetimes.'
        )
    index = frame.index
    unknown = np.flatnonzero(index.isna())
    if len(unknown):
        raise ValueError(
            f"{where} has no time in row {unknown[0]}, and in {len(unknown)} rows in all. Remove "
            f"them: frames[{source!r}][frames[{source!r}].index.notna()]."
        )
    times = _times(where, index)
    backwards = np.flatnonzero(np.diff(times) < 0)
    if len(backwards):
        row = int(backwards[0]) + 1
        raise ValueError(
            f"{where} is not in time order: row {row} is of {index[row]}, the row before of "
            f"{index[row - 1]}. Sort it: frames[{source!r}].sort_index(kind='stable'). If its "
            "clock went back by an hour at the end of summer time, first give it a zone: "
            "tz_localize('Europe/Berlin', ambiguous='infer')."
        )
    channels = [str(name) for name in frame.columns]
    repeated = pd.Index(channels)[pd.Index(channels).duplicated()]
    if len(repeated):
        raise ValueError(f"{where} has two columns called {repeated[0]!r}. Rename one of them.")
    dtype = np.float32 if set(frame.dtypes) == {np.dtype(np.float32)} else np.float64
    values = np.empty(frame.shape, dtype=dtype, order="F")  # channels are read one by one
    for column, channel in enumerate(channels):
        values[:, column] = _numbers(where, channel, frame.iloc[:, column])
    return History(times, values, tuple(channels), index.tz is not None)


def _times(where: str, index: pd.DatetimeIndex) -> np.ndarray:
    try:
        return nanoseconds(index)
    except pd.errors.OutOfBoundsDatetime as error:
        raise ValueError(
            f"{where} has times outside of the years 1678 to 2261: from {index.min()} to "
            f"{index.max()}. Remove the rows of such a time."
        ) from error


def _numbers(where: str, channel: str, cells: pd.Series) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(cells.dtype) and not pd.api.types.is_complex_dtype(cells):
        values = cells.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        is_read = pd.api.types.is_object_dtype(cells) or pd.api.types.is_string_dtype(cells)
        is_read |= isinstance(cells.dtype, pd.CategoricalDtype)
        parsed = pd.to_numeric(cells, "coerce") if is_read else pd.Series(np.nan, cells.index)
        # A text that looks like a number is one that was not read as such: commas, blanks, units.
        is_text = cells.map(lambda cell: isinstance(cell, str)).to_numpy(dtype=bool)
        wrong = np.flatnonzero(cells.notna().to_numpy() & (parsed.isna().to_numpy() | is_text))
        if len(wrong):
            row = int(wrong[0])
            raise ValueError(
                f"{where}, column {channel!r}, row {row} ({cells.index[row]}): {cells.iloc[row]!r} "
                f"is no number; {len(wrong)} cells of the column are not. Read words as missing "
                "values (pandas.read_csv(..., na_values=[...])), or leave the column out."
            )
        values = parsed.to_numpy(dtype=np.float64, na_value=np.nan)
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        row = int(infinite[0])
        raise ValueError(
            f"{where}, column {channel!r}, row {row} ({cells.index[row]}) is infinite. "
            "Replace it by NaN if the value was not measured."
        )
    return values


def _from_arrow(where: str, frame: Any) -> pd.DataFrame:
    """Take a table of polars, pyarrow, duckdb, ... whose one column of times becomes the index."""
    if isinstance(frame, pd.Series) or not hasattr(frame, "__arrow_c_stream__"):
        raise TypeError(
            f"{where} must be a DataFrame with a DatetimeIndex, or an Arrow table (polars, "
            f"pyarrow) with a column of times. Got {type(frame).__name__}."
        )
    arrow = import_optional("pyarrow", extra="parquet")
    table = arrow.table(frame).to_pandas()
    times = [name for name in table if pd.api.types.is_datetime64_any_dtype(table[name])]
    if len(times) != 1:
        raise ValueError(
            f"{where} must have one column of times. It has {len(times)}: {times}. Its columns "
            f"are {list(table)}."
        )
    return table.set_index(times[0])
