"""Predicted against measured values, one panel per target."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import r2_score

from sklearn_mtl.inspection._figure import MEASURED, PREDICTED, axis_label
from sklearn_mtl.inspection._predictions import both_known
from sklearn_mtl.inspection._target_display import TargetDisplay


class PredictedVersusTrueDisplay(TargetDisplay):
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

    _panel = (4.0, 4.4)

    def _draw(
        self, ax: Any, name: str, true: np.ndarray, predicted: np.ndarray, unit: str | None
    ) -> None:
        known = both_known(true, predicted)
        true, predicted = true[known], predicted[known]
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
        ax.set(
            title=name, xlabel=axis_label("measured", unit), ylabel=axis_label("predicted", unit)
        )


def _equal_limits(ax: Any, true: np.ndarray, predicted: np.ndarray) -> None:
    """Give both axes the same limits, so that the diagonal runs from corner to corner."""
    low = min(true.min(), predicted.min())
    high = max(true.max(), predicted.max())
    margin = 0.05 * (high - low) or 0.5
    ax.set(xlim=(low - margin, high + margin), ylim=(low - margin, high + margin))
    ax.set_box_aspect(1)
    ax.locator_params(nbins=6)
