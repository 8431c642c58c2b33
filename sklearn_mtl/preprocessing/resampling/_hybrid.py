"""Decimation and smoothing for downsampling, repetition or interpolation for upsampling."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.preprocessing.resampling._decimate_repeat import decimate_repeat
from sklearn_mtl.preprocessing.resampling._linear import linear


def hybrid(n_steps: int, length: int) -> np.ndarray:
    """Weights of decimation with a moving average of three steps, or of interpolation (eq. 41).

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
    The first and the last step are not smoothed. Interpolation of a single step repeats it, so
    that T = 1 needs no rule of its own.
    """
    if n_steps <= length:
        return linear(n_steps, length)
    decimated = decimate_repeat(n_steps, length)
    weights = decimated.copy()
    weights[1:-1] = (decimated[:-2] + decimated[1:-1] + decimated[2:]) / 3
    return weights
