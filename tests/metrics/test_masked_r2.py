"""Masking must equal deleting, and full labels must give scikit-learn's figure."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsRegressor

from sklearn_mtl.metrics import masked_r2_score, masked_r2_scorer


@pytest.fixture
def labels():
    rng = np.random.default_rng(0)
    y_true = rng.normal(size=(60, 3)) * [1.0, 100.0, 1e-3] + [0.0, 500.0, 1.0]
    y_pred = y_true + rng.normal(size=(60, 3)) * [0.5, 30.0, 2e-4]
    return y_true, y_pred


@pytest.fixture
def sparse_labels(labels):
    y_true, y_pred = labels
    y_true = y_true.copy()
    y_true[np.random.default_rng(1).random(y_true.shape) < 0.4] = np.nan
    return y_true, y_pred


@pytest.mark.parametrize("multioutput", ["uniform_average", "raw_values"])
@pytest.mark.parametrize("weighted", [False, True])
def test_equals_sklearn_on_full_labels(labels, multioutput, weighted):
    y_true, y_pred = labels
    weight = np.linspace(0.1, 3.0, len(y_true)) if weighted else None
    np.testing.assert_allclose(
        masked_r2_score(y_true, y_pred, sample_weight=weight, multioutput=multioutput),
        r2_score(y_true, y_pred, sample_weight=weight, multioutput=multioutput),
        rtol=1e-12,
    )


def test_masking_equals_deleting(sparse_labels):
    y_true, y_pred = sparse_labels
    weight = np.linspace(0.1, 3.0, len(y_true))
    scores = masked_r2_score(y_true, y_pred, sample_weight=weight, multioutput="raw_values")
    for k, score in enumerate(scores):
        kept = ~np.isnan(y_true[:, k])
        expected = r2_score(y_true[kept, k], y_pred[kept, k], sample_weight=weight[kept])
        assert score == pytest.approx(expected, rel=1e-12)


def test_weight_zero_equals_deleting_even_a_row_without_prediction(sparse_labels):
    y_true, y_pred = sparse_labels
    weight = np.ones(len(y_true))
    weight[:20] = 0.0
    y_pred = y_pred.copy()
    y_pred[:20] = np.nan
    assert masked_r2_score(y_true, y_pred, sample_weight=weight) == pytest.approx(
        masked_r2_score(y_true[20:], y_pred[20:]), rel=1e-12
    )


def test_does_not_depend_on_row_order_unit_or_offset(sparse_labels):
    y_true, y_pred = sparse_labels
    score = masked_r2_score(y_true, y_pred)
    order = np.random.default_rng(2).permutation(len(y_true))
    assert masked_r2_score(y_true[order], y_pred[order]) == pytest.approx(score, rel=1e-10)
    scale, offset = np.array([1e3, 1e-3, 7.0]), np.array([5.0, -2.0, 0.0])
    assert masked_r2_score(y_true * scale + offset, y_pred * scale + offset) == pytest.approx(
        score, rel=1e-9
    )


def test_inputs_of_every_kind_give_one_score(sparse_labels):
    y_true, y_pred = sparse_labels
    score = masked_r2_score(y_true, y_pred)
    frame = pd.DataFrame(y_true, columns=["a", "b", "c"])
    assert masked_r2_score(frame, y_pred) == score
    assert masked_r2_score(frame, pd.DataFrame(y_pred, columns=["p", "q", "r"])) == score
    assert masked_r2_score(y_true.tolist(), y_pred.tolist()) == score
    assert masked_r2_score(
        y_true[:, :2].astype(np.float32), y_pred[:, :2].astype(np.float32)
    ) == pytest.approx(masked_r2_score(y_true[:, :2], y_pred[:, :2]), rel=1e-5)


def test_one_dimension_equals_one_column(sparse_labels):
    y_true, y_pred = sparse_labels
    score = masked_r2_score(y_true[:, 0], y_pred[:, 0])
    assert masked_r2_score(y_true[:, :1], y_pred[:, 0]) == score
    assert masked_r2_score(pd.Series(y_true[:, 0]), y_pred[:, :1]) == score


def test_constant_target_follows_sklearn():
    y_true = np.array([[2.0, 1.0], [2.0, 2.0], [2.0, np.nan]])
    perfect = masked_r2_score(y_true, np.nan_to_num(y_true), multioutput="raw_values")
    np.testing.assert_array_equal(perfect, [1.0, 1.0])
    wrong = masked_r2_score(y_true, np.nan_to_num(y_true) + 0.1, multioutput="raw_values")
    assert wrong[0] == 0.0


def test_one_label_is_undefined_and_named():
    y_true = pd.DataFrame({"feo": [1.0, 2.0], "sio2": [np.nan, 3.0]})
    with pytest.warns(UndefinedMetricWarning, match="less than two labels.*sio2 has 1"):
        scores = masked_r2_score(y_true, y_true.fillna(0.0), multioutput="raw_values")
    np.testing.assert_array_equal(scores, [1.0, np.nan])
    with pytest.warns(UndefinedMetricWarning):
        assert np.isnan(masked_r2_score(y_true, y_true.fillna(0.0)))


def test_target_without_label_is_named():
    y_true = pd.DataFrame({"feo": [1.0, 2.0], "sio2": [np.nan, np.nan]})
    with pytest.raises(ValueError, match="observed for sio2"):
        masked_r2_score(y_true, np.zeros((2, 2)))


def test_missing_prediction_raises_or_is_skipped(sparse_labels):
    y_true, y_pred = sparse_labels
    row, column = np.argwhere(~np.isnan(y_true))[0]
    y_pred = y_pred.copy()
    y_pred[row, column] = np.nan
    with pytest.raises(ValueError, match=rf"y{column} 1 of \d+.*nan_prediction='skip'"):
        masked_r2_score(y_true, y_pred)
    deleted = y_true.copy()
    deleted[row, column] = np.nan
    with pytest.warns(UserWarning, match=r"Coverage: y0 0\.\d+"):
        score = masked_r2_score(y_true, y_pred, nan_prediction="skip")
    assert score == masked_r2_score(deleted, y_pred)


def test_missing_prediction_of_missing_label_is_harmless(sparse_labels):
    y_true, y_pred = sparse_labels
    hidden = np.where(np.isnan(y_true), np.nan, y_pred)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert masked_r2_score(y_true, hidden) == masked_r2_score(y_true, y_pred)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"nan_prediction": "ignore"}, "`nan_prediction` must be.*'ignore'"),
        ({"multioutput": "variance_weighted"}, "`multioutput` must be.*'variance_weighted'"),
        ({"sample_weight": [-1.0, 1.0]}, "[Nn]egative"),
    ],
)
def test_wrong_parameter(arguments, message):
    with pytest.raises(ValueError, match=message):
        masked_r2_score([1.0, 2.0], [1.0, 2.5], **arguments)


def test_wrong_shapes_and_infinity():
    with pytest.raises(ValueError, match=r"same number of targets\. Got 2 and 1"):
        masked_r2_score(np.ones((3, 2)), np.ones(3))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        masked_r2_score(np.ones(3), np.ones(4))
    with pytest.raises(ValueError, match="infinity"):
        masked_r2_score([1.0, 2.0], [1.0, np.inf])


def test_columns_in_another_order_raise():
    y_true = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 5.0]})
    with pytest.raises(ValueError, match="another order"):
        masked_r2_score(y_true, y_true[["b", "a"]])


class ForgivingRegressor(LinearRegression):
    """Fits on the rows whose targets are all observed."""

    def fit(self, X, y):
        complete = ~np.isnan(y).any(axis=1)
        return super().fit(X[complete], y[complete])


def test_scorer_in_cross_validation_with_missing_labels(sparse_labels):
    y_true, _ = sparse_labels
    X = np.random.default_rng(3).normal(size=(60, 4))
    scores = cross_val_score(ForgivingRegressor(), X, y_true, scoring=masked_r2_scorer, cv=3)
    assert scores.shape == (3,)
    assert np.isfinite(scores).all()
    search = GridSearchCV(
        ForgivingRegressor(), {"fit_intercept": [True, False]}, scoring=masked_r2_scorer, cv=3
    ).fit(X, y_true)
    assert np.isfinite(search.best_score_)


def test_scorer_is_the_score_and_survives_pickle(labels):
    y_true, _ = labels
    X = np.arange(60.0).reshape(-1, 1)
    model = KNeighborsRegressor().fit(X, y_true)
    scorer = pickle.loads(pickle.dumps(masked_r2_scorer))
    assert scorer(model, X, y_true) == pytest.approx(model.score(X, y_true), rel=1e-12)
