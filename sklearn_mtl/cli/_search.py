"""``sklearn-mtl search``: the Pareto front of models for a table, one of them saved."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from sklearn_mtl.cli import _training_data
from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._judgement import describe, judge, next_command, print_result
from sklearn_mtl.cli._model_folder import FILES, SoftSensor, write_soft_sensor
from sklearn_mtl.cli._models import DESCRIPTIONS
from sklearn_mtl.cli._options import (
    add_force,
    add_table_options,
    names,
    not_negative,
    positive,
    share,
    table_format,
)
from sklearn_mtl.cli._output import check_new_folder, new_folder
from sklearn_mtl.cli._preparation import Preparation, TablePreparation
from sklearn_mtl.cli._source_options import parse_duration
from sklearn_mtl.cli._table import TableFormat
from sklearn_mtl.cli._training import SPLITS, Parts, split_rows
from sklearn_mtl.cli._training_data import check_labels

SUMMARY = "search for models on the front of error against size, and save one"
DESCRIPTION = """
Try settings of a model, or of several systems at once, and keep those that no other one beats both
in error and in size (or whatever else counts): the Pareto front. One model of it is selected by a
rule, judged on samples that no trial has seen, and saved as `fit` saves one. The files are given
as for `fit`.

Every trial is fitted on the training part and measured on the validation part. The selected model
is fitted on both. DIR holds the model, front.csv (the front with all settings), trials.csv (what
was tried) and front.png (extra `plot`).

With --storage all trials are kept, and the same command goes on where an earlier one ended: after
Ctrl-C, after a crash, with more --trials. Several machines that share the storage work together.
"""
EXAMPLES = """
examples:
  Error against size, an hour at most:
    sklearn-mtl search plant.csv --targets h2s,so2 --time timestamp --timeout 1h --out found/

  Three systems, small models only, kept in a file, by two processes:
    sklearn-mtl search plant.csv --targets h2s,so2 --time timestamp --model all \\
        --constraint "n_parameters <= 20000" --storage search.log --workers 2 --trials 300 \\
        --select smallest_within --out found/

  On several machines at once, each with the same files and an --out of its own:
    sklearn-mtl search plant.csv --targets h2s,so2 --time timestamp --trials 1000 \\
        --storage postgresql+psycopg://user:password@host/searches --out found/
