"""R2 per target as columns of a result table, and their mean and spread over seeds as text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sklearn_mtl.metrics import masked_r2_score, regression_report

MEAN = "R2 mean"


def r2_columns(
    target_names: Sequence[str], y_true: np.ndarray, y_pred: np.ndarray
) -> dict[str, float]:
    """R2 of every target and their mean.

    Parameters
    ----------
    target_names : sequence of str
        Names of the targets.
    y_true : ndarray of shape (n_samples, n_targets)
        True values; NaN is left out.
    y_pred : ndarray of shape (n_samples, n_targets)
        Predictions.

    Returns
    -------
    columns : dict of str to float
        ``R2 <target>`` for every target, then ``R2 mean``.
    """
    r2 = np.asarray(masked_r2_score(y_true, y_pred, multioutput="raw_values"))
    columns = {f"R2 {name}": float(v) for name, v in zip(target_names, r2, strict=True)}
    return {**columns, MEAN: float(r2.mean())}


def metric_columns(
    target_names: Sequence[str], y_true: np.ndarray, y_pred: np.ndarray
) -> dict[str, float]:
    """R2 as :func:`r2_columns`, and RMSE and MAE of every target in its unit.

    Parameters
    ----------
    target_names : sequence of str
        Names of the targets.
    y_true : ndarray of shape (n_samples, n_targets)
        True values; NaN is left out.
    y_pred : ndarray of shape (n_samples, n_targets)
        Predictions.

    Returns
    -------
    columns : dict of str to float
        Those of :func:`r2_columns`, then ``RMSE <target>`` and ``MAE <target>``.
    """
    report = regression_report(y_true, y_pred, target_names=target_names)
    errors = {
        f"{metric} {name}": float(report[metric][name])
        for metric in ("RMSE", "MAE")
        for name in target_names
    }
    return {**r2_columns(target_names, y_true, y_pred), **errors}


def score_columns(results: pd.DataFrame) -> list[str]:
    """Names of the columns with scores; those of other tasks, empty here, are left out."""
    names = [str(name) for name in results.columns]
    return [name for name in names if name.startswith("R2 ") and results[name].notna().any()]


def mean_and_spread(values: pd.Series, digits: int = 3) -> pd.Series:
    """Write the mean and the standard deviation of every model's values.

    Parameters
    ----------
    values : Series
        One value per model and seed; the index has a level ``model``.
    digits : int, default=3
        Decimal places.

    Returns
    -------
    texts : Series
        One text per model, without the deviation where there is a single value.
    """
    groups = values.groupby("model")
    return pd.Series(
        {
            model: f"{group.mean():.{digits}f}"
            + (f" +- {group.std():.{digits}f}" if len(group) > 1 else "")
            for model, group in groups
        }
    )


def best_first(scores: pd.Series) -> pd.Index:
    """Names of the models, the highest mean over seeds first."""
    return scores.groupby("model").mean().sort_values(ascending=False).index
