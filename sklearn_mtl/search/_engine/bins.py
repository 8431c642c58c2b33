"""Bins of a continuous variable that grow finer where the front is (appendix A.5 and A.7)."""

from __future__ import annotations

import numpy as np

# No bin gets narrower than this share of the range.
_NARROWEST = 1e-4


class Bins:
    """Partition of [0, 1] with a counter for every bin.

    Parameters
    ----------
    n_bins : int
        Bins at the start, all of one width (eq. 20).

    Attributes
    ----------
    edges : ndarray of shape (K + 1,)
    streaks : int ndarray of shape (K,)
        For how many generations in a row every bin has been crowded (eq. 22).
    """

    def __init__(self, n_bins: int) -> None:
        self.edges = np.linspace(0.0, 1.0, n_bins + 1)
        self.streaks = np.zeros(n_bins, dtype=int)

    def __len__(self) -> int:
        return len(self.streaks)

    @property
    def midpoints(self) -> np.ndarray:
        """Representative values of the bins (eqs 18 and 19, in positions)."""
        return (self.edges[:-1] + self.edges[1:]) / 2

    def find(self, positions: np.ndarray) -> np.ndarray:
        """Find the bins that positions fall into; the last bin includes its end."""
        return np.clip(np.searchsorted(self.edges, positions, side="right") - 1, 0, len(self) - 1)

    def draw(self, bins: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw a position in each of the given bins, uniformly."""
        return self.edges[bins] + rng.random(len(bins)) * np.diff(self.edges)[bins]

    def watch(self, positions: np.ndarray, n_members: int, threshold: float) -> None:
        """Advance the counters by one generation (eqs 21 and 22).

        Parameters
        ----------
        positions : ndarray of shape (n,)
            Of the generation's non-dominated members in which the variable is active.
        n_members : int
            Number of all its non-dominated members.
        threshold : float
            A bin with a larger share of them is crowded.
        """
        share = np.bincount(self.find(positions), minlength=len(self)) / n_members
        self.streaks = np.where(share > threshold, self.streaks + 1, 0)

    def refine(self, persistence: int) -> np.ndarray:
        """Split every bin that has been crowded for `persistence` generations in three.

        Three, because then the middle of the old bin is the middle of a new one: what was evaluated
        there stays exactly representable.

        Parameters
        ----------
        persistence : int

        Returns
        -------
        origin : int ndarray of shape (new K,)
            Old bin of every new one.
        """
        wide = np.diff(self.edges) / 3 >= _NARROWEST
        parts = np.where((self.streaks >= persistence) & wide, 3, 1)
        origin = np.repeat(np.arange(len(self)), parts)
        if len(origin) == len(self):
            return origin
        part = np.concatenate([np.arange(n) for n in parts])
        width = np.diff(self.edges)[origin] / parts[origin]
        starts = self.edges[origin] + part * width
        self.edges = np.concatenate([starts, self.edges[-1:]])
        self.streaks = np.where(parts[origin] == 3, 0, self.streaks[origin])
        return origin
