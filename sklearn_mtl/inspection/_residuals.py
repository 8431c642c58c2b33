"""Distribution of the prediction errors, one panel per target."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import gaussian_kde

from sklearn_mtl.inspection._figure import MEASURED, PREDICTED, REFERENCE, axis_label
from sklearn_mtl.inspection._predictions import both_known
from sklearn_mtl.inspection._target_display import TargetDisplay

_SHOWN = 0.995  # share of the errors inside the limits of the axis


class ResidualDisplay(TargetDisplay):
    """Histogram and density of the errors (predicted minus measured), one panel per target.

    A histogram beside zero shows a bias; a wide foot shows rare large errors. The axis covers
    99.5 % of the errors, and the panel says how many lie outside.

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
    PredictedVersusTrueDisplay : Errors as a function of the measured value.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.inspection import ResidualDisplay
    >>> rng = np.random.default_rng(0)
    >>> y_true = rng.normal(size=(200, 1))
    >>> display = ResidualDisplay.from_predictions(
    ...     y_true, y_true + 0.1 * rng.normal(size=(200, 1)), target_names=["feo"]
    ... )
    >>> display.axes_[0].get_xlabel()
    'predicted − measured'
    """

    _panel = (4.0, 3.2)

    def _draw(
        self, ax: Any, name: str, true: np.ndarray, predicted: np.ndarray, unit: str | None
    ) -> None:
        known = both_known(true, predicted)
        _draw_errors(ax, predicted[known] - true[known])
        ax.set(title=name, xlabel=axis_label("predicted − measured", unit), ylabel="density")


def _draw_errors(ax: Any, errors: np.ndarray) -> None:
    ax.axvline(0, color=MEASURED, linewidth=1, linestyle="--")
    if not len(errors):
        return
    limit = float(np.quantile(np.abs(errors), _SHOWN)) or 1.0
    inside = errors[np.abs(errors) <= limit]
    n_bins = int(np.clip(np.sqrt(len(inside)), 8, 60))
    # Divided by all errors, not by those inside, so that the area tells the share that is shown.
    weights = np.full(len(inside), n_bins / (2 * limit * len(errors)))
    ax.hist(
        inside, bins=n_bins, range=(-limit, limit), weights=weights, color=PREDICTED, alpha=0.45
    )
    if len(inside) > 2 and np.ptp(inside) > 0:
        grid = np.linspace(-limit, limit, 200)
        ax.plot(grid, gaussian_kde(inside)(grid) * len(inside) / len(errors), color=REFERENCE)
    ax.set_xlim(-limit, limit)
    ax.locator_params(axis="x", nbins=5)
    notes = [f"bias {errors.mean():+.3g}", f"std {errors.std():.3g}"]
    outside = len(errors) - len(inside)
    if outside:
        notes.append(f"{outside:,} outside")
    ax.text(0.03, 0.96, "\n".join(notes), transform=ax.transAxes, va="top", fontsize="small")
