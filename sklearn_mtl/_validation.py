"""Checks of inputs, partly observed targets and weights; home of private scikit-learn imports."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions, validate_params
from sklearn.utils.validation import _check_sample_weight, validate_data

__all__ = [
    "HasMethods",
    "Interval",
    "StrOptions",
    "Targets",
    "_fit_context",
    "check_features",
    "check_sample_weight",
    "check_targets",
    "validate_params",
]


class Targets(NamedTuple):
    """Targets as a float64 matrix, with what is needed to give them back as they came.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n_targets)
        NaN marks a value that was not measured.
    names : list of str
        Column names of a DataFrame or the name of a Series; ``y0, y1, ...`` otherwise.
    named : bool
        Whether the names came with the input.
    one_dimensional : bool
        Whether the input had one dimension, so that predictions get one too.
    """

    values: np.ndarray
    names: list[str]
    named: bool
    one_dimensional: bool


def check_features(
    estimator: BaseEstimator, X: Any, *, reset: bool, allow_infinite: bool = False
) -> np.ndarray:
    """Validate X: numeric, two-dimensional, finite or NaN; NaN marks an excluded row.

    Sets ``n_features_in_`` and ``feature_names_in_`` on `estimator` when `reset` is true and
    compares with them otherwise. float32 stays float32, everything else becomes float64. A caller
    that reads all values anyway passes `allow_infinite` and asks `has_infinity` as it goes.
    """
    if not reset and _is_plainly_valid(estimator, X) and (allow_infinite or not has_infinity(X)):
        return X
    try:
        return validate_data(
            estimator,
            X,
            reset=reset,
            dtype=(np.float64, np.float32),
            ensure_all_finite=False if allow_infinite else "allow-nan",
        )
    except TypeError as error:  # numpy's, which names no column
        times = [name for name, kind in getattr(X, "dtypes", {}).items() if kind.kind == "M"]
        if not times:
            raise
        raise ValueError(
            f"Column {times[0]!r} holds times. Encode it by CalendarEncoder in a "
            f"ColumnTransformer, or leave it out: X.drop(columns={times[0]!r})."
        ) from error


def has_infinity(values: np.ndarray) -> bool:
    """Tell whether any value is infinite."""
    flat = values.ravel(order="K")
    # A finite sum of squares, which BLAS has in one pass, leaves room for no NaN and no infinity.
    return not math.isfinite(np.vdot(flat, flat)) and bool(np.isinf(flat).any())


def _is_plainly_valid(estimator: BaseEstimator, X: Any) -> bool:
    """Tell whether X passes the checks of scikit-learn but for infinity without looking closer.

    The full checks cost as much as a prediction of one row by a small network. Whatever is not
    a plain array that matches goes through them, for their messages and conversions.
    """
    return (
        type(X) is np.ndarray
        and X.dtype in (np.float64, np.float32)
        and X.ndim == 2
        and len(X) > 0
        and X.shape[1] == estimator.n_features_in_
        and not hasattr(estimator, "feature_names_in_")
    )


def check_targets(y: Any, *, input_name: str = "y") -> Targets:
    """Validate partly observed targets.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        NaN marks a value that was not measured.
    input_name : str, default="y"
        How error messages call it.

    Returns
    -------
    targets : Targets

    Raises
    ------
    ValueError
        If `y` is not numeric, has more than two dimensions, no column, or an infinite value.
    """
    if y is None:
        raise ValueError(
            f"requires {input_name} to be passed, but the target {input_name} is None."
        )
    if hasattr(y, "columns"):
        names = [str(name) for name in y.columns]
    elif getattr(y, "name", None) is not None:
        names = [str(y.name)]
    else:
        names = []
    values = check_array(
        y,
        dtype=np.float64,
        ensure_2d=False,
        ensure_all_finite="allow-nan",
        input_name=input_name,
    )
    one_dimensional = values.ndim == 1
    if one_dimensional:
        values = values.reshape(-1, 1)
    named = bool(names)
    names = names or [f"y{k}" for k in range(values.shape[1])]
    return Targets(values, names, named, one_dimensional)


def check_sample_weight(sample_weight: Any, X: np.ndarray) -> np.ndarray | None:
    """Validate row weights: non-negative, one per row of X; None stays None."""
    if sample_weight is None:
        return None
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    check_consistent_length(X, weights)
    return weights
