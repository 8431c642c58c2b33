"""``sklearn-mtl predict``: predictions of a saved soft sensor for a new table."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_mtl.cli._columns import read_inputs
from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._model_folder import SoftSensor, load_soft_sensor
from sklearn_mtl.cli._options import add_force, add_table_options, table_format
from sklearn_mtl.cli._output import check_new_file, new_file
from sklearn_mtl.cli._table import Table, check_suffix, read_table, write_table

SUMMARY = "predict the targets of a new table"
DESCRIPTION = """
Predict the targets for every row of a new table. The table needs the inputs (and the time column)
of the training table; target columns are not needed. The output has the same number of rows in the
same order: the time column and one column TARGET_predicted per target. A row that cannot be
predicted, because an input is missing, stays empty and is counted.

A model with lags looks at earlier rows: let the table begin at least that many rows before the
first prediction you use. Load models only from people you trust: a saved model can run code.
"""
EXAMPLES = """
examples:
  sklearn-mtl predict sensor/ today.csv --out predictions.csv
  sklearn-mtl predict sensor/ today.parquet --out predictions.parquet --force
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``predict``."""
    parser.add_argument("model", type=Path, help="folder written by fit")
    parser.add_argument("table", type=Path, help="CSV or Parquet")
    parser.add_argument("--out", type=Path, required=True, help="CSV or Parquet, by its suffix")
    add_table_options(parser, saved=True)
    add_force(parser)


def run(arguments: argparse.Namespace) -> None:
    """Load, read, predict, write."""
    check_suffix(arguments.out)
    check_new_file(arguments.out, force=arguments.force)
    sensor = load_soft_sensor(arguments.model)
    table = read_table(arguments.table, table_format(arguments, sensor.format))
    predicted = predict_table(sensor, table)
    output = predicted.add_suffix("_predicted").reset_index(drop=True)
    time = sensor.columns.time
    if time is not None:
        output.insert(0, time, table.data[time])  # as it was written, not as it was parsed
    with new_file(arguments.out) as temporary:
        write_table(output, temporary, table.format, like=arguments.out)
    empty = int(predicted.isna().all(axis=1).sum())
    print(f"Wrote {arguments.out}: {len(output):,} rows, {len(output) - empty:,} predicted.")
    if empty:
        print(f"{empty:,} rows are empty because an input is missing (see --hold of fit).")


def predict_table(sensor: SoftSensor, table: Table) -> pd.DataFrame:
    """Predict every row of a table; the columns are the targets.

    Raises
    ------
    CommandError
        If the table does not fit the model.
    """
    X = read_inputs(table, sensor.columns)
    try:
        predicted = np.asarray(sensor.pipeline.predict(X)).reshape(len(X), -1)
    except ValueError as error:  # the library's errors name the fault and the fix
        raise CommandError(f"{table.path}: {error}") from error
    return pd.DataFrame(predicted, index=X.index, columns=list(sensor.columns.targets))
