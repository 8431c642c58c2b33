"""Calendar fields of a time as points on a circle, so that December stands beside January."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_mtl._validation import Interval, StrOptions, _fit_context

# First value and period of each field; those of the year are learnt. Month, day and hour are those
# of appendix B.1 of the paper.
_FIRST_AND_PERIOD = {
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 24),
    "minute": (0, 60),
    "day_of_week": (0, 7),
    "day_of_year": (1, 366),
}


def circle_code(tau: np.ndarray, period: np.ndarray) -> np.ndarray:
    """Sine and cosine of every time variable (eq. 15).

    Parameters
    ----------
    tau : ndarray of shape (n, K)
        Time variables, zero-based.
    period : ndarray of shape (K,)

    Returns
    -------
    code : ndarray of shape (n, 2 * K)
        Sine, then cosine, of the first variable, then of the second.
    """
    angle = 2 * np.pi * tau / period
    return np.stack([np.sin(angle), np.cos(angle)], axis=2).reshape(len(tau), -1)


class CalendarEncoder(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Encode the calendar fields of a time as sine and cosine.

    Season, shift and hour act on quality through ambient air, raw material and crews. Each field
    becomes a point on a circle (eq. 15 of [1]_), so that hour 23 is as near to hour 0 as to hour
    22.

    Parameters
    ----------
    fields : sequence of str, default=("year", "month", "day", "hour")
        Fields to encode, each by two columns: "year", "month", "day" (of the month), "hour",
        "minute", "day_of_week" (Monday first) or "day_of_year".
    year_range : "fit" or tuple of (int, int), default="fit"
        First and last year of the circle of the years: those of the training rows, or the given
        ones. Only used with "year" in `fields`.
    outside : {"error", "clip", "extend"}, default="error"
        What to do with a year outside that range. "error" raises. "clip" gives it the code of the
        nearest year of the range. "extend" continues the angle beyond the full turn, so that the
        year after the last one has the code of the first: right only where the years do repeat.

    Attributes
    ----------
    fields_ : tuple of str
        Fields that are encoded.
    year_range_ : tuple of (int, int) or None
        First and last year of the circle; None without "year" in `fields`.
    time_zone_ : tzinfo or None
        Time zone of the training rows, whose wall-clock time is encoded; None if they had none.
    n_features_in_ : int
        Number of columns seen during fit, always 1.
    feature_names_in_ : ndarray of shape (1,)
        Name of the column seen during fit, if it is a string.

    Raises
    ------
    ValueError
        If a parameter is outside its range (as `InvalidParameterError`), if X is not one column of
        datetimes, if times with and without a time zone meet, or if a year is outside the range.

    See Also
    --------
    sklearn.compose.ColumnTransformer : Passes the column of times here and the others elsewhere.

    Notes
    -----
    Periods and zero-based fields are those of appendix B.1 of [1]_: a year counts from the first
    one, and the period is the number of years from the first to the last. Within one year there
    is nothing to tell apart: its sine is always 0 and its cosine always 1. *Ours*: "minute",
    "day_of_week", "day_of_year" with period 366, and the choice for years outside the range.

    A model that is trained on 2023 to 2025 with the defaults raises on the first of January 2026:
    what the network would make of an unseen year is a guess, and the choice is yours. Pass
    ``outside="clip"``, or leave "year" out of `fields`.

    A missing time (``NaT``) becomes a row of NaN. Times in another zone than that of the training
    rows are converted to it first.

    References
    ----------
    .. [1] Y. Zhao, S. Yang and X. Wang, "Auto-Configured Networks for Multi-Scale Multi-Output
       Time-Series Forecasting", arXiv:2604.07610, eq. 15 and appendix B.1.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mtl.preprocessing import CalendarEncoder
    >>> X = pd.DataFrame({"time": pd.to_datetime(["2024-05-01 00:00", "2024-05-01 06:00"])})
    >>> CalendarEncoder(fields=["hour"]).set_output(transform="pandas").fit_transform(X).round(3)
       time_hour_sin  time_hour_cos
    0            0.0            1.0
    1            1.0            0.0
    """

    _parameter_constraints: ClassVar[dict] = {
        "fields": ["array-like"],
        "year_range": [StrOptions({"fit"}), "array-like"],
        "outside": [StrOptions({"error", "clip", "extend"})],
    }

    def __init__(self, fields=("year", "month", "day", "hour"), year_range="fit", outside="error"):
        self.fields = fields
        self.year_range = year_range
        self.outside = outside

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> CalendarEncoder:
        """Learn the range of the years and the time zone.

        Parameters
        ----------
        X : DataFrame, Series, DatetimeIndex or ndarray of shape (n_samples,) or (n_samples, 1)
            One column of datetimes.
        y : None
            Ignored.

        Returns
        -------
        self : CalendarEncoder
        """
        self.fields_ = _check_fields(self.fields)
        times = self._read(X, reset=True)
        self.time_zone_ = times.tz
        self.year_range_ = None
        if "year" in self.fields_:
            self.year_range_ = _find_year_range(self.year_range, times)
            self._values(times, "year")  # raises here already if the given range is too narrow
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Encode times.

        Parameters
        ----------
        X : DataFrame, Series, DatetimeIndex or ndarray of shape (n_samples,) or (n_samples, 1)
            One column of datetimes.

        Returns
        -------
        X_encoded : ndarray of shape (n_samples, 2 * n_fields)
            Sine and cosine of the first field, then of the second; NaN for a missing time.
        """
        check_is_fitted(self)
        times = self._read(X, reset=False)
        if (times.tz is None) != (self.time_zone_ is None):
            raise ValueError(
                f"The times have the time zone {times.tz}, those of the training rows had "
                f"{self.time_zone_}. Give both a zone with `tz_localize`, or take it from both "
                "with `tz_localize(None)`."
            )
        if self.time_zone_ is not None:
            times = times.tz_convert(self.time_zone_)
        firsts_and_periods = dict(_FIRST_AND_PERIOD)
        if self.year_range_ is not None:
            first, last = self.year_range_
            firsts_and_periods["year"] = first, last - first + 1
        firsts, periods = np.array([firsts_and_periods[field] for field in self.fields_]).T
        values = np.column_stack([self._values(times, field) for field in self.fields_])
        return circle_code(values - firsts, periods)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names such as ``time_hour_sin``, ``time_hour_cos``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Name of the input; it must equal the one seen during fit.

        Returns
        -------
        names : ndarray of str of shape (2 * n_fields,)
        """
        # The public way to check names of the input; the names of the output are not one to one.
        (column,) = super().get_feature_names_out(input_features)
        names = [f"{column}_{field}_{wave}" for field in self.fields_ for wave in ("sin", "cos")]
        return np.array(names, dtype=object)

    def _read(self, X: Any, *, reset: bool) -> pd.DatetimeIndex:
        column = _one_column(X)
        validate_data(self, column, reset=reset, skip_check_array=True)
        return pd.DatetimeIndex(column.iloc[:, 0])

    def _values(self, times: pd.DatetimeIndex, field: str) -> np.ndarray:
        """Values of a field as the calendar counts them, years checked; NaN for a missing time."""
        values = getattr(times, field).to_numpy(dtype=np.float64)
        if field != "year" or self.year_range_ is None:
            return values
        first, last = self.year_range_
        outside = np.flatnonzero((values < first) | (values > last))
        if self.outside == "error" and len(outside):
            raise ValueError(
                f"{len(outside)} times are outside the years {first} to {last}, first "
                f"{times[outside[0]]} in row {outside[0]}. Pass outside='clip' or 'extend', a "
                "wider `year_range`, or leave 'year' out of `fields`."
            )
        return np.clip(values, first, last) if self.outside == "clip" else values

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # Times, not numbers: the checks on numeric tables do not apply.
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.input_tags.allow_nan = True
        return tags


