"""X: excluded rows, dtypes, names, memory, sizes."""

import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import MultiTaskRegressor
from sklearn_mtl.preprocessing import IsolationForestFilter
from tests.estimators.neural import NEURAL, plant, tiny

ALL = pytest.mark.parametrize("cls", NEURAL, ids=lambda cls: cls.__name__)


def holed():
    """Plant with five rows of which an input is missing, whose labels are wild."""
    X, y = plant()
    rows = np.array([3, 20, 50, 51, 99])
    X[rows, [0, 1, 2, 3, 0]] = np.nan
    y[rows] = 1e6
    return X, y, rows


@ALL
def test_excluded_rows_equal_deleted_rows(cls):
    X, y, rows = holed()
    weights = np.random.default_rng(1).uniform(0.5, 2.0, len(X))
    weights[rows] = 1e6
    excluded = tiny(cls).fit(X, y, sample_weight=weights)
    kept = np.delete(np.arange(len(X)), rows)
    deleted = tiny(cls).fit(X[kept], y[kept], sample_weight=weights[kept])
    assert (excluded.n_rows_excluded_, deleted.n_rows_excluded_) == (5, 0)
    np.testing.assert_array_equal(excluded.predict(X[kept]), deleted.predict(X[kept]))


@ALL
def test_excluded_rows_are_predicted_as_missing_with_one_warning(cls):
    X, y, rows = holed()
    model = tiny(cls).fit(X, y)
    with pytest.warns(UserWarning, match="5 of 100 rows have NaN in X") as record:
        predictions = model.predict(X)
    assert len(record) == 1
    assert np.isnan(predictions).all(axis=1).nonzero()[0].tolist() == rows.tolist()
    complete = np.delete(np.arange(len(X)), rows)
    np.testing.assert_array_equal(predictions[complete], model.predict(X[complete]))


@ALL
def test_only_excluded_rows(cls):
    X, y = plant()
    model = tiny(cls).fit(X, y)
    with pytest.warns(UserWarning, match="2 of 2 rows"):
        predictions = model.predict(np.full((2, 4), np.nan))
    assert predictions.shape == (2, 2)
    assert np.isnan(predictions).all()


@pytest.mark.parametrize(
    "spoil", [lambda X, y: X.fill(np.nan), lambda X, y: y.fill(np.nan)], ids=["X", "y"]
)
def test_no_row_left_is_an_error_with_the_counts(spoil):
    X, y = plant()
    spoil(X, y)
    excluded = 100 if np.isnan(X).all() else 0
    with pytest.raises(ValueError, match=rf"No row is left .* of 100 rows, {excluded} have NaN"):
        tiny().fit(X, y)


def test_rows_excluded_by_the_filter_and_kept_by_the_scaler():
    X, y = plant(200, missing=0.0)
    X[:10] += 50
    model = make_pipeline(
        IsolationForestFilter(contamination=0.05, random_state=0), StandardScaler(), tiny()
    ).fit(X, y)
    assert model[-1].n_rows_excluded_ == 10
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(model.predict(X)).all(), "the filter passes every row at prediction"


@pytest.mark.parametrize("method", ["fit", "partial_fit", "predict", "X_val"])
def test_infinite_inputs_raise(method):
    X, y = plant()
    model = tiny().fit(X, y)
    wild = X.copy()
    wild[7, 1] = np.inf
    with pytest.raises(ValueError, match=r"infinity"):
        if method == "predict":
            model.predict(wild)
        elif method == "X_val":
            model.fit(X, y, X_val=wild, y_val=y)
        else:
            getattr(model, method)(wild, y)


def test_inputs_beyond_single_precision_raise():
    X, y = plant()
    X[3, 2] = 1e39
    with pytest.raises(ValueError, match="beyond the range of float32"):
        tiny().fit(X, y)


