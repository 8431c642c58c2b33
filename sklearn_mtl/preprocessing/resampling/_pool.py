"""Average, triangular average and maximum of adjacent intervals; repetition for upsampling."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from sklearn_mtl.preprocessing.resampling._decimate_repeat import decimate_repeat, repeated_steps
from sklearn_mtl.preprocessing.resampling._steps_first import steps_first


def interval_edges(n_steps: int, length: int) -> np.ndarray:
    """First step of each of `length` adjacent intervals, and the end: floor(t T / L)."""
    return np.arange(length + 1) * n_steps // length


def average_pool(n_steps: int, length: int) -> np.ndarray:
    """Weights of the average of each interval (eq. 46); repetition where there are fewer steps.

    Parameters
    ----------
    n_steps : int
        Length T of the windows read.
    length : int
        Length L of the windows written, at least 2.

    Returns
    -------
    weights : ndarray of shape (length, n_steps)
    """
    return _weigh_intervals(np.ones, n_steps, length)


def triangular_pool(n_steps: int, length: int) -> np.ndarray:
    """Weights of the triangular average of each interval (eqs. 49, 50); repetition as above.

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
    The first and the last step of an interval have weight zero by eq. 49. An interval of two steps
    has nothing else, which would be 0 / 0: its steps weigh the same.
    """
    return _weigh_intervals(_triangle, n_steps, length)


def max_pool(windows: np.ndarray, length: int) -> np.ndarray:
    """Maximum of each interval (eq. 47); repetition where there are fewer steps.

    Parameters
    ----------
    windows : ndarray of shape (..., T)
    length : int
        Length L of the windows written, at least 2.

    Returns
    -------
    pooled : ndarray of shape (..., length)
    """
    n_steps = windows.shape[-1]
    if n_steps <= length:
        return windows[..., repeated_steps(n_steps, length)]
    steps = steps_first(windows)
    edges = interval_edges(n_steps, length)
    maxima = np.stack([steps[start:end].max(axis=0) for start, end in pairwise(edges)])
    return maxima.T.reshape(*windows.shape[:-1], length)


def _weigh_intervals(weigh: Callable[[int], np.ndarray], n_steps: int, length: int) -> np.ndarray:
    if n_steps <= length:
        return decimate_repeat(n_steps, length)
    weights = np.zeros((length, n_steps))
    for row, (start, end) in zip(weights, pairwise(interval_edges(n_steps, length)), strict=True):
        shares = weigh(end - start)
        row[start:end] = shares / shares.sum()
    return weights


def _triangle(size: int) -> np.ndarray:
    """Eq. 49 times size - 1, in integers, so that the zero weights are zero."""
    if size <= 2:
        return np.ones(size)
    return size - 1.0 - np.abs(2 * np.arange(size) - (size - 1))
