"""``sklearn-mtl fit``: from a plant's table to a saved, evaluated soft sensor."""

from __future__ import annotations

import argparse
from pathlib import Path

from sklearn_mtl.cli import _training_data
from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._judgement import describe, judge, next_command, print_result
from sklearn_mtl.cli._model_folder import FILES, SoftSensor, save_soft_sensor
from sklearn_mtl.cli._models import DESCRIPTIONS, MODELS, make_model
from sklearn_mtl.cli._options import (
    add_force,
    add_table_options,
    not_negative,
    positive,
    table_format,
)
from sklearn_mtl.cli._output import check_new_folder
from sklearn_mtl.cli._table import TableFormat
from sklearn_mtl.cli._training import SPLITS, fit_pipeline, split_rows
from sklearn_mtl.cli._training_data import check_labels

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
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    _training_data.add_arguments(parser)
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
    format = table_format(arguments, TableFormat())
    samples, inputs, preparation = _training_data.read(arguments, format)
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
        check_labels(y.iloc[parts.training], "training")
        pipeline = fit_pipeline(
            X, y, preparation=preparation, model=model, parts=parts, seed=arguments.seed
        )
    except ValueError as error:  # the library's errors name the fault and the fix
        raise CommandError(f"{samples.path}: {error}") from error
    metrics = judge(pipeline, X, y, parts)
    print_result(pipeline, metrics, arguments.split, fills_gaps=preparation.FILLS_GAPS)
    description = describe(
        pipeline,
        model=arguments.model,
        seed=arguments.seed,
        split=arguments.split,
        samples=samples,
        preparation=preparation,
        parts=parts,
        metrics=metrics,
    )
    save_soft_sensor(SoftSensor(pipeline, inputs, format, description), arguments.out)
    print(f"Saved {arguments.out}. Next: {next_command(arguments.out, inputs)}")