@ALL
def test_forms_of_the_same_numbers_give_the_same_model(cls, tmp_path):
    X, y = plant()
    X = X.round(2).astype(np.float32).astype(np.float64)  # the same number in both precisions
    expected = tiny(cls).fit(X, y).predict(X)
    joblib.dump((X, y), tmp_path / "data.joblib")
    mapped = joblib.load(tmp_path / "data.joblib", mmap_mode="r")
    assert not mapped[0].flags.writeable
    forms = {
        "single precision": (X.astype(np.float32), y),
        "columns first": (np.asfortranarray(X), np.asfortranarray(y)),
        "every other row": (np.repeat(X, 2, axis=0)[::2], np.repeat(y, 2, axis=0)[::2]),
        "read-only memory map": mapped,
        "lists": (X.tolist(), y.tolist()),
        "frames": (pd.DataFrame(X), pd.DataFrame(y)),
        "nullable": (pd.DataFrame(X).astype("Float64"), pd.DataFrame(y).astype("Float64")),
    }
    for form, (X_form, y_form) in forms.items():
        model = tiny(cls).fit(X_form, y_form)
        # The layout in memory decides the order of sums, hence the last digit.
        np.testing.assert_allclose(model.predict(X_form), expected, rtol=1e-12, err_msg=form)
        assert model.predict(X_form).dtype == np.float64


def test_the_callers_data_are_not_changed():
    X, y = plant()
    X[3, 0] = np.nan
    weights = np.linspace(0, 2, len(X))
    copies = X.copy(), y.copy(), weights.copy()
    model = tiny().fit(X, y, sample_weight=weights)
    with pytest.warns(UserWarning, match="1 of 100"):
        model.predict(X)
    for array, copy in zip((X, y, weights), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_integers():
    X = np.arange(40).reshape(20, 2) % 7
    assert tiny().fit(X, X).predict(X).dtype == np.float64


def test_odd_column_names():
    X, y = plant()
    names = ["T [°C]", "a.b__c", "", "weight decay"]
    frame = pd.DataFrame(X, columns=names)
    targets = pd.DataFrame(y, columns=["SO2 (ppm) %", 7])
    model = tiny().fit(frame, targets)
    assert model.feature_names_in_.tolist() == names
    assert model.target_names_ == ["SO2 (ppm) %", "7"]
    assert {"train_loss_SO2 (ppm) %", "weight_7"} <= set(model.history_)
    np.testing.assert_allclose(model.predict(frame), tiny().fit(X, y).predict(X), rtol=1e-12)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[names[::-1]])


def test_number_of_inputs_is_checked():
    X, y = plant()
    model = tiny().fit(X, y)
    with pytest.raises(ValueError, match=r"3 features.*4 features"):
        model.predict(X[:, :3])
    with pytest.raises(ValueError, match=r"3 features.*4 features"):
        model.fit(X, y, X_val=X[:, :3], y_val=y)
    assert tiny().fit(X[:, :1], y).n_features_in_ == 1


@ALL
def test_one_row(cls):
    model = tiny(cls).fit([[1.0, 2.0]], [[3.0, 4.0]])
    assert model.predict([[1.0, 2.0]]).shape == (1, 2)


@pytest.mark.parametrize("n_members", [1, 4])
def test_rows_do_not_depend_on_those_they_are_predicted_with(n_members):
    """Also across the borders of the chunks in which predictions are made."""
    X, y = plant()
    model = tiny(MultiTaskRegressor, ensemble_size=n_members).fit(X, y)
    many = np.random.default_rng(1).normal(size=(2500, 4))
    together = model.predict(many)
    alone = np.concatenate([model.predict(many[i : i + 1]) for i in (0, 1023, 1024, 2499)])
    np.testing.assert_allclose(together[[0, 1023, 1024, 2499]], alone, rtol=1e-12)
    order = np.random.default_rng(2).permutation(2500)
    np.testing.assert_allclose(model.predict(many[order]), together[order], rtol=1e-12)


@pytest.mark.parametrize("zone", [None, "UTC"])
def test_a_column_of_times_is_named(zone):
    X, y = plant(40)
    X = pd.DataFrame(X).add_prefix("x")
    X.insert(0, "time", pd.date_range("2024-01-01", periods=40, tz=zone))
    with pytest.raises(ValueError, match=r"Column 'time' holds times\. .*CalendarEncoder"):
        tiny().fit(X, y)
