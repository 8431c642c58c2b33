"""How sure a difference in R2 between two models on the same test rows is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

from sklearn_mtl.metrics import paired_block_bootstrap


class Difference(NamedTuple):
    """Difference in R2 between two models.

    Attributes
    ----------
    mean : float
        Over targets and seeds.
    over_rows : tuple of two floats
        95 % interval for other test rows and the same trained networks.
    over_seeds : tuple of two floats
        95 % interval for other seeds and the same test rows.
    """

    mean: float
    over_rows: tuple[float, float]
    over_seeds: tuple[float, float]

    @property
    def verdict(self) -> str:
        """``win`` if both intervals lie above zero, ``loss`` if both lie below, or ``tie``."""
        (low, high), (seeds_low, seeds_high) = self.over_rows, self.over_seeds
        if low > 0 and seeds_low > 0:
            return "win"
        return "loss" if high < 0 and seeds_high < 0 else "tie"


def r2_difference(y: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> Difference:
    """Compare two models that were fitted with the same seeds.

    Parameters
    ----------
    y : ndarray of shape (n_test, n_targets)
        True values in time order.
    ours, theirs : ndarray of shape (n_seeds, n_test, n_targets)
        Predictions.

    Returns
    -------
    difference : Difference
        Ours less theirs: by a paired block bootstrap over the rows, by Student's distribution over
        the seeds. Bounds are NaN where there are too few rows, or a single seed.
    """
    # Their mean over the rows is 1 - R2, mean over targets.
    losses, reference = (
        ((y - prediction) ** 2 / y.var(axis=0)).mean(axis=2) for prediction in (ours, theirs)
    )  # (n_seeds, n_test)
    over_rows = paired_block_bootstrap(losses.mean(axis=0), reference.mean(axis=0), random_state=0)
    of_seeds = (reference - losses).mean(axis=1)
    n_seeds = len(of_seeds)
    margin = np.nan
    if n_seeds > 1:
        margin = stats.t.ppf(0.975, n_seeds - 1) * of_seeds.std(ddof=1) / np.sqrt(n_seeds)
    return Difference(
        mean=over_rows.gain,
        over_rows=(over_rows.low, over_rows.high),
        over_seeds=(over_rows.gain - margin, over_rows.gain + margin),
    )
