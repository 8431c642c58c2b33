"""The fermentation of chemotools: two rates that meet, and nothing lost on the way."""

import sys

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.datasets import load_fermentation
from sklearn_mtl.preprocessing import align_windows


@pytest.fixture(scope="module")
def batch():
    pytest.importorskip("chemotools")
    return load_fermentation()


def test_shapes_names_and_units(batch):
    spectra = batch.sources["spectra"]
    assert spectra.shape == (1629, 1047)
    assert batch.target.shape == (34, 5)
    assert batch.target_names == ["glucose", "xylose", "acetic_acid", "ethanol", "furfural"]
    assert list(batch.target.columns) == list(batch.target_units) == batch.target_names
    assert spectra.notna().all(axis=None)
    assert batch.target.notna().all(axis=None)
    assert list(spectra.columns[[0, -1]]) == ["w428", "w1833"]
    np.testing.assert_array_equal(batch.wavenumbers, [float(name[1:]) for name in spectra.columns])
    assert (np.diff(batch.wavenumbers) > 0).all()


def test_times(batch):
    index = batch.sources["spectra"].index
    assert (np.diff(index) == np.timedelta64(75, "s")).all()
    assert index[0] == batch.times[0] == pd.Timestamp("2000-01-01")
    assert index[-1] >= batch.times[-1]
    assert batch.target.index.equals(batch.times)
    hours = (batch.times - batch.times[0]) / pd.Timedelta("1h")
    np.testing.assert_allclose(hours, batch.time_h, atol=1 / 3600)


def test_spectra_meet_their_samples(batch):
    samples = align_windows(batch.sources, batch.times, lookback="75s", targets=batch.target)
    assert samples.layout == {"spectra": (1, 1047)}
    assert samples.X.notna().all(axis=None)
    assert samples.age["spectra"].max() < pd.Timedelta("75s")
    spectra = batch.sources["spectra"]
    for t, row in zip(batch.times, samples.X.to_numpy(), strict=True):
        np.testing.assert_array_equal(row, spectra[spectra.index <= t].iloc[-1])


def test_same_values_as_the_copy_among_the_real_data(batch, data_home):
    spectra = pd.read_csv(data_home / "fermentation_spectra.csv.gz")
    assays = pd.read_csv(data_home / "fermentation_hplc.csv.gz")
    np.testing.assert_allclose(batch.sources["spectra"], spectra.drop(columns="time_h"), atol=6e-5)
    np.testing.assert_allclose(batch.target, assays.drop(columns="time_h"), rtol=1e-9)
    np.testing.assert_allclose(batch.time_h, assays["time_h"], atol=1e-6)


def test_without_the_package_the_extra_is_named(monkeypatch):
    for name in ("chemotools", "chemotools.datasets"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"sklearn-mtl\[chemotools\]"):
        load_fermentation()
