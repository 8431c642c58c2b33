"""Weighted sums of the steps of many windows, as few matrix products."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

Weights = Callable[[int, int], np.ndarray]

# Output steps computed together from the stretch of the window that they read: the number of rows
# that BLAS kernels handle at once. Fewer cost as much as eight; more read a longer stretch.
BAND = 8
# Gathering steps costs about as much as multiplying three times as many.
GATHERED_SHARE = 1 / 3


class Product(NamedTuple):
    """A part of the weights that is applied by one matrix product.

    Attributes
    ----------
    steps_in : slice or ndarray of int
        Steps that are read.
    steps_out : slice
        Output steps that are written.
    weights : ndarray of shape (n_steps_in, n_steps_out)
        Transposed, of the dtype of the windows.
    """

    steps_in: slice | np.ndarray
    steps_out: slice
    weights: np.ndarray


@dataclass(frozen=True)
class WeightedSum:
    """Operator that makes each output step a weighted sum of the steps of its window.

    Parameters
    ----------
    weights : callable
        Gives the ``(length, n_steps)`` weights for ``(n_steps, length)``.

    Notes
    -----
    An output step is NaN exactly if a step of non-zero weight is. A matrix product alone would
    make it NaN for every missing step of the window, since 0 * NaN is NaN.
    """

    weights: Weights

    def __call__(self, windows: np.ndarray, length: int) -> np.ndarray:
        """Map windows to another length.

        Parameters
        ----------
        windows : ndarray of shape (..., n_steps)
            Of dtype float32 or float64.
        length : int

        Returns
        -------
        resampled : ndarray of shape (..., length)
        """
        n_steps = windows.shape[-1]
        series = windows.reshape(-1, n_steps)
        products = plan_products(self.weights, n_steps, length, series.dtype)
        resampled = _apply(products, series, length)
        if _has_nan(resampled):
            hit = np.isnan(resampled).any(axis=1)
            resampled[hit] = self._map_incomplete(series[hit], length)
        return resampled.reshape(*windows.shape[:-1], length)

    def _map_incomplete(self, series: np.ndarray, length: int) -> np.ndarray:
        n_steps = series.shape[1]
        missing = np.isnan(series)
        products = plan_products(self.weights, n_steps, length, series.dtype)
        resampled = _apply(products, np.where(missing, 0, series), length)
        reads = self.weights(n_steps, length) != 0
        n_missing = missing.astype(series.dtype) @ reads.T.astype(series.dtype)
        resampled[n_missing > 0] = np.nan
        return resampled


@lru_cache(maxsize=128)
def plan_products(
    weights: Weights, n_steps: int, length: int, dtype: np.dtype
) -> tuple[Product, ...]:
    """Split weights into products that pass over most of their zeros.

    Parameters
    ----------
    weights : callable
        Gives the ``(length, n_steps)`` weights for ``(n_steps, length)``.
    n_steps : int
        Length of the windows read.
    length : int
        Length of the windows written.
    dtype : dtype
        Float dtype of the windows.

    Returns
    -------
    products : tuple of Product
        Shared between calls: their arrays are read-only.
    """
    matrix = weights(n_steps, length)
    read = np.flatnonzero(matrix.any(axis=0))
    if len(read) <= GATHERED_SHARE * n_steps:
        return (_product(matrix, read, slice(length), dtype),)
    if n_steps <= 2 * length:
        return (_product(matrix, slice(n_steps), slice(length), dtype),)
    products = []
    for start in range(0, length, BAND):
        band = slice(start, min(start + BAND, length))
        read = np.flatnonzero(matrix[band].any(axis=0))
        products.append(_product(matrix, slice(read[0], read[-1] + 1), band, dtype))
    return tuple(products)


def _product(
    matrix: np.ndarray, steps_in: slice | np.ndarray, steps_out: slice, dtype: np.dtype
) -> Product:
    weights = matrix[steps_out, steps_in].T.astype(dtype, order="C")
    for shared in (weights, steps_in):
        if isinstance(shared, np.ndarray):
            shared.flags.writeable = False
    return Product(steps_in, steps_out, weights)


def _has_nan(values: np.ndarray) -> bool:
    """Tell whether a contiguous array holds NaN, which alone makes a sum of squares NaN."""
    flat = values.reshape(-1)
    return math.isnan(np.vdot(flat, flat))


def _apply(products: tuple[Product, ...], series: np.ndarray, length: int) -> np.ndarray:
    resampled = np.empty((len(series), length), series.dtype)
    for steps_in, steps_out, weights in products:
        if isinstance(steps_in, slice):
            stretch = series[:, steps_in]
        else:  # "clip" spares a check of indices that are in range by construction
            stretch = series.take(steps_in, axis=1, mode="clip")
        np.matmul(stretch, weights, out=resampled[:, steps_out])
    return resampled
