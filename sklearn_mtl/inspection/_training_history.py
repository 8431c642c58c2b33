"""Losses and task weights over the epochs of a training."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mtl._optional import import_optional
from sklearn_mtl.inspection._figure import MEASURED, SERIES, panels


class TrainingHistoryDisplay:
    """Losses and task weights over the epochs of a training.

    The first panel shows the loss of every target, training dashed and validation solid. A
    validation loss that rises while the training loss falls shows a model that memorises. The
    second panel shows the weight that the weighting rule gave to every target. If the gradients
    were logged (``log_gradients=True``), a third panel shows the cosine between those of every
    pair of targets: below zero, what helps one harms the other.

    Create it with :meth:`from_estimator` or :meth:`from_history`.

    Parameters
    ----------
    history : DataFrame
        The ``history_`` of a fitted neural regressor: ``epoch``, and for every target
        ``train_loss_<target>``, ``valid_loss_<target>`` and ``weight_<target>``; for every pair of
        targets ``gradient_cosine_<target>|<target>``, if gradients were logged.

    Attributes
    ----------
    figure_ : matplotlib Figure
        After :meth:`plot`.
    axes_ : list of matplotlib Axes
        Panel of the losses, panel of the weights, and panel of the cosines if there are any.
    target_names : list of str
        Targets found in the history.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mtl.inspection import TrainingHistoryDisplay
    >>> history = pd.DataFrame(
    ...     {
    ...         "epoch": [1, 2],
    ...         "train_loss_feo": [0.9, 0.4],
    ...         "valid_loss_feo": [1.0, 0.6],
    ...         "weight_feo": [1.0, 1.0],
    ...     }
    ... )
    >>> TrainingHistoryDisplay.from_history(history).target_names
    ['feo']
    """

    def __init__(self, history: pd.DataFrame):
        prefix = "train_loss_"
        self.history = history
        self.target_names = [
            name.removeprefix(prefix) for name in history.columns if name.startswith(prefix)
        ]
        if not self.target_names:
            raise ValueError(
                f"`history` must have columns {prefix}<target>. Got {list(history.columns)}."
            )

    @classmethod
    def from_history(cls, history: pd.DataFrame, *, axes: Any = None) -> TrainingHistoryDisplay:
        """Draw the history of a fitted regressor.

        Parameters
        ----------
        history : DataFrame
            The ``history_`` of the regressor.
        axes : array-like of matplotlib Axes, default=None
            One for every panel; a new figure by default.

        Returns
        -------
        display : TrainingHistoryDisplay
            The display, drawn.
        """
        return cls(history).plot(axes)

    @classmethod
    def from_estimator(cls, estimator: Any, *, axes: Any = None) -> TrainingHistoryDisplay:
        """Draw the history of a fitted regressor, or of the last step of a pipeline.

        Parameters
        ----------
        estimator : estimator object
            Fitted neural regressor, or pipeline that ends in one.
        axes : array-like of matplotlib Axes, default=None
            One for every panel; a new figure by default.

        Returns
        -------
        display : TrainingHistoryDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator is not trained in epochs.
        """
        history = history_of_estimator(estimator)
        if history is None:
            raise ValueError(f"{estimator!r} keeps no history_: it is not trained in epochs.")
        return cls.from_history(history, axes=axes)

    def plot(self, axes: Any = None) -> TrainingHistoryDisplay:
        """Draw on a new figure or on given axes.

        Parameters
        ----------
        axes : array-like of matplotlib Axes, default=None
            One for every panel.

        Returns
        -------
        display : TrainingHistoryDisplay
            With `figure_` and `axes_`.
        """
        cosines = self._gradient_cosines()
        n_panels = 3 if cosines else 2
        self.figure_, self.axes_ = panels(n_panels, axes, panel=(6.0, 3.6), columns=2)
        losses, weights = self.axes_[:2]
        epochs = self.history["epoch"]
        # Equal weights cover each other: each line is thinner than the one below it.
        widths = np.linspace(3.0, 1.5, len(self.target_names))
        for k, name in enumerate(self.target_names):
            color = SERIES[k % len(SERIES)]
            self._draw(losses, epochs, f"train_loss_{name}", color=color, linestyle="--")
            self._draw(losses, epochs, f"valid_loss_{name}", color=color, label=name)
            self._draw(
                weights, epochs, f"weight_{name}", color=color, label=name, linewidth=widths[k]
            )
        losses.set(title="loss (training dashed, validation solid)", xlabel="epoch", ylabel="loss")
        if (self._values("train_loss_", "valid_loss_") > 0).all():
            ticker = import_optional("matplotlib.ticker", extra="plot")
            losses.set_yscale("log")
            losses.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
            losses.yaxis.set_major_formatter("{x:g}")
            losses.yaxis.set_minor_locator(ticker.NullLocator())
        weights.set(title="task weight", xlabel="epoch", ylabel="weight")
        weights.set_ylim(0, 1.15 * max(1.0, float(self._values("weight_").max())))
        if cosines:
            self._draw_cosines(self.axes_[2], cosines)
        for ax in self.axes_:
            ax.locator_params(axis="x", integer=True)
        # Beside the panel: the lines leave no free corner in general.
        if weights.lines:
            weights.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
        else:
            losses.legend(frameon=False)
            weights.text(0.5, 0.5, "the rule gives a direction, no weights", ha="center")
        return self

    def _gradient_cosines(self) -> dict[str, str]:
        """Columns of the logged cosines, by the pair of targets."""
        columns = {
            f"{a}, {b}": f"gradient_cosine_{a}|{b}" for a, b in combinations(self.target_names, 2)
        }
        return {pair: column for pair, column in columns.items() if column in self.history}

    def _draw_cosines(self, ax: Any, cosines: dict[str, str]) -> None:
        for k, (pair, column) in enumerate(cosines.items()):
            color = SERIES[k % len(SERIES)]
            ax.plot(self.history["epoch"], self.history[column], color=color, label=pair)
        ax.axhline(0.0, color=MEASURED, linewidth=0.8)
        ax.set(title="cosine between gradients", xlabel="epoch", ylabel="cosine")
        if len(cosines) <= len(SERIES):
            ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)

    def _draw(self, ax: Any, epochs: pd.Series, column: str, **style: Any) -> None:
        """Draw a column; a training without validation part has no validation losses."""
        if column in self.history and self.history[column].notna().any():
            ax.plot(epochs, self.history[column], **style)

    def _values(self, *prefixes: str) -> Any:
        """All known values of the columns with these prefixes."""
        columns = [
            prefix + name
            for prefix in prefixes
            for name in self.target_names
            if prefix + name in self.history
        ]
        return self.history[columns].stack().dropna()


def history_of_estimator(estimator: Any) -> pd.DataFrame | None:
    """Training history of a fitted regressor or of the last step of a pipeline; None without."""
    final = estimator[-1] if hasattr(estimator, "steps") else estimator
    return getattr(final, "history_", None)
