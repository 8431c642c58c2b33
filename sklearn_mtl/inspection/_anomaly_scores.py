"""Distribution of the anomaly scores of rows, with the threshold below which they are outliers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils import check_array

from sklearn_mtl.inspection._figure import MEASURED, PREDICTED, REFERENCE, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class AnomalyScoreDisplay:
    """Histogram of anomaly scores with the threshold below which a row is an outlier.

    A threshold in the foot of the distribution cuts off rows that stand apart. A threshold in its
    flank cuts through ordinary rows: the contamination was chosen too high.

    Create it with :meth:`from_estimator` or :meth:`from_scores`.

    Parameters
    ----------
    scores : array-like of shape (n_samples,)
        Scores of the rows: the lower, the easier to isolate. NaN marks a row without score.
    threshold : float, default=0.0
        Score below which a row is an outlier.

    Attributes
    ----------
    n_outliers : int
        Number of rows below the threshold.
    figure_ : matplotlib Figure
        After :meth:`plot`.
    axes_ : list of matplotlib Axes
        One.

    Raises
    ------
    ValueError
        If `scores` has more than one dimension or no known score.

    See Also
    --------
    sklearn_mtl.preprocessing.IsolationForestFilter : Gives the scores.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.inspection import AnomalyScoreDisplay
    >>> from sklearn_mtl.preprocessing import IsolationForestFilter
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> cleaning = IsolationForestFilter(contamination=0.05, random_state=0).fit(X)
    >>> AnomalyScoreDisplay.from_estimator(cleaning).n_outliers
    10
    """

    figure_: Figure
    axes_: list[Axes]

    def __init__(self, scores: Any, *, threshold: float = 0.0):
        self.scores = check_array(
            scores,
            dtype=np.float64,
            ensure_2d=False,
            ensure_all_finite="allow-nan",
            input_name="scores",
        )
        if self.scores.ndim != 1 or np.isnan(self.scores).all():
            raise ValueError(
                "`scores` must be one score per row, of which at least one is known. Got shape "
                f"{self.scores.shape} with {np.isnan(self.scores).sum()} missing."
            )
        if not np.isfinite(threshold):
            raise ValueError(f"`threshold` must be a finite number. Got {threshold!r}.")
        self.threshold = float(threshold)
        self.n_outliers = int(np.count_nonzero(self.scores < self.threshold))

    @classmethod
    def from_scores(cls, scores: Any, *, threshold: float = 0.0, axes: Any = None) -> Self:
        """Draw given scores.

        Parameters
        ----------
        scores : array-like of shape (n_samples,)
            Scores of the rows; NaN marks a row without score.
        threshold : float, default=0.0
            Score below which a row is an outlier.
        axes : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        display : AnomalyScoreDisplay
            The display, drawn.
        """
        return cls(scores, threshold=threshold).plot(axes)

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any = None, *, axes: Any = None) -> Self:
        """Draw the scores of a fitted filter, counted from its threshold.

        Parameters
        ----------
        estimator : estimator object
            Fitted filter with ``anomaly_scores_``, ``offset_`` and ``score_samples``, such as
            :class:`~sklearn_mtl.preprocessing.IsolationForestFilter`.
        X : array-like of shape (n_samples, n_features), default=None
            Rows to score; those of the training by default.
        axes : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        display : AnomalyScoreDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator keeps no anomaly scores.
        """
        if not hasattr(estimator, "anomaly_scores_"):
            raise ValueError(
                f"{estimator!r} keeps no anomaly_scores_. Pass a fitted IsolationForestFilter; "
                "that of a pipeline is in its `named_steps`."
            )
        scores = estimator.anomaly_scores_ if X is None else estimator.score_samples(X)
        return cls.from_scores(scores - estimator.offset_, axes=axes)

    def plot(self, axes: Any = None) -> Self:
        """Draw on a new figure or on given axes.

        Parameters
        ----------
        axes : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        display : AnomalyScoreDisplay
            The same display, with `figure_` and `axes_`.
        """
        self.figure_, self.axes_ = panels(1, axes, panel=(8.0, 3.6), columns=1)
        (ax,) = self.axes_
        known = self.scores[~np.isnan(self.scores)]
        edges = _bin_edges(known, self.threshold)
        is_outlier = known < self.threshold
        for rows, color, kind in (
            (known[~is_outlier], PREDICTED, "inliers"),
            (known[is_outlier], REFERENCE, "outliers"),
        ):
            label = f"{kind}: {len(rows):,} ({len(rows) / len(known):.1%})"
            ax.hist(rows, bins=list(edges), color=color, alpha=0.75, label=label)
        ax.axvline(
            self.threshold,
            color=MEASURED,
            linewidth=1,
            linestyle="--",
            label=f"threshold: {self.threshold:g}",
        )
        n_unknown = len(self.scores) - len(known)
        title = f"{len(known):,} rows"
        ax.set_title(f"{title}, {n_unknown:,} without score" if n_unknown else title, loc="left")
        ax.set(xlabel="anomaly score (low: easy to isolate)", ylabel="rows")
        # Beside the panel: the threshold may run anywhere.
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
        return self


def _bin_edges(scores: np.ndarray, threshold: float) -> np.ndarray:
    """Bins of one width, one edge of which is the threshold, so that no bar mixes both sides."""
    n_bins = np.clip(np.sqrt(len(scores)), 10, 60)
    width = (np.ptp(scores) or 1.0) / n_bins
    first = np.floor((scores.min() - threshold) / width)
    last = np.floor((scores.max() - threshold) / width) + 1
    return threshold + width * np.arange(first, last + 1)