"""

_FRONT, _TRIALS, _PICTURE = "front.csv", "trials.csv", "front.png"
_OWNED = (*FILES, _FRONT, _TRIALS, _PICTURE)
# Names alone: the search itself is imported when it is asked for.
_MODELS = {
    **{name: DESCRIPTIONS[name] for name in ("multi_task", "mmoe", "bmoe", "ple", "shared_bottom")},
    "attention_mmoe": "the space of its paper: experts, width, learning rate, batches, loss",
    "tmoep": "the space around its paper: blocks, experts, layers, width, learning rate, batches",
    "ms_bcnn": "the 24 settings of its paper, how windows are resampled among them",
    "all": "the last three systems at once",
}
_RULES = {
    "knee": "where the front bends: farthest below the line between its ends",
    "best_error": "the least error",
    "smallest": "the fewest parameters",
    "smallest_within": "the fewest of those within --tolerance of the least error",
}
_TOLERANCE = 0.02
_MOST_SHOWN = 10  # settings named on the screen
_TRAINING_SHARE = 0.8  # without a validation part
_OPTION_OF = {
    "study_name": "--study",
    "n_trials": "--trials",
    "timeout": "--timeout",
    "n_jobs": "--workers",
    "objectives": "--objectives",
    "constraints": "--constraint",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``search``."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    _training_data.add_arguments(parser)
    searched = parser.add_argument_group("what is searched", _listed(_MODELS))
    searched.add_argument(
        "--model",
        "--space",
        choices=list(_MODELS),
        default="multi_task",
        metavar="NAME",
        help="model or system whose settings are searched (default: %(default)s)",
    )
    searched.add_argument(
        "--objectives",
        type=names,
        default=["nmse", "n_parameters"],
        metavar="A,B",
        help="one to three, the error first: nmse, nmae (means over targets, each by its own "
        "spread), mse, rmse, mae (in the units of the targets), r2, "
        "n_parameters, fit_time, predict_latency (default: nmse,n_parameters)",
    )
    searched.add_argument(
        "--constraint",
        action="append",
        default=[],
        metavar="LIMIT",
        help='what a model must keep, as in "n_parameters <= 20000" or "predict_latency <= 0.01"; '
        "once for each",
    )
    searched.add_argument("--max-epochs", type=positive, metavar="N", help="of a network")
    searched.add_argument(
        "--ensemble-size", type=positive, metavar="N", help="networks trained side by side"
    )
    searched.add_argument(
        "--split",
        choices=list(SPLITS),
        default="chronological",
        help="how rows are set aside (default: %(default)s, 70/15/15%%); with none, trials are "
        "measured on the newest fifth",
    )
    budget = parser.add_argument_group("how long, and where trials are kept")
    budget.add_argument(
        "--trials",
        type=positive,
        default=100,
        metavar="N",
        help="finished trials in all, those of earlier runs included (default: %(default)s)",
    )
    budget.add_argument(
        "--timeout", metavar="TIME", help="after which no trial is begun: 90s, 30min, 8h"
    )
    budget.add_argument(
        "--workers",
        type=positive,
        default=1,
        metavar="N",
        help="processes that train (default: %(default)s)",
    )
    budget.add_argument(
        "--storage",
        metavar="FILE|URL",
        help="a journal file, as in search.log, or a database, as in sqlite:///search.db or "
        "postgresql+psycopg://user:password@host/database (default: memory)",
    )
    budget.add_argument(
        "--study",
        default="search",
        metavar="NAME",
        help="name of the search in the storage (default: %(default)s)",
    )
    budget.add_argument(
        "--sampler",
        choices=["phmoea", "nsga2", "nsga3", "tpe", "random"],
        default="phmoea",
        help="what proposes settings (default: %(default)s)",
    )
    budget.add_argument(
        "--seed",
        type=not_negative,
        default=0,
        metavar="N",
        help="of all random choices (default: 0)",
    )
    selected = parser.add_argument_group("which model is saved", _listed(_RULES))
    selected.add_argument(
        "--select", choices=list(_RULES), default="knee", help="default: %(default)s"
    )
    selected.add_argument(
        "--tolerance",
        type=share,
        metavar="SHARE",
        help=f"of smallest_within (default: {_TOLERANCE})",
    )
    add_table_options(parser, saved=False)
    add_force(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(arguments: argparse.Namespace) -> None:
    """Read, search, select, judge, save; where Ctrl-C ends that, tell how to go on."""
    try:
        _run(arguments)
    except KeyboardInterrupt:
        print(_how_to_go_on(arguments))
        raise


def _run(arguments: argparse.Namespace) -> None:
    check_new_folder(arguments.out, force=arguments.force, owned=_OWNED)
    _check_tolerance(arguments)
    timeout = None
    if arguments.timeout is not None:
        timeout = parse_duration(arguments.timeout, option="--timeout").total_seconds()
    format = table_format(arguments, TableFormat())
    samples, inputs, preparation = _training_data.read(arguments, format)
    print("\n".join(samples.notes))
    # Optuna is loaded by those who search.
    from sklearn_mtl.cli import _search_output
    from sklearn_mtl.cli._search_spaces import SYSTEM, make_space
    from sklearn_mtl.search import ParetoSearchCV

    X = samples.X
    causal = preparation.causal_steps()
    for _, step in causal:
        X = step.fit_transform(X)
    try:
        parts = split_rows(len(X), arguments.split, seed=arguments.seed)
        training, compared, known = searched_rows(X, parts, preparation, arguments.model)
        check_labels(samples.y.iloc[training], "training")
        check_labels(samples.y.iloc[compared], "validation")
        space = make_space(
            arguments.model,
            preparation,
            windows=_given(arguments, "operator", "length", "pool"),
            **_given(arguments, "max_epochs", "ensemble_size"),
        )
        shown = f": {', '.join(space.names)}" if len(space.names) <= _MOST_SHOWN else ""
        print(f"Searching {len(space.names)} settings of {arguments.model}{shown}")
        search = ParetoSearchCV(
            space,
            objectives=arguments.objectives,
            constraints=arguments.constraint,
            sampler=arguments.sampler,
            n_trials=arguments.trials,
            cv=[(np.searchsorted(known, training), np.searchsorted(known, compared))],
            refit=False,
            storage=arguments.storage,
            study_name=arguments.study,
            n_jobs=arguments.workers,
            timeout=timeout,
            random_state=arguments.seed,
            verbose=0 if arguments.quiet else 1,
        )
        search.fit(X.iloc[known], samples.y.iloc[known])
    except ValueError as error:  # the library's errors name the fault and the fix
        raise CommandError(_with_options(str(error))) from error
    options = {}
    if arguments.select == "smallest_within":
        options["tolerance"] = arguments.tolerance or _TOLERANCE
    position = search.select_index(arguments.select, **options)
    _search_output.print_front(search, position, arguments.select)
    pipeline = Pipeline([*causal, *search.pareto_estimators_[position].steps])
    metrics = judge(pipeline, samples.X, samples.y, parts)
    print_result(pipeline, metrics, arguments.split, fills_gaps=preparation.FILLS_GAPS)
    config = search.pareto_front_.iloc[position]
    description = describe(
        pipeline,
        model=str(config.get(SYSTEM, arguments.model)),
        seed=arguments.seed,
        split=arguments.split,
        samples=samples,
        preparation=preparation,
        parts=parts,
        metrics=metrics,
    )
    description["search"] = _search_output.describe_search(search, position, arguments.select)
    with new_folder(arguments.out) as folder:
        write_soft_sensor(SoftSensor(pipeline, inputs, format, description), folder)
        _search_output.write_tables(search, folder, format, front=_FRONT, trials=_TRIALS)
        _search_output.draw(search, position, folder / _PICTURE)
    print(f"Saved {arguments.out}. Next: {next_command(arguments.out, inputs)}")
    if search.interrupted_:
        raise KeyboardInterrupt


def searched_rows(
    X: pd.DataFrame, parts: Parts, preparation: Preparation, model: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Choose the rows that trials are fitted on, those they are compared on, and all known ones.

    Compared are rows that every candidate answers: an error over other rows would be another one.
    """
    training, validation = parts.training, parts.validation
    if not len(validation):
        n_training = round(_TRAINING_SHARE * len(training))
        training, validation = training[:n_training], training[n_training:]
    inputs = X.iloc[validation]
    if not isinstance(preparation, TablePreparation):
        if model in ("ms_bcnn", "all"):  # a mean over every step, as other operators may be tried
            preparation = replace(preparation, operator="pool", pool="avg")
        inputs = preparation.windows_step().fit_transform(inputs)
    answered = inputs.notna().all(axis=1).to_numpy()
    if not answered.any():
        raise CommandError(
            "every row of the validation part lacks an input, so that no model can be compared on "
            f"it. Fill short gaps by {preparation.FILLS_GAPS}, or drop inputs that are often "
            "missing."
        )
    return training, validation[answered], np.sort(np.concatenate([training, validation]))


def _check_tolerance(arguments: argparse.Namespace) -> None:
    if arguments.tolerance is not None and arguments.select != "smallest_within":
        raise CommandError(
            f"--tolerance is not for --select {arguments.select}. Add: --select smallest_within"
        )


def _given(arguments: argparse.Namespace, *options: str) -> dict[str, Any]:
    """Return the options that stand on the command line."""
    values = {name: getattr(arguments, name) for name in options}
    return {name: value for name, value in values.items() if value is not None}


def _with_options(message: str) -> str:
    """Name the options of the command where an error of the library names its parameters."""
    for parameter, option in _OPTION_OF.items():
        message = message.replace(f"`{parameter}`", option)
    return message


def _how_to_go_on(arguments: argparse.Namespace) -> str:
    if arguments.storage is None:
        return "This search cannot go on: without --storage its trials are not kept."
    force = " and --force" if arguments.out.exists() else ""
    return f"The trials are kept in the storage. Go on with the same command{force}."


def _listed(descriptions: dict[str, str]) -> str:
    return "\n".join(f"{name}: {text}" for name, text in descriptions.items())
