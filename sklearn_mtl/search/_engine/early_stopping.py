"""When a search has stopped getting better: appendix A.8 of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_mtl.search._engine.hypervolume import hypervolume
from sklearn_mtl.search._engine.ranking import non_dominated

SMALLEST_DENOMINATOR = 1e-12  # epsilon_0


def stagnates(
    history: Sequence[np.ndarray],
    window: int = 8,
    tolerances: float | Sequence[float] = 1e-3,
    hypervolume_tolerance: float = 1e-4,
) -> bool:
    """Tell whether neither the mean objectives nor the hypervolume of the front still improve.

    Parameters
    ----------
    history : sequence of ndarray of shape (n_points, n_objectives)
        Objectives of each generation, minimised, the first generation first. They may hold whole
        populations or their fronts: only non-dominated points count, except in the first, whose
        worst values fix the reference point.
    window : int, default=8
        Number of generations that are looked back.
    tolerances : float or sequence of float, default=1e-3
        Relative improvement of each mean objective that is too small to count.
    hypervolume_tolerance : float, default=1e-4
        Relative gain of the hypervolume that is too small to count.

    Returns
    -------
    stagnates : bool
        False as long as there are not more than `window` generations.

    Notes
    -----
    Equations 23 to 25 of appendix A.8 of [1]_. The reference point is 1.1 times the worst value of
    the first generation; where that is negative, which the paper does not meet, 0.1 times its
    magnitude is added.

    References
    ----------
    .. [1] "Auto-Configured Networks for Multi-Scale Multi-Output Time-Series Forecasting",
       arXiv:2604.07610, appendix A.8.
    """
    if len(history) <= window:
        return False
    reference = reference_point(history[0])
    before, now = (values[non_dominated(values)] for values in (history[-1 - window], history[-1]))
    # eqs 23, 24
    gains = _relative(before.mean(axis=0) - now.mean(axis=0), before.mean(axis=0))
    # eq. 25
    volume = hypervolume(before, reference)
    volume_gain = _relative(hypervolume(now, reference) - volume, volume)
    return bool((gains < tolerances).all() and volume_gain < hypervolume_tolerance)


def reference_point(values: np.ndarray) -> np.ndarray:
    """Give the worst value of each objective, moved out by a tenth."""
    worst = np.asarray(values).max(axis=0)
    return worst + 0.1 * np.abs(worst)


def _relative(gain: Any, base: Any) -> Any:
    return np.maximum(0, gain) / np.maximum(np.abs(base), SMALLEST_DENOMINATOR)
