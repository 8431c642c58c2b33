"""Linear interpolation."""

from __future__ import annotations

import numpy as np


def linear(n_steps: int, length: int) -> np.ndarray:
    """Weights of linear interpolation between neighbouring steps (eq. 37).

    Parameters
    ----------
    n_steps : int
        Length T of the windows read.
    length : int
        Length L of the windows written, at least 2.

    Returns
    -------
    weights : ndarray of shape (length, n_steps)

    Notes
    -----
    The place of output step t, u_t = t (T - 1) / (L - 1), is split into its whole part and its
    fraction by integers: a weight that is zero by the equation is zero, however u_t would round.
    """
    steps_out = np.arange(length)
    before, remainder = np.divmod(steps_out * (n_steps - 1), length - 1)
    fraction = remainder / (length - 1)
    after = np.minimum(before + 1, n_steps - 1)  # where there is no step after, its weight is 0
    weights = np.zeros((length, n_steps))
    weights[steps_out, before] += 1 - fraction
    weights[steps_out, after] += fraction
    return weights
