"""Volume between a set of points and a reference point, exact for up to three objectives."""

from __future__ import annotations

from typing import Any

import numpy as np


def hypervolume(values: Any, reference: Any) -> float:
    """Measure what the points dominate below the reference point.

    Parameters
    ----------
    values : array-like of shape (n_points, n_objectives)
        One to three objectives, all minimised. Points that do not beat the reference in every
        objective add nothing; neither do dominated ones.
    reference : array-like of shape (n_objectives,)
        The worst value that counts, per objective.

    Returns
    -------
    volume : float

    Raises
    ------
    ValueError
        If there are more than three objectives, or `reference` has another number of values.
    """
    points, corner = np.asarray(values, dtype=float), np.asarray(reference, dtype=float)
    if points.ndim != 2 or corner.shape != points.shape[1:]:
        raise ValueError(
            "`reference` must have one value for each objective, a column of `values`. Got shape "
            f"{corner.shape} for values of shape {points.shape}."
        )
    if len(corner) > 3:
        raise ValueError(
            f"The hypervolume is computed for up to three objectives. Got {len(corner)}; "
            "moocore and pymoo have methods for more."
        )
    points = points[(points < corner).all(axis=1)]
    if len(points) == 0:
        return 0.0
    return _MEASURES[len(corner)](points, corner)


def hypervolume_growth(values: Any, reference: Any) -> np.ndarray:
    """Measure the hypervolume of the first point, of the first two and so on.

    Parameters
    ----------
    values : array-like of shape (n_points, n_objectives)
    reference : array-like of shape (n_objectives,)
        As for `hypervolume`.

    Returns
    -------
    volumes : ndarray of shape (n_points,)
    """
    points = np.asarray(values, dtype=float)
    volumes = np.zeros(len(points))
    front, volume = points[:0], 0.0
    for i, point in enumerate(points):
        if not (front <= point).all(axis=1).any():
            front = np.vstack([front[~(point <= front).all(axis=1)], point])
            volume = hypervolume(front, reference)
        volumes[i] = volume
    return volumes


def _length(points: np.ndarray, corner: np.ndarray) -> float:
    return float(corner[0] - points.min())


def _area(points: np.ndarray, corner: np.ndarray) -> float:
    points = points[np.argsort(points[:, 0], kind="stable")]
    widths = np.diff(points[:, 0], append=corner[0])
    lowest = np.minimum.accumulate(points[:, 1])
    return float(widths @ (corner[1] - lowest))


def _volume(points: np.ndarray, corner: np.ndarray) -> float:
    """Sum slabs between the values of the third objective: area reached so far times height."""
    points = points[np.argsort(points[:, 2], kind="stable")]
    heights = np.diff(points[:, 2], append=corner[2])
    return float(
        sum(
            height * _area(points[: i + 1, :2], corner[:2])
            for i, height in enumerate(heights)
            if height > 0
        )
    )


_MEASURES = {1: _length, 2: _area, 3: _volume}
