"""Sulfur recovery unit: two gas concentrations from five flows, every minute."""

from __future__ import annotations

import json
import os
import re
from io import BytesIO

import pandas as pd
from sklearn.utils import Bunch

from sklearn_mtl.datasets._fetch import Fingerprint, MeasuredDataset, Source, fetch

_OPENML_NAMES = {
    "a1": "x1_mea_gas",
    "a2": "x2_air",
    "a3": "x3_secondary_air",
    "a4": "x4_sws_gas",
    "a5": "x5_sws_air",
    "y1": "y1_h2s",
    "y2": "y2_so2",
}
_COLUMNS = list(_OPENML_NAMES.values())


def locate_openml_file(entry: bytes) -> str:
    """Return the address of the file from OpenML's catalogue entry of a data set."""
    return json.loads(entry)["data_set_description"]["url"]


def parse_arff(content: bytes) -> pd.DataFrame:
    """Read OpenML's file: ``@attribute`` lines with the names, then comma-separated rows."""
    header, rows = re.split(rb"(?im)^@data[^\n]*\n", content, maxsplit=1)
    names = re.findall(rb"(?im)^@attribute\s+['\"]?(\w+)", header)
    table = pd.read_csv(BytesIO(rows), header=None, names=[name.decode() for name in names])
    return table.rename(columns=_OPENML_NAMES)


def parse_text(content: bytes) -> pd.DataFrame:
    """Read the publishers' file: a header line, then columns of equal width."""
    return pd.read_csv(BytesIO(content), sep=r"\s+", header=None, names=_COLUMNS, skiprows=1)


SRU = MeasuredDataset(
    file_name="sru.csv.gz",
    sources=(
        Source(
            url="https://api.openml.org/api/v1/json/data/23515",
            locate=locate_openml_file,
            parse=parse_arff,
        ),
        Source(
            url="https://raw.githubusercontent.com/onecoinbuybus/Database_chemoinformatics/"
            "246ba6c07ac3fc2c058a086c5cbd32fcd04a18e7/SRU_data.txt",
            parse=parse_text,
        ),
    ),
    fingerprint=Fingerprint(
        n_rows=10081,
        column_means={
            "x1_mea_gas": 0.562323381338,
            "x2_air": 0.562272781413,
            "x3_secondary_air": 0.446097051698,
            "x4_sws_gas": 0.594033553295,
            "x5_sws_air": 0.601057391459,
            "y1_h2s": 0.0807075577957,
            "y2_so2": 0.170594961152,
        },
    ),
    target_names=("y1_h2s", "y2_so2"),
    units=dict.fromkeys(_COLUMNS, "scaled to 0-1"),
    description="""\
Sulfur recovery unit of a refinery in Sicily
--------------------------------------------
10,081 rows in time order, one a minute, without timestamps. Five flows (MEA gas, air, secondary
air, gas and air of the sour-water stripping zone) and two concentrations in the tail gas, H2S and
SO2. All values were scaled to 0-1 by the publishers.

Many labels of this table lie on straight lines between fewer analyser readings, so a model that
interpolates between shuffled training rows looks better than it would be in the plant. Split by
time.

L. Fortuna, A. Rizzo, M. Sinatra, M. G. Xibilia, "Soft analyzers for a sulfur recovery unit",
Control Engineering Practice 11 (2003) 1491-1500. L. Fortuna, S. Graziani, A. Rizzo, M. G. Xibilia,
"Soft Sensors for Monitoring and Control of Industrial Processes", Springer 2007.

Licence: not stated by the publishers. Changed: column names only.
""",
)


def fetch_sru(
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.DataFrame]:
    """Load the sulfur recovery unit (two targets, chronological).

    The usual benchmark of multi-task soft sensors: H2S and SO2 in the tail gas from five flows.

    Parameters
    ----------
    data_home : str or path-like, default=None
        Cache folder. By default the one named by the environment variable ``SKLEARN_MTL_DATA``,
        or ``~/sklearn_mtl_data``.
    download_if_missing : bool, default=True
        Whether to download the table when the cache folder lacks it; otherwise raise `OSError`.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : DataFrame of shape (10081, 5)
            Inputs.
        target : DataFrame of shape (10081, 2)
            H2S and SO2 concentrations.
        frame : DataFrame of shape (10081, 7)
            Inputs and targets.
        feature_names, target_names : list of str
            Column names of ``data`` and ``target``.
        feature_units, target_units : dict of str to str
            Unit of each column.
        DESCR : str
            Origin, citation, licence and what was changed.

    (data, target) : tuple of DataFrame
        If `return_X_y` is true.

    Raises
    ------
    OSError
        If the table is absent and not downloaded, or cannot be downloaded.
    ValueError
        If the cached or downloaded table is not the expected one.

    Examples
    --------
    >>> from sklearn_mtl.datasets import fetch_sru
    >>> X, y = fetch_sru(return_X_y=True)  # doctest: +SKIP
    >>> X.shape, y.shape  # doctest: +SKIP
    ((10081, 5), (10081, 2))
    """
    return fetch(
        SRU,
        data_home=data_home,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
    )
