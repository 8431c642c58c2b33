"""Equation 86, its relation to R2, and its degenerate cases."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_mtl.metrics import (
    masked_r2_score,
    normalized_mean_absolute_error,
    normalized_mean_squared_error,
)

BOTH = pytest.mark.parametrize(
    "error", [normalized_mean_squared_error, normalized_mean_absolute_error]
)


@pytest.fixture
def sparse_labels():
    rng = np.random.default_rng(0)
    y_true = rng.normal(size=(80, 3)) * [1.0, 100.0, 1e-9]
    y_pred = y_true + rng.normal(size=(80, 3)) * [0.5, 30.0, 2e-10]
    y_true[rng.random(y_true.shape) < 0.4] = np.nan
    return y_true, y_pred


def test_equation_86(sparse_labels):
    y_true, y_pred = sparse_labels
    sigma = np.nanstd(y_true, axis=0)
    error = y_true - y_pred
    assert normalized_mean_squared_error(y_true, y_pred) == pytest.approx(
        np.mean(np.nanmean(error**2, axis=0) / sigma**2), rel=1e-12
    )
    assert normalized_mean_absolute_error(y_true, y_pred) == pytest.approx(
        np.mean(np.nanmean(np.abs(error), axis=0) / sigma), rel=1e-12
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_nmse_is_one_minus_r2(sparse_labels, weighted):
    y_true, y_pred = sparse_labels
    weight = np.linspace(0.0, 2.0, len(y_true)) if weighted else None
    options = {"sample_weight": weight, "multioutput": "raw_values"}
    np.testing.assert_allclose(
        normalized_mean_squared_error(y_true, y_pred, **options),
        1 - masked_r2_score(y_true, y_pred, **options),
        rtol=1e-10,
    )


@BOTH
def test_does_not_depend_on_the_unit(sparse_labels, error):
    y_true, y_pred = sparse_labels
    assert error(y_true * 1e-6, y_pred * 1e-6) == pytest.approx(error(y_true, y_pred), rel=1e-10)


def test_reference_replaces_the_spread(sparse_labels):
    y_true, y_pred = sparse_labels
    sigma = np.nanstd(y_true, axis=0)
    nmse = normalized_mean_squared_error(y_true, y_pred, multioutput="raw_values")
    nmae = normalized_mean_absolute_error(y_true, y_pred, multioutput="raw_values")
    reference = {"reference": 2 * sigma, "multioutput": "raw_values"}
    np.testing.assert_allclose(
        normalized_mean_squared_error(y_true, y_pred, **reference), nmse / 4, rtol=1e-12
    )
    np.testing.assert_allclose(
        normalized_mean_absolute_error(y_true, y_pred, **reference), nmae / 2, rtol=1e-12
    )
    assert normalized_mean_absolute_error([1.0, 2.0], [2.0, 2.0], reference=0.5) == 1.0


@BOTH
@pytest.mark.parametrize("reference", [0.0, -1.0, np.nan, [1.0, 2.0], [[1.0]]])
def test_wrong_reference(error, reference):
    with pytest.raises(ValueError, match="`reference` must be"):
        error([1.0, 2.0], [1.0, 2.0], reference=reference)


@BOTH
def test_constant_target_is_perfect_or_one(error):
    y_true = np.full(7, 0.1)  # its mean is rounded, its spread must not be
    assert error(y_true, y_true) == 0.0
    assert error(y_true, y_true + 1e-3) == 1.0


@BOTH
def test_one_label_is_undefined_without_a_reference(error):
    y_true = pd.DataFrame({"feo": [1.0, 2.0], "sio2": [np.nan, 3.0]})
    with pytest.warns(UndefinedMetricWarning, match="sio2"):
        assert np.isnan(error(y_true, y_true.fillna(0.0)))
    assert error(y_true, y_true.fillna(0.0), reference=1.0) == 0.0


@BOTH
def test_target_without_label_is_named(error):
    with pytest.raises(ValueError, match="observed for y1"):
        error([[1.0, np.nan], [2.0, np.nan]], np.zeros((2, 2)))


@BOTH
def test_missing_prediction_raises_or_is_skipped(error):
    y_true, y_pred = [1.0, 2.0, 3.0, 4.0], [1.5, 2.0, 3.0, np.nan]
    with pytest.raises(ValueError, match="y0 1 of 4"):
        error(y_true, y_pred)
    with pytest.warns(UserWarning, match=r"y0 0\.750"):
        assert error(y_true, y_pred, nan_prediction="skip") == error(y_true[:3], y_pred[:3])
