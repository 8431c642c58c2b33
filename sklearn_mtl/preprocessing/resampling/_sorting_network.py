"""Networks of comparisons that put chosen ranks of n values in their places."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import NamedTuple


class Comparison(NamedTuple):
    """Put the smaller of two values at place `low`, the larger at place `high`.

    Attributes
    ----------
    low, high : int
        Places, low < high.
    keeps_low, keeps_high : bool
        Whether the smaller and the larger value are read later on.
    """

    low: int
    high: int
    keeps_low: bool
    keeps_high: bool


@cache
def selection_network(n_values: int, ranks: tuple[int, ...]) -> tuple[Comparison, ...]:
    """Comparisons after which place r holds the value of rank r, for each of `ranks`.

    Parameters
    ----------
    n_values : int
        Number of places.
    ranks : tuple of int
        Ranks wanted, from 0 for the smallest value.

    Returns
    -------
    network : tuple of Comparison
        To be run in this order.

    Notes
    -----
    Batcher's merge exchange sort [1]_, less the comparisons that no wanted rank depends on.

    References
    ----------
    .. [1] D. E. Knuth, "The Art of Computer Programming", volume 3, section 5.2.2, algorithm M.
    """
    return tuple(_needed(_merge_exchange(n_values), ranks))


def _merge_exchange(n_values: int) -> list[tuple[int, int]]:
    pairs = []
    top = 1 << max((n_values - 1).bit_length() - 1, 0)
    p = top
    while p > 0:
        q, r, distance = top, 0, p
        while True:
            pairs += [(low, low + distance) for low in range(n_values - distance) if low & p == r]
            if q == p:
                break
            distance, q, r = q - p, q // 2, p
        p //= 2
    return pairs


def _needed(pairs: list[tuple[int, int]], ranks: Collection[int]) -> list[Comparison]:
    """Walk back from the wanted ranks; drop what they do not depend on."""
    wanted = set(ranks)
    needed = []
    for low, high in reversed(pairs):
        keeps_low, keeps_high = low in wanted, high in wanted
        if keeps_low or keeps_high:
            needed.append(Comparison(low, high, keeps_low, keeps_high))
            wanted |= {low, high}
    return needed[::-1]
