"""By how much predicted points would improve a front."""

from __future__ import annotations

import numpy as np


def expected_gains(
    front: np.ndarray, points: np.ndarray, reference: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Tell by how much each point alone would improve a front.

    Parameters
    ----------
    front : ndarray of shape (n, m)
        Non-dominated points, sorted by the first objective.
    points : ndarray of shape (k, m)
    reference : ndarray of shape (m,)
    rng : numpy.random.Generator
        Draws the direction that counts for three objectives.

    Returns
    -------
    gains : ndarray of shape (k,)
        The gain of hypervolume for two objectives, the improvement for one. For three objectives
        the improvement by a Chebyshev distance with random weights, as in ParEGO: exact gains
        would cost more than they are worth here.
    """
    if front.shape[1] == 1:
        return np.maximum(0.0, front.min() - points[:, 0])
    if front.shape[1] == 2:
        return _gained_areas(front, points, reference)
    weights = rng.dirichlet(np.ones(front.shape[1]))
    return np.max(weights * front, axis=1).min() - np.max(weights * points, axis=1)


def _gained_areas(front: np.ndarray, points: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Areas between single points, the front's staircase and the reference."""
    # A stair reaches from the end of the one before it to its own, with the height up to which
    # nothing of the front is there.
    ends = np.minimum(np.append(front[:, 0], reference[0]), reference[0])
    heights = np.minimum(np.append(reference[1], front[:, 1]), reference[1])
    widths = np.diff(ends, prepend=ends[0])
    below, covered = np.cumsum(widths * heights), np.cumsum(widths)
    x, y = points.T
    first = np.searchsorted(ends, x, side="right")  # the stair that the point stands on
    last = np.searchsorted(-heights, -y) - 1  # the last one that is higher than the point
    reaches = first <= last
    first = np.where(reaches, first, 0)
    of_first = (ends[first] - x) * (heights[first] - y)
    of_others = below[last] - below[first] - y * (covered[last] - covered[first])
    return np.where(reaches, of_first + of_others, 0.0)
