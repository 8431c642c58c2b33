"""One table with every metric of every target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import (
    max_error,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
)

from sklearn_mtl.metrics._normalized_errors import nmae_of_target, nmse_of_target
from sklearn_mtl.metrics._observed_labels import ObservedLabels, observed_labels
from sklearn_mtl.metrics._r2 import r2_of_target

_COLUMNS = (
    "R2",
    "MSE",
    "RMSE",
    "MAE",
    "MAPE",
    "NMSE",
    "NMAE",
    "max_abs_error",
    "n_labels",
    "coverage",
)


def regression_report(
    y_true: Any,
    y_pred: Any,
    *,
    target_names: Sequence[str] | None = None,
    sample_weight: Any = None,
    nan_prediction: str = "raise",
) -> pd.DataFrame:
    """Table of the regression metrics of every target and over all targets.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_targets)
        True values; NaN marks a label that was not measured and is left out.
    y_pred : array-like of shape (n_samples,) or (n_samples, n_targets)
        Predicted values.
    target_names : sequence of str, default=None
        Names of the rows. By default the column names of `y_true`, or ``y0, y1, ...``.
    sample_weight : array-like of shape (n_samples,), default=None
        Row weights. A row of weight zero counts as deleted.
    nan_prediction : {"raise", "skip"}, default="raise"
        What an observed label whose prediction is NaN does; ``"skip"`` leaves it out, warns, and
        the column ``coverage`` tells how much is left.

    Returns
    -------
    report : DataFrame
        One row per target and a last row ``overall``. The columns are

        - ``R2``, ``MSE``, ``RMSE``, ``MAE``: as in scikit-learn, over observed labels;
        - ``MAPE``: scikit-learn's, a fraction and not a percentage;
        - ``NMSE``, ``NMAE``: errors over the variance and the standard deviation of the labels;
        - ``max_abs_error``: the largest absolute error, unweighted;
        - ``n_labels``: the number of observed labels;
        - ``coverage``: the share of them that has a prediction.

    Raises
    ------
    ValueError
        If `target_names` does not have one name per target, a target is called "overall", or an
        observed label has no prediction and `nan_prediction` is ``"raise"``.

    See Also
    --------
    masked_r2_score : R² alone, as one number.

    Notes
    -----
    ``overall`` holds the unweighted mean over the targets for which a metric is defined, except
    that ``max_abs_error`` is the largest, ``n_labels`` the sum, and ``coverage`` that of all
    labels together. MSE, RMSE, MAE and the largest error of targets in different units do not add
    up to anything: compare models by the overall R2, NMSE or NMAE.

    A target without labels gets a row of NaN with ``n_labels`` 0, because a report must show what
    could not be judged. R2, NMSE and NMAE of a single label are NaN, R2 with an
    ``UndefinedMetricWarning``.

    MAPE divides by the label. Where labels come near zero, a few of them dominate it; at zero
    scikit-learn divides by the machine epsilon. Read NMAE for such a target.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mtl.metrics import regression_report
    >>> y_true = pd.DataFrame({"feo": [8.0, 9.0, 10.0], "strength": [70.0, None, 74.0]})
    >>> y_pred = [[8.1, 71.0], [9.0, 72.0], [9.8, 74.0]]
    >>> report = regression_report(y_true, y_pred)
    >>> print(report[["R2", "RMSE", "NMSE", "n_labels"]].round(3))
                 R2   RMSE   NMSE  n_labels
    feo       0.975  0.129  0.025         3
    strength  0.875  0.707  0.125         2
    overall   0.925  0.418  0.075         5
    """
    targets = observed_labels(
        y_true, y_pred, sample_weight=sample_weight, nan_prediction=nan_prediction
    )
    names = [target.name for target in targets] if target_names is None else list(target_names)
    if len(names) != len(targets):
        raise ValueError(
            f"`target_names` must have one name for each of the {len(targets)} targets. "
            f"Got {len(names)}: {names}."
        )
    if "overall" in names:
        raise ValueError(
            "The row 'overall' holds the figures over all targets, so no target can be called so. "
            "Rename it, or pass `target_names`."
        )
    rows = [_metrics_of_target(target) for target in targets]
    report = pd.DataFrame(rows, index=names, columns=list(_COLUMNS))
    report.loc["overall"] = _overall(report, targets)
    return report.astype({"n_labels": int})


def _metrics_of_target(target: ObservedLabels) -> dict[str, float]:
    counts = {"n_labels": target.n_labels, "coverage": target.coverage}
    if len(target.y_true) == 0:
        return counts  # the frame fills the metrics with NaN
    y_true, y_pred, weight = target.y_true, target.y_pred, target.sample_weight
    mse = mean_squared_error(y_true, y_pred, sample_weight=weight)
    return {
        "R2": r2_of_target(target),
        "MSE": mse,
        "RMSE": np.sqrt(mse),
        "MAE": mean_absolute_error(y_true, y_pred, sample_weight=weight),
        "MAPE": mean_absolute_percentage_error(y_true, y_pred, sample_weight=weight),
        "NMSE": nmse_of_target(target),
        "NMAE": nmae_of_target(target),
        "max_abs_error": max_error(y_true, y_pred),
        **counts,
    }


def _overall(report: pd.DataFrame, targets: list[ObservedLabels]) -> pd.Series:
    overall = report.mean()
    overall["max_abs_error"] = report["max_abs_error"].max()
    n_labels = sum(target.n_labels for target in targets)
    n_predicted = sum(len(target.y_true) for target in targets)
    overall["n_labels"] = n_labels
    overall["coverage"] = n_predicted / n_labels if n_labels else float("nan")
    return overall
