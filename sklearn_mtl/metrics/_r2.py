"""Coefficient of determination over observed labels, and the scorer made of it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import make_scorer, r2_score

from sklearn_mtl.metrics._multioutput import average_over_targets
from sklearn_mtl.metrics._observed_labels import ObservedLabels, observed_labels, require_labels


def masked_r2_score(
    y_true: Any,
    y_pred: Any,
    *,
    sample_weight: Any = None,
    multioutput: str = "uniform_average",
    nan_prediction: str = "raise",
) -> float | np.ndarray:
    """R² of each target over its own observed labels, averaged over targets.

    Equals :func:`sklearn.metrics.r2_score` when every label is observed. It is the ``score`` of
    every regressor of this package.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_targets)
        True values; NaN marks a label that was not measured and is left out.
    y_pred : array-like of shape (n_samples,) or (n_samples, n_targets)
        Predicted values. A NaN where no label was measured does not matter.
    sample_weight : array-like of shape (n_samples,), default=None
        Row weights. A row of weight zero counts as deleted.
    multioutput : {"uniform_average", "raw_values"}, default="uniform_average"
        Mean over targets, or one score per target.
    nan_prediction : {"raise", "skip"}, default="raise"
        What an observed label whose prediction is NaN does. Leaving it out flatters a model that
        declines the hard rows; therefore ``"skip"`` warns with the share of labels covered.

    Returns
    -------
    score : float or ndarray of shape (n_targets,)
        1 is perfect, 0 is as good as the mean of the observed labels; it can be negative.

    Raises
    ------
    ValueError
        If a target has no observed label, or an observed label has no prediction and
        `nan_prediction` is ``"raise"``.

    See Also
    --------
    masked_r2_scorer : This score as ``scoring=`` of scikit-learn's model selection.
    regression_report : This and other metrics for every target.

    Notes
    -----
    scikit-learn's conventions hold: a constant target scores 1 for a perfect prediction and 0
    otherwise; with fewer than two labels R² is undefined, which gives NaN and an
    ``UndefinedMetricWarning``. An undefined target makes the average NaN.

    Where a step excludes rows at predict too (``LagFeaturizer(history="exclude")``), search with
    ``scoring=make_scorer(masked_r2_score, nan_prediction="skip")``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.metrics import masked_r2_score
    >>> y_true = np.array([[1.0, 10.0], [2.0, np.nan], [3.0, 30.0], [4.0, 40.0]])
    >>> y_pred = np.array([[1.1, 12.0], [1.9, 20.0], [3.0, 30.0], [4.2, 38.0]])
    >>> round(masked_r2_score(y_true, y_pred), 4)
    0.9854
    >>> masked_r2_score(y_true, y_pred, multioutput="raw_values").round(4)
    array([0.988 , 0.9829])
    """
    targets = observed_labels(
        y_true, y_pred, sample_weight=sample_weight, nan_prediction=nan_prediction
    )
    require_labels(targets)
    return average_over_targets([r2_of_target(target) for target in targets], multioutput)


def r2_of_target(target: ObservedLabels) -> float:
    """R² of one target; NaN and a warning that names it with fewer than two labels."""
    if len(target.y_true) < 2:
        warnings.warn(
            f"R^2 score is not well-defined with less than two labels. "
            f"Target {target.name} has {len(target.y_true)}.",
            UndefinedMetricWarning,
            stacklevel=3,
        )
        return float("nan")
    return float(r2_score(target.y_true, target.y_pred, sample_weight=target.sample_weight))


masked_r2_scorer = make_scorer(masked_r2_score)
