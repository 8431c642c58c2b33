"""Players: every candidate value of every dimension, with its heat and its count (section 4.4)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Pools(NamedTuple):
    """Candidates of one dimension by their success and use; together all of them."""

    hot: np.ndarray
    normal: np.ndarray
    cold: np.ndarray


class Players:
    """Archives of one dimension: how much weight its candidates earned, and how often they stood.

    Parameters
    ----------
    n_candidates : int
    """

    def __init__(self, n_candidates: int) -> None:
        self.heat = np.zeros(n_candidates)
        self.count = np.zeros(n_candidates)

    def earn(self, candidates: np.ndarray, weights: np.ndarray) -> None:
        """Add the weights of the members that hold a candidate, and count them.

        Parameters
        ----------
        candidates : int ndarray of shape (n,)
            Candidate of every member in which the dimension is active.
        weights : ndarray of shape (n,)
            Weights of these members.
        """
        self.heat += np.bincount(candidates, weights, minlength=len(self.heat))
        self.count += np.bincount(candidates, minlength=len(self.count))

    def share_out(self, origin: np.ndarray) -> None:
        """Follow a refinement: the parts of a split candidate share its heat and count equally.

        Parameters
        ----------
        origin : int ndarray of shape (new n_candidates,)
            Old candidate of every new one.
        """
        parts = np.bincount(origin, minlength=len(self.heat))[origin]
        self.heat = self.heat[origin] / parts
        self.count = self.count[origin] / parts

    def pools(self, hot_share: float, cold_share: float) -> Pools:
        """Split the candidates: the hottest, the least used of the others, and the rest.

        Parameters
        ----------
        hot_share, cold_share : float
            Shares q and p; at least one candidate is hot, and of two or more one is cold.

        Returns
        -------
        pools : Pools
        """
        n = len(self.heat)
        n_hot = max(1, int(np.ceil(hot_share * n)))
        by_heat = np.argsort(-self.heat, kind="stable")
        hot, others = by_heat[:n_hot], by_heat[n_hot:]
        n_cold = min(len(others), max(1, int(cold_share * n)))
        by_count = others[np.argsort(self.count[others], kind="stable")]
        return Pools(np.sort(hot), np.sort(by_count[n_cold:]), np.sort(by_count[:n_cold]))


def hot_chances(pools: Pools) -> np.ndarray:
    """Give the chance of every candidate when the hot ones are drawn, all alike.

    Parameters
    ----------
    pools : Pools

    Returns
    -------
    chances : ndarray of shape (n_candidates,)
    """
    chances = np.zeros(sum(map(len, pools)))
    chances[pools.hot] = 1.0 / len(pools.hot)
    return chances


def other_chances(pools: Pools, cold_factor: float) -> np.ndarray:
    """Give the chance of every candidate when normal and cold ones are drawn (eq. 9).

    Where every candidate is hot, all are drawn alike.

    Parameters
    ----------
    pools : Pools
    cold_factor : float
        How likely a cold candidate is beside a normal one. The paper calls it a bonus; its 0.15
        makes cold candidates rarer.

    Returns
    -------
    chances : ndarray of shape (n_candidates,)
    """
    if len(pools.normal) + len(pools.cold) == 0:
        return hot_chances(pools)
    weights = np.zeros(sum(map(len, pools)))
    weights[pools.normal] = 1.0
    weights[pools.cold] = cold_factor
    return weights / weights.sum()
