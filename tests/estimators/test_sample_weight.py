"""Row weights: equal to repeated rows, to deleted rows, and checked."""

import numpy as np
import pytest

from tests.estimators.neural import NEURAL, plant, tiny, without_dropout

ALL = pytest.mark.parametrize("cls", NEURAL, ids=lambda cls: cls.__name__)


@ALL
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_weights_equal_repeated_rows(cls, optimizer):
    """In place of scikit-learn's check: one full batch, no validation part, no dropout."""
    X, y = plant()
    weights = np.random.default_rng(1).integers(0, 3, len(X))
    settings = {
        "batch_size": 1000,
        "validation_fraction": None,
        "max_epochs": 1,
        "optimizer": optimizer,
        "learning_rate": 0.1 if optimizer == "sgd" else 1e-2,
    }
    if "norm" in cls().get_params():
        settings["norm"] = "layer"  # batch norm counts rows, whatever their weight
    weighted = without_dropout(tiny(cls, **settings)).fit(X, y, sample_weight=weights)
    X_repeated, y_repeated = np.repeat(X, weights, axis=0), np.repeat(y, weights, axis=0)
    repeated = without_dropout(tiny(cls, **settings)).fit(X_repeated, y_repeated)
    plain = without_dropout(tiny(cls, **settings)).fit(X, y)
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-5)
    np.testing.assert_allclose(
        weighted.history_.filter(like="train_loss"),
        repeated.history_.filter(like="train_loss"),
        rtol=1e-5,
    )
    assert not np.allclose(weighted.predict(X), plain.predict(X), rtol=1e-3)


@ALL
def test_weight_zero_equals_a_deleted_row(cls):
    X, y = plant()
    weights = np.random.default_rng(1).integers(0, 2, len(X)).astype(float)
    kept = weights > 0
    zero = tiny(cls).fit(X, y, sample_weight=weights)
    deleted = tiny(cls).fit(X[kept], y[kept], sample_weight=weights[kept])
    np.testing.assert_array_equal(zero.predict(X), deleted.predict(X))


@pytest.mark.parametrize("weight", [1e-3, 7.0])
def test_equal_weights_equal_none(weight):
    X, y = plant()
    plain, weighted = tiny().fit(X, y), tiny().fit(X, y, sample_weight=np.full(len(X), weight))
    np.testing.assert_allclose(weighted.predict(X), plain.predict(X), rtol=1e-4)


def test_weights_act_in_the_validation_part():
    X, y = plant()
    y[-5:] += 100
    weights = np.ones(len(X))
    weights[-5:] = 1e-6
    plain, weighted = tiny().fit(X, y), tiny().fit(X, y, sample_weight=weights)
    assert weighted.history_["valid_loss"].min() < 0.01 * plain.history_["valid_loss"].min()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(99), "inconsistent|sample_weight.shape"),
        (-np.ones(100), "[Nn]egative"),
        (np.full(100, np.nan), "NaN"),
        (np.ones((100, 2)), "1D"),
        (np.zeros(100), "non-zero|weight 0"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_wrong_weights_raise(method, weights, message):
    X, y = plant()
    with pytest.raises(ValueError, match=message):
        getattr(tiny(), method)(X, y, sample_weight=weights)


def test_a_target_whose_labels_have_weight_zero_is_named():
    X, y = plant()
    weights = np.ones(len(X))
    weights[~np.isnan(y[:, 1])] = 0
    with pytest.raises(ValueError, match=r"target\(s\) \['y1'\]"):
        tiny().fit(X, y, sample_weight=weights)
