"""``sklearn-mtl report``: judge a saved soft sensor on a table with measured targets."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mtl.cli._columns import Columns
from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._model_folder import SoftSensor, load_soft_sensor
from sklearn_mtl.cli._options import add_force, add_table_options, table_format
from sklearn_mtl.cli._output import check_new_file, new_file
from sklearn_mtl.cli._predict import predict_inputs
from sklearn_mtl.cli._samples import Samples, table_samples
from sklearn_mtl.cli._source_options import add_source_files, check_files, read_tables
from sklearn_mtl.cli._sources import SourceSettings
from sklearn_mtl.cli._table import read_table
from sklearn_mtl.cli._training import split_rows
from sklearn_mtl.inspection import html_report
from sklearn_mtl.metrics import regression_report

SUMMARY = "write an HTML page that judges a saved model on a table"
DESCRIPTION = """
Compare the predictions of a saved model with the measured targets of a table, and write one HTML
page that holds everything: metrics, predicted against measured, errors, course over time, losses
and task weights of the training. It needs no network and can be sent by mail.

A model of several sources needs their files (--source) and the laboratory's table (--lab).

Given the files of the training, the page judges the test part of it, which the model has not seen.
Given others, it judges all rows. Needs the extra `plot`.
"""
EXAMPLES = """
examples:
  sklearn-mtl report sensor/ plant.csv
  sklearn-mtl report sensor/ next_month.csv --out next_month.html
  sklearn-mtl report sensor/ --source thermal=fast.csv --source shift.csv --lab lab.csv
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``report``."""
    parser.add_argument("model", type=Path, help="folder written by fit")
    parser.add_argument(
        "table",
        type=Path,
        nargs="?",
        help="CSV or Parquet with the target columns, for a model of one table",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("report.html"), help="HTML file; %(default)s"
    )
    add_source_files(
        parser.add_argument_group("several sources", "For a model of several sources."), lab=True
    )
    add_table_options(parser, saved=True)
    add_force(parser)


def run(arguments: argparse.Namespace) -> None:
    """Load, read, predict, judge, write."""
    check_new_file(arguments.out, force=arguments.force)
    sensor = load_soft_sensor(arguments.model)
    samples = _read_samples(arguments, sensor)
    for note in samples.notes:
        print(note)
    predicted = predict_inputs(sensor, samples.X, samples.path)
    rows, meaning = _rows_to_judge(sensor, samples)
    measured, predicted = samples.y.iloc[rows], predicted.iloc[rows]
    if measured.isna().all(axis=None):
        raise CommandError(
            f"{samples.path}: no row that is judged ({meaning}) has a measured target."
        )
    page = html_report(
        measured,
        predicted,
        title=f"Soft sensor for {', '.join(sensor.inputs.targets)}",
        facts=_facts(sensor, samples, meaning),
        times=predicted.index if isinstance(predicted.index, pd.DatetimeIndex) else rows,
        history=getattr(sensor.pipeline[-1], "history_", None),
    )
    with new_file(arguments.out) as temporary:
        temporary.write_text(page, encoding="utf-8")
    metrics = regression_report(measured, predicted, nan_prediction="skip")
    print(f"Judged: {meaning}")
    print(metrics[["R2", "RMSE", "MAE", "n_labels", "coverage"]].round(4).to_string())
    print(f"Wrote {arguments.out}.")


def _read_samples(arguments: argparse.Namespace, sensor: SoftSensor) -> Samples:
    format = table_format(arguments, sensor.format)
    if isinstance(sensor.inputs, Columns):
        check_files(arguments, None, options=["lab"])
        return table_samples(read_table(arguments.table, format), sensor.inputs)
    settings = sensor.inputs
    check_files(arguments, [source.name for source in settings.sources])
    if arguments.lab is None:
        raise CommandError("the laboratory's table is missing: --lab lab.csv")
    tables = read_tables(arguments.source, format)
    return settings.samples(tables, settings.histories(tables), read_table(arguments.lab, format))


def _rows_to_judge(sensor: SoftSensor, samples: Samples) -> tuple[np.ndarray, str]:
    """Row numbers that the page judges, and what they are in words."""
    description = sensor.description
    split, index = description["split"], samples.X.index
    every = np.arange(len(index))
    data, other = "table", "a table that is not the training table"
    if isinstance(sensor.inputs, SourceSettings):
        data, other = "files", "files that are not those of the training"
    if samples.sha256 == description["table"]["sha256"]:
        parts = split_rows(len(index), split["protocol"], seed=description["seed"])
        if len(parts.test):
            return parts.test, (
                f"test part of the training {data}, {len(parts.test):,} of {len(index):,} rows"
            )
        return every, "the training rows themselves: the figures flatter the model"
    meaning = f"all {len(index):,} rows of {other}"
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


def _facts(sensor: SoftSensor, samples: Samples, meaning: str) -> dict[str, str]:
    description = sensor.description
    preparation, split = description["preparation"], description["split"]
    counts = ", ".join(f"{part} {n:,}" for part, n in split["rows"].items() if n)
    return {
        "Judged rows": f"{samples.name}: {meaning}",
        "Model": description["model"],
        "Inputs": ", ".join(sensor.inputs.features),
        **(
            _window_facts(sensor.inputs, preparation)
            if isinstance(sensor.inputs, SourceSettings)
            else _lag_facts(preparation)
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


def _lag_facts(preparation: Mapping[str, Any]) -> dict[str, str]:
    lags, hold = preparation["lags"], preparation["hold"]
    return {
        "Past rows": f"{lags}, coded as {preparation['coding']}" if lags else "none",
        "Missing inputs": f"held for up to {hold} rows" if hold else "the row is not predicted",
    }


def _window_facts(settings: SourceSettings, preparation: Mapping[str, Any]) -> dict[str, str]:
    operator, max_gap = preparation["operator"], preparation["max_gap"]
    pool = f" ({preparation['pool']})" if operator == "pool" else ""
    return {
        "Windows": "; ".join(
            f"{source.name}: {source.lookback} in {source.n_steps} steps, dead time "
            f"{source.dead_time}"
            for source in settings.sources
        ),
        "Resampled": f"to {preparation['length']} steps by {operator}{pool}",
        "Calendar": ", ".join(preparation["calendar"]) or "none",
        "Below the limit": f"counted as: {settings.below_limit}",
        "Missing inputs": (
            f"holes of up to {max_gap} steps interpolated"
            if max_gap
            else "the row is not predicted"
        ),
    }
