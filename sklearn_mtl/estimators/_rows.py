"""Which rows of a table a network can train on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class LabelledRows(NamedTuple):
    """Rows with complete inputs, at least one label and positive weight."""

    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None

    def take(self, indices: np.ndarray) -> LabelledRows:
        """Return some of the rows."""
        weight = None if self.weight is None else self.weight[indices]
        return LabelledRows(self.X[indices], self.y[indices], weight)


def complete_rows(X: np.ndarray) -> np.ndarray:
    """Mask of the rows without NaN; the others are excluded."""
    return ~np.isnan(X).any(axis=1)


def labelled_rows(X: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> LabelledRows:
    """Keep the rows that can teach something.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Inputs; NaN marks an excluded row.
    y : ndarray of shape (n_samples, n_targets)
        Targets; NaN marks a value that was not measured.
    weight : ndarray of shape (n_samples,) or None
        Weights; a row of weight 0 counts as absent.

    Returns
    -------
    rows : LabelledRows
    """
    usable = complete_rows(X) & ~np.isnan(y).all(axis=1)
    if weight is not None:
        usable &= weight > 0
    return LabelledRows(X, y, weight).take(np.flatnonzero(usable))
