"""Exclusion of outlier rows from training by an isolation forest."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.ensemble import IsolationForest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl._validation import Interval, StrOptions, _fit_context, check_features


class IsolationForestFilter(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Exclude the rows that an isolation forest finds easiest to isolate from training.

    ``fit_transform``, which a pipeline calls in training, returns outlier rows as NaN: the
    regressors of this library leave such rows out, together with their targets. ``transform``,
    which a pipeline calls in prediction, passes all rows through unless asked to mark them too.

    Parameters
    ----------
    contamination : float, default=0.05
        Share of the training rows to exclude, in (0, 0.5].
    n_estimators : int, default=100
        Number of trees.
    on_transform : {"pass", "mark"}, default="pass"
        What ``transform`` does with rows that score as outliers: "pass" returns them as they
        are, so that the sensor always answers; "mark" returns them as NaN, so that the sensor
        answers NaN where it would extrapolate.
    random_state : int, RandomState instance or None, default=None
        Randomness of the forest. Pass an int for the same result in every call.
    n_jobs : int, default=None
        Number of jobs in fitting and scoring the trees.

    Attributes
    ----------
    forest_ : Pipeline
        Scaling to [0, 1] and the forest, fitted on the complete training rows.
    anomaly_scores_ : ndarray of shape (n_samples,)
        ``score_samples`` of the training rows; NaN for rows with a missing value.
    inlier_mask_ : ndarray of bool of shape (n_samples,)
        True for the training rows that were kept; False for outliers and for rows with a missing
        value.
    offset_ : float
        Score below which a row is an outlier.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of features seen during fit, if all are strings.

    Raises
    ------
    ValueError
        At fit, if a parameter is outside its range (as `InvalidParameterError`) or if every row
        has a missing value; at fit and transform, if X is not numeric or holds infinite values.

    See Also
    --------
    sklearn.ensemble.IsolationForest : The forest itself.

    Notes
    -----
    Cleaning step of the Attention-MMoE-DLW system, by the isolation forest of [1]_; 95 % of the
    rows are kept at the default. The paper's figure of anomaly scores shows
    ``anomaly_scores_ - offset_``: outliers are below zero.

    Rows that have a missing value are excluded already. The forest is fitted without them and they
    are returned unchanged. Fill missing values *before* this step: an imputer after it would
    replace excluded rows by made-up ones and return them to the training data.

    Because the training rows are treated differently, ``fit(X).transform(X)`` differs from
    ``fit_transform(X)``.

    References
    ----------
    .. [1] F. T. Liu, K. M. Ting and Z.-H. Zhou, "Isolation forest", ICDM 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.preprocessing import IsolationForestFilter
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> X[7] = 50
    >>> cleaning = IsolationForestFilter(contamination=0.01, random_state=0)
    >>> cleaned = cleaning.fit_transform(X)
    >>> np.flatnonzero(np.isnan(cleaned).any(axis=1))
    array([7])
    >>> cleaning.transform(X[7:8])
    array([[50., 50.]])
    """

    _parameter_constraints: ClassVar[dict] = {
        "contamination": [Interval(Real, 0, 0.5, closed="right")],
        "n_estimators": [Interval(Integral, 1, None, closed="left")],
        "on_transform": [StrOptions({"pass", "mark"})],
        "random_state": ["random_state"],
        "n_jobs": [None, Integral],
    }

    def __init__(
        self,
        contamination=0.05,
        n_estimators=100,
        on_transform="pass",
        random_state=None,
        n_jobs=None,
    ):
        self.contamination = contamination
        self.n_estimators = n_estimators
        self.on_transform = on_transform
        self.random_state = random_state
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> IsolationForestFilter:
        """Fit the forest on the rows without a missing value.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training rows; a row with NaN is excluded already.
        y : None
            Ignored.

        Returns
        -------
        self : IsolationForestFilter
        """
        values = check_features(self, X, reset=True)
        complete = ~np.isnan(values).any(axis=1)
        if not complete.any():
            raise ValueError(
                f"All {len(values)} rows have a missing value, so that no row is left to fit the "
                "forest on. Fill missing values before this step, for example with LastValueHold."
            )
        forest = IsolationForest(
            n_estimators=self.n_estimators,
            contamination=self.contamination,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
        )
        # The method does not depend on the units of a channel, but scikit-learn's trees do: they
        # compute in float32 and take a range below 1e-7 as constant.
        self.forest_ = make_pipeline(MinMaxScaler(), forest).fit(values[complete])
        self.offset_ = float(forest.offset_)
        self.anomaly_scores_ = self._scores(values)
        self.inlier_mask_ = self.anomaly_scores_ >= self.offset_
        return self

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Fit the forest and return the training rows with outliers as NaN.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training rows; a row with NaN is excluded already.
        y : None
            Ignored.

        Returns
        -------
        X_cleaned : ndarray of shape (n_samples, n_features)
        """
        self.fit(X, y)
        return self._mark(check_features(self, X, reset=False), self.anomaly_scores_)

    def transform(self, X: Any) -> np.ndarray:
        """Pass the rows through, or mark outliers if ``on_transform="mark"``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        values = check_features(self, X, reset=False)
        return values if self.on_transform == "pass" else self._mark(values, self._scores(values))

    def score_samples(self, X: Any) -> np.ndarray:
        """Score rows: the lower, the easier to isolate; below `offset_` a row is an outlier.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows to score.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            NaN for a row with a missing value.
        """
        check_is_fitted(self)
        return self._scores(check_features(self, X, reset=False))

    def _scores(self, values: np.ndarray) -> np.ndarray:
        complete = ~np.isnan(values).any(axis=1)
        scores = np.full(len(values), np.nan)
        if complete.any():
            scores[complete] = self.forest_.score_samples(values[complete])
        return scores

    def _mark(self, values: np.ndarray, scores: np.ndarray) -> np.ndarray:
        return np.where((scores < self.offset_)[:, np.newaxis], np.nan, values)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
