"""Predicted against measured values, one panel per target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.metrics import r2_score

from sklearn_mtl.inspection._figure import MEASURED, PREDICTED, axis_label, panels
from sklearn_mtl.inspection._predictions import both_known, check_predictions, names_of_estimator


class PredictedVersusTrueDisplay:
    """Predicted against measured values, one panel per target.

    Points on the diagonal are perfect. A cloud flatter than the diagonal shows a model that
    draws its predictions to the mean; a bent one shows a missing input.

    Create it with :meth:`from_estimator` or :meth:`from_predictions`.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,) or (n_samples, n_targets)
        Measured and predicted values. A pair with a NaN is left out.
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

    See Also
    --------
    ResidualDisplay : How large the errors are.
    PredictionOverTimeDisplay : When they occur.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.inspection import PredictedVersusTrueDisplay
    >>> y_true = np.array([[8.0, 70.0], [9.0, np.nan], [10.0, 74.0]])
    >>> y_pred = np.array([[8.1, 71.0], [9.0, 72.0], [9.8, 74.0]])
    >>> display = PredictedVersusTrueDisplay.from_predictions(
    ...     y_true, y_pred, target_names=["feo", "strength"]
    ... )
    >>> [ax.get_title() for ax in display.axes_]
    ['feo', 'strength']
    """

    def __init__(
        self,
        y_true: Any,
        y_pred: Any,
        *,
        target_names: Sequence[str] | None = None,
        units: Mapping[str, str] | None = None,
    ):
        self.y_true, self.y_pred, self.target_names = check_predictions(
            y_true, y_pred, target_names
        )
        self.units = dict(units or {})

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_pred: Any,
        *,
        target_names: Sequence[str] | None = None,
        units: Mapping[str, str] | None = None,
        axes: Any = None,
    ) -> PredictedVersusTrueDisplay:
        """Draw given predictions; the parameters are those of the class and of `plot`."""
        return cls(y_true, y_pred, target_names=target_names, units=units).plot(axes)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        units: Mapping[str, str] | None = None,
        axes: Any = None,
    ) -> PredictedVersusTrueDisplay:
        """Draw the predictions of a fitted estimator or pipeline for `X` against `y`."""
        return cls.from_predictions(
            y,
            estimator.predict(X),
            target_names=names_of_estimator(estimator),
            units=units,
            axes=axes,
        )

    def plot(self, axes: Any = None) -> PredictedVersusTrueDisplay:
        """Draw on a new figure or on given axes.

        Parameters
        ----------
        axes : array-like of matplotlib Axes, default=None
            One per target.

        Returns
        -------
        display : PredictedVersusTrueDisplay
            With `figure_` and `axes_`.
        """
        self.figure_, self.axes_ = panels(len(self.target_names), axes, panel=(4.0, 4.4))
        for k, (name, ax) in enumerate(zip(self.target_names, self.axes_, strict=True)):
            known = both_known(self.y_true[:, k], self.y_pred[:, k])
            true, predicted = self.y_true[known, k], self.y_pred[known, k]
            # Many points overlap: the more there are, the fainter each is.
            alpha = float(np.clip(15 / np.sqrt(max(len(true), 1)), 0.15, 0.8))
            ax.scatter(true, predicted, s=12, color=PREDICTED, alpha=alpha, linewidths=0)
            ax.axline((0, 0), slope=1, color=MEASURED, linewidth=1, linestyle="--")
            if len(true):
                _equal_limits(ax, true, predicted)
            if len(true) > 1:
                ax.text(
                    0.04,
                    0.96,
                    f"R² = {r2_score(true, predicted):.3f}\nn = {len(true):,}",
                    transform=ax.transAxes,
                    va="top",
                )
            unit = self.units.get(name)
            ax.set(
                title=name,
                xlabel=axis_label("measured", unit),
                ylabel=axis_label("predicted", unit),
            )
        return self


def _equal_limits(ax: Any, true: np.ndarray, predicted: np.ndarray) -> None:
    """Give both axes the same limits, so that the diagonal runs from corner to corner."""
    low = min(true.min(), predicted.min())
    high = max(true.max(), predicted.max())
    margin = 0.05 * (high - low) or 0.5
    ax.set(xlim=(low - margin, high + margin), ylim=(low - margin, high + margin))
    ax.set_box_aspect(1)
    ax.locator_params(nbins=6)
