"""Exclusion of rows in which the plant does not run steadily: stops, starts, transients."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any, ClassVar, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl._validation import Interval, StrOptions, _fit_context, check_features


class Limits(NamedTuple):
    """What steady means: one entry per monitored column in each array.

    Attributes
    ----------
    columns : ndarray of int
        Positions of the monitored columns.
    low, high, max_std : ndarray of float
        Limits; infinite where there is none.
    """

    columns: np.ndarray
    low: np.ndarray
    high: np.ndarray
    max_std: np.ndarray


def rolling_std(values: np.ndarray, window: int) -> np.ndarray:
    """Sample standard deviation of the known values among the last `window` rows of each column.

    Equal to ``DataFrame.rolling(window, min_periods=2).std()``: NaN where fewer than two values
    are known. Statistics of blocks of 1, 2, 4, ... rows are merged, so that only non-negative
    numbers are added: neither a high level nor a spike that has left the window costs digits, and
    the work grows with the logarithm of the window.
    """
    known = ~np.isnan(values)
    block = np.stack([known, np.where(known, values, 0.0), np.zeros(values.shape)])
    merged, n_merged = np.zeros_like(block), 0
    length = 1
    while length <= window:
        if window & length:
            merged = _merge(merged, _rows_before(block, n_merged))
            n_merged += length
        block = _merge(block, _rows_before(block, length))
        length *= 2
    count, _, squares = merged
    return np.sqrt(squares / np.where(count >= 2, count - 1, np.nan))


def _rows_before(block: np.ndarray, n_rows: int) -> np.ndarray:
    """Statistics `n_rows` rows earlier; those of no values before the first row."""
    earlier = np.zeros_like(block)
    earlier[:, n_rows:] = block[:, : max(block.shape[1] - n_rows, 0)]
    return earlier


def _merge(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Merge count, mean and sum of squared deviations of two sets of values (Chan et al. 1979)."""
    count = one[0] + other[0]
    share = other[0] / np.maximum(count, 1)
    difference = other[1] - one[1]
    mean = one[1] + share * difference
    return np.stack([count, mean, one[2] + other[2] + one[0] * share * difference**2])


def steady_rows(values: np.ndarray, limits: Limits, window: int, settling: int) -> np.ndarray:
    """Mark rows in which all monitored columns are known to keep their limits.

    Parameters
    ----------
    values : ndarray of shape (n, D)
    limits : Limits
    window : int
        Number of rows of the standard deviation.
    settling : int
        Number of rows after an excursion that are not steady either.

    Returns
    -------
    is_steady : ndarray of bool of shape (n,)
    """
    monitored = values[:, limits.columns]
    # Limits in the precision of the data: 0.1 keeps a limit of 0.1 in float32, too.
    low, high = limits.low.astype(values.dtype), limits.high.astype(values.dtype)
    is_off = ((monitored < low) | (monitored > high)).any(axis=1)
    is_unknown = np.isnan(monitored).any(axis=1)
    varying = np.isfinite(limits.max_std)
    if varying.any():
        std = rolling_std(monitored[:, varying].astype(np.float64), window)
        is_off |= (std > limits.max_std[varying]).any(axis=1)
        is_unknown |= np.isnan(std).any(axis=1)
    rows = np.arange(len(values))
    last_off = np.maximum.accumulate(np.where(is_off, rows, -settling - 1))
    return (rows - last_off > settling) & ~is_unknown


