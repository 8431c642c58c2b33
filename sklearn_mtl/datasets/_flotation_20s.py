"""The first two days of the flotation plant as logged: sensors every 20 s, assays apart."""

from __future__ import annotations

import os

import pandas as pd
from sklearn.utils import Bunch

from sklearn_mtl.datasets._fetch import Fingerprint, MeasuredDataset, fetch_table
from sklearn_mtl.datasets._flotation_columns import FEED_NAMES, TARGET_NAMES, UNITS

FLOTATION_20S = MeasuredDataset(
    file_name="flotation_20s_sample.csv.gz",
    sources=(),  # the public copy has lost its decimal commas
    fingerprint=Fingerprint(
        n_rows=7734,
        column_means={
            "timestamp": 413_662.513889,  # hours since 1970
            "iron_feed_pct": 57.4731574864,
            "silica_feed_pct": 13.4763537626,
            "starch_flow": 3670.44970781,
            "amina_flow": 491.723781355,
            "ore_pulp_flow": 399.772595487,
            "ore_pulp_ph": 9.99804204939,
            "ore_pulp_density": 1.7380748707,
            "col01_air_flow": 250.072407292,
            "col02_air_flow": 250.133739074,
            "col03_air_flow": 250.050162917,
            "col04_air_flow": 295.096,
            "col05_air_flow": 306.4,
            "col06_air_flow": 250.080564908,
            "col07_air_flow": 250.046469356,
            "col01_level": 532.42649263,
            "col02_level": 541.103901409,
            "col03_level": 532.843243923,
            "col04_level": 508.336843292,
            "col05_level": 528.250705133,
            "col06_level": 538.036890807,
            "col07_level": 529.111337018,
            "y1_iron_concentrate_pct": 66.063064391,
            "y2_silica_concentrate_pct": 2.25259115593,
        },
        n_missing={"starch_flow": 458},
    ),
    target_names=TARGET_NAMES,
    time_column="timestamp",
    units=UNITS,
    description="""\
Iron-ore reverse flotation, sample at the original rate
-------------------------------------------------------
7,734 rows from 10 March 2017 01:02 to 11 March 19:59: sensors every 20 s; laboratory values of the
concentrate, one an hour (43 of each target); laboratory values of the feed, which change six times.

For the mechanics of alignment, not for claims of accuracy: there are 43 labels. A laboratory value
is stamped with its hour in the original; here it is placed at the last row of the hour, so that a
window of one hour before it holds that hour's sensors. When the result was known is not told.

E. Magalhaes Oliveira, "Quality Prediction in a Mining Process", Kaggle 2017
(edumagalhaes/quality-prediction-in-a-mining-process). Copy used: GitHub core-skills/
09-deep-learning, under the MIT licence; for the data none is stated.

Changed: the copy had lost its decimal commas. Decimal points were put back from each sensor's
range; 458 values of the starch flow, which spans several decades, could not be restored and are
NaN. The hourly means then equal those of the hourly table. Seconds were rebuilt: the original has
hours only.
""",
)


def fetch_20s(*, data_home: str | os.PathLike[str] | None, download_if_missing: bool) -> Bunch:
    """Load the sample; parameters and result as documented by `fetch_flotation`."""
    frame = fetch_table(
        FLOTATION_20S, data_home=data_home, download_if_missing=download_if_missing
    ).set_index("timestamp")
    return Bunch(**split_rates(frame), frame=frame, DESCR=FLOTATION_20S.description)


def split_rates(frame: pd.DataFrame) -> dict[str, object]:
    """Take the table apart into what was measured every 20 s, every hour, and at times."""
    feed = frame[list(FEED_NAMES)]
    sources = {
        "sensors": frame.drop(columns=[*FEED_NAMES, *TARGET_NAMES]),
        "feed": feed[(feed != feed.shift()).any(axis=1)],
    }
    target = frame.loc[_ends_of_hours(frame.index), list(TARGET_NAMES)]
    return {
        "sources": sources,
        "times": target.index,
        "target": target,
        "target_names": list(TARGET_NAMES),
        "feature_units": {
            source: {name: UNITS[str(name)] for name in table} for source, table in sources.items()
        },
        "target_units": {name: UNITS[name] for name in TARGET_NAMES},
    }


def _ends_of_hours(index: pd.Index) -> pd.Index:
    hours = index.to_series().dt.floor("h")
    return index[~hours.duplicated(keep="last")]
