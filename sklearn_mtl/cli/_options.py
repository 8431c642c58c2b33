"""Argument types and options that several commands share."""

from __future__ import annotations

import argparse
import csv
from dataclasses import replace
from typing import Any

from sklearn_mtl.cli._table import TableFormat


def names(text: str) -> list[str]:
    """Split ``a,b``; a name that holds a comma stands in quotes: ``"a,b",c``."""
    row = next(csv.reader([text], skipinitialspace=True), [])
    words = [word.strip() for word in row if word.strip()]
    if not words:
        raise argparse.ArgumentTypeError("name at least one")
    repeated = {word for word in words if words.count(word) > 1}
    if repeated:
        raise argparse.ArgumentTypeError(f"named twice: {', '.join(sorted(repeated))}")
    return words


def separator(text: str) -> str:
    """Return one character; the tab can be written as a word."""
    character = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(character) != 1:
        raise argparse.ArgumentTypeError(f'one character or "tab", not "{text}"')
    return character


def positive(text: str) -> int:
    """Return a whole number of at least 1."""
    return _whole(text, least=1)


def not_negative(text: str) -> int:
    """Return a whole number of at least 0."""
    return _whole(text, least=0)


def share(text: str) -> float:
    """Return a share of at most one half, as the isolation forest takes it."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 0.5:
        raise argparse.ArgumentTypeError(f'a share above 0 and up to 0.5, not "{text}"')
    return value


def _whole(text: str, *, least: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        raise argparse.ArgumentTypeError(f'a whole number of at least {least}, not "{text}"')
    return value


def add_table_options(parser: argparse.ArgumentParser, *, saved: bool) -> None:
    """Add how a table is written; with `saved`, the defaults are those kept with the model."""
    group = parser.add_argument_group(
        "how the files are written", "Defaults: as at fit." if saved else None
    )
    group.add_argument(
        "--separator",
        type=separator,
        metavar="CHARACTER",
        help='between the cells of a CSV file: "," (default), ";", tab',
    )
    group.add_argument(
        "--decimal",
        choices=[".", ","],
        metavar="SIGN",
        help='decimal sign of a CSV file: "." (default) or ","',
    )
    group.add_argument(
        "--encoding", metavar="NAME", help="of a CSV file: utf-8 (default), cp1252, ..."
    )
    group.add_argument(
        "--missing",
        type=names,
        metavar="WORDS",
        help='words for "not measured", as in --missing "Bad,No Data"; '
        "empty cells and NaN, NA, null always count as missing",
    )
    group.add_argument(
        "--time-format",
        metavar="FORMAT",
        help='of the time columns, as in "%%d.%%m.%%Y %%H:%%M"; '
        "default: year first, as in 2024-01-31 13:05",
    )


def table_format(arguments: argparse.Namespace, default: TableFormat) -> TableFormat:
    """Return the format that the options of `add_table_options` say."""
    given: dict[str, Any] = {
        "separator": arguments.separator,
        "decimal": arguments.decimal,
        "encoding": arguments.encoding,
        "missing": None if arguments.missing is None else tuple(arguments.missing),
        "time_format": arguments.time_format,
    }
    return replace(default, **{key: value for key, value in given.items() if value is not None})


def add_force(parser: argparse.ArgumentParser) -> None:
    """Add the permission to replace the output."""
    parser.add_argument("--force", action="store_true", help="replace the output if it exists")
