"""Scores of population members that heat the players (eq. 8, appendix A.3)."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.search._engine.ranking import crowding_distances, ranks


def normalised(column: np.ndarray) -> np.ndarray:
    """Map a column to [0, 1] by its smallest and largest value (eqs 13 and 14); zeros if equal."""
    span = column.max() - column.min()
    return (column - column.min()) / (span if span > 0 else 1.0)


def member_weights(
    values: np.ndarray,
    progress: float,
    stages: tuple[float, float],
    objective_weight: float,
    crowding_weight: float = 0.2,
    late_crowding_weight: float = 0.05,
    rewards_good_objectives: bool = False,
) -> np.ndarray:
    """Weigh the members of a population by eq. 8.

    Parameters
    ----------
    values : ndarray of shape (n, m)
        Objectives, minimised.
    progress : float
        Share of the generations that are over, phi.
    stages : tuple of (float, float)
        Where the early and the middle stage end, kappa_1 and kappa_2.
    objective_weight : float
        Weight w of the first objective; the others share the rest.
    crowding_weight, late_crowding_weight : float
        lambda and gamma.
    rewards_good_objectives : bool, default=False
        Eq. 8 as printed adds normalised objectives, which are 0 for the best and so reward bad
        ones. True adds one less them.

    Returns
    -------
    weights : ndarray of shape (n,)
        They add up to 1.
    """
    rank = ranks(values)
    crowding = crowding_distances(values, rank)
    finite = np.isfinite(crowding)
    # The ends of a front are infinitely far: they count as the largest finite distance.
    crowding[~finite] = crowding[finite].max(initial=0.0)
    diversity = normalised(crowding)
    by_rank = 1.0 / (1.0 + rank) + crowding_weight * diversity
    shares = np.full(values.shape[1], (1 - objective_weight) / max(values.shape[1] - 1, 1))
    shares[0] = objective_weight if values.shape[1] > 1 else 1.0
    guided = np.stack([normalised(column) for column in values.T], axis=1)
    by_objective = (1.0 - guided if rewards_good_objectives else guided) @ shares
    early, middle = stages
    if progress < early:
        score = by_rank
    elif progress < middle:
        blend = (middle - progress) / (middle - early)
        score = blend * by_rank + (1 - blend) * by_objective
    else:
        score = by_objective + late_crowding_weight * diversity
    total = score.sum()
    return score / total if total > 0 else np.full(len(values), 1.0 / len(values))
