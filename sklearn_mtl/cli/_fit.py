"""``sklearn-mtl fit``: from a plant's table to a saved, evaluated soft sensor."""

from __future__ import annotations

import argparse
import textwrap
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline

from sklearn_mtl.cli import _fit_sources, _fit_table
from sklearn_mtl.cli._columns import Columns
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
from sklearn_mtl.cli._preparation import Preparation
from sklearn_mtl.cli._samples import Samples
from sklearn_mtl.cli._sources import SourceSettings
from sklearn_mtl.cli._table import TableFormat
from sklearn_mtl.cli._training import SPLITS, Parts, fit_pipeline, split_rows
from sklearn_mtl.metrics import regression_report

SUMMARY = "fit a soft sensor to a table, or to several sources and a laboratory, and save it"
DESCRIPTION = """
Fit one model for all targets, judge it on samples it has not seen, and save it as a folder. Files
are CSV or Parquet. The data are either one table (one row per time, inputs and targets side by
side) or several sources at different rates (--source, once for each) with the laboratory's table
(--lab). An empty target cell means "not measured": the row still serves the other targets.

Steps of the saved pipeline, for one table: hold missing inputs (--hold), past rows (--lags),
leave outliers out of the training (--contamination), scale, model. For several sources: cut the
windows (--lookback, --dead-time), fill short holes (--max-gap), bring all windows to one length
(--operator, --length), calendar (--calendar), outliers, scale, model.
"""
EXAMPLES = """
examples:
  Two laboratory values from all other columns, ten minutes of history:
    sklearn-mtl fit plant.csv --targets h2s,so2 --time timestamp --lags 9 --out sensor/

  Minutes and shifts beside a laboratory, three hours of history, 30 minutes of transport:
    sklearn-mtl fit --source thermal=fast.csv --source shift.csv --lab lab.csv \\
        --targets feo,sio2 --lookback thermal=3h,shift=24h --dead-time 30min --out sensor/

  A European export, where dead instruments write words:
    sklearn-mtl fit plant.csv --targets feo --time Zeit --separator ";" --decimal "," \\
        --missing "Bad,No Data" --time-format "%d.%m.%Y %H:%M" --out sensor/

  When the test figures are good, use the newest rows too:
    sklearn-mtl fit plant.csv --targets h2s,so2 --time timestamp --split none --out final/
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fit``."""
    parser.add_argument(
        "--targets",
        type=names,
        required=True,
        metavar="A,B",
        help="columns to predict, of the table or of the laboratory",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    _fit_table.add_arguments(parser)
    _fit_sources.add_arguments(parser)
    both = parser.add_argument_group("columns and outliers, of either")
    both.add_argument(
        "--time",
        metavar="COLUMN",
        help="timestamps, ascending. One table: gaps in time end the history; without it, rows "
        "count as equally spaced. Several sources: for all, or thermal=timestamp,shift=start; "
        "without it, the first column of each",
    )
    both.add_argument(
        "--features",
        type=names,
        default=[],
        metavar="A,B",
        help="inputs; default: all other columns. Of several sources a name is about all that "
        "have it, SOURCE:COLUMN about one",
    )
    both.add_argument(
        "--drop",
        type=names,
        default=[],
        metavar="A,B",
        help="columns to leave out, named as for --features",
    )
    both.add_argument(
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
    kind = _kind_of_input(arguments)
    format = table_format(arguments, TableFormat())
    samples, inputs, preparation = kind.read(arguments, format)
    X, y = samples.X, samples.y
    model = make_model(
        arguments.model,
        seed=arguments.seed,
        max_epochs=arguments.max_epochs,
        ensemble_size=arguments.ensemble_size,
    )
    if "verbose" in model.get_params():
        model.set_params(verbose=0 if arguments.quiet else 1)
    print("\n".join(samples.notes))
    try:
        parts = split_rows(len(X), arguments.split, seed=arguments.seed)
        _check_labels(y, parts)
        pipeline = fit_pipeline(
            X, y, preparation=preparation, model=model, parts=parts, seed=arguments.seed
        )
    except ValueError as error:  # the library's errors name the fault and the fix
        raise CommandError(f"{samples.path}: {error}") from error
    metrics = _judge(pipeline, X, y, parts)
    _print_result(pipeline, metrics, arguments.split, fills_gaps=preparation.FILLS_GAPS)
    save_soft_sensor(
        SoftSensor(
            pipeline,
            inputs,
            format,
            _describe(arguments, samples, preparation, pipeline, parts, metrics),
        ),
        arguments.out,
    )
    print(f"Saved {arguments.out}. Next: {_next_command(arguments.out, inputs)}")


def _kind_of_input(arguments: argparse.Namespace) -> ModuleType:
    """Return the module for one table or for several sources; refuse a mixture of both."""
    given = "a table"
    kind: ModuleType = _fit_table
    other: ModuleType = _fit_sources
    if arguments.source:
        given, kind, other = "several sources", _fit_sources, _fit_table
        if arguments.table is not None:
            raise CommandError(
                f"{arguments.table} stands beside --source. Give one table alone, or make it a "
                f"source as well: --source {arguments.table}"
            )
        for option, example in (("lab", "lab.csv"), ("lookback", "3h")):
            if getattr(arguments, option) is None:
                raise CommandError(f"several sources need --{option}, as in --{option} {example}")
    elif arguments.table is None:
        raise CommandError(
            "nothing to fit to. Name one table, as in: sklearn-mtl fit plant.csv ..., or several "
            "sources and the laboratory: sklearn-mtl fit --source fast.csv --source shift.csv "
            "--lab lab.csv --lookback 3h ..."
        )
    for option, instead in other.ONLY_HERE.items():
        if getattr(arguments, option) is not None:
            raise CommandError(
                f"--{option.replace('_', '-')} is not for {given}: {instead}. Leave it out."
            )
    return kind


def _check_labels(y: pd.DataFrame, parts: Parts) -> None:
    """Refuse a target without label in the training part."""
    for name in y.columns:
        if y[name].iloc[parts.training].isna().all():
            raise CommandError(
                f'the target "{name}" has no label in the training part. '
                "Give more rows, or another --split."
            )


def _judge(
    pipeline: Pipeline, X: pd.DataFrame, y: pd.DataFrame, parts: Parts
) -> pd.DataFrame | None:
    """Metrics on the test part, or None without one.

    All rows are predicted, because the first test rows of a table need the rows before them.
    """
    if not len(parts.test):
        return None
    predicted = pipeline.predict(X)[parts.test]
    return regression_report(y.iloc[parts.test], predicted, nan_prediction="skip")


def _print_result(
    pipeline: Pipeline, metrics: pd.DataFrame | None, split: str, *, fills_gaps: str
) -> None:
    excluded = getattr(pipeline[-1], "n_rows_excluded_", 0)
    if excluded:
        print(
            f"{excluded:,} training rows were left out: an input is missing ({fills_gaps} fills "
            "short gaps), or they are outliers (--contamination)."
        )
    print(textwrap.fill(f"Split {split}: {SPLITS[split]}.", width=100))
    if metrics is not None:
        print("Test part:")
        print(metrics[["R2", "RMSE", "MAE", "n_labels", "coverage"]].round(4).to_string())


def _next_command(folder: Path, inputs: Columns | SourceSettings) -> str:
    if isinstance(inputs, Columns):
        return f"sklearn-mtl predict {folder} NEW.csv --out PRED.csv"
    files = " ".join(f"--source {source.name}=NEW.csv" for source in inputs.sources)
    return f"sklearn-mtl predict {folder} {files} --now --out PRED.csv"


def _describe(
    arguments: argparse.Namespace,
    samples: Samples,
    preparation: Preparation,
    pipeline: Pipeline,
    parts: Parts,
    metrics: pd.DataFrame | None,
) -> dict[str, Any]:
    """Write down what a reader must know to trust the model, and `report` to judge it."""
    model = pipeline[-1]
    times = samples.X.index
    newest = max(part.max() for part in (parts.training, parts.validation) if len(part))
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": arguments.model,
        "parameters": {key: repr(value) for key, value in sorted(model.get_params().items())},
        "seed": arguments.seed,
        "preparation": asdict(preparation),
        "table": {"name": samples.name, "sha256": samples.sha256, "rows": len(samples.X)},
        "split": {
            "protocol": arguments.split,
            "meaning": SPLITS[arguments.split],
            "rows": {name: len(rows) for name, rows in vars(parts).items()},
            "rows_excluded": int(getattr(model, "n_rows_excluded_", 0)),
            "known_until": str(times[newest]) if isinstance(times, pd.DatetimeIndex) else None,
        },
        "test_metrics": None if metrics is None else metrics.to_dict(orient="index"),
    }
