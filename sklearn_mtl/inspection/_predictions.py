"""True and predicted values of several targets, as the displays take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_consistent_length

from sklearn_mtl._validation import check_targets


class Predictions(NamedTuple):
    """Checked values with names.

    Attributes
    ----------
    y_true, y_pred : ndarray of shape (n_samples, n_targets)
        NaN marks a value that was not measured or could not be predicted.
    target_names : list of str
        One name per column.
    """

    y_true: np.ndarray
    y_pred: np.ndarray
    target_names: list[str]


def check_predictions(
    y_true: Any, y_pred: Any, target_names: Sequence[str] | None = None
) -> Predictions:
    """Validate true and predicted values; names default to the column names of `y_true`.

    Raises
    ------
    ValueError
        If the shapes differ, or `target_names` has not one name per target.
    """
    truth = check_targets(y_true, input_name="y_true")
    prediction = check_targets(y_pred, input_name="y_pred")
    check_consistent_length(truth.values, prediction.values)
    if truth.values.shape[1] != prediction.values.shape[1]:
        raise ValueError(
            "`y_true` and `y_pred` must have the same number of targets. "
            f"Got {truth.values.shape[1]} and {prediction.values.shape[1]}."
        )
    names = truth.names if target_names is None else [str(name) for name in target_names]
    if len(names) != truth.values.shape[1]:
        raise ValueError(
            f"`target_names` must have one name for each of the {truth.values.shape[1]} targets. "
            f"Got {len(names)}: {names}."
        )
    return Predictions(truth.values, prediction.values, names)


def both_known(y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
    """Mark the rows of one target that were measured and predicted."""
    return ~np.isnan(y_true) & ~np.isnan(y_pred)


def names_of_estimator(estimator: Any) -> list[str] | None:
    """Target names that a fitted estimator, or the last step of a pipeline, knows."""
    final = estimator[-1] if hasattr(estimator, "steps") else estimator
    names = getattr(final, "target_names_", None)
    return None if names is None else [str(name) for name in names]
