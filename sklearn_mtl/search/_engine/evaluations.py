"""What has been evaluated: rows, objectives, and by how much constraints are broken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Evaluations:
    """Evaluations in their order.

    Parameters
    ----------
    genomes : ndarray of shape (n, D)
    values : ndarray of shape (n, m)
        Objectives, minimised; not finite where the evaluation failed.
    violations : ndarray of shape (n,)
        By how much each breaks its constraints; 0 if it keeps them.
    """

    genomes: np.ndarray
    values: np.ndarray
    violations: np.ndarray

    def __len__(self) -> int:
        return len(self.values)

    def finished(self) -> Evaluations:
        """Leave out those that failed."""
        rows = np.isfinite(self.values).all(axis=1)
        if rows.all():
            return self
        return Evaluations(self.genomes[rows], self.values[rows], self.violations[rows])

    def first(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Give rows and comparable values of the first n, as if there were no others."""
        return self.genomes[:n], feasible_first(self.values[:n], self.violations[:n])


def feasible_first(values: np.ndarray, violations: np.ndarray) -> np.ndarray:
    """Give infeasible rows values that every feasible row dominates.

    They rise with the violation and are on the scale of the feasible values, as objectives are
    normalised over all rows.

    Parameters
    ----------
    values : ndarray of shape (n, m)
        Objectives, minimised. Rows that are not finite must be feasible.
    violations : ndarray of shape (n,)
        0 for feasible rows.

    Returns
    -------
    values : ndarray of shape (n, m)
        The same array where all rows are feasible.
    """
    infeasible = violations > 0
    if not infeasible.any():
        return values
    feasible = values[~infeasible & np.isfinite(values).all(axis=1)]
    worst, span = np.zeros(values.shape[1]), np.ones(values.shape[1])
    if len(feasible):
        worst, span = feasible.max(axis=0), np.ptp(feasible, axis=0)
        span[span == 0] = 1.0
    amounts, place = np.unique(violations[infeasible], return_inverse=True)
    comparable = values.copy()
    comparable[infeasible] = worst + span * (1 + place[:, None]) / len(amounts)
    return comparable
