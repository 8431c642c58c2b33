"""``sklearn-mtl fit``: from a plant's table to a saved, evaluated soft sensor."""

from __future__ import annotations

import argparse
import textwrap
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline

from sklearn_mtl.cli._columns import (
    choose_columns,
    describe_time_steps,
    read_inputs,
    read_targets,
)
from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._model_folder import FILES, SoftSensor, save_soft_sensor
from sklearn_mtl.cli._models import DESCRIPTIONS, MODELS, make_model
from sklearn_mtl.cli._options import (
    add_force,
    add_table_options,
    names,
    not_negative,
    positive,
    share,
    table_format,
)
from sklearn_mtl.cli._output import check_new_folder
from sklearn_mtl.cli._table import Table, TableFormat, read_table
from sklearn_mtl.cli._training import SPLITS, Parts, Preparation, fit_pipeline, split_rows
from sklearn_mtl.metrics import regression_report

SUMMARY = "fit a soft sensor to a table and save it"
DESCRIPTION = """
Fit one model for all targets to a table (CSV or Parquet, one row per time, oldest first), judge it
on rows it has not seen, and save it as a folder. An empty target cell means "not measured": the
row still serves the other targets. All columns that are no target, not the time and not dropped
are inputs.

Steps of the saved pipeline: hold missing inputs (--hold), past rows (--lags), leave outliers out
of the training (--contamination), scale, model.
"""
EXAMPLES = """
examples:
  Two laboratory values from all other columns, ten minutes of history:
    sklearn-mtl fit plant.csv --targets h2s,so2 --time timestamp --lags 9 --out sensor/

  A European export, where dead instruments write words:
    sklearn-mtl fit plant.csv --targets feo --time Zeit --separator ";" --decimal "," \\
        --missing "Bad,No Data" --time-format "%d.%m.%Y %H:%M" --out sensor/

  When the test figures are good, use the newest rows too:
    sklearn-mtl fit plant.csv --targets h2s,so2 --time timestamp --split none --out final/
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fit``."""
    parser.add_argument("table", type=Path, help="CSV (.csv, .csv.gz, .tsv, .txt) or .parquet")
    parser.add_argument(
        "--targets", type=names, required=True, metavar="A,B", help="columns to predict"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    columns = parser.add_argument_group("columns")
    columns.add_argument(
        "--time",
        metavar="COLUMN",
        help="timestamps, ascending; gaps in time end the history. "
        "Without it, rows count as equally spaced",
    )
    columns.add_argument(
        "--features", type=names, default=[], metavar="A,B", help="inputs; default: all others"
    )
    columns.add_argument(
        "--drop", type=names, default=[], metavar="A,B", help="columns to leave out"
    )
    steps = parser.add_argument_group("preparation")
    steps.add_argument(
        "--hold",
        type=positive,
        metavar="ROWS",
        help="a missing input keeps its last value for so many rows; default: off",
    )
    steps.add_argument(
        "--lags",
        type=not_negative,
        default=Preparation.lags,
        metavar="ROWS",
        help="past rows that the model sees beside the present one (default: %(default)s; 0: none)",
    )
    steps.add_argument(
        "--coding",
        choices=["differences+level", "differences", "levels"],
        default=Preparation.coding,
        help="past rows as changes from row to row with the present level, as changes alone, or "
        "as levels; on a drifting plant levels act as a calendar (default: %(default)s)",
    )
    steps.add_argument(
        "--contamination",
        type=share,
        metavar="SHARE",
        help="share of the training rows to leave out as outliers, as in 0.05; default: off",
    )
    model = parser.add_argument_group(
        "model", "\n".join(f"{name}: {text}" for name, text in DESCRIPTIONS.items())
    )
    model.add_argument(
        "--model",
        choices=list(MODELS),
        default="multi_task",
        metavar="NAME",
        help="default: %(default)s",
    )
    model.add_argument(
        "--split",
        choices=list(SPLITS),
        default="chronological",
        help="how rows are set aside to judge the model (default: %(default)s, 70/15/15%%)",
    )
    model.add_argument("--max-epochs", type=positive, metavar="N", help="of a network")
    model.add_argument(
        "--ensemble-size", type=positive, metavar="N", help="networks trained side by side"
    )
    model.add_argument(
        "--seed",
        type=not_negative,
        default=0,
        metavar="N",
        help="of all random choices (default: 0)",
    )
    add_table_options(parser, saved=False)
    add_force(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(arguments: argparse.Namespace) -> None:
    """Read, fit, judge, save."""
    check_new_folder(arguments.out, force=arguments.force, owned=FILES)
    table = read_table(arguments.table, table_format(arguments, TableFormat()))
    columns = choose_columns(
        table,
        targets=arguments.targets,
        time=arguments.time,
        features=arguments.features,
        drop=arguments.drop,
    )
    X, y = read_inputs(table, columns), read_targets(table, columns)
    y.index = X.index
    preparation = Preparation(
        arguments.hold, arguments.lags, arguments.coding, arguments.contamination
    )
    model = make_model(
        arguments.model,
        seed=arguments.seed,
        max_epochs=arguments.max_epochs,
        ensemble_size=arguments.ensemble_size,
    )
    if "verbose" in model.get_params():
        model.set_params(verbose=0 if arguments.quiet else 1)
    _check_inputs(table, X)
    print(
        f"{table.path}: {len(X):,} rows, {X.shape[1]} inputs, "
        f"targets {', '.join(f'{name} ({n:,} labels)' for name, n in y.count().items())}"
    )
    if columns.time is not None:
        print(describe_time_steps(X.index))
    try:
        parts = split_rows(len(X), arguments.split, seed=arguments.seed)
        _check_labels(y, parts)
        pipeline = fit_pipeline(
            X, y, preparation=preparation, model=model, parts=parts, seed=arguments.seed
        )
    except ValueError as error:  # the library's errors name the fault and the fix
        raise CommandError(f"{table.path}: {error}") from error
    metrics = _judge(pipeline, X, y, parts)
    _print_result(pipeline, metrics, arguments.split)
    save_soft_sensor(
        SoftSensor(
            pipeline,
            columns,
            table.format,
            _describe(arguments, table, X, preparation, pipeline, parts, metrics),
        ),
        arguments.out,
    )
    print(
        f"Saved {arguments.out}. Next: sklearn-mtl predict {arguments.out} NEW.csv --out PRED.csv"
    )


def _check_inputs(table: Table, X: pd.DataFrame) -> None:
    """Refuse an input without any value: it would exclude every row from the training."""
    empty = [name for name in X.columns if X[name].isna().all()]
    if empty:
        raise CommandError(
            f"{table.path}: no row has a value of the input {', '.join(empty)}. "
            f'Leave it out: --drop "{",".join(empty)}"'
        )


def _check_labels(y: pd.DataFrame, parts: Parts) -> None:
    """Refuse a target without label in the training part."""
    for name in y.columns:
        if y[name].iloc[parts.training].isna().all():
            raise CommandError(
                f'the target "{name}" has no label in the training part. '
                "Use a longer table, or another --split."
            )


def _judge(
    pipeline: Pipeline, X: pd.DataFrame, y: pd.DataFrame, parts: Parts
) -> pd.DataFrame | None:
    """Metrics on the test part, or None without one.

    The whole table is predicted, because the first test rows need the rows before them.
    """
    if not len(parts.test):
        return None
    predicted = pipeline.predict(X)[parts.test]
    return regression_report(y.iloc[parts.test], predicted, nan_prediction="skip")


def _print_result(pipeline: Pipeline, metrics: pd.DataFrame | None, split: str) -> None:
    excluded = getattr(pipeline[-1], "n_rows_excluded_", 0)
    if excluded:
        print(
            f"{excluded:,} training rows were left out: an input is missing (--hold fills short "
            "gaps), or they are outliers (--contamination)."
        )
    print(textwrap.fill(f"Split {split}: {SPLITS[split]}.", width=100))
    if metrics is not None:
        print("Test part:")
        print(metrics[["R2", "RMSE", "MAE", "n_labels", "coverage"]].round(4).to_string())


def _describe(
    arguments: argparse.Namespace,
    table: Table,
    X: pd.DataFrame,
    preparation: Preparation,
    pipeline: Pipeline,
    parts: Parts,
    metrics: pd.DataFrame | None,
) -> dict[str, Any]:
    """Write down what a reader must know to trust the model, and `report` to judge it."""
    model = pipeline[-1]
    newest = max(part.max() for part in (parts.training, parts.validation) if len(part))
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": arguments.model,
        "parameters": {key: repr(value) for key, value in sorted(model.get_params().items())},
        "seed": arguments.seed,
        "preparation": asdict(preparation),
        "table": {"name": table.path.name, "sha256": table.sha256, "rows": len(X)},
        "split": {
            "protocol": arguments.split,
            "meaning": SPLITS[arguments.split],
            "rows": {name: len(rows) for name, rows in vars(parts).items()},
            "rows_excluded": int(getattr(model, "n_rows_excluded_", 0)),
            "known_until": None if arguments.time is None else str(X.index[newest]),
        },
        "test_metrics": None if metrics is None else metrics.to_dict(orient="index"),
    }
