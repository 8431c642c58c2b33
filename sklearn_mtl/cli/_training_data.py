"""What ``fit`` and ``search`` learn from: one table, or several sources and a laboratory."""

from __future__ import annotations

import argparse
from types import ModuleType

import pandas as pd

from sklearn_mtl.cli import _fit_sources, _fit_table
from sklearn_mtl.cli._columns import Columns
from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._options import names, share
from sklearn_mtl.cli._preparation import Preparation
from sklearn_mtl.cli._samples import Samples
from sklearn_mtl.cli._sources import SourceSettings
from sklearn_mtl.cli._table import TableFormat


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the files, the roles of their columns and the preparation."""
    parser.add_argument(
        "--targets",
        type=names,
        required=True,
        metavar="A,B",
        help="columns to predict, of the table or of the laboratory",
    )
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


def read(
    arguments: argparse.Namespace, format: TableFormat
) -> tuple[Samples, Columns | SourceSettings, Preparation]:
    """Read the files, and say how their rows become inputs of a model."""
    result: tuple[Samples, Columns | SourceSettings, Preparation]
    result = _kind_of_input(arguments).read(arguments, format)
    return result


def check_labels(y: pd.DataFrame, part: str) -> None:
    """Refuse a target without label in a part of the rows."""
    for name in y.columns:
        if y[name].isna().all():
            raise CommandError(
                f'the target "{name}" has no label in the {part} part. '
                "Give more rows, or another --split."
            )


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
        command = f"sklearn-mtl {arguments.command}"
        raise CommandError(
            f"nothing to fit to. Name one table, as in: {command} plant.csv ..., "
            f"or several sources and the laboratory: {command} --source fast.csv --source "
            "shift.csv --lab lab.csv --lookback 3h ..."
        )
    for option, instead in other.ONLY_HERE.items():
        if getattr(arguments, option) is not None:
            raise CommandError(
                f"--{option.replace('_', '-')} is not for {given}: {instead}. Leave it out."
            )
    return kind
