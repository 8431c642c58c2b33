"""Moving average of weights of which some are unknown in a step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class WeightAverage(NamedTuple):
    """Exponential moving average of the targets' weights, corrected for its start as Adam's is.

    A target that is not part of a step keeps its average.

    Parameters
    ----------
    total : ndarray of shape (K,)
        Discounted sum of a target's weights.
    mass : ndarray of shape (K,)
        Discounted number of them.
    """

    total: np.ndarray
    mass: np.ndarray

    @classmethod
    def empty(cls, n_targets: int) -> WeightAverage:
        """Start without knowledge of any target."""
        return cls(np.zeros(n_targets), np.zeros(n_targets))

    def updated(
        self, weights: np.ndarray, seen: np.ndarray | None, smoothing: float
    ) -> WeightAverage:
        """Take in the weights of a step.

        Parameters
        ----------
        weights : ndarray of shape (n_seen,)
            Weights that sum to one.
        seen : bool ndarray of shape (K,) or None
            Targets they belong to; None for all.
        smoothing : float
            Share of the earlier weights in the average.

        Returns
        -------
        average : WeightAverage
            The new average; this one stays as it is.
        """
        if seen is None:
            total = smoothing * self.total + (1 - smoothing) * weights
            return WeightAverage(total, smoothing * self.mass + 1 - smoothing)
        total, mass = self.total.copy(), self.mass.copy()
        # Weights among few targets count as much as they would among all: 1 / K if equal.
        share = (1 - smoothing) * len(weights) / len(seen)
        total[seen] = smoothing * total[seen] + share * weights
        mass[seen] = smoothing * mass[seen] + 1 - smoothing
        return WeightAverage(total, mass)

    def weights(self, seen: np.ndarray | None, min_weight: float = 0.0) -> np.ndarray:
        """Give the averages of the targets of a step, scaled to the sum one.

        Parameters
        ----------
        seen : bool ndarray of shape (K,) or None
            The targets; None for all. One of which nothing is known counts as their mean.
        min_weight : float, default=0.0
            Smallest weight of a target seen.

        Returns
        -------
        weights : ndarray of shape (K,)
            Zero for the other targets.
        """
        weights = np.zeros(len(self.total))
        chosen = slice(None) if seen is None else seen
        total, mass = self.total[chosen], self.mass[chosen]
        n_seen = len(total)
        if n_seen == 0:
            return weights
        known = mass > 0
        if known.all():
            average = total / mass
        else:
            average = np.ones(n_seen)
            average[known] = total[known] / mass[known]
            average[~known] = average[known].mean() if known.any() else 1.0
        # All averages are zero where a step has none but targets that were left out before.
        shares = average / average.sum() if average.sum() > 0 else np.full(n_seen, 1 / n_seen)
        if min_weight:
            above = np.maximum(shares - min_weight, 0.0)
            free = 1 - n_seen * min_weight
            even = np.full(n_seen, 1 / n_seen)
            shares = min_weight + free * (above / above.sum() if above.any() else even)
        weights[chosen] = shares
        return weights
