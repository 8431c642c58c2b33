"""What displays with one panel per target share; a subclass draws one panel."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from sklearn_mtl.inspection._figure import panels
from sklearn_mtl.inspection._predictions import check_predictions, names_of_estimator

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class TargetDisplay(ABC):
    """Base of displays that compare measured with predicted values, one panel per target.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,) or (n_samples, n_targets)
        Measured and predicted values.
    target_names : sequence of str, default=None
        Titles of the panels. By default the column names of `y_true`, or ``y0, y1, ...``.
    units : mapping of str to str, default=None
        Unit of each target, for the axes.
    """

    _panel: ClassVar[tuple[float, float]]  # width and height in inches
    _columns: ClassVar[int] = 3

    figure_: Figure
    axes_: list[Axes]

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
        cls, y_true: Any, y_pred: Any, *, axes: Any = None, **parameters: Any
    ) -> Self:
        """Draw given predictions.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n_samples,) or (n_samples, n_targets)
            Measured and predicted values.
        axes : array-like of matplotlib Axes, default=None
            One per target; a new figure by default.
        **parameters : dict
            Further parameters of the class.

        Returns
        -------
        display : object
            The display, drawn.
        """
        return cls(y_true, y_pred, **parameters).plot(axes)

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: Any, y: Any, *, axes: Any = None, **parameters: Any
    ) -> Self:
        """Draw the predictions of a fitted estimator or pipeline.

        Parameters
        ----------
        estimator : estimator object
            Fitted regressor, or pipeline that ends in one.
        X : array-like of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Measured values; NaN marks a value that was not measured.
        axes : array-like of matplotlib Axes, default=None
            One per target; a new figure by default.
        **parameters : dict
            Further parameters of the class. The names of the targets are those that the
            estimator was fitted with, unless given.

        Returns
        -------
        display : object
            The display, drawn.
        """
        names = parameters.pop("target_names", None) or names_of_estimator(estimator)
        predicted = estimator.predict(X)
        return cls.from_predictions(y, predicted, axes=axes, target_names=names, **parameters)

    def plot(self, axes: Any = None) -> Self:
        """Draw on a new figure or on given axes.

        Parameters
        ----------
        axes : array-like of matplotlib Axes, default=None
            One per target; a new figure by default.

        Returns
        -------
        display : object
            The same display, with `figure_` and `axes_`.
        """
        self.figure_, self.axes_ = panels(
            len(self.target_names), axes, panel=self._panel, columns=self._columns
        )
        for k, (name, ax) in enumerate(zip(self.target_names, self.axes_, strict=True)):
            self._draw(ax, name, self.y_true[:, k], self.y_pred[:, k], self.units.get(name))
        return self

    @abstractmethod
    def _draw(
        self, ax: Any, name: str, true: np.ndarray, predicted: np.ndarray, unit: str | None
    ) -> None:
        """Draw the panel of one target."""
