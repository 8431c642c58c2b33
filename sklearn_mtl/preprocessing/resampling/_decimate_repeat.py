"""Uniform decimation for downsampling, repetition for upsampling."""

from __future__ import annotations

import numpy as np


def nearest_steps(n_steps: int, length: int) -> np.ndarray:
    """Step nearest to the place of each output step, the later one of two (eq. 38).

    Parameters
    ----------
    n_steps : int
        Length T of the windows read.
    length : int
        Length L of the windows written, at least 2.

    Returns
    -------
    steps : ndarray of int of shape (length,)

    Notes
    -----
    floor(u_t + 1/2) with u_t = t (T - 1) / (L - 1), written as a division of integers, because
    a half would be rounded down wherever u_t comes out too small by the last bit. It lies in
    [0, T - 1] without clipping.
    """
    span = length - 1
    return (2 * np.arange(length) * (n_steps - 1) + span) // (2 * span)


def repeated_steps(n_steps: int, length: int) -> np.ndarray:
    """Step that each output step repeats; the first ones are repeated once more (eq. 39).

    Parameters
    ----------
    n_steps : int
        Length T of the windows read.
    length : int
        Length L of the windows written, at least T.

    Returns
    -------
    steps : ndarray of int of shape (length,)
    """
    times, n_longer = divmod(length, n_steps)
    return np.repeat(np.arange(n_steps), times + (np.arange(n_steps) < n_longer))


def copy_steps(steps: np.ndarray, n_steps: int) -> np.ndarray:
    """Weights that copy one step to each output step."""
    weights = np.zeros((len(steps), n_steps))
    weights[np.arange(len(steps)), steps] = 1
    return weights


def decimate_repeat(n_steps: int, length: int) -> np.ndarray:
    """Weights of decimation to the nearest step, or of repetition (eqs. 38 and 39).

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
    choose = nearest_steps if n_steps > length else repeated_steps
    return copy_steps(choose(n_steps, length), n_steps)
