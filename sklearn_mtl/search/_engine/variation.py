"""Offspring of parents: crossover, mutation and local moves on coded configurations."""

from __future__ import annotations

import numpy as np


def simulated_binary_crossover(
    first: np.ndarray, second: np.ndarray, eta: float, rng: np.random.Generator
) -> np.ndarray:
    """Cross positions in [0, 1], bounded SBX of Deb and Agrawal (1995).

    Parameters
    ----------
    first, second : ndarray of shape (n, d)
        Positions of the parents.
    eta : float
        Distribution index; large values keep children near their parents.
    rng : numpy.random.Generator

    Returns
    -------
    children : ndarray of shape (n, d)
        One of the two children of every pair, either alike; every position is crossed with
        probability one half.
    """
    low, high = np.minimum(first, second), np.maximum(first, second)
    span = np.maximum(high - low, 1e-9)
    u = rng.random(first.shape)

    def spread(distance: np.ndarray) -> np.ndarray:
        alpha = 2.0 - (1.0 + 2.0 * distance / span) ** -(eta + 1.0)
        inner = np.where(u <= 1.0 / alpha, u * alpha, 1.0 / (2.0 - u * alpha))
        return inner ** (1.0 / (eta + 1.0))

    lower = 0.5 * (low + high - spread(low) * span)
    upper = 0.5 * (low + high + spread(1.0 - high) * span)
    child = np.where(rng.random(first.shape) < 0.5, lower, upper)
    crossed = (rng.random(first.shape) < 0.5) & (high - low > 1e-9)
    return np.clip(np.where(crossed, child, first), 0.0, 1.0)


def polynomial_mutation(
    positions: np.ndarray, mutated: np.ndarray, eta: float, rng: np.random.Generator
) -> np.ndarray:
    """Mutate positions in [0, 1], bounded polynomial mutation of Deb and Goyal (1996).

    Parameters
    ----------
    positions : ndarray of shape (n, d)
    mutated : bool ndarray of shape (n, d)
        Which positions to mutate.
    eta : float
        Distribution index.
    rng : numpy.random.Generator

    Returns
    -------
    positions : ndarray of shape (n, d)
    """
    u = rng.random(positions.shape)
    power = 1.0 / (eta + 1.0)
    down = (2 * u + (1 - 2 * u) * (1 - positions) ** (eta + 1)) ** power - 1
    up = 1 - (2 * (1 - u) + (2 * u - 1) * positions ** (eta + 1)) ** power
    moved = positions + np.where(u < 0.5, down, up)
    return np.clip(np.where(mutated, moved, positions), 0.0, 1.0)


def choose_mutations(
    n: int, n_variables: int, probability: float, most: int, rng: np.random.Generator
) -> np.ndarray:
    """Choose the variables to mutate, each alike, at most `most` of a child.

    Parameters
    ----------
    n, n_variables : int
    probability : float
    most : int
    rng : numpy.random.Generator

    Returns
    -------
    mutated : bool ndarray of shape (n, n_variables)
    """
    draw = rng.random((n, n_variables))
    limit = np.sort(draw, axis=1)[:, min(most, n_variables) - 1 : min(most, n_variables)]
    return (draw < probability) & (draw <= limit)


def another_choice(
    indices: np.ndarray, n_choices: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Replace choices by others of the same variable, all others alike.

    Parameters
    ----------
    indices : ndarray of shape (n, d)
    n_choices : int ndarray of shape (d,)
    rng : numpy.random.Generator

    Returns
    -------
    indices : ndarray of shape (n, d)
        As before where there is no other choice.
    """
    step = 1 + np.floor(rng.random(indices.shape) * np.maximum(n_choices - 1, 0))
    return np.where(n_choices > 1, (indices + step) % np.maximum(n_choices, 1), indices)


def crossed_rows(
    first: np.ndarray,
    second: np.ndarray,
    is_continuous: np.ndarray,
    eta: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Cross coded configurations: positions by SBX, choices by exchange.

    Parameters
    ----------
    first, second : ndarray of shape (n, D)
    is_continuous : bool ndarray of shape (D,)
    eta : float
        Distribution index of SBX.
    rng : numpy.random.Generator

    Returns
    -------
    children : ndarray of shape (n, D)
    """
    # SBX is for positions; where there is none, anything in the middle does.
    crossed = simulated_binary_crossover(
        np.where(is_continuous, first, 0.5), np.where(is_continuous, second, 0.5), eta, rng
    )
    exchanged = np.where(rng.random(first.shape) < 0.5, first, second)
    return np.where(is_continuous, crossed, exchanged)


def mutated_rows(
    rows: np.ndarray,
    mutated: np.ndarray,
    n_choices: np.ndarray,
    eta: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Mutate coded configurations: positions by polynomial mutation, choices to others.

    Parameters
    ----------
    rows : ndarray of shape (n, D)
    mutated : bool ndarray of shape (n, D)
        Which variables to mutate.
    n_choices : int ndarray of shape (D,)
        0 for continuous variables.
    eta : float
        Distribution index of the polynomial mutation.
    rng : numpy.random.Generator

    Returns
    -------
    rows : ndarray of shape (n, D)
    """
    is_continuous = n_choices == 0
    moved = polynomial_mutation(np.where(is_continuous, rows, 0.5), mutated, eta, rng)
    others = np.where(is_continuous, moved, another_choice(rows, n_choices, rng))
    return np.where(mutated, others, rows)
