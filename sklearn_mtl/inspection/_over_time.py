"""Measured and predicted values over time, one panel per target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd

from sklearn_mtl.inspection._figure import MEASURED, PREDICTED
from sklearn_mtl.inspection._target_display import TargetDisplay


class PredictionOverTimeDisplay(TargetDisplay):
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

    _panel = (12.0, 2.8)
    _columns = 1

    def __init__(
        self,
        y_true: Any,
        y_pred: Any,
        *,
        times: Any = None,
        target_names: Sequence[str] | None = None,
        units: Mapping[str, str] | None = None,
    ):
        super().__init__(y_true, y_pred, target_names=target_names, units=units)
        self.times = _times(y_true, times)

    def plot(self, axes: Any = None) -> Self:
        """Draw on a new figure or on given axes.

        Parameters
        ----------
        axes : array-like of matplotlib Axes, default=None
            One per target; a new figure by default.

        Returns
        -------
        display : PredictionOverTimeDisplay
            The same display, with `figure_` and `axes_`.
        """
        super().plot(axes)
        self.axes_[0].legend(
            loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, markerscale=1.5
        )
        self.axes_[-1].set_xlabel("time" if isinstance(self.times, pd.DatetimeIndex) else "row")
        return self

    def _draw(
        self, ax: Any, name: str, true: np.ndarray, predicted: np.ndarray, unit: str | None
    ) -> None:
        ax.plot(self.times, predicted, color=PREDICTED, linewidth=0.9, label="predicted")
        ax.scatter(
            self.times,
            true,
            s=float(np.clip(6000 / max(len(true), 1), 3, 8)),
            color=MEASURED,
            linewidths=0,
            zorder=3,  # on top of the line: measured values are the fewer
            label="measured",
        )
        ax.margins(x=0.005)
        ax.set_title(name, loc="left")
        ax.set_ylabel(unit or "")


def _times(y_true: Any, times: Any) -> np.ndarray | pd.DatetimeIndex:
    if times is None:
        index = getattr(y_true, "index", None)
        times = index if isinstance(index, pd.DatetimeIndex) else np.arange(len(y_true))
    if len(times) != len(y_true):
        raise ValueError(f"`times` must have {len(y_true)} entries. Got {len(times)}.")
    array = pd.Index(times)
    return array if isinstance(array, pd.DatetimeIndex) else np.asarray(array)
