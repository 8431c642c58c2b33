"""PerTargetRegressor: one clone per target, on the rows where that target was measured."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl.estimators._per_target import PerTargetRegressor
from sklearn_mtl.metrics import masked_r2_score


@pytest.fixture
def plant():
    """Complete X, three targets of which each is missing elsewhere."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 4))
    y = X @ rng.normal(size=(4, 3)) + 0.1 * rng.normal(size=(80, 3))
    y[rng.random(y.shape) < 0.4] = np.nan
    return X, y


def test_equals_separate_fits_on_measured_rows(plant):
    X, y = plant
    weights = np.random.default_rng(1).random(len(X))
    for w in (None, weights):
        mine = PerTargetRegressor(Ridge()).fit(X, y, sample_weight=w)
        for k in range(3):
            rows = ~np.isnan(y[:, k])
            alone = Ridge().fit(X[rows], y[rows, k], None if w is None else w[rows])
            np.testing.assert_allclose(mine.predict(X)[:, k], alone.predict(X), rtol=1e-12)
    assert len(mine.estimators_) == mine.n_outputs_ == 3
    assert mine.n_rows_excluded_ == 0


def test_rows_with_missing_inputs_are_excluded(plant):
    X, y = plant
    holes = np.insert(X, [5, 40], np.nan, axis=0)
    holes[5, 1:] = 1e6
    mine = PerTargetRegressor(Ridge()).fit(
        holes,
        np.insert(y, [5, 40], 1e6, axis=0),
        sample_weight=np.insert(np.ones(len(X)), [5, 40], 1e6),
    )
    reference = PerTargetRegressor(Ridge()).fit(X, y, sample_weight=np.ones(len(X)))
    assert mine.n_rows_excluded_ == 2
    with pytest.warns(UserWarning, match="2 of 82 rows have a missing value") as record:
        predictions = mine.predict(holes)
    assert len(record) == 1
    missing = np.isnan(holes).any(axis=1)
    assert np.isnan(predictions[missing]).all()
    np.testing.assert_array_equal(predictions[~missing], reference.predict(X))


def test_only_excluded_rows_at_predict(plant):
    mine = PerTargetRegressor(Ridge()).fit(*plant)
    with pytest.warns(UserWarning, match="1 of 1 rows"):
        assert np.isnan(mine.predict(np.full((1, 4), np.nan))).all()


@pytest.mark.parametrize("shape", [(80,), (80, 1), (80, 2)])
def test_predictions_have_the_shape_of_y(plant, shape):
    X, _ = plant
    y = np.arange(np.prod(shape), dtype=float).reshape(shape)
    assert PerTargetRegressor(Ridge()).fit(X, y).predict(X).shape == shape


def test_clones_whose_predictions_are_columns(plant):
    X, y = plant

    class ColumnRidge(Ridge):
        def predict(self, X):
            return super().predict(X)[:, np.newaxis]

    np.testing.assert_array_equal(
        PerTargetRegressor(ColumnRidge()).fit(X, y).predict(X),
        PerTargetRegressor(Ridge()).fit(X, y).predict(X),
    )


def test_names(plant):
    X, y = plant
    frame = pd.DataFrame(y, columns=["H2S", "SO2 (ppm)", 3])
    assert PerTargetRegressor(Ridge()).fit(X, frame).target_names_ == ["H2S", "SO2 (ppm)", "3"]
    assert PerTargetRegressor(Ridge()).fit(X, y).target_names_ == ["y0", "y1", "y2"]
    named = pd.DataFrame(X, columns=list("abcd"))
    mine = PerTargetRegressor(Ridge()).fit(named, frame)
    assert list(mine.feature_names_in_) == list("abcd")
    with pytest.raises(ValueError, match="feature names"):
        mine.predict(named[list("badc")])


def test_score_is_the_masked_r2(plant):
    X, y = plant
    mine = PerTargetRegressor(Ridge()).fit(X, y)
    assert mine.score(X, y) == masked_r2_score(y, mine.predict(X))
    measured = [~np.isnan(column) for column in y.T]
    by_hand = [r2_score(y[rows, k], mine.predict(X)[rows, k]) for k, rows in enumerate(measured)]
    assert mine.score(X, y) == pytest.approx(np.mean(by_hand))
    weights = np.arange(1.0, len(X) + 1)
    assert mine.score(X, y, weights) != mine.score(X, y)


