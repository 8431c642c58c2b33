"""Gas turbine: CO and NOx emissions from nine sensors, hourly over five years."""

from __future__ import annotations

import os
from io import BytesIO
from zipfile import ZipFile

import pandas as pd
from sklearn.utils import Bunch

from sklearn_mtl.datasets._fetch import Fingerprint, MeasuredDataset, Source, fetch

_YEARS = (2011, 2012, 2013, 2014, 2015)


def parse_zip(content: bytes) -> pd.DataFrame:
    """Join the yearly tables of the archive in order, each with its year in front."""
    tables = []
    with ZipFile(BytesIO(content)) as archive:
        for year in _YEARS:
            table = pd.read_csv(BytesIO(archive.read(f"gt_{year}.csv")))
            table.insert(0, "year", year)
            tables.append(table)
    return pd.concat(tables, ignore_index=True)


GAS_TURBINE = MeasuredDataset(
    file_name="gas_turbine.csv.gz",
    sources=(
        Source(
            url="https://archive.ics.uci.edu/static/public/551/"
            "gas+turbine+co+and+nox+emission+data+set.zip",
            parse=parse_zip,
        ),
    ),
    fingerprint=Fingerprint(
        n_rows=36733,
        column_means={
            "year": 2012.9857349,
            "AT": 17.7127262537,
            "AP": 1013.07016497,
            "AH": 77.8670154902,
            "AFDP": 3.92551771432,
            "GTEP": 25.5638013775,
            "TIT": 1081.42808374,
            "TAT": 546.158517137,
            "TEY": 133.506403506,
            "CDP": 12.0605251463,
            "CO": 2.37246824891,
            "NOX": 65.2930672692,
        },
    ),
    target_names=("CO", "NOX"),
    group_column="year",
    # As the publisher states them.
    units={
        "AT": "C",
        "AP": "mbar",
        "AH": "%",
        "AFDP": "mbar",
        "GTEP": "mbar",
        "TIT": "C",
        "TAT": "C",
        "TEY": "MWh",
        "CDP": "mbar",
        "CO": "mg/m3",
        "NOX": "mg/m3",
    },
    description="""\
Gas turbine CO and NOx emissions
--------------------------------
36,733 hourly values in time order within and across the years 2011-2015, without timestamps, from
a gas turbine in north-western Turkey. Inputs: ambient temperature (AT), pressure (AP) and humidity
(AH), air-filter difference pressure (AFDP), exhaust pressure (GTEP), turbine inlet (TIT) and after
(TAT) temperature, energy yield (TEY), compressor discharge pressure (CDP). Targets: CO and NOx.
TEY may be used as a third target instead of an input.

Published protocol: train on 2011-2012, validate on 2013, test on 2014-2015. `frame["year"]` and
`year` tell the rows apart; the year is no input, because no model should extrapolate on it.

H. Kaya, P. Tufekci, E. Uzun, "Predicting CO and NOx emissions from gas turbines: novel data and a
benchmark PEMS", Turkish Journal of Electrical Engineering & Computer Sciences 27 (2019) 4783-4796.
UCI Machine Learning Repository, data set 551.

Licence: CC BY 4.0 as listed by the repository. Changed: the five yearly tables joined, with a
column `year`.
""",
)


def fetch_gas_turbine(
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.DataFrame]:
    """Load the gas turbine (two targets, hourly, five years).

    The published protocol trains on 2011-2012, validates on 2013 and tests on 2014-2015; the years
    differ enough for a model to show how it bears drift.

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

        data : DataFrame of shape (36733, 9)
            Inputs.
        target : DataFrame of shape (36733, 2)
            CO and NOx emissions.
        frame : DataFrame of shape (36733, 12)
            Year, inputs and targets.
        feature_names, target_names : list of str
            Column names of ``data`` and ``target``.
        feature_units, target_units : dict of str to str
            Unit of each column.
        year : Series of shape (36733,)
            Calendar year of each row, to split by. It is no input.
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
    >>> from sklearn_mtl.datasets import fetch_gas_turbine
    >>> turbine = fetch_gas_turbine()  # doctest: +SKIP
    >>> train = turbine.year <= 2012  # doctest: +SKIP
    >>> turbine.data[train].shape  # doctest: +SKIP
    (15039, 9)
    """
    return fetch(
        GAS_TURBINE,
        data_home=data_home,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
    )
