"""Cache, download and verification shared by the fetchers of measured data sets."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from gzip import BadGzipFile
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

import pandas as pd
from sklearn.utils import Bunch

_TIMEOUT_SECONDS = 60
# Relative to the larger of 1 and the mean's size. The published tables have 4 to 8 digits, so that
# another rounding moves a mean by less; a swapped column or another scale moves it by more.
_MEAN_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Source:
    """Where a table can be downloaded, and how to read what arrives.

    Attributes
    ----------
    url : str
        Address of the file, or of a catalogue entry when `locate` is given.
    parse : callable
        From the bytes of the file to a frame with the columns of the data set.
    locate : callable or None
        From the bytes of the catalogue entry to the address of the file.
    """

    url: str
    parse: Callable[[bytes], pd.DataFrame]
    locate: Callable[[bytes], str] | None = None


@dataclass(frozen=True)
class Fingerprint:
    """What a table must be.

    Attributes
    ----------
    n_rows : int
        Number of rows.
    column_means : mapping of str to float
        Columns in order, with the means of their values.
    n_missing : mapping of str to int
        Missing values of the columns that have any.
    """

    n_rows: int
    column_means: Mapping[str, float]
    n_missing: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class MeasuredDataset:
    """Everything that tells one measured data set from another.

    Attributes
    ----------
    file_name : str
        Name of the gzip-compressed table in the cache folder.
    sources : tuple of Source
        Tried in order until one delivers the table. Empty if nobody publishes it.
    fingerprint : Fingerprint
        What every copy, cached or downloaded, is compared with.
    target_names : tuple of str
        Columns to predict; all others are inputs.
    units : mapping of str to str
        Unit of each input and target.
    description : str
        Becomes ``DESCR``.
    time_column : str or None
        Column that becomes the DatetimeIndex.
    group_column : str or None
        Column to split by: it stays in ``frame`` but is no input.
    """

    file_name: str
    sources: tuple[Source, ...]
    fingerprint: Fingerprint
    target_names: tuple[str, ...]
    units: Mapping[str, str]
    description: str
    time_column: str | None = None
    group_column: str | None = None


def cache_folder(data_home: str | os.PathLike[str] | None) -> Path:
    """Return `data_home`, the folder of ``SKLEARN_MTL_DATA``, or ``~/sklearn_mtl_data``."""
    if data_home is None:
        # An empty variable means "not set", as it does for the shell's own variables.
        data_home = os.environ.get("SKLEARN_MTL_DATA") or "~/sklearn_mtl_data"
    return Path(data_home).expanduser()


def fetch(
    dataset: MeasuredDataset,
    *,
    data_home: str | os.PathLike[str] | None,
    download_if_missing: bool,
    return_X_y: bool,
) -> Bunch | tuple[pd.DataFrame, pd.DataFrame]:
    """Load a data set from the cache, downloading it first when it is absent.

    Parameters
    ----------
    dataset : MeasuredDataset
        What to load.
    data_home, download_if_missing, return_X_y
        As documented by the public fetchers.

    Returns
    -------
    dataset : Bunch or (DataFrame, DataFrame)
        What the public fetchers return.
    """
    frame = fetch_table(dataset, data_home=data_home, download_if_missing=download_if_missing)
    return _bunch(dataset, frame, return_X_y)


def fetch_table(
    dataset: MeasuredDataset, *, data_home: str | os.PathLike[str] | None, download_if_missing: bool
) -> pd.DataFrame:
    """Load the verified table of a data set; parameters as for `fetch`."""
    path = cache_folder(data_home) / dataset.file_name
    if not path.exists():
        if not dataset.sources:
            raise OSError(
                f"{path} does not exist, and the table cannot be downloaded: nobody publishes it "
                "in this form. Copy the file there, or point `data_home` or the environment "
                "variable SKLEARN_MTL_DATA to the folder that has it."
            )
        if not download_if_missing:
            raise OSError(
                f"{path} does not exist and `download_if_missing` is False. Copy the file there, "
                "point `data_home` or the environment variable SKLEARN_MTL_DATA to the folder "
                "that has it, or allow the download."
            )
        _write_cache(_download(dataset, path), path)
    # Read back even after a download, so that the first call returns what every later one does.
    return _read_cache(path, dataset)


def verify(frame: pd.DataFrame, fingerprint: Fingerprint, *, origin: str, remedy: str) -> None:
    """Raise a `ValueError` unless a table is the one that the fingerprint describes.

    Parameters
    ----------
    frame : DataFrame
        Table as read.
    fingerprint : Fingerprint
        What it must be.
    origin : str
        File or address, for the message.
    remedy : str
        What the user can do, for the message.
    """
    expected_columns = list(fingerprint.column_means)
    if list(frame.columns) != expected_columns:
        raise ValueError(
            f"{origin} has the wrong columns: expected {expected_columns}, "
            f"found {list(frame.columns)}. {remedy}"
        )
    if len(frame) != fingerprint.n_rows:
        raise ValueError(
            f"{origin} has the wrong number of rows: expected {fingerprint.n_rows}, "
            f"found {len(frame)}. {remedy}"
        )
    for name, expected in fingerprint.column_means.items():
        found = _mean(frame[name], fingerprint.n_missing.get(name, 0))
        # Written so that a NaN mean fails as well.
        if not abs(found - expected) <= _MEAN_TOLERANCE * max(1.0, abs(expected)):
            raise ValueError(
                f"{origin} has the wrong values in column {name!r}: expected a mean of "
                f"{expected:.10g}, found {found:.10g}. {remedy}"
            )


def _mean(column: pd.Series, n_missing: int = 0) -> float:
    """Mean of a numeric column; of a time column, the mean hour since 1970.

    NaN for words among the numbers, and unless exactly `n_missing` values are missing.
    """
    if column.isna().sum() != n_missing:
        return float("nan")
    if pd.api.types.is_datetime64_any_dtype(column):
        return float(((column - pd.Timestamp(0)) / pd.Timedelta(hours=1)).mean())
    if not pd.api.types.is_numeric_dtype(column):
        return float("nan")
    return float(column.mean())


def _read_cache(path: Path, dataset: MeasuredDataset) -> pd.DataFrame:
    remedy = (
        "Delete the file to download it again."
        if dataset.sources
        else "Replace the file by an undamaged copy."
    )
    try:
        frame = pd.read_csv(path)
    # What a truncated, a foreign and a damaged gzip file raise, and pandas for no table in it.
    except (EOFError, BadGzipFile, zlib.error, ValueError) as error:
        raise ValueError(f"{path} is not a compressed table: {error}. {remedy}") from error
    if dataset.time_column is not None and dataset.time_column in frame:
        frame[dataset.time_column] = pd.to_datetime(frame[dataset.time_column], errors="coerce")
    verify(frame, dataset.fingerprint, origin=str(path), remedy=remedy)
    return frame


def _download(dataset: MeasuredDataset, path: Path) -> pd.DataFrame:
    """Return the table of the first source that delivers it."""
    failures: list[Exception] = []
    for source in dataset.sources:
        try:
            return _download_from(source, dataset.fingerprint)
        except (OSError, ValueError) as error:
            failures.append(error)
    reasons = "\n".join(f"- {failure}" for failure in failures)
    # Unreachable is the user's network; reachable but different is the publisher's change.
    kind = OSError if any(isinstance(failure, OSError) for failure in failures) else ValueError
    raise kind(
        f"{dataset.file_name} could not be downloaded:\n{reasons}\n"
        f"Without a network, copy the file to {path}, or set the environment variable "
        "SKLEARN_MTL_DATA to a folder that has it."
    ) from failures[-1]


def _download_from(source: Source, fingerprint: Fingerprint) -> pd.DataFrame:
    url = source.url
    if source.locate is not None:
        try:
            url = source.locate(_read_url(source.url))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{source.url} does not name a file: {error!r}.") from error
    content = _read_url(url)
    remedy = "The publisher may have changed it: please report this."
    try:
        frame = source.parse(content)
    # A truncated archive, a login page or another table: what parsers raise for them differs.
    except Exception as error:
        raise ValueError(f"{url} has unexpected content: {error}. {remedy}") from error
    verify(frame, fingerprint, origin=url, remedy=remedy)
    return frame


def _read_url(url: str) -> bytes:
    try:
        with urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
            return response.read()
    # http.client raises IncompleteRead, which is no OSError, when the connection breaks.
    except (OSError, HTTPException) as error:
        raise OSError(f"{url} could not be read: {error}") from error


def _write_cache(frame: pd.DataFrame, path: Path) -> None:
    """Write beside the final place and move, so that no reader ever sees half a table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        complete = Path(folder) / path.name
        frame.to_csv(complete, index=False)
        os.replace(complete, path)


def _bunch(
    dataset: MeasuredDataset, frame: pd.DataFrame, return_X_y: bool
) -> Bunch | tuple[pd.DataFrame, pd.DataFrame]:
    if dataset.time_column is not None:
        frame = frame.set_index(dataset.time_column)
    target_names = list(dataset.target_names)
    groups = [] if dataset.group_column is None else [dataset.group_column]
    data = frame.drop(columns=target_names + groups)
    target = frame[target_names]
    if return_X_y:
        return data, target
    feature_names = data.columns.tolist()
    bunch: dict[str, Any] = {
        "data": data,
        "target": target,
        "frame": frame,
        "feature_names": feature_names,
        "target_names": target_names,
        "feature_units": {name: dataset.units[name] for name in feature_names},
        "target_units": {name: dataset.units[name] for name in target_names},
        "DESCR": dataset.description,
    }
    bunch.update({name: frame[name] for name in groups})
    return Bunch(**bunch)
