"""Debutanizer column: butane in the bottom product from seven sensors."""

from __future__ import annotations

import os
from io import BytesIO

import pandas as pd
from sklearn.utils import Bunch

from sklearn_mtl.datasets._fetch import Fingerprint, MeasuredDataset, Source, fetch

_COLUMNS = [
    "u1_top_temperature",
    "u2_top_pressure",
    "u3_reflux_flow",
    "u4_flow_to_next_process",
    "u5_sixth_tray_temperature",
    "u6_bottom_temperature_1",
    "u7_bottom_temperature_2",
    "y_butane_c4",
]


def parse_text(content: bytes) -> pd.DataFrame:
    """Read the publishers' file: a header line, then columns of equal width."""
    return pd.read_csv(BytesIO(content), sep=r"\s+", header=None, names=_COLUMNS, skiprows=1)


DEBUTANIZER = MeasuredDataset(
    file_name="debutanizer.csv.gz",
    sources=(
        Source(
            url="https://raw.githubusercontent.com/tonyzyl/"
            "Semisupervised-VAE-for-Regression-Application-on-Soft-Sensor/"
            "ef90d419058c2eabaac3af27fa2cfaec89535636/data/Debutanizer_Column_Data.txt",
            parse=parse_text,
        ),
    ),
    fingerprint=Fingerprint(
        n_rows=2394,
        column_means={
            "u1_top_temperature": 0.283894040811,
            "u2_top_pressure": 0.667847075296,
            "u3_reflux_flow": 0.598466725103,
            "u4_flow_to_next_process": 0.435947505715,
            "u5_sixth_tray_temperature": 0.658086418002,
            "u6_bottom_temperature_1": 0.620741390624,
            "u7_bottom_temperature_2": 0.589396532891,
            "y_butane_c4": 0.267787804909,
        },
    ),
    target_names=("y_butane_c4",),
    units=dict.fromkeys(_COLUMNS, "scaled to 0-1"),
    description="""\
Debutanizer column
------------------
2,394 rows in time order at one regular rate, without timestamps. Seven temperatures, pressures and
flows of a distillation column, and the butane content of its bottom product, which an analyser
reports with a delay. All values were scaled to 0-1 by the publishers. With a single target it
serves as a control case: a multi-task method has nothing to gain here.

L. Fortuna, S. Graziani, A. Rizzo, M. G. Xibilia, "Soft Sensors for Monitoring and Control of
Industrial Processes", Springer 2007.

Licence: not stated by the publishers. Changed: column names only.
""",
)


def fetch_debutanizer(
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.DataFrame]:
    """Load the debutanizer column (one target, chronological).

    The single-target control case among the measured data sets.

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

        data : DataFrame of shape (2394, 7)
            Inputs.
        target : DataFrame of shape (2394, 1)
            Butane content; a frame of one column, as every data set of this package.
        frame : DataFrame of shape (2394, 8)
            Inputs and target.
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
    >>> from sklearn_mtl.datasets import fetch_debutanizer
    >>> X, y = fetch_debutanizer(return_X_y=True)  # doctest: +SKIP
    >>> X.shape, y.shape  # doctest: +SKIP
    ((2394, 7), (2394, 1))
    """
    return fetch(
        DEBUTANIZER,
        data_home=data_home,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
    )
