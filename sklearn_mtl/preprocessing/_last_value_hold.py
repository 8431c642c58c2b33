"""Causal filling: a missing value takes the last known one, while that is not too old."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl._validation import Interval, _fit_context, check_features


def hold_last_value(values: np.ndarray, max_age: int) -> np.ndarray:
    """Fill NaN with the last value above it in its column, at most `max_age` rows old."""
    rows = np.arange(len(values))[:, np.newaxis]
    # Row number of the newest known value at or above each cell; -1 where there is none.
    newest = np.maximum.accumulate(np.where(np.isnan(values), -1, rows), axis=0)
    usable = (newest >= 0) & (rows - newest <= max_age)
    held = np.take_along_axis(values, np.maximum(newest, 0), axis=0)
    return np.where(usable, held, np.nan).astype(values.dtype, copy=False)


class LastValueHold(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Fill missing values with the last known value of the channel, up to an age.

    One dead instrument would otherwise silence the whole sensor, since a row with a missing value
    is not predicted. Only values from the past are used, so that a filled table looks the same as
    it would have looked in operation.

    Parameters
    ----------
    max_age : int
        A value is held for at most this many rows, then the channel is NaN.
    indicator : bool, default=False
        Whether to append one column per channel that is 1 where the value was missing before
        filling and 0 elsewhere, named ``missingindicator_<channel>`` as in scikit-learn.

    Attributes
    ----------
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of features seen during fit, if all are strings.

    Raises
    ------
    ValueError
        At fit, if `max_age` is not an integer of at least 1 (as `InvalidParameterError`); at fit
        and transform, if X is not numeric or holds infinite values.

    See Also
    --------
    LagFeaturizer : The step after this one.

    Notes
    -----
    Age is counted in rows of the table that is passed: nothing is remembered between calls, and
    time stamps are not looked at. In operation, pass the last `max_age` rows with the newest one.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.preprocessing import LastValueHold
    >>> flow = np.array([[np.nan], [3.0], [np.nan], [np.nan], [np.nan], [5.0]])
    >>> LastValueHold(max_age=2).fit_transform(flow).ravel()
    array([nan,  3.,  3.,  3., nan,  5.])
    """

    _parameter_constraints: ClassVar[dict] = {
        "max_age": [Interval(Integral, 1, None, closed="left")],
        "indicator": ["boolean"],
    }

    def __init__(self, max_age, *, indicator=False):
        self.max_age = max_age
        self.indicator = indicator

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> LastValueHold:
        """Learn the number and names of the channels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in the order of time; NaN marks a missing value.
        y : None
            Ignored.

        Returns
        -------
        self : LastValueHold
        """
        check_features(self, X, reset=True)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Fill missing values from the rows above.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in the order of time; NaN marks a missing value.

        Returns
        -------
        X_held : ndarray of shape (n_samples, n_features) or (n_samples, 2 * n_features)
            With the indicator columns last, if asked for.
        """
        check_is_fitted(self)
        values = check_features(self, X, reset=False)
        held = hold_last_value(values, self.max_age)
        return np.hstack([held, np.isnan(values).astype(values.dtype)]) if self.indicator else held

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the channels, then of the indicator columns, if asked for.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the input; they must equal those seen during fit.

        Returns
        -------
        names : ndarray of str
        """
        channels = super().get_feature_names_out(input_features)
        if not self.indicator:
            return channels
        flags = [f"missingindicator_{channel}" for channel in channels]
        return np.array([*channels, *flags], dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
