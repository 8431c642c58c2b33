"""Ethanol fermentation: infrared spectra every 75 s, five assays about once an hour."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from sklearn_mtl._optional import import_optional

# The source tells hours since the start only; windows need dates.
_ORIGIN = pd.Timestamp("2000-01-01")
_SPECTRUM_INTERVAL = pd.Timedelta(seconds=75)

_DESCRIPTION = """\
Lignocellulosic ethanol fermentation
------------------------------------
One batch of 33.9 hours at the Technical University of Denmark, 2019. An on-line mid-infrared probe
took 1,629 spectra (1,047 wavenumbers from 428 to 1833 1/cm), one every 1.25 minutes; 34 samples,
about one an hour, were analysed off-line by chromatography for glucose, xylose, acetic acid,
ethanol and furfural.

The edges of the spectra are very noisy: 950 to 1550 1/cm are of use. 34 labels of one batch trend
together, so a split other than by time flatters.

P. Cabaneros Lopez, I. A. Udugama, S. T. Thomsen, C. Roslander, H. Junicke, M. Mauricio Iglesias,
K. V. Gernaey, "Transforming data to information: a parallel hybrid model for real-time state
estimation in lignocellulosic ethanol fermentation", Biotechnology and Bioengineering 118 (2021).

Distributed by the first author in the Python package chemotools. Licence: MIT (of the package; the
data have no separate statement). Added: times. The source has no times of the spectra: they are
spaced evenly by 1.25 minutes; and the date 2000-01-01 is arbitrary.
"""


def load_fermentation() -> Bunch:
    """Load an ethanol fermentation: fast spectra and slow assays of five concentrations.

    A measured case of two rates that works offline: the data come with the package ``chemotools``
    (``pip install "sklearn-mtl[chemotools]"``).

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        With the attributes

        sources : dict of str to DataFrame
            ``spectra``, 1629 rows with 1047 absorbances. The DatetimeIndex begins on 2000-01-01,
            an arbitrary date: the source tells hours since the start only.
        times : DatetimeIndex of shape (34,)
            When the samples were taken, from the same date on.
        time_h : ndarray of shape (34,)
            The same in hours since the start.
        target : DataFrame of shape (34, 5)
            Concentrations of glucose, xylose, acetic acid, ethanol and furfural.
        wavenumbers : ndarray of shape (1047,)
            Of the columns of the spectra, in 1/cm.
        target_names : list of str
            Column names of ``target``.
        target_units : dict of str to str
            Unit of each target.
        DESCR : str
            Origin, citation, licence and what was added.

    Raises
    ------
    ImportError
        If ``chemotools`` is not installed.

    See Also
    --------
    sklearn_mtl.preprocessing.align_windows : Finds the spectra of each sample.

    Examples
    --------
    >>> from sklearn_mtl.datasets import load_fermentation
    >>> from sklearn_mtl.preprocessing import align_windows
    >>> batch = load_fermentation()  # doctest: +SKIP
    >>> samples = align_windows(  # doctest: +SKIP
    ...     batch.sources, batch.times, lookback="5min", targets=batch.target
    ... )
    >>> samples.layout  # doctest: +SKIP
    {'spectra': (4, 1047)}
    """
    chemotools_datasets = import_optional("chemotools.datasets", extra="chemotools")
    spectra, assays = chemotools_datasets.load_fermentation_test()
    wavenumbers = spectra.columns.to_numpy(dtype=float)
    spectra.columns = [f"w{wavenumber:g}" for wavenumber in wavenumbers]
    spectra.index = pd.DatetimeIndex(
        _ORIGIN + _SPECTRUM_INTERVAL * np.arange(len(spectra)), name="time"
    )
    time_h = assays["time"].to_numpy()
    times = (_ORIGIN + pd.to_timedelta(time_h, unit="h")).round("s").rename("time")
    target = assays.drop(columns="time").set_index(times)
    return Bunch(
        sources={"spectra": spectra},
        times=times,
        time_h=time_h,
        target=target,
        wavenumbers=wavenumbers,
        target_names=target.columns.tolist(),
        target_units=dict.fromkeys(target.columns, "g/L"),
        DESCR=_DESCRIPTION,
    )
