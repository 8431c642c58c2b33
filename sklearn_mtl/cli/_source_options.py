"""Options about several sources: their files, and values that differ from source to source."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._options import names
from sklearn_mtl.cli._table import SUFFIXES, Table, TableFormat, quoted, read_table
from sklearn_mtl.cli._times import show_duration

NamedFile = tuple[str, Path]


def source(text: str) -> NamedFile:
    """Split ``NAME=FILE``; the name of a lone file is its own, without the suffix."""
    name, found, file = text.partition("=")
    if not found:
        name, file = _stem(Path(text).name), text
    if not name or not file:
        raise argparse.ArgumentTypeError(f'NAME=FILE or FILE, not "{text}"')
    forbidden = [character for character in ':,="' if character in name]
    if forbidden:
        raise argparse.ArgumentTypeError(
            f"the name {quoted(name)} holds a {forbidden[0]} which options cannot tell from their "
            "own. Give another one: NAME=FILE"
        )
    return name, Path(file)


def add_source_files(group: argparse._ArgumentGroup, *, lab: bool) -> None:
    """Add the files of the sources, and with `lab` that of the laboratory."""
    group.add_argument(
        "--source",
        type=source,
        action="append",
        metavar="NAME=FILE",
        help="history of one rate, oldest row first; once for each source. "
        "Without NAME= the file's name counts, less its suffix",
    )
    if lab:
        group.add_argument(
            "--lab",
            type=Path,
            metavar="FILE",
            help="results by sample time, in any order of samples; of retests the lower row counts",
        )


def read_tables(given: Sequence[NamedFile], format: TableFormat) -> dict[str, Table]:
    """Read the file of every source.

    Raises
    ------
    CommandError
        If two sources have one name, or a file cannot be read.
    """
    files = dict(given)
    for name in files:
        paths = [str(path) for other, path in given if other == name]
        if len(paths) > 1:
            raise CommandError(
                f"--source: {' and '.join(paths)} are both called {quoted(name)}. "
                f"Name one of them: --source NAME={paths[-1]}"
            )
    return {name: read_table(path, format) for name, path in files.items()}


def per_source(text: str, sources: Collection[str], *, option: str) -> dict[str, str]:
    """Read ``VALUE`` for all sources, or ``NAME=VALUE,...`` for some of them.

    Raises
    ------
    CommandError
        If a source is unknown or named twice, or a value is for no source.
    """
    if "=" not in text:
        return dict.fromkeys(sources, text.strip())
    try:
        words = names(text)
    except argparse.ArgumentTypeError as error:
        raise CommandError(f"{option}: {error}") from error
    values: dict[str, str] = {}
    for word in words:
        name, equals, value = (part.strip() for part in word.partition("="))
        if not equals or not value:
            raise CommandError(f"{option}: NAME=VALUE for each source, not {quoted(word)}.")
        if name not in sources:
            raise CommandError(
                f"{option}: there is no source {quoted(name)}. "
                f"The sources are: {', '.join(map(quoted, sources))}."
            )
        if name in values:
            raise CommandError(f"{option}: the source {quoted(name)} is named twice.")
        values[name] = value
    return values


def durations(text: str, sources: Collection[str], *, option: str, zero: bool) -> dict[str, str]:
    """Read a duration for every source, written in one way; `zero` allows one of no length.

    Raises
    ------
    CommandError
        If a source has none, or one that cannot be read or is out of range.
    """
    values = per_source(text, sources, option=option)
    absent = [name for name in sources if name not in values]
    if absent:
        raise CommandError(
            f"{option}: the source {quoted(absent[0])} has none. Add it: {option} "
            f"{','.join(f'{name}={value}' for name, value in values.items())},{absent[0]}=TIME"
        )
    return {
        name: show_duration(parse_duration(value, option=option, zero=zero))
        for name, value in values.items()
    }


def parse_duration(text: str, *, option: str, zero: bool = False) -> pd.Timedelta:
    """Read a duration with its unit.

    Raises
    ------
    CommandError
        If it has no unit, is no duration or out of range.
    """
    if text.replace(".", "", 1).isdigit() and (float(text) or not zero):
        raise CommandError(f"{option}: {text} needs a unit: {text}min, {text}h or {text}d.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pandas prefers 3h to 3H; both are clear
            duration = pd.Timedelta(text)
    except ValueError:
        duration = None
    if duration is None or duration is pd.NaT:
        raise CommandError(
            f"{option}: {quoted(text)} is no duration. Write a number and a unit: 90s, 30min, 3h "
            "or 2d."
        )
    if duration < pd.Timedelta(0) or (not zero and duration == pd.Timedelta(0)):
        limit = "must not be negative" if zero else "must be above zero"
        raise CommandError(f"{option}: a duration {limit}, not {quoted(text)}.")
    return duration


def check_files(
    arguments: argparse.Namespace, known: Collection[str] | None, *, options: Sequence[str] = ()
) -> None:
    """Refuse files that the model has no use for.

    Parameters
    ----------
    arguments : Namespace
        With `model`, `table` and `source`.
    known : collection of str or None
        Sources that the model was fitted to; None for a model of one table.
    options : sequence of str
        Names of further options about several sources.

    Raises
    ------
    CommandError
        If a table stands where sources belong or the other way round, or if a source is absent
        or unknown.
    """
    given = arguments.source or []
    if known is None:
        if arguments.table is None or given:
            raise CommandError(
                f"{arguments.model} was fitted to one table: name one, and no --source."
            )
        for option in options:
            if getattr(arguments, option) is not None:
                raise CommandError(
                    f"--{option} is for models of several sources. {arguments.model} was fitted "
                    "to one table: leave it out."
                )
        return
    files = " ".join(f"--source {name}=FILE" for name in known)
    if arguments.table is not None or not given:
        raise CommandError(
            f"{arguments.model} was fitted to several sources, and takes no table but {files}"
        )
    names_given = [name for name, _ in given]
    problems = [f"there is no source {quoted(name)}" for name in names_given if name not in known]
    problems += [
        f"the source {quoted(name)} is missing" for name in known if name not in names_given
    ]
    if problems:
        raise CommandError(f"{'; '.join(problems)}. {arguments.model} was fitted to: {files}")


def _stem(name: str) -> str:
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name
