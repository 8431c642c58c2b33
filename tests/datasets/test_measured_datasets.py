"""The measured data sets: their tables, and the encodings their publishers use."""

import json
import zipfile
from dataclasses import replace
from io import BytesIO

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.datasets import (
    _debutanizer,
    _fetch,
    _flotation,
    _flotation_20s,
    _gas_turbine,
    _sru,
    fetch_debutanizer,
    fetch_flotation,
    fetch_gas_turbine,
    fetch_sru,
)
from sklearn_mtl.datasets._fetch import Fingerprint, fetch
from sklearn_mtl.preprocessing import align_windows

FETCHERS = {
    fetch_sru: (_sru.SRU, (10081, 5), 2),
    fetch_debutanizer: (_debutanizer.DEBUTANIZER, (2394, 7), 1),
    fetch_gas_turbine: (_gas_turbine.GAS_TURBINE, (36733, 9), 2),
    fetch_flotation: (_flotation.FLOTATION, (4073, 21), 2),
}


# How each publisher writes the table; the inverse of the parsers.


def encode_arff(frame):
    names = {ours: theirs for theirs, ours in _sru._OPENML_NAMES.items()}
    head = "% comment\n@RELATION sulfur\n\n"
    head += "".join(f"@ATTRIBUTE {names[column]} REAL\n" for column in frame)
    return f"{head}\n@DATA\n{frame.to_csv(index=False, header=False)}".encode()


def encode_text(frame):
    rows = "\n".join("  ".join(f"{value: .16e}" for value in row) for row in frame.to_numpy())
    return f"  u1   u2   u3 \n{rows}\n\n".encode()


def encode_zip(frame):
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for year, table in frame.groupby("year"):
            archive.writestr(f"gt_{year}.csv", table.drop(columns="year").to_csv(index=False))
    return buffer.getvalue()


def encode_hourly_csv(frame):
    earlier = frame.iloc[:1].assign(timestamp=pd.Timestamp("2017-03-10 01:00:00"))
    names = {ours: theirs for theirs, ours in _flotation._NAMES.items()}
    return pd.concat([earlier, frame]).rename(columns=names).to_csv(index=False).encode()


ENCODINGS = [
    pytest.param(_sru.SRU, 0, encode_arff, id="sru-openml"),
    pytest.param(_sru.SRU, 1, encode_text, id="sru-text"),
    pytest.param(_debutanizer.DEBUTANIZER, 0, encode_text, id="debutanizer"),
    pytest.param(_gas_turbine.GAS_TURBINE, 0, encode_zip, id="gas-turbine"),
    pytest.param(_flotation.FLOTATION, 0, encode_hourly_csv, id="flotation"),
]


def synthetic_frame(dataset):
    """Ten rows with the columns of a data set, and the fingerprint of them."""
    rng = np.random.default_rng(0)
    columns = list(dataset.fingerprint.column_means)
    frame = pd.DataFrame(rng.uniform(1, 9, size=(10, len(columns))).round(4), columns=columns)
    if dataset.group_column == "year":
        frame["year"] = np.repeat(_gas_turbine._YEARS, 2)
    if dataset.time_column:
        frame[dataset.time_column] = pd.date_range("2017-03-11 01:00:00", periods=10, freq="h")
    means = {column: _fetch._mean(frame[column]) for column in frame}
    return frame, Fingerprint(len(frame), means)


def served_by(dataset, source, content, tmp_path):
    """The data set with one source, whose file (and catalogue entry) lie in a folder."""
    file = tmp_path / "published"
    file.write_bytes(content)
    url = file.as_uri()
    if source.locate is not None:
        entry = tmp_path / "entry.json"
        entry.write_text(json.dumps({"data_set_description": {"url": url}}))
        url = entry.as_uri()
    return replace(dataset, sources=(replace(source, url=url),))


@pytest.mark.parametrize(("dataset", "source", "encode"), ENCODINGS)
def test_publishers_encoding_of_a_small_table(dataset, source, encode, tmp_path):
    frame, fingerprint = synthetic_frame(dataset)
    small = replace(dataset, fingerprint=fingerprint)
    local = served_by(small, dataset.sources[source], encode(frame), tmp_path)
    cache = tmp_path / "cache"
    bunch = fetch(local, data_home=cache, download_if_missing=True, return_X_y=False)
    if dataset.time_column:
        frame = frame.set_index(dataset.time_column)
    pd.testing.assert_frame_equal(bunch.frame, frame, check_index_type=False, check_freq=False)


@pytest.mark.parametrize(("dataset", "source", "encode"), ENCODINGS)
def test_publishers_encoding_of_the_real_table(dataset, source, encode, data_home, tmp_path):
    options = {"download_if_missing": True, "return_X_y": False}
    real = fetch(dataset, data_home=data_home, **options).frame
    published = real.reset_index() if dataset.time_column else real
    local = served_by(dataset, dataset.sources[source], encode(published), tmp_path)
    downloaded = fetch(local, data_home=tmp_path / "cache", **options).frame
    pd.testing.assert_frame_equal(downloaded, real, rtol=1e-12)


