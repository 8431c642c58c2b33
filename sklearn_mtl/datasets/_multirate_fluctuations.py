"""Random series of the simulated plant, all in one pass of a filter."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter


def fluctuations(
    n_steps: int, n_series: int, correlation_steps: float, rng: np.random.Generator
) -> np.ndarray:
    """Stationary first-order autoregressions of mean 0 and variance 1, one per column.

    Parameters
    ----------
    n_steps, n_series : int
        Shape of the result.
    correlation_steps : float
        Steps after which the correlation has fallen to 1/e.
    rng : Generator
        Source of randomness.

    Returns
    -------
    series : ndarray of shape (n_steps, n_series)
    """
    correlation = np.exp(-1.0 / correlation_steps)
    innovations = rng.standard_normal((n_steps, n_series))
    innovations[1:] *= np.sqrt(1.0 - correlation**2)
    return lfilter([1.0], [1.0, -correlation], innovations, axis=0)


def low_pass(values: np.ndarray, time_constant: float) -> np.ndarray:
    """Follow a series with a first-order lag, steady at its first value."""
    decay = np.exp(-1.0 / time_constant)
    filtered, _ = lfilter([1.0 - decay], [1.0, -decay], values, zi=[decay * values[0]])
    return filtered
