"""Low-pass filter before decimation for downsampling, mild smoothing after interpolation."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.preprocessing.resampling._decimate_repeat import nearest_steps
from sklearn_mtl.preprocessing.resampling._linear import linear
from sklearn_mtl.preprocessing.resampling._reflection import reflective_filter

LONGEST_MEAN = 5  # the paper's "small odd K <= 5"


def windowed_sinc(n_steps: int, length: int) -> np.ndarray:
    """Kernel that damps what `length` of `n_steps` steps cannot show.

    A sinc of cut-off 0.5 / d cycles per step, d = T / L, under a Hamming window, with sum 1. It
    reaches two output steps to each side: 2 * ceil(2 d) + 1 taps, 31 for 180 steps to 24.

    Parameters
    ----------
    n_steps : int
        Length T of the windows read, at least `length`.
    length : int
        Length L of the windows written, at least 2.

    Returns
    -------
    kernel : ndarray of shape (n_taps,)
        Symmetric.
    """
    radius = -(-2 * n_steps // length)
    taps = np.arange(-radius, radius + 1)
    kernel = np.sinc(taps * length / n_steps) * np.hamming(2 * radius + 1)
    # np.sinc gives 4e-17 for some of its zeros, which would let a missing value through.
    kernel[(taps != 0) & (taps * length % n_steps == 0)] = 0
    return kernel / kernel.sum()


def fir_lowpass(n_steps: int, length: int) -> np.ndarray:
    """Weights of a low-pass filter with decimation, or of interpolation with a mean (eqs. 44, 45).

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
    The paper leaves the number of taps open; see :func:`windowed_sinc` for the choice made here.
    Upsampling smooths the interpolated series by the mean of K steps, the largest odd K up to 5
    that does not exceed its length. Both reflect the series at its ends. At T = L the mean
    remains: no identity.
    """
    if n_steps > length:
        kernel = windowed_sinc(n_steps, length)
        return reflective_filter(kernel, nearest_steps(n_steps, length), n_steps)
    n_taps = min(LONGEST_MEAN, length - 1 + length % 2)
    mean = np.full(n_taps, 1 / n_taps)
    return reflective_filter(mean, np.arange(length), length) @ linear(n_steps, length)
