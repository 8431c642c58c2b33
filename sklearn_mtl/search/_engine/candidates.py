"""Candidates that a surrogate chooses among: varied members of the front, in five ways."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.search._engine.encoding import Encoding
from sklearn_mtl.search._engine.variation import choose_mutations, crossed_rows, mutated_rows

# How many candidates come about in which way
_N_RESET, _N_CROSSED, _N_BETWEEN, _N_JITTERED, _N_RANDOM = 120, 48, 25, 32, 15
_CROSSOVER_ETA, _MUTATION_ETA = 15.0, 20.0


def make_candidates(front: np.ndarray, encoding: Encoding, rng: np.random.Generator) -> np.ndarray:
    """Vary members of a front, and draw some rows at random.

    Parameters
    ----------
    front : ndarray of shape (n, D)
        Its members, sorted by an objective.
    encoding : Encoding
    rng : numpy.random.Generator

    Returns
    -------
    genomes : ndarray of shape (240, D)
    """

    def members(n: int) -> np.ndarray:
        return rng.integers(len(front), size=n)

    return np.concatenate(
        [
            _reset_one(front[members(_N_RESET)], encoding, rng),
            _crossed(front[members(_N_CROSSED)], front[members(_N_CROSSED)], encoding, rng),
            _between(front, members(_N_BETWEEN), members(_N_BETWEEN), encoding, rng),
            _jittered(front[members(_N_JITTERED)], encoding, rng),
            encoding.random(_N_RANDOM, rng),
        ]
    )


def _reset_one(parents: np.ndarray, encoding: Encoding, rng: np.random.Generator) -> np.ndarray:
    """Draw one variable of each parent anew."""
    fresh = encoding.random(len(parents), rng)
    column = rng.integers(parents.shape[1], size=len(parents))
    return np.where(np.arange(parents.shape[1]) == column[:, None], fresh, parents)


def _crossed(
    first: np.ndarray, second: np.ndarray, encoding: Encoding, rng: np.random.Generator
) -> np.ndarray:
    """Cross pairs of parents and mutate one variable of a child on average."""
    child = crossed_rows(first, second, encoding.is_continuous, _CROSSOVER_ETA, rng)
    n, n_variables = child.shape
    mutated = choose_mutations(n, n_variables, 1 / n_variables, n_variables, rng)
    return mutated_rows(child, mutated, encoding.n_choices, _MUTATION_ETA, rng)


def _between(
    front: np.ndarray,
    parents: np.ndarray,
    start: np.ndarray,
    encoding: Encoding,
    rng: np.random.Generator,
) -> np.ndarray:
    """Move parents along differences of members that are near to each other on the front."""
    end = np.clip(start + rng.integers(-3, 4, size=len(start)), 0, len(front) - 1)
    step = rng.random((len(parents), 1)) * (front[start] - front[end])
    return np.where(
        encoding.is_continuous, np.clip(front[parents] + step, 0.0, 1.0), front[parents]
    )


def _jittered(parents: np.ndarray, encoding: Encoding, rng: np.random.Generator) -> np.ndarray:
    """Move some positions by small steps of very different lengths."""
    n, n_variables = parents.shape
    length = 10 ** rng.uniform(-3.0, -0.5, (n, 1))
    share = rng.choice([1.0, 2.0, 4.0], size=(n, 1)) / n_variables
    moved = (rng.random((n, n_variables)) < share) & encoding.is_continuous
    return np.where(
        moved, np.clip(parents + length * rng.normal(size=parents.shape), 0.0, 1.0), parents
    )
