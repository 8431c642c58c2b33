"""``sklearn-mtl report``: judge a saved soft sensor on a table with measured targets."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_mtl.cli._columns import read_targets
from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._model_folder import SoftSensor, load_soft_sensor
from sklearn_mtl.cli._options import add_force, add_table_options, table_format
from sklearn_mtl.cli._output import check_new_file, new_file
from sklearn_mtl.cli._predict import predict_table
from sklearn_mtl.cli._table import Table, read_table
from sklearn_mtl.cli._training import split_rows
from sklearn_mtl.inspection import html_report
from sklearn_mtl.metrics import regression_report

SUMMARY = "write an HTML page that judges a saved model on a table"
DESCRIPTION = """
Compare the predictions of a saved model with the measured targets of a table, and write one HTML
page that holds everything: metrics, predicted against measured, errors, course over time, losses
and task weights of the training. It needs no network and can be sent by mail.

Given the table of the training, the page judges the test part of it, which the model has not seen.
Given another table, it judges all rows. Needs the extra `plot`.
"""
EXAMPLES = """
examples:
  sklearn-mtl report sensor/ plant.csv
  sklearn-mtl report sensor/ next_month.csv --out next_month.html
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``report``."""
    parser.add_argument("model", type=Path, help="folder written by fit")
    parser.add_argument("table", type=Path, help="CSV or Parquet with the target columns")
    parser.add_argument(
        "--out", type=Path, default=Path("report.html"), help="HTML file; %(default)s"
    )
    add_table_options(parser, saved=True)
    add_force(parser)


def run(arguments: argparse.Namespace) -> None:
    """Load, read, predict, judge, write."""
    check_new_file(arguments.out, force=arguments.force)
    sensor = load_soft_sensor(arguments.model)
    table = read_table(arguments.table, table_format(arguments, sensor.format))
    measured = read_targets(table, sensor.columns)
    predicted = predict_table(sensor, table)
    measured.index = predicted.index
    rows, meaning = _rows_to_judge(sensor, table, predicted.index)
    measured, predicted = measured.iloc[rows], predicted.iloc[rows]
    if measured.isna().all(axis=None):
        raise CommandError(
            f"{table.path}: no row that is judged ({meaning}) has a measured target."
        )
    page = html_report(
        measured,
        predicted,
        title=f"Soft sensor for {', '.join(sensor.columns.targets)}",
        facts=_facts(sensor, table, meaning),
        times=predicted.index if sensor.columns.time else rows,
        history=getattr(sensor.pipeline[-1], "history_", None),
    )
    with new_file(arguments.out) as temporary:
        temporary.write_text(page, encoding="utf-8")
    metrics = regression_report(measured, predicted, nan_prediction="skip")
    print(f"Judged: {meaning}")
    print(metrics[["R2", "RMSE", "MAE", "n_labels", "coverage"]].round(4).to_string())
    print(f"Wrote {arguments.out}.")


def _rows_to_judge(sensor: SoftSensor, table: Table, index: pd.Index) -> tuple[np.ndarray, str]:
    """Row numbers that the page judges, and what they are in words."""
    description = sensor.description
    split = description["split"]
    every = np.arange(len(index))
    if table.sha256 == description["table"]["sha256"]:
        parts = split_rows(len(index), split["protocol"], seed=description["seed"])
        if len(parts.test):
            return parts.test, (
                f"test part of the training table, {len(parts.test):,} of {len(index):,} rows"
            )
        return every, "the training rows themselves: the figures flatter the model"
    meaning = f"all {len(index):,} rows of a table that is not the training table"
    if split["known_until"] is not None and isinstance(index, pd.DatetimeIndex):
        known_until = pd.Timestamp(split["known_until"])
        # Times with and without an offset from UTC cannot be compared.
        comparable = (known_until.tz is None) == (index.tz is None)
        known = int((index <= known_until).sum()) if comparable else 0
        if known:
            meaning += (
                f"; {known:,} of them are not later than the training rows "
                f"({split['known_until']}): the figures may flatter the model"
            )
    return every, meaning


def _facts(sensor: SoftSensor, table: Table, meaning: str) -> dict[str, str]:
    description = sensor.description
    preparation, split = description["preparation"], description["split"]
    lags = preparation["lags"]
    counts = ", ".join(f"{part} {n:,}" for part, n in split["rows"].items() if n)
    return {
        "Judged rows": f"{table.path.name}: {meaning}",
        "Model": description["model"],
        "Inputs": ", ".join(sensor.columns.features),
        "Past rows": f"{lags}, coded as {preparation['coding']}" if lags else "none",
        "Missing inputs": (
            f"held for up to {preparation['hold']} rows"
            if preparation["hold"]
            else "the row is not predicted"
        ),
        "Outliers": (
            f"{preparation['contamination']:.1%} of the training rows left out"
            if preparation["contamination"]
            else "not filtered"
        ),
        "Trained on": f"{description['table']['name']}, rows: {counts}",
        "Split": f"{split['protocol']}: {split['meaning']}",
        "Seed": str(description["seed"]),
        "Fitted": description["created"],
        "Versions": ", ".join(
            f"{package} {number}" for package, number in description["versions"].items()
        ),
    }
