"""Hypervolume of the front over the trials of a search."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sklearn_mtl.inspection._figure import PREDICTED, panels


class SearchHistoryDisplay:
    """How the front of a search grew: its hypervolume after every complete trial.

    A curve that is still rising at its end asks for more trials; one that has been flat for long
    says that the budget was enough, or that the space holds no better models.

    Create it with :meth:`from_estimator` or :meth:`from_history`.

    Parameters
    ----------
    history : DataFrame
        Columns ``trial`` and ``hypervolume``, as ``ParetoSearchCV.hypervolume_history`` gives them.

    Attributes
    ----------
    figure_ : matplotlib Figure
        After :meth:`plot`.
    axes_ : list of matplotlib Axes
        One panel.

    See Also
    --------
    ParetoFrontDisplay : The trials, and the front at the end.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mtl.inspection import SearchHistoryDisplay
    >>> history = pd.DataFrame({"trial": [0, 1, 2], "hypervolume": [0.1, 0.4, 0.45]})
    >>> SearchHistoryDisplay.from_history(history).axes_[0].get_ylabel()
    'hypervolume'
    """

    def __init__(self, history: pd.DataFrame):
        missing = [name for name in ("trial", "hypervolume") if name not in history]
        if missing:
            raise ValueError(
                f"`history` must have the columns trial and hypervolume. Got {list(history)}."
            )
        self.history = history

    @classmethod
    def from_history(cls, history: pd.DataFrame, *, axes: Any = None) -> SearchHistoryDisplay:
        """Draw a history.

        Parameters
        ----------
        history : DataFrame
            Columns ``trial`` and ``hypervolume``.
        axes : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        display : SearchHistoryDisplay
            The display, drawn.
        """
        return cls(history).plot(axes)

    @classmethod
    def from_estimator(
        cls, search: Any, *, reference: Any = None, axes: Any = None
    ) -> SearchHistoryDisplay:
        """Draw the history of a fitted search.

        Parameters
        ----------
        search : ParetoSearchCV
            Fitted.
        reference : array-like of shape (n_objectives,), default=None
            Worst values that count, see ``ParetoSearchCV.hypervolume_history``. Searches are
            compared by the same one only.
        axes : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        display : SearchHistoryDisplay
            The display, drawn.
        """
        return cls.from_history(search.hypervolume_history(reference), axes=axes)

    def plot(self, axes: Any = None) -> SearchHistoryDisplay:
        """Draw on a new figure or on given axes.

        Parameters
        ----------
        axes : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        display : SearchHistoryDisplay
            The same display, with `figure_` and `axes_`.
        """
        self.figure_, self.axes_ = panels(1, axes, panel=(6.0, 3.4), columns=1)
        ax = self.axes_[0]
        trials, volumes = self.history["trial"], self.history["hypervolume"]
        # The front changes at a trial and stays until the next one; a point marks the last.
        ax.step(trials, volumes, where="post", color=PREDICTED, marker="o", markevery=[-1])
        ends = (trials.min() - 0.5, trials.max() + 0.5)
        ax.set(xlabel="trial", ylabel="hypervolume", xlim=ends, ylim=(0, None))
        ax.locator_params(axis="x", integer=True, min_n_ticks=1)
        return self
