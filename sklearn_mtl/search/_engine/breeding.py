"""How PHMOEA makes offspring: from parents, and from players of the hot and the other pools."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.search._engine.bins import Bins
from sklearn_mtl.search._engine.encoding import Encoding
from sklearn_mtl.search._engine.phmoea_settings import PHMOEASettings
from sklearn_mtl.search._engine.players import Players, hot_chances, other_chances
from sklearn_mtl.search._engine.ranking import crowding_distances, ranks
from sklearn_mtl.search._engine.scoring import member_weights
from sklearn_mtl.search._engine.variation import choose_mutations, crossed_rows, mutated_rows

_NEIGHBOURS = 10  # of a parent along the front, whose differences are steps for it


class Breeding:
    """Parents of a generation, with the players' archives and the bins (Algorithm 1).

    Parameters
    ----------
    encoding : Encoding
    settings : PHMOEASettings
    """

    def __init__(self, encoding: Encoding, settings: PHMOEASettings) -> None:
        self._encoding = encoding
        self._settings = settings
        self._bins = {
            int(column): Bins(settings.n_bins) for column in np.flatnonzero(encoding.is_continuous)
        }
        self._players = [
            Players(settings.n_bins if column in self._bins else int(n_choices))
            for column, n_choices in enumerate(encoding.n_choices)
        ]
        self._parents = np.zeros((0, len(self._players)))
        self._chances: tuple[np.ndarray, np.ndarray] | None = None

    def advance(self, parents: np.ndarray, values: np.ndarray, progress: float) -> None:
        """Take the parents of the next generation: refine bins, heat players, form pools.

        Parameters
        ----------
        parents : ndarray of shape (n, D)
        values : ndarray of shape (n, m)
            Their objectives, minimised.
        progress : float
            Share of the generations that are over.
        """
        rank = ranks(values)
        order = np.lexsort((-crowding_distances(values, rank), rank))
        self._parents, values, rank = parents[order], values[order], rank[order]
        self._along_front = np.lexsort(values.T[::-1])
        self._place = np.argsort(self._along_front)
        active = self._encoding.active(self._parents)
        self._refine(active[rank == 0], self._parents[rank == 0])
        self._heat(active, values, progress)

    def _refine(self, active: np.ndarray, front: np.ndarray) -> None:
        crowded_share = self._settings.crowded_share
        if crowded_share is None:
            crowded_share = 1 / len(self._parents)
        for column, bins in self._bins.items():
            bins.watch(front[active[:, column], column], len(front), crowded_share)
            self._players[column].share_out(bins.refine(self._settings.persistence))

    def _heat(self, active: np.ndarray, values: np.ndarray, progress: float) -> None:
        settings = self._settings
        weights = member_weights(
            values,
            progress,
            settings.stages,
            settings.objective_weight,
            rewards_good_objectives=settings.rewards_good_objectives,
        )
        for column, players in enumerate(self._players):
            held = self._parents[active[:, column], column]
            bins = self._bins.get(column)
            players.earn(bins.find(held) if bins else held.astype(int), weights[active[:, column]])
        self._chances = None

    def _chances_of_pools(self) -> tuple[np.ndarray, np.ndarray]:
        """Chances of the candidates, of the hot ones and of the others, each of shape (D, K)."""
        if self._chances is None:
            settings = self._settings
            pools = [p.pools(settings.hot_share, settings.cold_share) for p in self._players]
            self._chances = (
                _stacked([hot_chances(pool) for pool in pools]),
                _stacked([other_chances(pool, settings.cold_factor) for pool in pools]),
            )
        return self._chances

    def offspring(self, source: str, n: int, rng: np.random.Generator) -> np.ndarray:
        """Make offspring.

        Parameters
        ----------
        source : {"random", "parents", "hot", "not hot"}
            Without parents all is random.
        n : int
        rng : numpy.random.Generator

        Returns
        -------
        genomes : ndarray of shape (n, D)
        """
        if source == "random" or len(self._parents) == 0:
            genomes = self._encoding.random(n, rng)
        elif source == "parents":
            genomes = self._varied(n, rng)
        else:
            genomes = self._assembled(source == "hot", n, rng)
        if not self._settings.keeps_real_values:
            for column, bins in self._bins.items():
                genomes[:, column] = bins.midpoints[bins.find(genomes[:, column])]
        return genomes

    def _varied(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Cross and mutate parents that won a tournament of two."""
        settings, continuous = self._settings, self._encoding.is_continuous
        # Parents are sorted, the best first.
        winners = rng.integers(len(self._parents), size=(2 * n, 2)).min(axis=1)
        first, second = self._parents[winners[:n]], self._parents[winners[n:]]
        crossed = crossed_rows(first, second, continuous, settings.crossover_eta, rng)
        child = np.where(rng.random((n, 1)) < settings.crossover_probability, crossed, first)
        if settings.differential_share:
            moved = rng.random((n, 1)) < settings.differential_share
            child = np.where(moved & continuous, self._moved_along_front(winners[:n], rng), child)
        n_variables = child.shape[1]
        mutated = choose_mutations(n, n_variables, 1 / n_variables, settings.most_mutations, rng)
        return mutated_rows(child, mutated, self._encoding.n_choices, settings.mutation_eta, rng)

    def _moved_along_front(self, members: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Move members by half the difference of two of their neighbours."""
        width = min(_NEIGHBOURS, len(self._parents))
        start = np.clip(self._place[members] - width // 2, 0, len(self._parents) - width)
        picks = start[:, None] + rng.integers(width, size=(len(members), 2))
        near = self._parents[self._along_front[picks]]
        return np.clip(self._parents[members] + 0.5 * (near[:, 0] - near[:, 1]), 0.0, 1.0)

    def _assembled(self, hot: bool, n: int, rng: np.random.Generator) -> np.ndarray:
        """Put offspring together from players of one pool, some swapped for the opposite one."""
        settings = self._settings
        swapped = choose_mutations(
            n, len(self._players), settings.cross_pool_probability, settings.most_mutations, rng
        )
        chances_of_hot, chances_of_others = self._chances_of_pools()
        chances = np.where((swapped != hot)[..., None], chances_of_hot, chances_of_others)
        candidates = np.sum(rng.random(swapped.shape)[..., None] >= chances, axis=-1)
        genomes = candidates.astype(float)
        for column, bins in self._bins.items():
            genomes[:, column] = bins.draw(candidates[:, column], rng)
        return genomes


def _stacked(chances: list[np.ndarray]) -> np.ndarray:
    """Add chances up, one row for every variable, so that a uniform number finds a candidate."""
    table = np.ones((len(chances), max(map(len, chances))))
    for row, own in zip(table, chances, strict=True):
        # Of the last candidate with a chance on it is 1 exactly, whatever the rounding.
        last = np.flatnonzero(own)[-1]
        row[:last] = np.cumsum(own)[:last]
    return table
