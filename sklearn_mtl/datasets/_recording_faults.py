"""Faults of recording: gross outliers in inputs and labels, labels that were never measured."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class FaultyRecords(NamedTuple):
    """Tables with gross recording faults, and the rows that have any."""

    data: np.ndarray
    target: np.ndarray
    outlier_mask: np.ndarray


def add_gross_faults(
    data: np.ndarray, target: np.ndarray, fraction: float, rng: np.random.Generator
) -> FaultyRecords:
    """Return copies in which a fraction of the rows carries grossly wrong cells.

    Every chosen row has at least one faulty label (a mix-up in the laboratory), each further label
    with probability 0.25, and every input with probability 0.08 (a failed sensor). A fault shifts
    the cell by 5 to 15 standard deviations of its column, to impossible values too.

    Parameters
    ----------
    data, target : ndarray of shape (n_samples, n_columns)
        Clean tables.
    fraction : float
        Share of the rows, rounded to whole rows.
    rng : Generator
        Source of randomness.

    Returns
    -------
    records : FaultyRecords
    """
    n_samples = len(data)
    outlier_mask = np.zeros(n_samples, dtype=bool)
    rows = rng.permutation(n_samples)[: round(fraction * n_samples)]
    outlier_mask[rows] = True

    faulty_target = rng.random((len(rows), target.shape[1])) < 0.25
    faulty_target[np.arange(len(rows)), rng.integers(target.shape[1], size=len(rows))] = True
    faulty_data = rng.random((len(rows), data.shape[1])) < 0.08

    data, target = data.copy(), target.copy()
    data[rows] = _shift(data[rows], faulty_data, data.std(axis=0), rng)
    target[rows] = _shift(target[rows], faulty_target, target.std(axis=0), rng)
    return FaultyRecords(data, target, outlier_mask)


def drop_labels(target: np.ndarray, fraction: float, rng: np.random.Generator) -> np.ndarray:
    """Return a copy in which each label is missing (NaN) with the given probability."""
    return np.where(rng.random(target.shape) < fraction, np.nan, target)


def _shift(
    values: np.ndarray, faulty: np.ndarray, spread: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    size = rng.uniform(5.0, 15.0, size=values.shape) * spread
    sign = rng.choice([-1.0, 1.0], size=values.shape)
    return np.where(faulty, values + sign * size, values)
