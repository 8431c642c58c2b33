"""What ``fit`` needs to know about one table, and its samples."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pandas as pd

from sklearn_mtl.cli._columns import Columns, choose_columns
from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._options import not_negative, positive
from sklearn_mtl.cli._preparation import TablePreparation
from sklearn_mtl.cli._samples import Samples, table_samples
from sklearn_mtl.cli._table import Table, TableFormat, read_table
from sklearn_mtl.cli._times import describe_time_steps

# Options that several sources do not have, and what serves instead.
ONLY_HERE = {
    "hold": "--max-gap fills short holes of a window",
    "lags": "--lookback says how far the windows reach back",
    "coding": "--operator says how a window is brought to its length",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the table and the options that only a table has."""
    group = parser.add_argument_group(
        "one table", "A file with inputs and targets, one row per time, oldest first."
    )
    group.add_argument(
        "table", type=Path, nargs="?", help="CSV (.csv, .csv.gz, .tsv, .txt) or .parquet"
    )
    group.add_argument(
        "--hold",
        type=positive,
        metavar="ROWS",
        help="a missing input keeps its last value for so many rows; default: off",
    )
    group.add_argument(
        "--lags",
        type=not_negative,
        metavar="ROWS",
        help="past rows that the model sees beside the present one "
        f"(default: {TablePreparation.lags}; 0: none)",
    )
    group.add_argument(
        "--coding",
        choices=["differences+level", "differences", "levels"],
        help="past rows as changes from row to row with the present level, as changes alone, or "
        "as levels; on a drifting plant levels act as a calendar "
        f"(default: {TablePreparation.coding})",
    )


def read(
    arguments: argparse.Namespace, format: TableFormat
) -> tuple[Samples, Columns, TablePreparation]:
    """Read the table, give its columns their roles, and take its rows as samples."""
    table = read_table(arguments.table, format)
    columns = choose_columns(
        table,
        targets=arguments.targets,
        time=arguments.time,
        features=arguments.features,
        drop=arguments.drop,
    )
    samples = table_samples(table, columns)
    _check_inputs(table, samples.X)
    X, y = samples.X, samples.y
    notes = [
        f"{table.path}: {len(X):,} rows, {X.shape[1]} inputs, "
        f"targets {', '.join(f'{name} ({n:,} labels)' for name, n in y.count().items())}"
    ]
    if columns.time is not None:
        notes.append(describe_time_steps(X.index))
    given = {name: getattr(arguments, name) for name in ONLY_HERE}
    preparation = TablePreparation(
        **{name: value for name, value in given.items() if value is not None},
        contamination=arguments.contamination,
    )
    return replace(samples, notes=notes), columns, preparation


def _check_inputs(table: Table, X: pd.DataFrame) -> None:
    """Refuse an input without any value: it would exclude every row from the training."""
    empty = [name for name in X.columns if X[name].isna().all()]
    if empty:
        raise CommandError(
            f"{table.path}: no row has a value of the input {', '.join(empty)}. "
            f'Leave it out: --drop "{",".join(empty)}"'
        )
