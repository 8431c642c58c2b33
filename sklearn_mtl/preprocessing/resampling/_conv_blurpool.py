"""Blur before decimation for downsampling, blur after interpolation for upsampling."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.preprocessing.resampling._decimate_repeat import nearest_steps
from sklearn_mtl.preprocessing.resampling._linear import linear
from sklearn_mtl.preprocessing.resampling._reflection import reflective_filter

BLUR = np.array([1, 4, 6, 4, 1]) / 16


def conv_blurpool(n_steps: int, length: int) -> np.ndarray:
    """Weights of a binomial blur of five steps with decimation or interpolation (eqs. 42, 43).

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
    The series is reflected at its ends; one of two steps, shorter than the kernel's reach, is
    reflected repeatedly. At T = L the blur remains: no identity.
    """
    if n_steps > length:
        return reflective_filter(BLUR, nearest_steps(n_steps, length), n_steps)
    return reflective_filter(BLUR, np.arange(length), length) @ linear(n_steps, length)
