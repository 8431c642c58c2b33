"""``sklearn-mtl predict``: predictions of a saved soft sensor for new data."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_mtl.cli import _predict_sources
from sklearn_mtl.cli._columns import Columns, read_inputs
from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._model_folder import SoftSensor, load_soft_sensor
from sklearn_mtl.cli._options import add_force, add_table_options, table_format
from sklearn_mtl.cli._output import check_new_file, new_file
from sklearn_mtl.cli._predict_sources import (
    choose_times,
    count_rows,
    explain_empty,
    output_table,
    predict_at,
)
from sklearn_mtl.cli._source_options import check_files, read_tables
from sklearn_mtl.cli._sources import SourceSettings
from sklearn_mtl.cli._table import TableFormat, check_suffix, is_parquet, read_table, write_table

SUMMARY = "predict the targets of a new table, or from the newest rows of several sources"
DESCRIPTION = """
Predict with a saved model. A row that cannot be predicted, because an input is missing, stays
empty and is counted. Load models only from people you trust: a saved model can run code.

A model of one table predicts every row of a new table. The table needs the inputs (and the time
column) of the training table; target columns are not needed. The output has the same number of
rows in the same order: the time column and one column TARGET_predicted per target. A model with
lags looks at earlier rows: let the table begin at least that many rows before the first
prediction you use.

A model of several sources predicts from their newest rows for one time (--now) or many (--every).
The output has the time, TARGET_predicted and SOURCE_age_minutes: how much older than that time
the newest row was that the dead time let in. Let the files reach back as far as the lookback.
"""
EXAMPLES = """
examples:
  sklearn-mtl predict sensor/ today.csv --out predictions.csv
  sklearn-mtl predict sensor/ today.parquet --out predictions.parquet --force
  sklearn-mtl predict sensor/ --source thermal=fast.csv --source shift.csv --now --out now.csv
  sklearn-mtl predict sensor/ --source thermal=fast.csv --source shift.csv --every 10min \\
      --out course.csv
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``predict``."""
    parser.add_argument("model", type=Path, help="folder written by fit")
    parser.add_argument(
        "table", type=Path, nargs="?", help="CSV or Parquet, for a model of one table"
    )
    parser.add_argument("--out", type=Path, required=True, help="CSV or Parquet, by its suffix")
    _predict_sources.add_arguments(parser)
    add_table_options(parser, saved=True)
    add_force(parser)


def run(arguments: argparse.Namespace) -> None:
    """Load, read, predict, write."""
    check_suffix(arguments.out)
    check_new_file(arguments.out, force=arguments.force)
    sensor = load_soft_sensor(arguments.model)
    format = table_format(arguments, sensor.format)
    if isinstance(sensor.inputs, Columns):
        _predict_table(arguments, sensor, sensor.inputs, format)
    else:
        _predict_sources_of(arguments, sensor, sensor.inputs, format)


def _predict_table(
    arguments: argparse.Namespace, sensor: SoftSensor, columns: Columns, format: TableFormat
) -> None:
    check_files(arguments, None, options=["now", "every"])
    table = read_table(arguments.table, format)
    predicted = predict_inputs(sensor, read_inputs(table, columns), table.path)
    output = predicted.add_suffix("_predicted").reset_index(drop=True)
    if columns.time is not None:
        output.insert(0, columns.time, table.data[columns.time])  # as written, not as parsed
    with new_file(arguments.out) as temporary:
        write_table(output, temporary, format, like=arguments.out)
    empty = int(predicted.isna().all(axis=1).sum())
    print(f"Wrote {arguments.out}: {len(output):,} rows, {len(output) - empty:,} predicted.")
    if empty:
        print(f"{empty:,} rows are empty because an input is missing (see --hold of fit).")


def _predict_sources_of(
    arguments: argparse.Namespace, sensor: SoftSensor, settings: SourceSettings, format: TableFormat
) -> None:
    check_files(arguments, [source.name for source in settings.sources])
    tables = read_tables(arguments.source, format)
    histories = settings.histories(tables)
    times, meaning = choose_times(arguments, settings, tables, histories, format)
    try:
        predictions = predict_at(sensor, settings, histories, times)
    except ValueError as error:  # the library's errors name the fault and the fix
        raise CommandError(str(error)) from error
    output = output_table(predictions, format, as_text=not is_parquet(arguments.out))
    with new_file(arguments.out) as temporary:
        write_table(output, temporary, format, like=arguments.out)
    empty = int(predictions.values.isna().all(axis=1).sum())
    predicted = f"{len(output) - empty:,} predicted"
    print(f"Wrote {arguments.out}: {count_rows(len(output))} {meaning}; {predicted}.")
    if empty:
        print(f"Empty: {count_rows(empty)}, because an input is missing:")
        print("\n".join(explain_empty(predictions, settings, tables, histories)))


def predict_inputs(sensor: SoftSensor, X: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Predict every row; the columns are the targets.

    Raises
    ------
    CommandError
        If the inputs, which came from the file `path`, do not fit the model.
    """
    try:
        predicted = np.asarray(sensor.pipeline.predict(X)).reshape(len(X), -1)
    except ValueError as error:  # the library's errors name the fault and the fix
        raise CommandError(f"{path}: {error}") from error
    return pd.DataFrame(predicted, index=X.index, columns=list(sensor.inputs.targets))
