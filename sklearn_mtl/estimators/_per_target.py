"""One clone of any scikit-learn regressor per target, each on the rows where it was measured."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import check_consistent_length
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from sklearn_mtl._validation import (
    HasMethods,
    _fit_context,
    check_features,
    check_sample_weight,
    check_targets,
)
from sklearn_mtl.metrics import masked_r2_score


class PerTargetRegressor(MetaEstimatorMixin, RegressorMixin, BaseEstimator):
    """Fit one clone of a regressor per target on the rows where that target was measured.

    It gives any scikit-learn regressor the contracts of this library: NaN in y means "not
    measured", NaN in X means "excluded row". It is the single-task reference for the multi-task
    regressors, and differs from scikit-learn's ``MultiOutputRegressor``, which refuses both.

    Parameters
    ----------
    regressor : estimator object
        Regressor with ``fit`` and ``predict``. It is cloned, not changed.
    n_jobs : int, default=None
        Number of targets to fit at the same time.

    Attributes
    ----------
    estimators_ : list of estimators
        The fitted clones, one per target.
    target_names_ : list of str
        Column names of y; ``y0, y1, ...`` if it has none.
    n_outputs_ : int
        Number of targets.
    n_rows_excluded_ : int
        Training rows left out because X has a missing value there.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of features seen during fit, if all are strings.

    Raises
    ------
    ValueError
        At fit, if no row of X is complete, if a target has no measured value in the rows that are
        left, if y is infinite anywhere, or if `sample_weight` is given and the regressor cannot
        take it.

    Warns
    -----
    UserWarning
        At predict, if rows of X have a missing value: they are answered by NaN.

    See Also
    --------
    sklearn.multioutput.MultiOutputRegressor : The same for fully observed X and y.

    Notes
    -----
    The clones get plain arrays: a regressor that selects columns by name has to select by position.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn_mtl import PerTargetRegressor
    >>> X = np.arange(5.0).reshape(-1, 1)
    >>> y = np.column_stack([2 * X[:, 0], 1 - X[:, 0]])
    >>> y[1:3, 0] = np.nan
    >>> PerTargetRegressor(LinearRegression()).fit(X, y).predict([[10.0]]).round(6)
    array([[20., -9.]])
    """

    _parameter_constraints: ClassVar[dict] = {
        "regressor": [HasMethods(["fit", "predict"])],
        "n_jobs": [None, Integral],
    }

    def __init__(self, regressor, *, n_jobs=None):
        self.regressor = regressor
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> PerTargetRegressor:
        """Fit one clone per target.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows with a missing value are left out.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            NaN marks a value that was not measured.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, passed to the clones.

        Returns
        -------
        self : PerTargetRegressor
        """
        values = check_features(self, X, reset=True)
        targets = check_targets(y)
        check_consistent_length(values, targets.values)
        weights = check_sample_weight(sample_weight, values)
        if weights is not None and not has_fit_parameter(self.regressor, "sample_weight"):
            raise ValueError(
                f"`sample_weight` was given, but {type(self.regressor).__name__}.fit does not take "
                "it. Fit without weights, or pass a regressor whose fit has `sample_weight`."
            )
        complete = ~np.isnan(values).any(axis=1)
        if not complete.any():
            raise ValueError(
                f"All {len(values)} rows of X have a missing value, so that no row is left to fit. "
                "Fill missing values first, for example with LastValueHold."
            )
        # (n, K): the rows each target is fitted on
        usable = complete[:, np.newaxis] & ~np.isnan(targets.values)
        unmeasured = [
            name
            for name, has_rows in zip(targets.names, usable.any(axis=0), strict=True)
            if not has_rows
        ]
        if unmeasured:
            raise ValueError(
                f"No measured value of target {', '.join(map(repr, unmeasured))} in the "
                f"{complete.sum()} rows of X without a missing value. Leave the target out of y or "
                "pass rows where it was measured."
            )
        self.estimators_ = Parallel(n_jobs=self.n_jobs)(
            delayed(_fit_clone)(
                self.regressor, values[rows], y_k[rows], None if weights is None else weights[rows]
            )
            for y_k, rows in zip(targets.values.T, usable.T, strict=True)
        )
        self.target_names_ = targets.names
        self.n_outputs_ = len(targets.names)
        self.n_rows_excluded_ = int((~complete).sum())
        self._one_dimensional = targets.one_dimensional
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predict all targets; a row with a missing value is answered by NaN.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y_pred : ndarray of shape (n_samples,) or (n_samples, n_targets)
            One dimension if y had one in fit.
        """
        check_is_fitted(self)
        values = check_features(self, X, reset=False)
        complete = ~np.isnan(values).any(axis=1)
        if not complete.all():
            warnings.warn(
                f"{(~complete).sum()} of {len(values)} rows have a missing value in X: their "
                "predictions are NaN.",
                UserWarning,
                stacklevel=2,
            )
        predictions = np.full((len(values), self.n_outputs_), np.nan)
        if complete.any():
            rows = values[complete]
            for k, estimator in enumerate(self.estimators_):
                predictions[complete, k] = np.ravel(estimator.predict(rows))
        return predictions[:, 0] if self._one_dimensional else predictions

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Coefficient of determination over the measured values, averaged over targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows to predict.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            NaN marks a value that was not measured.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float

        Raises
        ------
        ValueError
            If the prediction of a measured value is NaN.
        """
        return float(masked_r2_score(y, self.predict(X), sample_weight=sample_weight))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.multi_output = True
        return tags


def _fit_clone(
    regressor: BaseEstimator, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None
) -> BaseEstimator:
    # Left out when not given: not every fit takes it.
    fit_params = {} if sample_weight is None else {"sample_weight": sample_weight}
    return clone(regressor).fit(X, y, **fit_params)
