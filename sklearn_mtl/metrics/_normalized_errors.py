"""Errors in units of each target's spread, so that targets of different units can be averaged."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import mean_absolute_error, mean_squared_error

from sklearn_mtl.metrics._multioutput import average_over_targets
from sklearn_mtl.metrics._observed_labels import ObservedLabels, observed_labels, require_labels


def normalized_mean_squared_error(
    y_true: Any,
    y_pred: Any,
    *,
    sample_weight: Any = None,
    reference: Any = None,
    multioutput: str = "uniform_average",
    nan_prediction: str = "raise",
) -> float | np.ndarray:
    r"""Mean squared error over the target's variance, averaged over targets.

    .. math:: \mathrm{NMSE} = \frac{1}{K} \sum_{k=1}^{K} \frac{\mathrm{MSE}_k}{\sigma_k^2}

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_targets)
        True values; NaN marks a label that was not measured and is left out.
    y_pred : array-like of shape (n_samples,) or (n_samples, n_targets)
        Predicted values.
    sample_weight : array-like of shape (n_samples,), default=None
        Row weights. A row of weight zero counts as deleted.
    reference : float or array-like of shape (n_targets,), default=None
        Standard deviation of each target, for instance that of the training labels, so that
        models evaluated on different rows share one scale. By default it is taken from the
        observed labels of `y_true`.
    multioutput : {"uniform_average", "raw_values"}, default="uniform_average"
        Mean over targets, or one error per target.
    nan_prediction : {"raise", "skip"}, default="raise"
        What an observed label whose prediction is NaN does; ``"skip"`` leaves it out and warns.

    Returns
    -------
    error : float or ndarray of shape (n_targets,)
        0 is perfect; without `reference`, 1 is as good as the mean of the observed labels.

    Raises
    ------
    ValueError
        If a target has no observed label, or an observed label has no prediction and
        `nan_prediction` is ``"raise"``.

    See Also
    --------
    normalized_mean_absolute_error : The same for absolute errors.
    masked_r2_score : Equals one minus this error when `reference` is not given.

    Notes
    -----
    This is equation 86 (appendix B.5) of [1]_. Where the spread is zero the equation adds an
    unspecified small constant, which would make the error depend on the unit. Here a constant
    target follows scikit-learn's convention for R² instead: 0 for a perfect prediction, 1
    otherwise. With fewer than two labels and no `reference` the error is NaN, with an
    ``UndefinedMetricWarning``.

    References
    ----------
    .. [1] Y. Zhao, S. Yang, X. Wang, "Auto-Configured Networks for Multi-Scale Multi-Output
       Time-Series Forecasting", arXiv:2604.07610, 2026.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.metrics import normalized_mean_squared_error
    >>> y_true = np.array([[1.0, 100.0], [2.0, 200.0], [3.0, np.nan]])
    >>> y_pred = np.array([[1.5, 100.0], [2.0, 150.0], [3.0, 300.0]])
    >>> normalized_mean_squared_error(y_true, y_pred, multioutput="raw_values").round(3)
    array([0.125, 0.5  ])
    >>> round(normalized_mean_squared_error(y_true, y_pred, reference=[1.0, 100.0]), 4)
    0.1042
    """
    return _normalized_error(
        nmse_of_target, y_true, y_pred, sample_weight, reference, multioutput, nan_prediction
    )


def normalized_mean_absolute_error(
    y_true: Any,
    y_pred: Any,
    *,
    sample_weight: Any = None,
    reference: Any = None,
    multioutput: str = "uniform_average",
    nan_prediction: str = "raise",
) -> float | np.ndarray:
    r"""Mean absolute error over the target's standard deviation, averaged over targets.

    .. math:: \mathrm{NMAE} = \frac{1}{K} \sum_{k=1}^{K} \frac{\mathrm{MAE}_k}{\sigma_k}

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_targets)
        True values; NaN marks a label that was not measured and is left out.
    y_pred : array-like of shape (n_samples,) or (n_samples, n_targets)
        Predicted values.
    sample_weight : array-like of shape (n_samples,), default=None
        Row weights. A row of weight zero counts as deleted.
    reference : float or array-like of shape (n_targets,), default=None
        Standard deviation of each target; by default that of the observed labels of `y_true`.
    multioutput : {"uniform_average", "raw_values"}, default="uniform_average"
        Mean over targets, or one error per target.
    nan_prediction : {"raise", "skip"}, default="raise"
        What an observed label whose prediction is NaN does; ``"skip"`` leaves it out and warns.

    Returns
    -------
    error : float or ndarray of shape (n_targets,)
        0 is perfect.

    Raises
    ------
    ValueError
        If a target has no observed label, or an observed label has no prediction and
        `nan_prediction` is ``"raise"``.

    See Also
    --------
    normalized_mean_squared_error : The same for squared errors; its Notes hold here too.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.metrics import normalized_mean_absolute_error
    >>> y_true = np.array([[1.0, 100.0], [2.0, 200.0], [3.0, np.nan]])
    >>> y_pred = np.array([[1.5, 100.0], [2.0, 150.0], [3.0, 300.0]])
    >>> normalized_mean_absolute_error(y_true, y_pred, multioutput="raw_values").round(4)
    array([0.2041, 0.5   ])
    """
    return _normalized_error(
        nmae_of_target, y_true, y_pred, sample_weight, reference, multioutput, nan_prediction
    )


def nmse_of_target(target: ObservedLabels, sigma: float | None = None) -> float:
    """Return the squared error of one target over its variance: one term of equation 86."""
    if len(target.y_true) == 0:
        return float("nan")
    mse = float(
        mean_squared_error(target.y_true, target.y_pred, sample_weight=target.sample_weight)
    )
    sigma = _spread(target) if sigma is None else sigma
    return _ratio(mse, sigma**2)


def nmae_of_target(target: ObservedLabels, sigma: float | None = None) -> float:
    """Return the absolute error of one target over its spread: one term of equation 86."""
    if len(target.y_true) == 0:
        return float("nan")
    mae = float(
        mean_absolute_error(target.y_true, target.y_pred, sample_weight=target.sample_weight)
    )
    sigma = _spread(target) if sigma is None else sigma
    return _ratio(mae, sigma)


def _normalized_error(
    error_of_target: Callable[[ObservedLabels, float | None], float],
    y_true: Any,
    y_pred: Any,
    sample_weight: Any,
    reference: Any,
    multioutput: str,
    nan_prediction: str,
) -> float | np.ndarray:
    targets = observed_labels(
        y_true, y_pred, sample_weight=sample_weight, nan_prediction=nan_prediction
    )
    require_labels(targets)
    sigmas = _check_reference(reference, len(targets))
    errors = [error_of_target(target, sigma) for target, sigma in zip(targets, sigmas, strict=True)]
    undefined = [
        target.name for target, error in zip(targets, errors, strict=True) if np.isnan(error)
    ]
    if undefined:
        warnings.warn(
            f"Too few labels for a normalized error of {', '.join(undefined)}: the spread needs "
            "two. Pass `reference` to give it.",
            UndefinedMetricWarning,
            stacklevel=3,
        )
    return average_over_targets(errors, multioutput)


def _check_reference(reference: Any, n_targets: int) -> list[float] | list[None]:
    if reference is None:
        return [None] * n_targets
    sigmas = np.asarray(reference, dtype=np.float64)
    if sigmas.shape not in ((), (n_targets,)):
        raise ValueError(
            f"`reference` must be a number or one standard deviation for each of the {n_targets} "
            f"targets. Got shape {sigmas.shape}."
        )
    if not (np.isfinite(sigmas) & (sigmas > 0)).all():
        raise ValueError(f"`reference` must be positive and finite. Got {reference!r}.")
    return np.broadcast_to(sigmas, (n_targets,)).tolist()


def _spread(target: ObservedLabels) -> float:
    """Return the labels' standard deviation: exactly 0 for a constant, NaN for a single label."""
    if len(target.y_true) < 2:
        return float("nan")
    if np.ptp(target.y_true) == 0:
        return 0.0  # the rounded mean of a constant would leave a spread of about 1e-17
    mean = np.average(target.y_true, weights=target.sample_weight)
    variance = np.average((target.y_true - mean) ** 2, weights=target.sample_weight)
    return float(np.sqrt(variance))


def _ratio(error: float, spread: float) -> float:
    if spread == 0:
        return float(error > 0)
    return error / spread
