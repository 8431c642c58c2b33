"""Pipelines of the papers: from a configuration to predictions."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

import sklearn_mtl.search
from sklearn_mtl.datasets import make_multirate_sintering, make_sintering
from sklearn_mtl.metrics import masked_r2_score
from sklearn_mtl.pipelines import attention_mmoe_pipeline, msbcnn_pipeline, tmoep_pipeline
from sklearn_mtl.preprocessing import LagFeaturizer, LastValueHold, align_windows

QUICK = {"max_epochs": 2, "channels_3": 8, "random_state": 0, "max_gap": 10}
PIPELINES = {
    "ms_bcnn": (msbcnn_pipeline, {"calendar": None, "channels_3": 8}),
    "attention_mmoe": (attention_mmoe_pipeline, {"n_experts": 2, "contamination": None}),
    "tmoep": (tmoep_pipeline, {"n_blocks": 1}),
}


@pytest.fixture(scope="module")
def samples():
    plant = make_multirate_sintering(80, random_state=0, missing_fraction=0.01)
    return align_windows(
        {name: table.iloc[:, :3] for name, table in plant.sources.items()},
        plant.times,
        plant.lookback,
        plant.dead_time,
        plant.target,
        time_column=True,
    )


@pytest.fixture(scope="module")
def rows():
    return make_sintering(80, random_state=0, return_X_y=True)


def test_defaults_are_the_exemplar_configuration():
    resampler = msbcnn_pipeline().get_params()["prepare__windows__resample"]
    assert (resampler.operator, resampler.length) == ("hybrid", 12)
    model = msbcnn_pipeline()["model"]
    assert (model.fusion, model.norm, model.batch_size) == ("concat", "batch", 32)
    assert model.learning_rate == 1e-3


def test_the_network_is_told_windows_and_calendar(samples):
    sensor = msbcnn_pipeline(operator="pool", pool="max", length=8, **QUICK)
    predicted = sensor.fit(samples.X, samples.y).predict(samples.X)
    assert predicted.shape == samples.y.shape
    assert (sensor["model"].seq_len_, sensor["model"].n_static_) == (8, 8)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(sensor)).predict(samples.X), predicted)


def test_scaling_is_that_of_the_training_part(samples):
    sensor = msbcnn_pipeline(**QUICK).fit(samples.X[:50], samples.y[:50])
    scaled = sensor[:-1].transform(samples.X)
    assert scaled[:50].min(axis=None) >= -1e-12 and scaled[:50].max(axis=None) <= 1 + 1e-12
    assert scaled[50:].min(axis=None) < 0 or scaled[50:].max(axis=None) > 1


def test_without_a_column_of_times(samples):
    X = samples.X.drop(columns="time")
    sensor = msbcnn_pipeline(calendar=None, layout=samples.layout, **QUICK).fit(X, samples.y)
    assert sensor["model"].n_static_ == 0


def test_a_later_year_is_not_refused(samples):
    sensor = msbcnn_pipeline(**QUICK).fit(samples.X, samples.y)
    later = samples.X.assign(time=samples.X["time"] + np.timedelta64(3 * 365, "D"))
    assert len(sensor.predict(later)) == len(later)


def test_its_parameters_can_be_searched(samples):
    def score(estimator, X, y):
        return masked_r2_score(y, estimator.predict(X), nan_prediction="skip")

    grid = {
        "prepare__windows__resample__operator": ["linear", "fir_lowpass"],
        "model__fusion": ["gating"],
    }
    search = GridSearchCV(
        clone(msbcnn_pipeline(**QUICK)), grid, cv=TimeSeriesSplit(2), scoring=score
    )
    search.fit(samples.X, samples.y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_schedules():
    assert msbcnn_pipeline(scheduler="plateau")["model"].scheduler == "plateau"
    assert msbcnn_pipeline(scheduling="off", scheduler="plateau")["model"].scheduler is None
    with pytest.raises(ValueError, match=r"`scheduling` must be 'on' or 'off'. Got True"):
        msbcnn_pipeline(scheduling=True)


def make(name, **changes):
    function, quick = PIPELINES[name]
    return function(**{"max_epochs": 2, "random_state": 0, **quick, **changes})


@pytest.mark.parametrize("coding", ["levels", "differences", "differences+level"])
@pytest.mark.parametrize("name", PIPELINES)
def test_a_table_of_plain_rows(rows, name, coding):
    X, y = rows
    sensor = make(name, lags=3, coding=coding).fit(X[:60], y[:60])
    predicted = sensor.predict(X)
    assert np.isfinite(predicted).all() and predicted.shape == y.shape
    # No value is learned from the names, and an array has no index.
    from_arrays = make(name, lags=3, coding=coding).fit(X[:60].to_numpy(), y[:60].to_numpy())
    np.testing.assert_array_equal(from_arrays.predict(X.to_numpy()), predicted)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(sensor)).predict(X), predicted)


@pytest.mark.parametrize("name", PIPELINES)
def test_rows_without_their_past_can_be_left_out(rows, name):
    X, y = rows
    sensor = make(name, lags=3, history="exclude").fit(X[:60], y[:60])
    with pytest.warns(UserWarning, match="3 of 80 rows have NaN in X"):
        predicted = sensor.predict(X)
    assert np.flatnonzero(np.isnan(predicted).all(axis=1)).tolist() == [0, 1, 2]
    assert sensor["model"].n_rows_excluded_ == 3


@pytest.mark.parametrize("name", PIPELINES)
def test_the_series_can_go_on(rows, name):
    X, y = rows
    sensor = make(name, lags=3, history="carry").fit(X[:60], y[:60])
    alone = make(name, lags=3).fit(X[:60], y[:60])
    np.testing.assert_allclose(sensor.predict(X[60:]), alone.predict(X)[60:], rtol=1e-10)
    assert not np.allclose(sensor.predict(X[60:]), alone.predict(X[60:]))


@pytest.mark.parametrize(("coding", "n_steps"), [("levels", 6), ("differences", 5)])
def test_ms_bcnn_sees_the_lags_as_windows(rows, coding, n_steps):
    X, _ = rows
    # As many steps as come in: resampling is then the identity.
    prepare = make("ms_bcnn", lags=5, coding=coding, length=n_steps)[:1]
    expected = LagFeaturizer(5, coding=coding).fit_transform(X)
    np.testing.assert_allclose(prepare.fit_transform(X), expected)


def test_levels_behind_differences_have_no_time_axis(rows):
    X, y = rows
    sensor = make("ms_bcnn", lags=5, coding="differences+level", length=8).fit(X, y)
    assert (sensor["model"].seq_len_, sensor["model"].n_static_) == (8, X.shape[1])
    levels = sensor[:1].transform(X).iloc[:, -X.shape[1] :]
    np.testing.assert_array_equal(levels, X)
    assert levels.columns.tolist() == X.columns.tolist()


def test_ms_bcnn_holds_missing_values_of_plain_rows(rows):
    X, y = (table.copy() for table in rows)
    X.iloc[20:22, 0] = X.iloc[40:44, 1] = np.nan
    sensor = make("ms_bcnn", lags=3, coding="differences+level", max_gap=2)
    sensor.fit(X, y)
    with pytest.warns(UserWarning, match="5 of 80 rows have NaN in X"):
        predicted = sensor.predict(X)
    # Rows 42 and 43 stay unknown, and are in the windows up to row 46.
    assert np.flatnonzero(np.isnan(predicted).all(axis=1)).tolist() == [42, 43, 44, 45, 46]
    levels = sensor[:1].transform(X).iloc[:, -X.shape[1] :]
    np.testing.assert_array_equal(levels, LastValueHold(2).fit_transform(X))


def test_plain_rows_with_times(rows):
    X, y = rows
    X = X.assign(time=np.datetime64("2026-03-01", "s") + np.arange(80) * np.timedelta64(1, "h"))
    sensor = make("ms_bcnn", lags=3, calendar=["hour"]).fit(X, y)
    assert (sensor["model"].seq_len_, sensor["model"].n_static_) == (12, 2)


def test_windows_are_described_once():
    with pytest.raises(ValueError, match=r"`layout` is .*thermal.* but lags=3 makes the windows"):
        msbcnn_pipeline(lags=3, layout={"thermal": (180, 20)})


def test_outliers_are_left_out_of_training_only(rows):
    X, y = (table.copy() for table in rows)
    X.iloc[7] *= 100
    sensor = make("attention_mmoe", contamination=0.05).fit(X, y)
    assert sensor["model"].n_rows_excluded_ == 4
    assert not sensor["filter"].inlier_mask_[7]
    # Standardised by the rows that are kept.
    kept = X[sensor["filter"].inlier_mask_]
    np.testing.assert_allclose(sensor["scale"].mean_, kept.mean())
    assert np.isfinite(sensor.predict(X)).all()
    assert "filter" not in make("attention_mmoe").named_steps


def test_one_seed_for_forest_and_network(rows):
    X, y = rows
    first, second, other = (
        make("attention_mmoe", contamination=0.1, random_state=seed).fit(X, y) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    assert (first["filter"].anomaly_scores_ != other["filter"].anomaly_scores_).any()


def test_the_past_of_a_row_is_that_of_the_papers():
    assert tmoep_pipeline()["lags"].get_params() == LagFeaturizer(lags=9).get_params()
    assert list(attention_mmoe_pipeline().named_steps) == ["filter", "scale", "model"]
    assert list(tmoep_pipeline(lags=None).named_steps) == ["scale", "model"]


def test_the_search_package_hands_it_out():
    assert sklearn_mtl.search.msbcnn_pipeline is msbcnn_pipeline
    assert "msbcnn_pipeline" in dir(sklearn_mtl.search)
    with pytest.raises(AttributeError, match="no attribute 'absent'"):
        _ = sklearn_mtl.search.absent
