"""y: missing labels, names, shapes, scaling, score."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.metrics import masked_r2_score
from tests.estimators.neural import NEURAL, plant, tiny, without_dropout

ALL = pytest.mark.parametrize("cls", NEURAL, ids=lambda cls: cls.__name__)


@ALL
def test_rows_without_label_equal_deleted_rows(cls):
    """They are dropped before the validation part is cut and batches are formed."""
    X, y = plant()
    labelled = ~np.isnan(y).all(axis=1)
    assert 2 < (~labelled).sum() < 30
    with_rows = tiny(cls).fit(X, y)
    without = tiny(cls).fit(X[labelled], y[labelled])
    np.testing.assert_array_equal(with_rows.predict(X), without.predict(X))
    assert with_rows.n_rows_excluded_ == 0


@ALL
@pytest.mark.parametrize("n_targets", [None, 1, 2, 3])
def test_predictions_have_the_shape_of_y(cls, n_targets):
    X, y = plant(60, n_targets=n_targets or 1)
    if n_targets is None:
        y = y[:, 0]
    model = tiny(cls, max_epochs=1).fit(X, y)
    assert model.predict(X).shape == y.shape
    assert model.n_outputs_ == (n_targets or 1)


def test_a_vector_and_a_column_give_the_same_numbers():
    X, y = plant(n_targets=1)
    vector, column = tiny().fit(X, y[:, 0]), tiny().fit(X, y)
    np.testing.assert_array_equal(vector.predict(X), column.predict(X)[:, 0])


def test_names():
    X, y = plant()
    assert tiny().fit(X, y).target_names_ == ["y0", "y1"]
    assert tiny().fit(X, y[:, 0]).target_names_ == ["y0"]
    assert tiny().fit(X, pd.Series(y[:, 0], name="H2S")).target_names_ == ["H2S"]
    assert tiny().fit(X, pd.Series(y[:, 0])).target_names_ == ["y0"]
    frame = pd.DataFrame(y, columns=["H2S", "SO2"])
    assert tiny().fit(X, frame).target_names_ == ["H2S", "SO2"]


def test_a_target_without_any_label_is_named():
    X, y = plant(n_targets=3)
    frame = pd.DataFrame(y, columns=["H2S", "SO2", "FeO"])
    frame[["H2S", "FeO"]] = np.nan
    with pytest.raises(ValueError, match=r"No label to train on for target\(s\) \['H2S', 'FeO'\]"):
        tiny().fit(X, frame)
    with pytest.raises(ValueError, match=r"\['H2S', 'FeO'\]"):
        tiny().partial_fit(X, frame)


def test_a_target_whose_labels_are_all_on_excluded_rows_is_named():
    X, y = plant()
    y[:60, 1] = np.nan
    X[60:, 0] = np.nan
    with pytest.raises(ValueError, match=r"target\(s\) \['y1'\]"):
        tiny().fit(X, y)


@pytest.mark.parametrize("method", ["fit", "partial_fit", "y_val", "score"])
def test_infinite_targets_raise(method):
    X, y = plant()
    model = tiny().fit(X, y)
    wild = y.copy()
    wild[7, 1] = -np.inf
    with pytest.raises(ValueError, match=r"infinity"):
        if method == "y_val":
            model.fit(X, y, X_val=X, y_val=wild)
        else:
            getattr(model, method)(X, wild)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed"),
        ([["a", "b"]] * 100, "could not convert string"),
        (np.zeros((100, 2, 2)), r"dim 3|3\D*dim"),
        (np.zeros((99, 2)), r"inconsistent numbers of samples: \[100, 99\]"),
        (np.zeros((100, 0)), "0 feature"),
    ],
)
def test_wrong_targets_raise(y, message):
    with pytest.raises(ValueError, match=message):
        tiny().fit(plant()[0], y)


def test_two_hundred_targets():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    y = X @ rng.normal(size=(4, 200))
    y[rng.random(y.shape) < 0.5] = np.nan
    model = tiny(max_epochs=2).fit(X, y)
    assert model.predict(X).shape == (60, 200)
    assert sum(name.startswith("train_loss_") for name in model.history_) == 200


# Scaling


@ALL
@pytest.mark.parametrize(("scale", "offset"), [(1e9, 1e6), (1e-9, 0.0), (1.0, -1e4)])
def test_predictions_scale_with_the_targets(cls, scale, offset):
    X, y = plant()
    model = tiny(cls)
    expected = model.fit(X, y).predict(X)
    moved = model.fit(X, y * scale + offset).predict(X)
    np.testing.assert_allclose((moved - offset) / scale, expected, rtol=1e-9)


def test_targets_of_different_units_are_trained_alike():
    X, y = plant(n_targets=3)
    units = np.array([1e6, 1.0, 1e-6])
    expected, scaled = tiny().fit(X, y), tiny().fit(X, y * units)
    np.testing.assert_allclose(scaled.predict(X), expected.predict(X) * units, rtol=1e-9)
    np.testing.assert_allclose(
        scaled.history_.filter(like="train_loss"), expected.history_.filter(like="train_loss")
    )


def test_scaling_is_that_of_the_observed_training_rows():
    X, y = plant()
    weights = np.random.default_rng(1).uniform(0.5, 2.0, len(X))
    for w in (None, weights):
        model = tiny(validation_fraction=None).fit(X, y, sample_weight=w)
        for k in range(2):
            rows = ~np.isnan(y[:, k])
            w_k = np.ones(rows.sum()) if w is None else w[rows]
            mean = np.average(y[rows, k], weights=w_k)
            scale = np.sqrt(np.average((y[rows, k] - mean) ** 2, weights=w_k))
            assert model.scaling_.mean[k] == pytest.approx(mean, rel=1e-12)
            assert model.scaling_.scale[k] == pytest.approx(scale, rel=1e-12)


def test_the_validation_part_does_not_enter_the_scaling():
    X, y = plant(missing=0.0)
    y[85:] = 1e6
    assert tiny().fit(X, y).scaling_.mean.max() < 100


def test_scale_y_false_trains_on_the_given_units():
    X, y = plant(missing=0.0)
    y = (y - y.mean(axis=0)) / y.std(axis=0)
    model = tiny(scale_y=False, validation_fraction=None).fit(X, y)
    assert model.scaling_.mean.tolist() == [0, 0]
    assert model.scaling_.scale.tolist() == [1, 1]
    scaled = tiny(validation_fraction=None).fit(X, y)
    np.testing.assert_allclose(model.predict(X), scaled.predict(X), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 5.0, 1e-30, -1e12])
def test_a_constant_target_is_predicted_as_such(value):
    X, y = plant(missing=0.0)
    y[:, 1] = value
    model = tiny(max_epochs=20, learning_rate=2e-2).fit(X, y)
    predictions = model.predict(X)
    assert np.isfinite(predictions).all()
    # Its scale is one: what the network has not yet unlearnt is a part of one.
    np.testing.assert_allclose(predictions[:, 1], value, atol=0.3)


def test_a_target_with_one_label():
    X, y = plant(missing=0.0)
    y[1:, 1] = np.nan
    with pytest.warns(UserWarning, match="validation part"):
        model = tiny().fit(X, y)
    assert np.isfinite(model.predict(X)).all()
    assert model.scaling_.mean[1] == y[0, 1]


# Score


def test_score_is_over_observed_labels():
    X, y = plant()
    model = tiny().fit(X, y)
    assert model.score(X, y) == masked_r2_score(y, model.predict(X))
    weights = np.linspace(0, 1, len(X))
    weighted = masked_r2_score(y, model.predict(X), sample_weight=weights)
    assert model.score(X, y, sample_weight=weights) == weighted != model.score(X, y)
    assert isinstance(model.score(X, y), float)


def test_score_of_a_label_whose_row_is_excluded_raises():
    X, y = plant()
    model = tiny().fit(X, y)
    X[np.flatnonzero(~np.isnan(y[:, 0]))[0], 2] = np.nan
    with pytest.warns(UserWarning, match="1 of 100"), pytest.raises(ValueError, match="NaN"):
        model.score(X, y)


def test_the_models_learn():
    """A number at last: each estimator explains most of an easy plant."""
    X, y = plant(250, missing=0.3)
    X_test, y_test = plant(200, missing=0.0, seed=1)
    for cls in NEURAL:
        model = without_dropout(tiny(cls, max_epochs=30, learning_rate=2e-2))
        assert model.fit(X, y).score(X_test, y_test) > 0.7, cls.__name__
