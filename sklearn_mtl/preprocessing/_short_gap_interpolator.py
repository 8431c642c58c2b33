"""Linear interpolation inside short gaps; longer gaps stay missing."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl._validation import Interval, StrOptions, _fit_context, check_features
from sklearn_mtl.preprocessing._window_layout import find_windows


def fill_short_gaps(
    values: np.ndarray, max_gap: int, axis: int, *, hold_ends: bool = False
) -> np.ndarray:
    """Interpolate linearly inside runs of at most `max_gap` NaN along an axis.

    A run that touches either end of the axis is not between two known values: it stays, or takes
    the one known value beside it if `hold_ends`.
    """
    filled = values.copy()
    series = np.moveaxis(filled, axis, -1)  # a view: what is written here is in `filled`
    *others, n_places = series.shape
    # A known place is set before and behind each series, so that every gap begins and ends.
    missing = np.pad(np.isnan(series).reshape(-1, n_places), [(0, 0), (1, 1)])
    borders = np.flatnonzero(missing[:, 1:] != missing[:, :-1])
    which, first = np.divmod(borders[::2], n_places + 1)
    length = borders[1::2] - borders[::2]
    begins, ends = first == 0, first + length == n_places
    is_filled = (length <= max_gap) & ~(begins & ends if hold_ends else begins | ends)
    which, first, length = which[is_filled], first[is_filled], length[is_filled]
    at = np.unravel_index(which, others)
    before, behind = first - 1, first + length
    left = series[(*at, np.where(before < 0, behind, before))]
    right = series[(*at, np.where(behind == n_places, before, behind))]
    # One entry per missing cell: 1, 2, ... places behind the known value of its gap.
    gap = np.repeat(np.arange(len(length)), length)
    place = np.arange(len(gap)) - (np.cumsum(length) - length)[gap] + 1
    cells = (*(axis_at[gap] for axis_at in at), (first - 1)[gap] + place)
    series[cells] = left[gap] + place / (length + 1)[gap] * (right - left)[gap]
    return filled


class ShortGapInterpolator(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Fill short gaps by a straight line between the known values on both sides.

    Gaps of more than `max_gap` samples stay missing, and so do gaps at the borders of a table.

    Parameters
    ----------
    max_gap : int, default=3
        Longest gap to fill, in samples.
    along : {"rows", "steps"}, default="rows"
        Where time runs. "rows": down each column of a table, which looks ahead (see Notes).
        "steps": along the steps of each window inside its row, by the names of the columns
        (``source:channel:step`` or ``channel(t-3)``); columns without names are the steps of one
        channel. A short gap at the end of a window takes the known value beside it.

    Attributes
    ----------
    windows_ : list of SourceWindows or None
        Windows found in the names of the columns; None with ``along="rows"``.
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of features seen during fit, if all are strings.

    Raises
    ------
    ValueError
        At fit, if a parameter is outside its range (as `InvalidParameterError`), or if
        ``along="steps"`` and the names of the columns tell of incomplete windows; at fit and
        transform, if X is not numeric or holds infinite values.

    Warns
    -----
    UserWarning
        At fit, if ``along="steps"`` and no column name tells of windows.

    See Also
    --------
    LastValueHold : Fills from the past only, as it is possible in operation.

    Notes
    -----
    Step 2 of the preprocessing of MS-BCNN (appendix B.1 of [1]_).

    *Look-ahead.* A value between two rows depends on the later one. With ``along="rows"`` a row
    therefore knows of up to `max_gap` rows after it, which operation cannot know: there the newest
    gap is always open, stays missing and its rows are predicted as NaN. What is measured on such a
    table is a little too good. Use `LastValueHold` where that matters. With ``along="steps"`` all
    values of a row are known at its time, and no row depends on another. *Ours*: short gaps at the
    ends of a window are filled, too, by the nearest value; where a window is cut is no border of
    the records, and one lost cell there would cost the sample.

    *Distance* is counted in rows or steps: time stamps are not looked at. Give a table with holes
    its regular rows first (``frame.asfreq("1min")``), so that a stop of the plant is a long gap.

    References
    ----------
    .. [1] Y. Zhao, S. Yang and X. Wang, "Auto-Configured Networks for Multi-Scale Multi-Output
       Time-Series Forecasting", arXiv:2604.07610, appendix B.1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.preprocessing import ShortGapInterpolator
    >>> flow = np.array([[1.0], [np.nan], [3.0], [np.nan], [np.nan], [np.nan], [7.0], [np.nan]])
    >>> ShortGapInterpolator(max_gap=2).fit_transform(flow).ravel()
    array([ 1.,  2.,  3., nan, nan, nan,  7., nan])
    """

    _parameter_constraints: ClassVar[dict] = {
        "max_gap": [Interval(Integral, 1, None, closed="left")],
        "along": [StrOptions({"rows", "steps"})],
    }

    def __init__(self, max_gap=3, along="rows"):
        self.max_gap = max_gap
        self.along = along

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> ShortGapInterpolator:
        """Learn the number and names of the columns, and the windows in them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in the order of time, or windows; NaN marks a missing value.
        y : None
            Ignored.

        Returns
        -------
        self : ShortGapInterpolator
        """
        check_features(self, X, reset=True)
        names = getattr(self, "feature_names_in_", None)
        by_steps = self.along == "steps"
        self.windows_ = find_windows(None, names, self.n_features_in_) if by_steps else None
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Fill the short gaps.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in the order of time, or windows; NaN marks a missing value.

        Returns
        -------
        X_filled : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        values = check_features(self, X, reset=False)
        if self.windows_ is None:
            return fill_short_gaps(values, self.max_gap, axis=0)
        sources = np.cumsum([len(channels) * n_steps for _, channels, n_steps in self.windows_])
        blocks = np.split(values, sources[:-1], axis=1)
        return np.hstack(
            [
                fill_short_gaps(
                    block.reshape(len(block), -1, source.n_steps),
                    self.max_gap,
                    axis=2,
                    hold_ends=True,
                ).reshape(len(block), -1)
                for source, block in zip(self.windows_, blocks, strict=True)
            ]
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
