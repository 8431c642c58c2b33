"""Which rows of a table a network can train on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch


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


def hold_out(
    rows: LabelledRows, fraction: float, strategy: str
) -> tuple[LabelledRows, LabelledRows | None]:
    """Hold out a part of the rows for validation.

    Parameters
    ----------
    rows : LabelledRows
        Rows in time order.
    fraction : float
        Share of the rows to hold out, rounded down.
    strategy : {"last", "random"}
        The newest rows, or random ones from torch's global generator.

    Returns
    -------
    training : LabelledRows
    validation : LabelledRows or None
        None if not a single row is held out.
    """
    n_rows = len(rows.X)
    n_held_out = int(n_rows * fraction)
    if n_held_out == 0:
        return rows, None
    order = torch.randperm(n_rows).numpy() if strategy == "random" else np.arange(n_rows)
    return rows.take(order[:-n_held_out]), rows.take(order[-n_held_out:])


def unlabelled_targets(rows: LabelledRows, names: list[str]) -> list[str]:
    """Names of the targets that have no label in `rows`."""
    missing = np.isnan(rows.y).all(axis=0)
    return [name for name, absent in zip(names, missing, strict=True) if absent]