class SteadyStateFilter(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Exclude the rows in which the plant stands, starts, stops or moves to another state.

    A row is steady if every monitored tag lies inside its bounds and has varied little over the
    last rows. All others become rows of NaN: the regressors of this library leave them out at fit
    and answer NaN for them at predict.

    Parameters
    ----------
    bounds : dict, default=None
        Lowest and highest steady value by tag, such as ``{"strand_speed": (1.2, None)}``; None
        stands for no bound. A tag is the name of a column or, for arrays, its position.
    max_std : dict, default=None
        Highest standard deviation over the last `window` rows by tag, such as
        ``{"strand_speed": 0.1}``.
    window : int, default=10
        Number of rows of that standard deviation: the row itself and those before it.
    settling : int, default=0
        Number of rows after the end of an excursion that stay excluded, for the transient of a
        restart.
    on_transform : {"mark", "pass"}, default="mark"
        What ``transform``, which a pipeline calls in prediction, does with rows that are not
        steady: "mark" returns them as NaN, as in training; "pass" returns them as they are, so
        that the sensor always answers.

    Attributes
    ----------
    steady_mask_ : ndarray of bool of shape (n_samples,)
        True for the training rows that were kept.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of features seen during fit, if all are strings.

    Raises
    ------
    ValueError
        At fit, if a parameter is outside its range (as `InvalidParameterError`), if neither
        `bounds` nor `max_std` is given, if a tag is not a column or if no training row is steady;
        at fit and transform, if X is not numeric or holds infinite values.

    Warns
    -----
    UserWarning
        If fewer rows are passed to ``transform`` than `window` and `settling` look back.

    See Also
    --------
    IsolationForestFilter : Excludes rows that are unlike the others.

    Notes
    -----
    Step 1 of the preprocessing of MS-BCNN (appendix B.1 of [1]_), which removes start-up and
    shut-down; the paper does not say how. *Ours*: the limits, and the rule for missing values.

    *Standard deviation* looks back only and is the one of pandas,
    ``rolling(window, min_periods=2).std()``. The first rows use what there is; the very first one
    is excluded, since it may be anything. In operation, pass the ``window - 1 + settling`` rows
    before the newest one too: nothing is remembered between calls.

    *Missing values.* A row in which a monitored tag is missing is not known to be steady and is
    excluded. It starts no settling: a lost value is no excursion.

    *Place in the pipeline.* Fill before this step, never after it. Before `LagFeaturizer`,
    windows that reach into an excluded row are excluded as well; after it, tags are called
    ``strand_speed(t)``. Names need ``pipeline.set_output(transform="pandas")``. Rows are counted,
    time stamps are not looked at.

    References
    ----------
    .. [1] Y. Zhao, S. Yang and X. Wang, "Auto-Configured Networks for Multi-Scale Multi-Output
       Time-Series Forecasting", arXiv:2604.07610, appendix B.1.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mtl.preprocessing import SteadyStateFilter
    >>> X = pd.DataFrame({"strand_speed": [1.5, 1.5, 0.0, 1.4, 1.5, 1.5]})
    >>> steady = SteadyStateFilter(bounds={"strand_speed": (1.2, None)}, settling=1)
    >>> steady.fit_transform(X).ravel()
    array([1.5, 1.5, nan, nan, 1.5, 1.5])
    """

    _parameter_constraints: ClassVar[dict] = {
        "bounds": [dict, None],
        "max_std": [dict, None],
        "window": [Interval(Integral, 2, None, closed="left")],
        "settling": [Interval(Integral, 0, None, closed="left")],
        "on_transform": [StrOptions({"mark", "pass"})],
    }

    def __init__(self, bounds=None, max_std=None, *, window=10, settling=0, on_transform="mark"):
        self.bounds = bounds
        self.max_std = max_std
        self.window = window
        self.settling = settling
        self.on_transform = on_transform

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> SteadyStateFilter:
        """Find the monitored tags, and the steady rows of the training data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in the order of time.
        y : None
            Ignored.

        Returns
        -------
        self : SteadyStateFilter
        """
        values = check_features(self, X, reset=True)
        self._limits = self._find_limits()
        self.steady_mask_ = steady_rows(values, self._limits, self.window, self.settling)
        if not self.steady_mask_.any():
            raise ValueError(
                f"No row is steady, so that none is left of n_samples={len(values)}. The monitored "
                f"tags range over {self._ranges(values)}. Compare with bounds={self.bounds} and "
                f"max_std={self.max_std}: are they in the units of the data?"
            )
        return self

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Find the limits and return the training rows, those that are not steady as NaN.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in the order of time.
        y : None
            Ignored.

        Returns
        -------
        X_steady : ndarray of shape (n_samples, n_features)
        """
        self.fit(X, y)
        values = check_features(self, X, reset=False)
        return np.where(self.steady_mask_[:, np.newaxis], values, np.nan)

    def transform(self, X: Any) -> np.ndarray:
        """Return rows that are not steady as NaN, or as they are if ``on_transform="pass"``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in the order of time.

        Returns
        -------
        X_out : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        values = check_features(self, X, reset=False)
        if self.on_transform == "pass":
            return values
        n_before = self.settling + (self.window - 1 if self.max_std else 0)
        if len(values) <= n_before:
            warnings.warn(
                f"{len(values)} rows are too few for the past that `window` and `settling` look "
                f"at. Pass the {n_before} rows before the first one too.",
                UserWarning,
                stacklevel=2,
            )
        is_steady = steady_rows(values, self._limits, self.window, self.settling)
        return np.where(is_steady[:, np.newaxis], values, np.nan)

    def _find_limits(self) -> Limits:
        if not self.bounds and not self.max_std:
            raise ValueError(
                f"Nothing tells what steady means: bounds={self.bounds}, max_std={self.max_std}. "
                "Pass at least one limit, such as bounds={'strand_speed': (1.2, None)}."
            )
        bounds = self._by_position("bounds", self.bounds, _check_bounds)
        max_std = self._by_position("max_std", self.max_std, _check_max_std)
        columns = sorted({*bounds, *max_std})
        low, high = np.array([bounds.get(column, (-np.inf, np.inf)) for column in columns]).T
        return Limits(
            np.array(columns), low, high, np.array([max_std.get(k, np.inf) for k in columns])
        )

    def _by_position(self, parameter: str, limits: dict | None, check: Callable) -> dict[int, Any]:
        found: dict[int, Any] = {}
        for tag, limit in (limits or {}).items():
            column = self._position(tag, parameter)
            if column in found:
                raise ValueError(f"`{parameter}` limits column {column} twice, last as {tag!r}.")
            found[column] = check(tag, limit)
        return found

    def _position(self, tag: Any, parameter: str) -> int:
        names = list(getattr(self, "feature_names_in_", ()))
        if isinstance(tag, str) and tag in names:
            return names.index(tag)
        if isinstance(tag, Integral) and 0 <= int(tag) < self.n_features_in_:
            return int(tag)
        if not names:
            raise ValueError(
                f"`{parameter}` names the tag {tag!r}, but the columns have no names. Pass a "
                f"DataFrame, or a position from 0 to {self.n_features_in_ - 1}."
            )
        alike = get_close_matches(str(tag), names)
        raise ValueError(
            f"`{parameter}` names the tag {tag!r}, which is not a column. "
            + (f"Alike: {alike}." if alike else f"Columns: {names}.")
        )

    def _ranges(self, values: np.ndarray) -> str:
        names = self.get_feature_names_out()
        ranges = []
        for column in self._limits.columns:
            known = values[~np.isnan(values[:, column]), column]
            span = f"{known.min():g} to {known.max():g}" if len(known) else "no known value"
            ranges.append(f"{names[column]}: {span}")
        return ", ".join(ranges)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _check_bounds(tag: Any, pair: Any) -> tuple[float, float]:
    """Return (low, high), infinite where there is no bound."""
    is_pair = isinstance(pair, tuple | list) and len(pair) == 2
    if is_pair and all(bound is None or isinstance(bound, Real) for bound in pair):
        low = -np.inf if pair[0] is None else float(pair[0])
        high = np.inf if pair[1] is None else float(pair[1])
        if low <= high and (low, high) != (-np.inf, np.inf):
            return low, high
    raise ValueError(
        "A bound must be a pair (low, high) of numbers with low <= high, where one may be None. "
        f"Got {pair!r} for the tag {tag!r}."
    )


def _check_max_std(tag: Any, limit: Any) -> float:
    if not isinstance(limit, Real) or not 0 < float(limit) < np.inf:
        raise ValueError(
            f"`max_std` must give each tag a finite number above 0. Got {limit!r} for the tag "
            f"{tag!r}."
        )
    return float(limit)
