"""The pipeline of MS-BCNN: from a configuration to predictions."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

import sklearn_mtl.search
from sklearn_mtl.datasets import make_multirate_sintering
from sklearn_mtl.metrics import masked_r2_score
from sklearn_mtl.pipelines import msbcnn_pipeline
from sklearn_mtl.preprocessing import align_windows

QUICK = {"max_epochs": 2, "channels_3": 8, "random_state": 0, "max_gap": 10}


@pytest.fixture(scope="module")
def samples():
    plant = make_multirate_sintering(80, random_state=0, missing_fraction=0.01)
    return align_windows(
        plant.sources,
        plant.times,
        plant.lookback,
        plant.dead_time,
        plant.target,
        time_column=True,
    )


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


def test_the_search_package_hands_it_out():
    assert sklearn_mtl.search.msbcnn_pipeline is msbcnn_pipeline
    assert "msbcnn_pipeline" in dir(sklearn_mtl.search)
    with pytest.raises(AttributeError, match="no attribute 'absent'"):
        _ = sklearn_mtl.search.absent
