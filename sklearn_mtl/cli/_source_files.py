"""Read the files of several sources and of a laboratory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from sklearn_mtl.cli._columns import numbers, read_targets, require_columns
from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._table import Table, TableFormat
from sklearn_mtl.cli._times import check_order, read_times
from sklearn_mtl.preprocessing import parse_lab
from sklearn_mtl.preprocessing._lab_cells import lab_numbers


def read_histories(
    tables: Mapping[str, Table],
    times: Mapping[str, str],
    features: Mapping[str, Sequence[str]],
) -> dict[str, pd.DataFrame]:
    """Read the inputs of every source, indexed by time; times ascend and may repeat.

    Parameters
    ----------
    tables : dict of str to Table
        By name of the source, as the others.
    times : dict of str to str
        Columns of times.
    features : dict of str to sequence of str
        Columns of inputs.

    Raises
    ------
    CommandError
        If columns are absent or cells are not what they should be, in one text for all files.
    """
    histories, problems = {}, []
    for source, time in times.items():
        try:
            histories[source] = _read_history(tables[source], source, time, features[source])
        except CommandError as error:
            problems.append(str(error))
    if problems:
        raise CommandError("\n".join(problems))
    return histories


def read_lab(table: Table, time: str, targets: Sequence[str], below_limit: str) -> pd.DataFrame:
    """Read results indexed by sample time, ascending; of retests the last one counts.

    Raises
    ------
    CommandError
        If a column is absent or a cell is not what it should be.
    """
    require_columns(table, [time])
    times = read_times(
        table, time, otherwise="name the column of sample times at fit: --lab-time COLUMN"
    )
    results = read_targets(table, targets, partial(_read_results, below_limit=below_limit))
    return parse_lab(results.set_axis(times))


def check_zones(times: Mapping[str, pd.DatetimeIndex]) -> None:
    """Refuse files of which some have an offset from UTC in their times and others have none."""
    zoned = [name for name, index in times.items() if index.tz is not None]
    local = [name for name in times if name not in zoned]
    if zoned and local:
        raise CommandError(
            f"the times of {', '.join(zoned)} have an offset from UTC, those of "
            f"{', '.join(local)} have none. Write all of them with an offset, as in "
            "2024-01-31T13:05+01:00, or all without."
        )


def times_of_files(
    tables: Mapping[str, Table], histories: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DatetimeIndex]:
    """Return the times of each file, for `check_zones`."""
    return {str(tables[name].path): times_of(history) for name, history in histories.items()}


def times_of(frame: pd.DataFrame) -> pd.DatetimeIndex:
    """Return the index of a table of times."""
    return pd.DatetimeIndex(frame.index)


def _read_history(table: Table, source: str, time: str, features: Sequence[str]) -> pd.DataFrame:
    require_columns(table, [time, *features])
    index = read_times(
        table, time, otherwise=f"name the column of times at fit: --time {source}=COLUMN"
    )
    check_order(table, index)
    return numbers(table, features).set_axis(index)


def _read_results(
    cells: pd.Series, format: TableFormat, *, below_limit: str
) -> tuple[np.ndarray, pd.Series]:
    return lab_numbers(
        cells,
        censored=below_limit,
        remarks="error",
        missing=format.missing,
        decimal=format.decimal,
    )
