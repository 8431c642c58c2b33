"""Iron-ore flotation: iron and silica in the concentrate, per hour or at the original rate."""

from __future__ import annotations

import os
from io import BytesIO

import pandas as pd
from sklearn.utils import Bunch

from sklearn_mtl.datasets._fetch import Fingerprint, MeasuredDataset, Source, fetch
from sklearn_mtl.datasets._flotation_20s import fetch_20s
from sklearn_mtl.datasets._flotation_columns import N_COLUMNS, TARGET_NAMES, UNITS

_NUMBERS = range(1, N_COLUMNS + 1)
_NAMES = {
    "date": "timestamp",
    "% Iron Feed": "iron_feed_pct",
    "% Silica Feed": "silica_feed_pct",
    "Starch Flow": "starch_flow",
    "Amina Flow": "amina_flow",
    "Ore Pulp Flow": "ore_pulp_flow",
    "Ore Pulp pH": "ore_pulp_ph",
    "Ore Pulp Density": "ore_pulp_density",
    **{f"Flotation Column {i:02d} Air Flow": f"col{i:02d}_air_flow" for i in _NUMBERS},
    **{f"Flotation Column {i:02d} Level": f"col{i:02d}_level" for i in _NUMBERS},
    "% Iron Concentrate": "y1_iron_concentrate_pct",
    "% Silica Concentrate": "y2_silica_concentrate_pct",
}
# The reference table, made of two public copies, begins 24 hours after the longer one.
_FIRST_HOUR = "2017-03-11 01:00:00"


def parse_hourly_csv(content: bytes) -> pd.DataFrame:
    """Read a table of hourly means with the original column names."""
    table = pd.read_csv(BytesIO(content), parse_dates=["date"]).rename(columns=_NAMES)
    table = table[table["timestamp"] >= _FIRST_HOUR].reset_index(drop=True)
    numbers = table.select_dtypes("number").columns
    return table.assign(**table[numbers].round(4))


FLOTATION = MeasuredDataset(
    file_name="flotation_hourly.csv.gz",
    sources=(
        Source(
            url="https://raw.githubusercontent.com/Prashanta999/Prediciing_Ore_Quality/"
            "48a9c607efdc70f0a3e25e136f1480390458dfcc/Data_grouped_by_data.csv",
            parse=parse_hourly_csv,
        ),
    ),
    fingerprint=Fingerprint(
        n_rows=4073,
        column_means={
            "timestamp": 416_009.240609,  # hours since 1970
            "iron_feed_pct": 56.299987724,
            "silica_feed_pct": 14.636687945,
            "starch_flow": 2862.34753538,
            "amina_flow": 487.914207464,
            "ore_pulp_flow": 397.565557672,
            "ore_pulp_ph": 9.76553933219,
            "ore_pulp_density": 1.68003135281,
            "col01_air_flow": 280.328631672,
            "col02_air_flow": 277.319074319,
            "col03_air_flow": 281.264907685,
            "col04_air_flow": 299.473394206,
            "col05_air_flow": 299.879680088,
            "col06_air_flow": 292.318412202,
            "col07_air_flow": 290.994172993,
            "col01_level": 520.183233194,
            "col02_level": 522.599177068,
            "col03_level": 531.357780506,
            "col04_level": 419.765719715,
            "col05_level": 424.660358679,
            "col06_level": 429.315552443,
            "col07_level": 420.401208495,
            "y1_iron_concentrate_pct": 65.0408580899,
            "y2_silica_concentrate_pct": 2.33031426467,
        },
    ),
    target_names=TARGET_NAMES,
    time_column="timestamp",
    units=UNITS,
    description="""\
Iron-ore reverse flotation
--------------------------
4,073 hourly rows from March to September 2017, with one gap of 13 days (16 to 29 March). Feed
assays, starch and amine flows, pulp flow, pH and density, air flow and level of seven flotation
columns; targets are the laboratory values of iron and silica in the concentrate. The sensors were
logged every 20 s and averaged per hour; the feed assays change only about 300 times and are held
between.

In parts of the original the hourly laboratory value is itself interpolated, so shuffled splits
flatter. Split by time.

E. Magalhaes Oliveira, "Quality Prediction in a Mining Process", Kaggle 2017
(edumagalhaes/quality-prediction-in-a-mining-process).

Licence: not stated in the copies used. Changed: hourly means by the copies' authors, the first 24
hours left out, 4 decimals, column names. Units as the publisher states them.
""",
)


def fetch_flotation(
    *,
    sampling: str = "hourly",
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.DataFrame]:
    """Load the iron-ore flotation plant (two targets, with timestamps).

    Iron and silica content of the concentrate from the feed assays, reagents and flotation columns:
    half a year of hourly means, or two days at the original rates.

    Parameters
    ----------
    sampling : {"hourly", "20s"}, default="hourly"
        "hourly": one table of hourly means. "20s": the first two days with the sensors every 20 s
        and the laboratory values apart, for `align_windows`. That sample cannot be downloaded: it
        must be in the cache folder.
    data_home : str or path-like, default=None
        Cache folder. By default the one named by the environment variable ``SKLEARN_MTL_DATA``,
        or ``~/sklearn_mtl_data``.
    download_if_missing : bool, default=True
        Whether to download the table when the cache folder lacks it; otherwise raise `OSError`.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch. Only for ``sampling="hourly"``.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        With ``sampling="hourly"`` the attributes

        data : DataFrame of shape (4073, 21)
            Inputs.
        target : DataFrame of shape (4073, 2)
            Iron and silica content of the concentrate.
        frame : DataFrame of shape (4073, 23)
            Inputs and targets. All three frames share a DatetimeIndex called ``timestamp``.
        feature_names, target_names : list of str
            Column names of ``data`` and ``target``.
        feature_units, target_units : dict of str to str
            Unit of each column.
        DESCR : str
            Origin, citation, licence and what was changed.

        With ``sampling="20s"`` the attributes

        sources : dict of str to DataFrame
            ``sensors`` (7734 rows, every 20 s; 458 NaN in ``starch_flow``) and ``feed`` (6 rows,
            at each change; the values hold until the next one).
        times : DatetimeIndex of shape (43,)
            Last row of each hour.
        target : DataFrame of shape (43, 2)
            Laboratory values of each hour, indexed by `times`.
        frame : DataFrame of shape (7734, 23)
            Everything at 20 s, assays repeated.
        feature_units : dict of str to dict of str to str
            By source and column.
        target_names, target_units, DESCR
            As above.

    (data, target) : tuple of DataFrame
        If `return_X_y` is true.

    Raises
    ------
    OSError
        If the table is absent and not downloaded, or cannot be downloaded.
    ValueError
        If the cached or downloaded table is not the expected one, if `sampling` is unknown, or if
        `return_X_y` is true with ``sampling="20s"``.

    Examples
    --------
    >>> from sklearn_mtl.datasets import fetch_flotation
    >>> X, y = fetch_flotation(return_X_y=True)  # doctest: +SKIP
    >>> X.index[0]  # doctest: +SKIP
    Timestamp('2017-03-11 01:00:00')
    """
    if sampling not in ("hourly", "20s"):
        raise ValueError(f"`sampling` must be 'hourly' or '20s'. Got {sampling!r}.")
    if sampling == "20s":
        if return_X_y:
            raise ValueError(
                "`return_X_y` needs one table, and sampling='20s' has sources at several rates. "
                "Use `sources` and `times` of the Bunch with `align_windows`."
            )
        return fetch_20s(data_home=data_home, download_if_missing=download_if_missing)
    return fetch(
        FLOTATION,
        data_home=data_home,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
    )
