"""Read and write tables as plants export them: CSV (also ``.csv.gz``) and Parquet, by suffix."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sklearn_mtl._optional import import_optional
from sklearn_mtl.cli._errors import CommandError

SUFFIXES = (".csv", ".csv.gz", ".txt", ".tsv", ".parquet")
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(frozen=True)
class TableFormat:
    """How a table is written; kept with the model, so that `predict` reads new tables alike.

    Attributes
    ----------
    separator, decimal, encoding : str
        As in the CSV file.
    missing : tuple of str
        Words that stand for a value that was not measured.
    time_format : str or None
        Format of the time column in the letters of `strptime`; None infers it.
    """

    separator: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    missing: tuple[str, ...] = ()
    time_format: str | None = None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TableFormat:
        """Rebuild what `to_json` gave."""
        return cls(**{**values, "missing": tuple(values["missing"])})

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return asdict(self)


@dataclass(frozen=True)
class Table:
    """A table as read, before any column is checked.

    Attributes
    ----------
    path : Path
        Where it came from.
    data : DataFrame
        Cells as pandas read them; the rows are numbered 0, 1, ...
    format : TableFormat
        How it was read.
    sha256 : str
        Fingerprint of the file, by which `report` recognises the table of the training.
    """

    path: Path
    data: pd.DataFrame
    format: TableFormat
    sha256: str

    def place(self, row: int) -> str:
        """Name a row as the user finds it: the line of a text file, the row of a Parquet file."""
        if is_parquet(self.path):
            return f"row {row + 1}"
        return f"line {row + 2}"  # line 1 is the header


def is_parquet(path: Path) -> bool:
    """Whether the suffix says Parquet."""
    return path.suffix.lower() == ".parquet"


def check_suffix(path: Path) -> None:
    """Refuse a file name whose suffix says neither CSV nor Parquet."""
    if not path.name.lower().endswith(SUFFIXES):
        raise CommandError(
            f"{path}: the suffix says how a table is written. "
            f"Known suffixes: {', '.join(SUFFIXES)}."
        )


def read_table(path: Path, format: TableFormat) -> Table:
    """Read a table; the columns are checked later, by those who know what they are for.

    Parameters
    ----------
    path : Path
        File with one of the known suffixes.
    format : TableFormat
        How a text file is written.

    Returns
    -------
    table : Table

    Raises
    ------
    CommandError
        If the file is absent, empty, or does not divide into named columns.
    """
    check_suffix(path)
    if not path.is_file():
        raise CommandError(f"{path}: there is no such file.")
    content = path.read_bytes()
    data = _read_parquet(path, content) if is_parquet(path) else _read_csv(path, content, format)
    if data.empty:
        raise CommandError(f"{path}: the table has a header but no rows.")
    return Table(path, data, format, hashlib.sha256(content).hexdigest())


def write_table(data: pd.DataFrame, path: Path, format: TableFormat, *, like: Path) -> None:
    """Write `data` without its index to `path` in the format that the suffix of `like` names."""
    if is_parquet(like):
        import_optional("pyarrow", extra="parquet")
        data.to_parquet(path, index=False)
    else:
        data.to_csv(
            path,
            index=False,
            sep=format.separator,
            decimal=format.decimal,
            encoding=format.encoding,
            compression="gzip" if like.suffix.lower() == ".gz" else None,
        )


def _read_parquet(path: Path, content: bytes) -> pd.DataFrame:
    import_optional("pyarrow", extra="parquet")
    try:
        data = pd.read_parquet(io.BytesIO(content))
    except (ValueError, OSError) as error:  # pyarrow's errors derive from these
        raise CommandError(f"{path}: this is no readable Parquet file. {error}") from error
    if not isinstance(data.index, pd.RangeIndex):
        data = data.reset_index()  # a table saved with its time as the index
    data.columns = [str(name) for name in data.columns]
    return data.reset_index(drop=True)


def _read_csv(path: Path, content: bytes, format: TableFormat) -> pd.DataFrame:
    text = _decode(path, content, format.encoding)
    names = _header(path, text, format.separator)
    try:
        with warnings.catch_warnings():
            # pandas only warns when the first row is longer than the header.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            data = pd.read_csv(
                io.StringIO(text),
                sep=format.separator,
                decimal=format.decimal,
                na_values=list(format.missing),
                header=0,
                names=names,
                index_col=False,
                skipinitialspace=True,
                skip_blank_lines=False,  # keeps row numbers equal to line numbers
                low_memory=False,
            )
    except pd.errors.ParserWarning as error:
        raise CommandError(_too_many_fields(path, 2, len(names), format)) from error
    except pd.errors.ParserError as error:
        found = re.search(r"in line (\d+), saw \d+", str(error))
        if found is None:
            raise CommandError(f"{path}: {error}") from error
        raise CommandError(
            _too_many_fields(path, int(found.group(1)), len(names), format)
        ) from error
    return data


def _decode(path: Path, content: bytes, encoding: str) -> str:
    try:
        if path.suffix.lower() == ".gz":
            content = gzip.decompress(content)
        # Excel puts a byte order mark before UTF-8.
        text = content.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise CommandError(
            f"{path}, line {line}: the text is not {encoding}. "
            "Name its encoding, often: --encoding cp1252"
        ) from error
    except LookupError as error:
        raise CommandError(f'--encoding: "{encoding}" is unknown. Try cp1252.') from error
    except (gzip.BadGzipFile, EOFError) as error:
        raise CommandError(f"{path}: this is no complete gzip file.") from error
    text = text.rstrip("\r\n")  # blank lines at the end are no rows
    if not text.strip():
        raise CommandError(f"{path}: the file is empty.")
    return text


def _header(path: Path, text: str, separator: str) -> list[str]:
    """Names in line 1, without the blanks around them."""
    names = [name.strip() for name in next(csv.reader(io.StringIO(text), delimiter=separator))]
    if len(names) == 1:
        counts = Counter({other: names[0].count(other) for other in _SEPARATORS})
        other, count = counts.most_common(1)[0]
        if count:
            option = "tab" if other == "\t" else other
            raise CommandError(
                f"{path}, line 1: only one column was found with the separator "
                f'"{separator}", but the line holds {count} x {_SEPARATORS[other]}. '
                f'Add: --separator "{option}"'
            )
    unnamed = [number for number, name in enumerate(names, 1) if not name]
    if unnamed:
        raise CommandError(
            f"{path}, line 1: column {', '.join(map(str, unnamed))} of {len(names)} has no name. "
            "Name it, or remove it: row numbers as an input would teach the model the calendar."
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise CommandError(
            f"{path}, line 1: duplicate column names: {', '.join(map(quoted, twice))}. "
            "Give every column a name of its own."
        )
    return names


def _too_many_fields(path: Path, line: int, n_names: int, format: TableFormat) -> str:
    hint = (
        "Are there decimal commas? Then export with another separator and add: "
        '--separator ";" --decimal ",". Text that holds a comma needs quotes.'
        if format.separator == ","
        else "Put text that holds the separator in quotes."
    )
    return f"{path}, line {line}: more fields than the {n_names} names of the header. {hint}"


def quoted(word: object) -> str:
    """Show a word of the table in quotes, so that blanks are seen."""
    return f'"{word}"'