def test_score_of_a_measured_label_without_prediction_raises(plant):
    X, y = plant
    mine = PerTargetRegressor(Ridge()).fit(X, y)
    X[np.flatnonzero(~np.isnan(y[:, 0]))[0]] = np.nan
    with pytest.warns(UserWarning, match="1 of 80"), pytest.raises(ValueError, match="NaN"):
        mine.score(X, y)


def test_target_without_measurement_is_named(plant):
    X, y = plant
    frame = pd.DataFrame(y, columns=["H2S", "SO2", "FeO"])
    frame["SO2"] = np.nan
    with pytest.raises(ValueError, match="No measured value of target 'SO2'"):
        PerTargetRegressor(Ridge()).fit(X, frame)
    # Measured, but only where X is excluded.
    X[40:], y[:40, 2] = np.nan, np.nan
    with pytest.raises(ValueError, match="No measured value of target 'y2' in the 40 rows"):
        PerTargetRegressor(Ridge()).fit(X, y)


def test_no_complete_row_is_an_error(plant):
    X, y = plant
    with pytest.raises(ValueError, match="All 80 rows of X have a missing value"):
        PerTargetRegressor(Ridge()).fit(np.full_like(X, np.nan), y)


@pytest.mark.parametrize("where", ["X", "y"])
def test_infinite_values_raise(plant, where):
    X, y = plant
    (X if where == "X" else y)[3, 0] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        PerTargetRegressor(Ridge()).fit(X, y)


@pytest.mark.parametrize("weights", [np.ones(79), -np.ones(80), np.full(80, np.nan)])
def test_wrong_weights_raise(plant, weights):
    with pytest.raises(ValueError, match=r"[Ww]eight"):
        PerTargetRegressor(Ridge()).fit(*plant, sample_weight=weights)


def test_regressor_that_takes_no_weights(plant):
    with pytest.raises(ValueError, match=r"KNeighborsRegressor.fit does not take it"):
        PerTargetRegressor(KNeighborsRegressor()).fit(*plant, sample_weight=np.ones(80))


def test_wrong_regressor_is_named(plant):
    with pytest.raises(ValueError, match="'regressor' parameter"):
        PerTargetRegressor("ridge").fit(*plant)


def test_lengths_are_checked(plant):
    X, y = plant
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        PerTargetRegressor(Ridge()).fit(X, y[:-1])


def test_regressor_is_not_touched(plant):
    ridge = Ridge()
    PerTargetRegressor(ridge).fit(*plant)
    assert not hasattr(ridge, "coef_")


def test_jobs_do_not_change_predictions(plant):
    X, y = plant
    one = PerTargetRegressor(Ridge()).fit(X, y).predict(X)
    np.testing.assert_array_equal(PerTargetRegressor(Ridge(), n_jobs=2).fit(X, y).predict(X), one)


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_scales(plant, scale):
    X, y = plant
    mine = PerTargetRegressor(make_pipeline(StandardScaler(), LinearRegression()))
    reference = mine.fit(X, y).predict(X)
    np.testing.assert_allclose(mine.fit(X * scale, y * scale).predict(X * scale), reference * scale)


def test_float32_and_read_only_memory(plant):
    X, y = (a.astype(np.float32) for a in plant)
    X.flags.writeable = y.flags.writeable = False
    assert PerTargetRegressor(Ridge()).fit(X, y).predict(X).dtype == np.float64


def test_one_row():
    assert PerTargetRegressor(Ridge()).fit([[1.0]], [2.0]).predict([[5.0]]) == [2.0]


def test_clone_pickle_and_cross_validation(plant):
    X, y = plant
    mine = PerTargetRegressor(Ridge()).fit(X, y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(mine)).predict(X), mine.predict(X))
    np.testing.assert_array_equal(clone(mine).fit(X, y).predict(X), mine.predict(X))
    assert cross_val_score(mine, X, y, cv=3).min() > 0.9
    assert mine.set_params(regressor__alpha=5.0).regressor.alpha == 5.0
