"""Standardisation of partly observed targets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class TargetScaling(NamedTuple):
    """Location and scale of every target, in the user's units."""

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, y: np.ndarray, weight: np.ndarray | None, *, identity: bool) -> TargetScaling:
        """Weighted mean and standard deviation over the observed values of every target.

        Parameters
        ----------
        y : ndarray of shape (n_samples, n_targets)
            Targets; every one has an observed value.
        weight : ndarray of shape (n_samples,) or None
            Row weights.
        identity : bool
            Whether to leave the targets as they are.

        Returns
        -------
        scaling : TargetScaling
            The scale of a constant target is 1.
        """
        n_targets = y.shape[1]
        if identity:
            return cls(np.zeros(n_targets), np.ones(n_targets))
        observed = ~np.isnan(y)
        shares = observed * (1.0 if weight is None else weight[:, None])
        shares = shares / shares.sum(axis=0)
        # Deviations from one of the values, so that a large offset costs no digits.
        offset = y[observed.argmax(axis=0), np.arange(n_targets)]
        deviations = np.where(observed, y - offset, 0.0)
        mean = (shares * deviations).sum(axis=0)
        scale = np.sqrt((shares * (deviations - mean) ** 2 * observed).sum(axis=0))
        constant = scale <= 10 * np.finfo(np.float64).eps * np.abs(offset + mean)
        return cls(offset + mean, np.where(constant, 1.0, scale))

    def to_standard(self, y: np.ndarray) -> np.ndarray:
        """From the user's units to mean 0, standard deviation 1."""
        return (y - self.mean) / self.scale

    def to_units(self, y: np.ndarray) -> np.ndarray:
        """From mean 0, standard deviation 1 to the user's units."""
        return y * self.scale + self.mean
