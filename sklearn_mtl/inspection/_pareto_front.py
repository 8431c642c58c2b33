"""Trials of a search by two objectives, and the front that no other trial beats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl._optional import import_optional
from sklearn_mtl.inspection._figure import PREDICTED, REFERENCE, panels

_PALE, _BEYOND, _KNEE = "#b4b4b4", "#cc79a7", "#009e73"
_LOG_RATIO = 8  # an axis whose ends differ more than this is logarithmic


class ParetoFrontDisplay:
    """All complete trials of a search by two objectives, usually error against size.

    Every point is a trial. Those on the front are joined by a line: no trial is better in both
    objectives. Dominated trials are pale, those beyond a constraint are crosses, the knee and the
    selected model have rings.

    Create it with :meth:`from_estimator` or :meth:`from_values`.

    Parameters
    ----------
    values : array-like of shape (n_trials, 2)
        First objective, drawn upwards, and second objective, drawn to the right.
    names : sequence of str, default=("error", "size")
        Names of the objectives.
    on_front : array-like of bool of shape (n_trials,), default=None
        Whether a trial is on the front. By default found from `values`; a search of three
        objectives has trials on its front that two of them do not show.
    feasible : array-like of bool of shape (n_trials,), default=None
        Whether a trial keeps the constraints; by default all do.
    maximised : sequence of bool, default=(False, False)
        Whether more is better.
    knee, selected : int, default=None
        Rows of the trials with a ring.

    Attributes
    ----------
    figure_ : matplotlib Figure
        After :meth:`plot`.
    axes_ : list of matplotlib Axes
        One panel.

    See Also
    --------
    SearchHistoryDisplay : How the front grew.
    sklearn_mtl.search.ParetoSearchCV : The search.

    Examples
    --------
    >>> from sklearn_mtl.inspection import ParetoFrontDisplay
    >>> values = [[0.9, 100], [0.5, 1000], [0.8, 2000], [0.4, 9000]]
    >>> display = ParetoFrontDisplay.from_values(values, names=("mse", "n_parameters"), selected=1)
    >>> display.on_front
    array([ True,  True, False,  True])
    >>> display.axes_[0].get_xlabel()
    'n_parameters'
    """

    def __init__(
        self,
        values: Any,
        *,
        names: Sequence[str] = ("error", "size"),
        on_front: Any = None,
        feasible: Any = None,
        maximised: Sequence[bool] = (False, False),
        knee: int | None = None,
        selected: int | None = None,
    ):
        self.values = np.asarray(values, dtype=float)
        if self.values.ndim != 2 or self.values.shape[1] != 2 or not len(self.values):
            raise ValueError(
                "`values` must have two columns and at least one row. "
                f"Got shape {self.values.shape}."
            )
        n_trials = len(self.values)
        self.names = list(names)
        self.maximised = list(maximised)
        self.feasible = _mask("feasible", feasible, n_trials)
        if on_front is None:
            losses = np.where(self.maximised, -self.values, self.values)
            self.on_front = self.feasible.copy()
            self.on_front[self.feasible] = on_front_of(losses[self.feasible])
            self._joined = True
        else:
            self.on_front = _mask("on_front", on_front, n_trials)
            self._joined = False
        self.knee = _row("knee", knee, n_trials)
        self.selected = _row("selected", selected, n_trials)

    @classmethod
    def from_values(cls, values: Any, *, axes: Any = None, **parameters: Any) -> ParetoFrontDisplay:
        """Draw given trials.

        Parameters
        ----------
        values : array-like of shape (n_trials, 2)
            First objective, drawn upwards, and second objective, drawn to the right.
        axes : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        **parameters : dict
            Further parameters of the class.

        Returns
        -------
        display : ParetoFrontDisplay
            The display, drawn.
        """
        return cls(values, **parameters).plot(axes)

    @classmethod
    def from_estimator(
        cls,
        search: Any,
        *,
        objectives: tuple[str, str] | None = None,
        selected: int | None = None,
        axes: Any = None,
    ) -> ParetoFrontDisplay:
        """Draw the trials of a fitted search.

        Parameters
        ----------
        search : ParetoSearchCV
            Fitted, with two or three objectives.
        objectives : tuple of (str, str), default=None
            Names of the objectives drawn upwards and to the right; by default the first two.
        selected : int, default=None
            Row of ``pareto_front_`` to mark as selected; by default ``best_front_index_``, if the
            search selects.
        axes : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        display : ParetoFrontDisplay
            The display, drawn.

        Raises
        ------
        NotFittedError
            If the search is not fitted.
        ValueError
            If the search has one objective, or `objectives` names others than it has.
        """
        check_is_fitted(search, "pareto_front_")
        known = search.objective_names_
        if len(known) == 1:
            raise ValueError(
                f"A front is drawn by two objectives. The search has one, {known[0]}: draw its "
                "progress by SearchHistoryDisplay."
            )
        names = tuple(known[:2]) if objectives is None else tuple(objectives)
        if len(names) != 2 or not set(names) <= set(known):
            raise ValueError(
                f"`objectives` must name two of the objectives of the search, {', '.join(known)}. "
                f"Got {', '.join(names)}."
            )
        results = search.cv_results_
        complete = np.asarray(results["state"]) == "complete"
        trials = list(np.asarray(results["trial"])[complete])
        front = list(search.pareto_front_["trial"])
        if selected is None:
            selected = getattr(search, "best_front_index_", None)
        directions = {
            name: direction.name == "MAXIMIZE"
            for name, direction in zip(known, search.study_.directions, strict=True)
        }
        return cls.from_values(
            np.column_stack([results[f"mean_test_{name}"][complete] for name in names]),
            names=names,
            on_front=None if len(known) == 2 else np.isin(trials, front),
            feasible=np.asarray(results["feasible"])[complete],
            maximised=[directions[name] for name in names],
            knee=trials.index(front[search.select_index("knee")]),
            selected=None if selected is None else trials.index(front[selected]),
            axes=axes,
        )

    def plot(self, axes: Any = None) -> ParetoFrontDisplay:
        """Draw on a new figure or on given axes.

        Parameters
        ----------
        axes : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        display : ParetoFrontDisplay
            The same display, with `figure_` and `axes_`.
        """
        self.figure_, self.axes_ = panels(1, axes, panel=(6.4, 4.4), columns=1)
        ax = self.axes_[0]
        up, right = self.values.T
        dominated = self.feasible & ~self.on_front
        n_beyond = int((~self.feasible).sum())
        if dominated.any():
            ax.scatter(right[dominated], up[dominated], s=22, color=_PALE, label="dominated")
        if n_beyond:
            ax.scatter(
                right[~self.feasible],
                up[~self.feasible],
                s=24,
                marker="x",
                color=_BEYOND,
                linewidths=1.2,
                label="beyond a constraint",
            )
        if self._joined:
            self._join(ax)
        ax.scatter(
            right[self.on_front],
            up[self.on_front],
            s=34,
            color=PREDICTED,
            zorder=3,
            label="front",
        )
        for row, label, color, size in (
            (self.selected, "selected", REFERENCE, 210),
            (self.knee, "knee", _KNEE, 110),
        ):
            if row is not None:
                ax.scatter(
                    right[row],
                    up[row],
                    s=size,
                    facecolors="none",
                    edgecolors=color,
                    linewidths=2,
                    zorder=4,
                    label=label,
                )
        ax.set(xlabel=self.names[1], ylabel=self.names[0])
        for axis, values in ((ax.xaxis, right), (ax.yaxis, up)):
            _scale(axis, values)
        ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
        return self

    def _join(self, ax: Any) -> None:
        """Join the front by steps: right of and above a corner everything is beaten."""
        up, right = self.values[self.on_front].T
        order = np.argsort(right)
        where = "pre" if self.maximised[1] else "post"
        ax.step(right[order], up[order], where=where, color=PREDICTED, linewidth=1.2, alpha=0.6)


def on_front_of(losses: np.ndarray) -> np.ndarray:
    """Tell which rows no other row beats; of equal rows the first.

    Parameters
    ----------
    losses : ndarray of shape (n_rows, 2)
        Less is better.

    Returns
    -------
    on_front : bool ndarray of shape (n_rows,)
    """
    on_front = np.zeros(len(losses), dtype=bool)
    best = np.inf
    for row in np.lexsort(losses.T[::-1]):  # by the first, then the second
        if losses[row, 1] < best:
            on_front[row] = True
            best = losses[row, 1]
    return on_front


def _scale(axis: Any, values: np.ndarray) -> None:
    """Take logarithms where the values span orders of magnitude, with plain numbers as labels."""
    low, high = values.min(), values.max()
    if low > 0 and high / low > _LOG_RATIO:
        ticker = import_optional("matplotlib.ticker", extra="plot")
        getattr(axis.axes, f"set_{axis.axis_name}scale")("log")
        steps = (1, 2, 5) if high / low < 100 else (1,)
        axis.set_major_locator(ticker.LogLocator(subs=steps))
        axis.set_minor_locator(ticker.NullLocator())
        axis.set_major_formatter("{x:,g}")
    else:
        axis.axes.locator_params(axis=axis.axis_name, nbins=5)
        if high >= 1000:
            axis.set_major_formatter("{x:,g}")


def _mask(name: str, mask: Any, n_trials: int) -> np.ndarray:
    values = np.ones(n_trials, dtype=bool) if mask is None else np.asarray(mask, dtype=bool)
    if values.shape != (n_trials,):
        raise ValueError(f"`{name}` must have {n_trials} entries. Got shape {values.shape}.")
    return values


def _row(name: str, row: int | None, n_trials: int) -> int | None:
    if row is not None and not 0 <= row < n_trials:
        raise ValueError(f"`{name}` must be a row from 0 to {n_trials - 1}. Got {row}.")
    return row
