"""Crossover and mutation against the formulas of Deb and colleagues, one number at a time."""

import numpy as np
import pytest
from scipy.stats import chisquare, ks_2samp

from sklearn_mtl.search._engine.variation import (
    another_choice,
    choose_mutations,
    polynomial_mutation,
    simulated_binary_crossover,
)


def crossed_by_formula(first, second, eta, rng):
    """One child of bounded SBX as published, in [0, 1]."""
    y1, y2 = min(first, second), max(first, second)
    u = rng.random()
    children = []
    for side, distance in ((-1, y1), (1, 1 - y2)):
        beta = 1 + 2 * distance / (y2 - y1)
        alpha = 2 - beta ** -(eta + 1)
        if u <= 1 / alpha:
            spread = (u * alpha) ** (1 / (eta + 1))
        else:
            spread = (1 / (2 - u * alpha)) ** (1 / (eta + 1))
        children.append(0.5 * (y1 + y2 + side * spread * (y2 - y1)))
    return children[int(rng.random() < 0.5)]


def mutated_by_formula(x, eta, rng):
    """Bounded polynomial mutation as published, in [0, 1]."""
    u = rng.random()
    if u < 0.5:
        inner = 2 * u + (1 - 2 * u) * (1 - x) ** (eta + 1)
        return x + inner ** (1 / (eta + 1)) - 1
    inner = 2 * (1 - u) + 2 * (u - 0.5) * (1 - (1 - x)) ** (eta + 1)
    return x + 1 - inner ** (1 / (eta + 1))


@pytest.mark.parametrize("parents", [(0.3, 0.7), (0.9, 0.05), (0.0, 0.4), (0.5, 1.0)])
@pytest.mark.parametrize("eta", [2.0, 15.0])
def test_crossover_has_the_distribution_of_the_formula(parents, eta):
    n, rng = 2000, np.random.default_rng(0)
    first, second = (np.full((n, 1), x) for x in parents)
    children = simulated_binary_crossover(first, second, eta, rng)
    is_crossed = children != first
    assert is_crossed.mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(n))
    expected = [crossed_by_formula(*parents, eta, rng) for _ in range(n)]
    # Children at a parent's place that SBX itself put there are of no weight.
    assert ks_2samp(children[is_crossed], expected).pvalue > 0.001


@pytest.mark.parametrize("x", [0.0, 0.1, 0.5, 0.98, 1.0])
@pytest.mark.parametrize("eta", [2.0, 20.0])
def test_mutation_has_the_distribution_of_the_formula(x, eta):
    n, rng = 2000, np.random.default_rng(0)
    mutated = polynomial_mutation(np.full((n, 1), x), np.ones((n, 1), bool), eta, rng)
    expected = [mutated_by_formula(x, eta, rng) for _ in range(n)]
    assert ks_2samp(mutated[:, 0], expected).pvalue > 0.001


def test_crossover_keeps_the_mean():
    rng = np.random.default_rng(1)
    n = 40_000
    # Far from the bounds, both children lie alike around the middle of the parents.
    first, second = np.full((n, 1), 0.45), np.full((n, 1), 0.55)
    children = [
        simulated_binary_crossover(*pair, 15.0, rng) for pair in ((first, second), (second, first))
    ]
    error = np.std(children) / np.sqrt(2 * n)
    assert np.mean(children) == pytest.approx(0.5, abs=4 * error)


def test_all_stays_in_range():
    rng = np.random.default_rng(0)
    # Ends, middles, and parents that all but coincide
    first = rng.choice([0.0, 1e-12, 0.3, 0.5, 1 - 1e-12, 1.0], size=(2000, 4))
    second = np.where(rng.random(first.shape) < 0.3, first + 1e-10, rng.permuted(first, axis=0))
    second = np.clip(second, 0, 1)
    for eta in (0.0, 1.0, 15.0, 100.0):
        for child in (
            simulated_binary_crossover(first, second, eta, rng),
            polynomial_mutation(first, np.ones(first.shape, bool), eta, rng),
        ):
            assert np.isfinite(child).all()
            assert ((child >= 0) & (child <= 1)).all()


def test_equal_parents_have_children_like_them():
    first = np.random.default_rng(0).random((50, 3))
    children = simulated_binary_crossover(first, first.copy(), 15.0, np.random.default_rng(1))
    np.testing.assert_array_equal(children, first)


def test_nothing_else_is_mutated():
    rng = np.random.default_rng(0)
    positions, mutated = rng.random((100, 5)), rng.random((100, 5)) < 0.4
    after = polynomial_mutation(positions, mutated, 20.0, rng)
    np.testing.assert_array_equal(after[~mutated], positions[~mutated])
    assert (after[mutated] != positions[mutated]).all()


@pytest.mark.parametrize("most", [1, 3, 6])
def test_at_most_so_many_mutations(most):
    rng = np.random.default_rng(0)
    assert (choose_mutations(300, 10, 1.0, most, rng).sum(axis=1) == most).all()
    some = choose_mutations(300, 10, 0.3, most, rng).sum(axis=1)
    assert 0 <= some.min() < some.max() <= most
    assert not choose_mutations(300, 10, 0.0, most, rng).any()


def test_every_variable_is_mutated_alike():
    n, probability = 5000, 0.2
    mutated = choose_mutations(n, 6, probability, 10, np.random.default_rng(0))
    error = np.sqrt(probability * (1 - probability) / n)
    assert mutated.mean(axis=0) == pytest.approx(np.full(6, probability), abs=4 * error)
    limited = choose_mutations(n, 6, 0.5, 2, np.random.default_rng(0)).sum(axis=0)
    assert chisquare(limited).pvalue > 0.001


def test_another_choice_is_another_one():
    rng = np.random.default_rng(0)
    n_choices = np.array([2, 3, 7, 1])
    indices = np.floor(rng.random((4000, 4)) * n_choices)
    other = another_choice(indices, n_choices, rng)
    assert (other[:, :3] != indices[:, :3]).all()
    assert ((other >= 0) & (other < n_choices) & (other == np.floor(other))).all()
    np.testing.assert_array_equal(other[:, 3], 0)
    for now in range(7):  # all others alike
        counts = np.bincount(other[indices[:, 2] == now, 2].astype(int), minlength=7)
        assert chisquare(np.delete(counts, now)).pvalue > 0.001
