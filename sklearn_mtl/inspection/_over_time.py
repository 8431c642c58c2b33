"""Measured and predicted values over time, one panel per target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mtl.inspection._figure import MEASURED, PREDICTED, panels
from sklearn_mtl.inspection._predictions import check_predictions, names_of_estimator


class PredictionOverTimeDisplay:
    """Measured values as points and predictions as a line over time, one panel per target.

    It shows when a model errs: after a change of the raw material, during a start-up, or more
    and more because the plant drifts.

    Create it with :meth:`from_estimator` or :meth:`from_predictions`.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,) or (n_samples, n_targets)
        Measured and predicted values in time order. NaN leaves a gap.
    times : array-like of shape (n_samples,), default=None
        Times of the rows. By default the index of `y_true` if it is a DatetimeIndex, otherwise
        the row numbers.
    target_names : sequence of str, default=None
        Titles of the panels. By default the column names of `y_true`, or ``y0, y1, ...``.
    units : mapping of str to str, default=None
        Unit of each target, for the axes.

    Attributes
    ----------
    figure_ : matplotlib Figure
        After :meth:`plot`.
    axes_ : list of matplotlib Axes
        One per target.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.inspection import PredictionOverTimeDisplay
    >>> y_true = np.array([8.0, np.nan, 10.0])
    >>> display = PredictionOverTimeDisplay.from_predictions(y_true, [8.1, 9.0, 9.8])
    >>> display.axes_[0].get_xlabel()
    'row'
    """

    def __init__(
        self,
        y_true: Any,
        y_pred: Any,
        *,
        times: Any = None,
        target_names: Sequence[str] | None = None,
        units: Mapping[str, str] | None = None,
    ):
        self.y_true, self.y_pred, self.target_names = check_predictions(
            y_true, y_pred, target_names
        )
        self.times = _times(y_true, times)
        self.units = dict(units or {})

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_pred: Any,
        *,
        times: Any = None,
        target_names: Sequence[str] | None = None,
        units: Mapping[str, str] | None = None,
        axes: Any = None,
    ) -> PredictionOverTimeDisplay:
        """Draw given predictions; the parameters are those of the class and of `plot`."""
        return cls(y_true, y_pred, times=times, target_names=target_names, units=units).plot(axes)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        times: Any = None,
        units: Mapping[str, str] | None = None,
        axes: Any = None,
    ) -> PredictionOverTimeDisplay:
        """Draw the predictions of a fitted estimator or pipeline for `X` with `y`."""
        return cls.from_predictions(
            y,
            estimator.predict(X),
            times=times,
            target_names=names_of_estimator(estimator),
            units=units,
            axes=axes,
        )

    def plot(self, axes: Any = None) -> PredictionOverTimeDisplay:
        """Draw on a new figure or on given axes.

        Parameters
        ----------
        axes : array-like of matplotlib Axes, default=None
            One per target.

        Returns
        -------
        display : PredictionOverTimeDisplay
            With `figure_` and `axes_`.
        """
        self.figure_, self.axes_ = panels(
            len(self.target_names), axes, panel=(12.0, 2.8), columns=1
        )
        size = float(np.clip(6000 / max(len(self.y_true), 1), 3, 8))
        for k, (name, ax) in enumerate(zip(self.target_names, self.axes_, strict=True)):
            ax.plot(
                self.times, self.y_pred[:, k], color=PREDICTED, linewidth=0.9, label="predicted"
            )
            # On top of the line: measured values are the fewer.
            ax.scatter(
                self.times,
                self.y_true[:, k],
                s=size,
                color=MEASURED,
                linewidths=0,
                zorder=3,
                label="measured",
            )
            ax.margins(x=0.005)
            ax.set_title(name, loc="left")
            ax.set_ylabel(self.units.get(name, ""))
        self.axes_[0].legend(
            loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, markerscale=1.5
        )
        self.axes_[-1].set_xlabel("time" if isinstance(self.times, pd.DatetimeIndex) else "row")
        return self


def _times(y_true: Any, times: Any) -> np.ndarray | pd.DatetimeIndex:
    if times is None:
        index = getattr(y_true, "index", None)
        times = index if isinstance(index, pd.DatetimeIndex) else np.arange(len(y_true))
    if len(times) != len(y_true):
        raise ValueError(f"`times` must have {len(y_true)} entries. Got {len(times)}.")
    array = pd.Index(times)
    return array if isinstance(array, pd.DatetimeIndex) else np.asarray(array)