def _check_fields(fields: Any) -> tuple[str, ...]:
    allowed = ["year", *_FIRST_AND_PERIOD]
    names = tuple(fields)
    in_order = isinstance(fields, Sequence | np.ndarray)  # a set has no order of columns
    if not in_order or not names or len(set(names)) < len(names) or not set(names) <= set(allowed):
        raise ValueError(
            f"`fields` must be a list of distinct names out of {allowed}. Got {fields!r}."
        )
    return names


def _find_year_range(year_range: Any, times: pd.DatetimeIndex) -> tuple[int, int]:
    if isinstance(year_range, str):
        known = times.year[times.notna()]
        if not len(known):
            raise ValueError(
                "All times are missing, so that no range of years can be learnt. Pass "
                "`year_range=(first, last)` or rows with a time."
            )
        return int(known.min()), int(known.max())
    whole = all(Interval(Integral, 1, None, closed="left").is_satisfied_by(y) for y in year_range)
    if not whole or len(year_range) != 2 or year_range[0] > year_range[1]:
        raise ValueError(
            "`year_range` must be 'fit' or two whole years (first, last) in rising order, such as "
            f"(2020, 2025). Got {year_range!r}."
        )
    first, last = year_range
    return int(first), int(last)


def _one_column(X: Any) -> pd.DataFrame:
    """Return the times as a table of one column, named as the input names it."""
    if isinstance(X, pd.DataFrame):
        frame = X
    elif isinstance(X, pd.Series | pd.DatetimeIndex):
        frame = X.to_frame()
    elif isinstance(X, np.ndarray) and X.ndim in (1, 2):
        frame = pd.DataFrame(X)
    else:
        found = f"an array of shape {X.shape}" if isinstance(X, np.ndarray) else type(X)
        raise ValueError(
            "X must be one column of datetimes: a DataFrame, Series, DatetimeIndex or array. Got "
            f"{found}. Convert it with `pandas.to_datetime`."
        )
    if frame.shape[1] != 1:
        raise ValueError(
            f"X must be one column of datetimes. Got {frame.shape[1]} columns: "
            f"{list(frame.columns)}. Name one in a ColumnTransformer, or several with an encoder "
            "each."
        )
    if not len(frame):
        raise ValueError("Found 0 sample(s) while a minimum of 1 is required by CalendarEncoder.")
    column = frame.iloc[:, 0]
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise ValueError(
            f"X must hold datetimes. Got dtype {column.dtype}, first value {column.iloc[0]!r}. "
            "Convert it with `pandas.to_datetime`, which says how numbers and formats are read."
        )
    return frame
