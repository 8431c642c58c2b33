"""Convolution of a short kernel with a series that is reflected at its ends."""

from __future__ import annotations

import numpy as np


def reflective_filter(kernel: np.ndarray, centres: np.ndarray, n_steps: int) -> np.ndarray:
    """Weights of the filtered values at some steps.

    Parameters
    ----------
    kernel : ndarray of shape (2 * radius + 1,)
        Symmetric, so that convolution and correlation are one.
    centres : ndarray of int of shape (n,)
        Steps at which the kernel is centred.
    n_steps : int
        Length of the series.

    Returns
    -------
    weights : ndarray of shape (n, n_steps)

    Notes
    -----
    Beyond an end the series goes on mirrored at its last step, which is not repeated. Where the
    kernel reaches beyond the mirrored part too, the mirrored series is mirrored again, and so on,
    as ``numpy.pad(mode="reflect")`` does; a series of one step is constant.
    """
    radius = len(kernel) // 2
    places = centres[:, np.newaxis] + np.arange(-radius, radius + 1)
    period = max(2 * (n_steps - 1), 1)
    places = np.abs(places) % period
    places = np.minimum(places, period - places)
    weights = np.zeros((len(centres), n_steps))
    np.add.at(weights, (np.arange(len(centres))[:, np.newaxis], places), kernel)
    return weights
