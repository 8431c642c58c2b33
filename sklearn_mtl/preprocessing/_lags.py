"""Windows of past values as features of a row, in the sequence layout of the library."""

from __future__ import annotations

import warnings
from itertools import pairwise
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_mtl._validation import Interval, StrOptions, _fit_context, check_features
from sklearn_mtl.preprocessing._segments import (
    one_segment,
    segments_of_index,
    segments_of_labels,
    usual_step,
)


def lagged_levels(values: np.ndarray, lags: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """Values of each channel `lags` rows back, the first of the segment where it begins later.

    Parameters
    ----------
    values : ndarray of shape (n, D)
    lags : ndarray of int of shape (L,)
        Falling, so that time ascends along the window.
    segments : ndarray of int of shape (n,)
        First row of the segment of each row.

    Returns
    -------
    levels : ndarray of shape (n, D, L)
    """
    rows = np.arange(len(values))
    sources = np.maximum(rows[:, np.newaxis] - lags, segments[:, np.newaxis])  # (n, L)
    return values[sources].transpose(0, 2, 1)  # (n, L, D) -> (n, D, L)


def code_levels(levels: np.ndarray, coding: str) -> np.ndarray:
    """Write windows (n, D, L) as rows: channel-major, time ascending, levels without time last."""
    n_rows = len(levels)
    if coding == "levels":
        return levels.reshape(n_rows, -1)
    differences = np.diff(levels, axis=2).reshape(n_rows, -1)  # (n, D, L) -> (n, D * (L - 1))
    return differences if coding == "differences" else np.hstack([differences, levels[:, :, -1]])


class LagFeaturizer(TransformerMixin, BaseEstimator):
    """Add the recent past of every channel to each row.

    Process variables act on quality with delay. A row at time t becomes the window
    ``x1(t-m) ... x1(t), x2(t-m) ... x2(t), ...`` (eq. 19 of [1]_): channel-major, time ascending
    inside a channel, which is the layout that sequence models of this library read.

    Parameters
    ----------
    lags : int or sequence of int, default=9
        An int m stands for the steps 0, 1, ..., m back in time, m + 1 values per channel. A
        sequence names the steps themselves; 0 is the row's own value.
    coding : {"levels", "differences", "differences+level"}, default="levels"
        "levels" writes the values. "differences" writes what changed between neighbouring steps
        of the window, x(t-z) - x(t-z-1), one column per channel fewer. "differences+level" appends
        the newest value of each channel as columns without a time axis. On a drifting plant the
        level acts as a time stamp that a flexible model memorises; differences carry over to
        later times.
    segment : "index", None or str, default="index"
        What ends the past of a row: lags never reach over the border of a segment. "index" starts
        a segment where the index of a DataFrame jumps: where it steps by more than one and a half
        of the median step of the training rows; arrays are one segment. None takes all rows as one
        segment. Another string is the column that labels campaigns or batches: a new segment
        starts where the label changes, and the column is dropped from the output.
    history : {"edge", "exclude", "carry"}, default="edge"
        What stands in for values before the start of a segment. "edge" repeats the first value.
        "exclude" marks the rows whose window is incomplete as NaN, so that they are left out at
        fit and answered by NaN at predict. "carry" is "edge" in training and remembers the last
        training rows, so that ``transform`` of the rows that follow continues the series.

    Attributes
    ----------
    lags_ : ndarray of int
        Steps back in time, falling, one per value of the window.
    n_features_in_ : int
        Number of features seen during fit, the segment column included.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of features seen during fit, if all are strings.

    Raises
    ------
    ValueError
        If a parameter is outside its range (as `InvalidParameterError`); if the index cannot
        order the rows, repeats an entry or goes back; if the segment column is absent or has a
        missing label; with ``history="carry"``, if the rows do not follow the training rows.

    Warns
    -----
    UserWarning
        If no row has a complete window because fewer rows than lags are passed.

    See Also
    --------
    LastValueHold : Fills missing values; stands before this step.
    sklearn_mtl.model_selection.BlockedKFold : Folds that keep overlapping windows apart.

    Notes
    -----
    *Names.* A value is called ``<channel>(<step>)``, a difference
    ``<channel>(<newer step>)-<channel>(<older step>)``, where a step is ``t`` or ``t-<lag>``:
    ``x1(t)``, ``x1(t-3)``, ``x1(t-3)-x1(t-4)``.

    *Sequence models.* Levels have ``seq_len = m + 1`` and no static columns; differences have
    ``seq_len = m``; "differences+level" has ``seq_len = m`` and one static column per channel.

    *Missing values* propagate cell by cell: NaN in a row is NaN in every window that holds it.

    *Index.* A step before this one must hand on the index: call
    ``pipeline.set_output(transform="pandas")``, or the rows arrive as an array, which is one
    segment. Times may jitter by half a step; round those that jitter more, or pass
    ``segment=None``. In an index of local times without a time zone, the hour that repeats in
    autumn is an error.

    *Carry* is for walk-forward use only. In blocked folds the remembered rows are newer than the
    middle blocks; with an index such a call raises. Every call continues the training rows, not
    the call before: pass all rows since, or refit.

    References
    ----------
    .. [1] L. Pan, H. Wang, Z. Chen, Y. Huang and X. Liu, "TMoE-P: Towards the Pareto Optimum for
       Multivariate Soft Sensors", eq. 19.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mtl.preprocessing import LagFeaturizer
    >>> X = pd.DataFrame({"flow": [1.0, 2.0, 4.0, 8.0]}, index=[0, 1, 2, 6])
    >>> LagFeaturizer(lags=2).set_output(transform="pandas").fit_transform(X)
       flow(t-2)  flow(t-1)  flow(t)
    0        1.0        1.0      1.0
    1        1.0        1.0      2.0
    2        1.0        2.0      4.0
    6        8.0        8.0      8.0
    """

    _parameter_constraints: ClassVar[dict] = {
        "lags": [Interval(Integral, 0, None, closed="left"), "array-like"],
        "coding": [StrOptions({"levels", "differences", "differences+level"})],
        "segment": [str, None],
        "history": [StrOptions({"edge", "exclude", "carry"})],
    }

    def __init__(self, lags=9, *, coding="levels", segment="index", history="edge"):
        self.lags = lags
        self.coding = coding
        self.segment = segment
        self.history = history

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> LagFeaturizer:
        """Learn the channels and, with ``history="carry"``, remember the last rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Rows in the order of time.
        y : None
            Ignored.

        Returns
        -------
        self : LagFeaturizer
        """
        self.lags_ = _check_lags(self.lags, self.coding)
        values, marks = self._read(X, reset=True)
        # Raises here already if the rows have no order
        self._usual_step = (
            None if marks is None or self._has_segment_column() else usual_step(marks)
        )
        self._segments(marks, len(values))
        self._remembered = None
        if self.history == "carry":
            last = slice(-max(self.lags_[0], 1), None)
            self._remembered = values[last].copy(), None if marks is None else marks[last]
        return self

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Fit, and add lags to the training rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Rows in the order of time.
        y : None
            Ignored.

        Returns
        -------
        X_lagged : ndarray of shape (n_samples, n_features_out)
        """
        # Not fit(X).transform(X): with history="carry" the rows would follow themselves.
        self.fit(X, y)
        return self._window(*self._read(X, reset=False))

    def transform(self, X: Any) -> np.ndarray:
        """Add lags to rows.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Rows in the order of time; with ``history="carry"`` those that follow the training
            rows.

        Returns
        -------
        X_lagged : ndarray of shape (n_samples, n_features_out)
        """
        check_is_fitted(self)
        values, marks = self._read(X, reset=False)
        if self._remembered is None:
            return self._window(values, marks)
        past, past_marks = self._remembered
        windows = self._window(
            np.vstack([past.astype(values.dtype), values]), self._join_marks(past_marks, marks)
        )
        return windows[len(past) :]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names that carry channel and step, such as ``x1(t-3)`` or ``x1(t-3)-x1(t-4)``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the input; they must equal those seen during fit.

        Returns
        -------
        names : ndarray of str of shape (n_features_out,)
        """
        # The public way to check names of the input; the names of the output are not one to one.
        names_in = OneToOneFeatureMixin.get_feature_names_out(self, input_features)
        channels = [
            name for name in names_in if not self._has_segment_column() or name != self.segment
        ]
        steps = [f"(t-{lag})" if lag else "(t)" for lag in self.lags_]
        levels = [channel + step for channel in channels for step in steps]
        differences = [
            f"{channel}{newer}-{channel}{older}"
            for channel in channels
            for older, newer in pairwise(steps)
        ]
        newest = [channel + steps[-1] for channel in channels]
        names = {
            "levels": levels,
            "differences": differences,
            "differences+level": differences + newest,
        }[self.coding]
        return np.array(names, dtype=object)

    def _has_segment_column(self) -> bool:
        return self.segment not in (None, "index")

    def _read(self, X: Any, *, reset: bool) -> tuple[np.ndarray, pd.Index | None]:
        """Split X into numeric channels and the marks of its rows: times, labels or nothing."""
        if not self._has_segment_column():
            has_marks = self.segment == "index" and isinstance(X, pd.DataFrame)
            return check_features(self, X, reset=reset), X.index if has_marks else None
        if not isinstance(X, pd.DataFrame) or self.segment not in X.columns:
            found = list(X.columns) if isinstance(X, pd.DataFrame) else f"a {type(X).__name__}"
            raise ValueError(
                f"segment={self.segment!r} needs a DataFrame with that column. Got {found}. "
                "Name one of its columns, or pass segment=None."
            )
        # Labels may be words: only names and number of all columns are checked here.
        validate_data(self, X, reset=reset, skip_check_array=True)
        channels = check_array(
            X.drop(columns=self.segment),
            dtype=(np.float64, np.float32),
            ensure_all_finite="allow-nan",
            estimator=self,
            input_name="X",
        )
        return channels, pd.Index(X[self.segment])

    def _segments(self, marks: pd.Index | None, n_rows: int) -> np.ndarray:
        if marks is None:
            return one_segment(n_rows)
        if self._has_segment_column():
            return segments_of_labels(marks)
        return segments_of_index(marks, self._usual_step)

    def _window(self, values: np.ndarray, marks: pd.Index | None) -> np.ndarray:
        longest = self.lags_[0]
        if len(values) <= longest:
            warnings.warn(
                f"{len(values)} rows are too few for lags up to {longest}: no row has its whole "
                "window, and the differences of one lone row are all zero. Pass the "
                f"{longest} rows before the first one too, or use history='carry'.",
                UserWarning,
                stacklevel=4,
            )
        segments = self._segments(marks, len(values))
        levels = lagged_levels(values, self.lags_, segments)
        if self.history == "exclude":
            levels[np.arange(len(values)) - longest < segments] = np.nan
        return code_levels(levels, self.coding)

    def _join_marks(self, past: pd.Index | None, new: pd.Index | None) -> pd.Index | None:
        if past is None and new is None:
            return None
        if past is None or new is None:
            raise ValueError(
                "history='carry' with segment='index' needs an index in fit and transform, or in "
                "neither: it decides whether the rows follow the training rows. Pass DataFrames "
                "to both, or segment=None."
            )
        joined = past.append(new)
        # Indexes of two kinds join as objects, which cannot be ordered and raise later.
        comparable = not self._has_segment_column() and joined.dtype != object
        if comparable and new[0] <= past[-1]:
            raise ValueError(
                "history='carry' continues the training rows, which end at index "
                f"{past[-1]}. The first row passed is at {new[0]}. Pass later rows only, or use "
                "history='edge'."
            )
        return joined

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _check_lags(lags: Any, coding: str) -> np.ndarray:
    """Return the steps back in time, falling, so that time ascends along the window."""
    steps = np.arange(int(lags) + 1) if isinstance(lags, Integral) else np.asarray(lags)
    if (
        steps.ndim != 1
        or not steps.size
        or not np.issubdtype(steps.dtype, np.integer)
        or steps.min() < 0
        or len(np.unique(steps)) < len(steps)
    ):
        raise ValueError(
            "`lags` must be a number of steps or a sequence of distinct steps back in time, each "
            f"an integer of at least 0 (the row itself). Got {lags!r}."
        )
    if coding != "levels" and len(steps) < 2:
        raise ValueError(
            f"coding={coding!r} subtracts neighbouring steps and needs at least two. Got "
            f"lags={lags!r}. Pass a longer window or coding='levels'."
        )
    return np.sort(steps)[::-1]
