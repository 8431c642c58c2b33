"""Distribution of the prediction errors, one panel per target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import gaussian_kde

from sklearn_mtl.inspection._figure import MEASURED, PREDICTED, REFERENCE, axis_label, panels
from sklearn_mtl.inspection._predictions import both_known, check_predictions, names_of_estimator

_SHOWN = 0.995  # share of the errors inside the limits of the axis


class ResidualDisplay:
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
    ) -> ResidualDisplay:
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
    ) -> ResidualDisplay:
        """Draw the errors of a fitted estimator or pipeline for `X` against `y`."""
        return cls.from_predictions(
            y,
            estimator.predict(X),
            target_names=names_of_estimator(estimator),
            units=units,
            axes=axes,
        )

    def plot(self, axes: Any = None) -> ResidualDisplay:
        """Draw on a new figure or on given axes.

        Parameters
        ----------
        axes : array-like of matplotlib Axes, default=None
            One per target.

        Returns
        -------
        display : ResidualDisplay
            With `figure_` and `axes_`.
        """
        self.figure_, self.axes_ = panels(len(self.target_names), axes, panel=(4.0, 3.2))
        for k, (name, ax) in enumerate(zip(self.target_names, self.axes_, strict=True)):
            known = both_known(self.y_true[:, k], self.y_pred[:, k])
            _draw_errors(ax, self.y_pred[known, k] - self.y_true[known, k])
            ax.set(
                title=name,
                xlabel=axis_label("predicted − measured", self.units.get(name)),
                ylabel="density",
            )
        return self


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
