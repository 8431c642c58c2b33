"""The report holds scikit-learn's figures on observed rows and hides no gap."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_mtl.metrics import (
    masked_r2_score,
    normalized_mean_absolute_error,
    normalized_mean_squared_error,
    regression_report,
)

COLUMNS = ["R2", "MSE", "RMSE", "MAE", "MAPE", "NMSE", "NMAE", "max_abs_error"]


@pytest.fixture
def labels():
    rng = np.random.default_rng(0)
    y_true = pd.DataFrame(rng.normal(size=(50, 2)) * [1, 50] + [5, 300], columns=["feo", "ti"])
    y_pred = y_true.to_numpy() + rng.normal(size=(50, 2)) * [0.3, 20]
    y_true = y_true.mask(rng.random(y_true.shape) < 0.3)
    return y_true, y_pred


@pytest.mark.parametrize("weighted", [False, True])
def test_rows_equal_sklearn_on_observed_labels(labels, weighted):
    y_true, y_pred = labels
    weight = np.linspace(0.5, 2.0, len(y_true)) if weighted else None
    report = regression_report(y_true, y_pred, sample_weight=weight)
    assert list(report.index) == ["feo", "ti", "overall"]
    assert list(report.columns) == [*COLUMNS, "n_labels", "coverage"]
    for k, name in enumerate(y_true.columns):
        kept = y_true[name].notna().to_numpy()
        pair = (y_true[name].to_numpy()[kept], y_pred[kept, k])
        options = {"sample_weight": None if weight is None else weight[kept]}
        expected = {
            "R2": metrics.r2_score(*pair, **options),
            "MSE": metrics.mean_squared_error(*pair, **options),
            "RMSE": metrics.root_mean_squared_error(*pair, **options),
            "MAE": metrics.mean_absolute_error(*pair, **options),
            "MAPE": metrics.mean_absolute_percentage_error(*pair, **options),
            "max_abs_error": metrics.max_error(*pair),
            "n_labels": kept.sum(),
            "coverage": 1.0,
        }
        for column, value in expected.items():
            assert report.loc[name, column] == pytest.approx(value, rel=1e-12), column


def test_overall_equals_the_metric_functions(labels):
    y_true, y_pred = labels
    report = regression_report(y_true, y_pred)
    overall = report.loc["overall"]
    assert overall["R2"] == pytest.approx(masked_r2_score(y_true, y_pred))
    assert overall["NMSE"] == pytest.approx(normalized_mean_squared_error(y_true, y_pred))
    assert overall["NMAE"] == pytest.approx(normalized_mean_absolute_error(y_true, y_pred))
    assert overall["max_abs_error"] == report["max_abs_error"].iloc[:2].max()
    assert overall["n_labels"] == y_true.notna().sum().sum()
    assert report["n_labels"].dtype.kind == "i"


def test_names(labels):
    y_true, y_pred = labels
    assert list(regression_report(y_true.to_numpy(), y_pred).index) == ["y0", "y1", "overall"]
    assert list(regression_report(y_true["ti"], y_pred[:, 1]).index) == ["ti", "overall"]
    report = regression_report(y_true, y_pred, target_names=["FeO", "TI"])
    assert list(report.index) == ["FeO", "TI", "overall"]
    with pytest.raises(ValueError, match=r"each of the 2 targets\. Got 1"):
        regression_report(y_true, y_pred, target_names=["FeO"])


def test_target_named_overall_is_refused():
    y = pd.DataFrame({"overall": [1.0, 2.0], "feo": [3.0, 5.0]})
    with pytest.raises(ValueError, match="no target can be called so"):
        regression_report(y, y)


def test_target_without_labels_is_a_row_of_nan(labels):
    y_true, y_pred = labels
    report = regression_report(y_true.assign(ti=np.nan), y_pred)
    assert report.loc["ti", COLUMNS].isna().all()
    assert report.loc["ti", "n_labels"] == 0
    assert np.isnan(report.loc["ti", "coverage"])
    assert report.loc["overall", "R2"] == report.loc["feo", "R2"]
    assert report.loc["overall", "coverage"] == 1.0


def test_no_label_at_all():
    report = regression_report([np.nan, np.nan], [1.0, 2.0])
    assert report[COLUMNS].isna().all(axis=None)
    assert (report["n_labels"] == 0).all()


def test_one_row():
    with pytest.warns(UndefinedMetricWarning, match="y0 has 1"):
        report = regression_report([[2.0]], [[2.5]])
    assert report.loc["y0", "MAE"] == 0.5
    assert report.loc["y0", ["R2", "NMSE", "NMAE"]].isna().all()


def test_coverage_when_predictions_are_missing(labels):
    y_true, y_pred = labels
    y_pred = y_pred.copy()
    y_pred[:25, 0] = np.nan
    lost = y_true["feo"].iloc[:25].notna().sum()
    labels_of_feo = y_true["feo"].notna().sum()
    with pytest.raises(ValueError, match=f"feo {lost} of {labels_of_feo}"):
        regression_report(y_true, y_pred)
    with pytest.warns(UserWarning, match="Coverage"):
        report = regression_report(y_true, y_pred, nan_prediction="skip")
    assert report.loc["feo", "coverage"] == pytest.approx(1 - lost / labels_of_feo)
    assert report.loc["feo", "n_labels"] == labels_of_feo
    assert report.loc["ti", "coverage"] == 1.0
    n_labels = y_true.notna().sum().sum()
    assert report.loc["overall", "coverage"] == pytest.approx(1 - lost / n_labels)


def test_no_prediction_at_all_is_coverage_zero():
    with pytest.warns(UserWarning, match="Coverage: y0 0.000"):
        report = regression_report([1.0, 2.0], [np.nan, np.nan], nan_prediction="skip")
    assert report.loc["y0", "coverage"] == 0.0
    assert report.loc["y0", COLUMNS].isna().all()


def test_label_zero_gives_a_finite_mape():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = regression_report([0.0, 1.0], [0.1, 1.0])
    assert np.isfinite(report.loc["y0", "MAPE"])
    assert report.loc["y0", "MAPE"] > 1e10
