"""Labels that were measured, target by target, next to what was predicted for them."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_consistent_length

from sklearn_mtl._validation import check_sample_weight, check_targets


class ObservedLabels(NamedTuple):
    """The labels of one target that count in a metric.

    Attributes
    ----------
    name : str
        Name of the target.
    y_true, y_pred : ndarray of shape (n_predicted,)
        Observed labels that have a prediction, and the predictions.
    sample_weight : ndarray of shape (n_predicted,) or None
        Their weights, all positive.
    n_labels : int
        Number of observed labels, with or without a prediction.
    """

    name: str
    y_true: np.ndarray
    y_pred: np.ndarray
    sample_weight: np.ndarray | None
    n_labels: int

    @property
    def coverage(self) -> float:
        """Share of the observed labels that have a prediction; NaN without labels."""
        return len(self.y_true) / self.n_labels if self.n_labels else float("nan")


def observed_labels(
    y_true: Any, y_pred: Any, *, sample_weight: Any = None, nan_prediction: str = "raise"
) -> list[ObservedLabels]:
    """Split partly observed targets into one complete problem per target.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_targets)
        NaN marks a label that was not measured.
    y_pred : array-like of shape (n_samples,) or (n_samples, n_targets)
        NaN marks a missing prediction.
    sample_weight : array-like of shape (n_samples,), default=None
        Row weights. A row of weight zero is left out, as if it had been deleted.
    nan_prediction : {"raise", "skip"}, default="raise"
        What an observed label without a prediction does: raise a `ValueError`, or be left out
        with a warning that states the coverage.

    Returns
    -------
    targets : list of ObservedLabels
        One per target, in the order of the columns.
    """
    if nan_prediction not in ("raise", "skip"):
        raise ValueError(f"`nan_prediction` must be 'raise' or 'skip'. Got {nan_prediction!r}.")
    truth = check_targets(y_true, input_name="y_true")
    prediction = check_targets(y_pred, input_name="y_pred")
    check_consistent_length(truth.values, prediction.values)
    _check_same_targets(y_true, y_pred, truth.names, prediction.names)

    observed = ~np.isnan(truth.values)  # (n_samples, n_targets)
    weights = check_sample_weight(sample_weight, truth.values)
    if weights is not None:
        observed &= weights[:, np.newaxis] > 0
    predicted = observed & ~np.isnan(prediction.values)

    targets = []
    for k, name in enumerate(truth.names):
        rows = predicted[:, k]
        targets.append(
            ObservedLabels(
                name=name,
                y_true=truth.values[rows, k],
                y_pred=prediction.values[rows, k],
                sample_weight=None if weights is None else weights[rows],
                n_labels=int(observed[:, k].sum()),
            )
        )
    _check_coverage(targets, nan_prediction)
    return targets


def require_labels(targets: list[ObservedLabels]) -> None:
    """Raise a `ValueError` that names the targets without any observed label."""
    unlabelled = [target.name for target in targets if target.n_labels == 0]
    if unlabelled:
        raise ValueError(
            f"No label of positive weight is observed for {', '.join(unlabelled)}, so no score "
            "exists. Leave these columns out, or evaluate on rows where they were measured."
        )


def _check_same_targets(
    y_true: Any, y_pred: Any, true_names: list[str], predicted_names: list[str]
) -> None:
    if len(true_names) != len(predicted_names):
        raise ValueError(
            f"`y_true` and `y_pred` must have the same number of targets. "
            f"Got {len(true_names)} and {len(predicted_names)}."
        )
    both_named = hasattr(y_true, "columns") and hasattr(y_pred, "columns")
    # Frames whose names differ altogether ("so2", "so2_predicted") are matched by position; the
    # same names in another order can only be a mistake.
    if both_named and true_names != predicted_names and set(true_names) == set(predicted_names):
        raise ValueError(
            f"The columns of `y_pred` are those of `y_true` in another order: {predicted_names} "
            f"instead of {true_names}. Pass y_pred[y_true.columns]."
        )


def _check_coverage(targets: list[ObservedLabels], nan_prediction: str) -> None:
    gaps = [target for target in targets if len(target.y_true) < target.n_labels]
    if not gaps:
        return
    missing = ", ".join(f"{t.name} {t.n_labels - len(t.y_true)} of {t.n_labels}" for t in gaps)
    if nan_prediction == "raise":
        raise ValueError(
            f"The prediction of an observed label is NaN ({missing}). Rows with NaN in X, or that "
            "a step excludes, get no prediction: fill them first, or leave these labels out by "
            "nan_prediction='skip'; for a scorer by make_scorer(..., nan_prediction='skip')."
        )
    coverage = ", ".join(f"{t.name} {t.coverage:.3f}" for t in targets)
    warnings.warn(
        f"Observed labels without a prediction are left out ({missing}). Coverage: {coverage}.",
        UserWarning,
        stacklevel=4,
    )