@pytest.mark.parametrize(("dataset", "source", "encode"), ENCODINGS)
def test_truncated_content_is_refused(dataset, source, encode, tmp_path):
    frame, fingerprint = synthetic_frame(dataset)
    content = encode(frame)
    small = replace(dataset, fingerprint=fingerprint)
    local = served_by(small, dataset.sources[source], content[: len(content) // 2], tmp_path)
    with pytest.raises(ValueError, match="published has"):
        fetch(local, data_home=tmp_path / "cache", download_if_missing=True, return_X_y=False)
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("fetcher", FETCHERS)
def test_real_table(fetcher, data_home):
    dataset, shape, n_targets = FETCHERS[fetcher]
    bunch = fetcher(data_home=data_home, download_if_missing=False)
    assert bunch.data.shape == shape
    assert bunch.target.shape == (shape[0], n_targets)
    assert bunch.target_names == list(dataset.target_names)
    assert bunch.frame.notna().all(axis=None)
    X, y = fetcher(data_home=data_home, return_X_y=True)
    pd.testing.assert_frame_equal(X, bunch.data)
    pd.testing.assert_frame_equal(y, bunch.target)


def test_gas_turbine_years(data_home):
    turbine = fetch_gas_turbine(data_home=data_home)
    assert turbine.year.is_monotonic_increasing
    assert (turbine.year <= 2012).sum() == 15039
    assert "year" not in turbine.data
    assert "year" in turbine.frame


def test_flotation_time(data_home):
    index = fetch_flotation(data_home=data_home).data.index
    assert isinstance(index, pd.DatetimeIndex)
    assert index.is_monotonic_increasing
    assert index.to_series().diff().max() > pd.Timedelta(days=12)


@pytest.fixture(scope="module")
def sample(data_home):
    return fetch_flotation(sampling="20s", data_home=data_home)


def test_flotation_sample_at_its_own_rates(sample):
    sensors, feed = sample.sources["sensors"], sample.sources["feed"]
    assert sensors.shape == (7734, 19)
    assert (np.diff(sensors.index) == np.timedelta64(20, "s")).all()
    assert sensors.isna().sum().to_dict() == {
        **dict.fromkeys(sensors.columns, 0),
        "starch_flow": 458,
    }
    for source, frame in sample.sources.items():
        assert list(sample.feature_units[source]) == list(frame.columns)
    assert list(sample.target_units) == sample.target_names == list(sample.target.columns)
    # Between its changes the feed holds: both rates together are the whole table again.
    held = feed.reindex(sensors.index, method="ffill")
    pd.testing.assert_frame_equal(held, sample.frame[feed.columns])
    assert len(feed) == 6


def test_flotation_sample_has_one_label_an_hour(sample):
    assert sample.target.shape == (43, 2)
    assert sample.target.index.equals(sample.times)
    by_hour = sample.frame[sample.target_names].groupby(sample.frame.index.floor("h"))
    assert (by_hour.nunique() == 1).all(axis=None)
    np.testing.assert_array_equal(by_hour.first(), sample.target)


def test_windows_of_the_flotation_sample_are_the_hours_of_the_hourly_table(sample, data_home):
    hourly = fetch_flotation(data_home=data_home)
    samples = align_windows(
        {"sensors": sample.sources["sensors"].drop(columns="starch_flow")},
        sample.times,
        lookback="1h",
        targets=sample.target,
    )
    hours = samples.times.floor("h")
    common = hours.isin(hourly.data.index)
    assert common.sum() == 19
    windows = samples.X[common].to_numpy().reshape(19, 18, 180)
    expected = hourly.data.loc[hours[common]].drop(columns=["starch_flow", *sample.sources["feed"]])
    np.testing.assert_allclose(windows.mean(axis=2), expected, rtol=1e-4)
    np.testing.assert_allclose(samples.y[common], hourly.target.loc[hours[common]], atol=1e-9)


def test_flotation_sample_cannot_be_downloaded(tmp_path):
    with pytest.raises(
        OSError, match=r"flotation_20s_sample\.csv\.gz.*cannot be downloaded.*SKLEARN_MTL_DATA"
    ):
        fetch_flotation(sampling="20s", data_home=tmp_path)


def test_damaged_flotation_sample_is_refused(sample, tmp_path):
    path = tmp_path / _flotation_20s.FLOTATION_20S.file_name
    table = sample.frame.reset_index()
    table.assign(starch_flow=table["starch_flow"].ffill()).to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"'starch_flow'.*found nan.*undamaged copy"):
        fetch_flotation(sampling="20s", data_home=tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sampling": "minutely"}, "'hourly' or '20s'. Got 'minutely'"),
        ({"sampling": "20s", "return_X_y": True}, "several rates"),
    ],
)
def test_wrong_sampling_of_flotation(arguments, message):
    with pytest.raises(ValueError, match=message):
        fetch_flotation(**arguments)


@pytest.mark.parametrize("fetcher", FETCHERS)
def test_every_column_has_a_unit_and_a_mean(fetcher):
    dataset, shape, n_targets = FETCHERS[fetcher]
    columns = list(dataset.fingerprint.column_means)
    left_out = [c for c in (dataset.time_column, dataset.group_column) if c]
    assert set(dataset.units) == set(columns) - set(left_out)
    assert len(dataset.units) == shape[1] + n_targets
    assert dataset.fingerprint.n_rows == shape[0]


@pytest.mark.parametrize("fetcher", FETCHERS)
def test_absent_table_without_download(fetcher, tmp_path):
    with pytest.raises(OSError, match="download_if_missing"):
        fetcher(data_home=tmp_path, download_if_missing=False)
