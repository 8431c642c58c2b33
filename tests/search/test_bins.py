"""Bins of continuous variables, equations 18 to 22 by plain loops."""

import math

import numpy as np
import pytest

from sklearn_mtl.search import Continuous
from sklearn_mtl.search._engine.bins import Bins


def bin_by_loops(edges, position):
    """Half-open bins, of which the last includes its end."""
    for k in range(len(edges) - 1):
        if edges[k] <= position < edges[k + 1]:
            return k
    return len(edges) - 2


def refined(n_rounds, seed):
    """Bins after some generations of random fronts that crowd around two places."""
    rng = np.random.default_rng(seed)
    bins = Bins(6)
    for _ in range(n_rounds):
        bins.watch(np.clip(rng.choice([0.31, 0.8], 20) + rng.normal(0, 0.05, 20), 0, 1), 20, 0.1)
        bins.refine(2)
    return bins


@pytest.mark.parametrize("n_bins", [1, 2, 6, 7])
def test_midpoints_in_the_range_and_in_logarithms(n_bins):
    low, high = 1e-5, 1e-2
    linear, log = Continuous("x", low, high), Continuous("x", low, high, log=True)
    bins = Bins(n_bins)
    for k, (edge, middle) in enumerate(zip(bins.edges, bins.midpoints, strict=False)):
        assert low + k / n_bins * (high - low) == pytest.approx(linear.decode(edge))  # eq. 20
        alpha = (2 * (k + 1) - 1) / (2 * n_bins)
        assert linear.decode(middle) == pytest.approx(low + alpha * (high - low))  # eq. 18
        in_logarithms = math.exp((1 - alpha) * math.log(low) + alpha * math.log(high))
        assert log.decode(middle) == pytest.approx(in_logarithms)  # eq. 19


@pytest.mark.parametrize("n_rounds", [0, 3, 10])
def test_find_by_loops(n_rounds):
    bins = refined(n_rounds, seed=0)
    # Edges themselves are the hard cases.
    positions = np.concatenate([bins.edges, bins.midpoints, np.random.default_rng(1).random(50)])
    expected = [bin_by_loops(bins.edges, position) for position in positions]
    np.testing.assert_array_equal(bins.find(positions), expected)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.2, 0.5])
def test_counters_by_loops(seed, threshold):
    rng = np.random.default_rng(seed)
    bins, counters = Bins(6), [0] * 6
    for _ in range(8):
        front = rng.beta(0.5, 0.5, size=rng.integers(0, 11))
        n_members = max(1, len(front) + rng.integers(3))  # in some members it is not active
        bins.watch(front, n_members, threshold)
        for k in range(6):
            share = sum(bin_by_loops(bins.edges, x) == k for x in front) / n_members
            counters[k] = counters[k] + 1 if share > threshold else 0  # eqs 21, 22
        np.testing.assert_array_equal(bins.streaks, counters)


def test_a_bin_at_the_threshold_is_not_crowded():
    bins = Bins(2)
    bins.watch(np.array([0.1, 0.2, 0.6, 0.9]), 4, 0.5)
    assert bins.streaks.tolist() == [0, 0]


@pytest.mark.parametrize("seed", range(10))
def test_refinement_splits_in_three_and_keeps_midpoints(seed):
    rng = np.random.default_rng(seed)
    bins = Bins(4)
    for _ in range(6):
        edges, midpoints = bins.edges, bins.midpoints
        bins.streaks = rng.integers(0, 5, size=len(bins))
        streaks = bins.streaks.copy()
        origin = bins.refine(3)
        expected = []
        for k, streak in enumerate(streaks):
            is_split = streak >= 3 and (edges[k + 1] - edges[k]) / 3 >= 1e-4
            expected += [k] * (3 if is_split else 1)
        assert origin.tolist() == expected
        for k in range(len(edges) - 1):
            parts = np.flatnonzero(origin == k)
            assert bins.edges[parts[0]] == edges[k]
            assert bins.edges[parts[-1] + 1] == edges[k + 1]
            assert np.diff(bins.edges)[parts] == pytest.approx(
                (edges[k + 1] - edges[k]) / len(parts)
            )
            assert np.abs(bins.midpoints - midpoints[k]).min() < 1e-15
            assert (bins.streaks[parts] == (0 if len(parts) == 3 else streaks[k])).all()
        assert len(bins) == len(bins.edges) - 1


def test_no_bin_gets_narrower_than_a_ten_thousandth():
    bins = Bins(6)
    for _ in range(40):
        bins.watch(np.full(9, 0.3), 9, 0.1)
        bins.refine(1)
    assert 1e-4 <= np.diff(bins.edges).min() < 3e-4
    assert (np.diff(bins.edges) > 0).all()
    assert bins.edges[[0, -1]].tolist() == [0.0, 1.0]


def test_draws_lie_in_their_bins():
    bins = refined(8, seed=2)
    wanted = np.repeat(np.arange(len(bins)), 20)
    positions = bins.draw(wanted, np.random.default_rng(0))
    assert (bins.edges[wanted] <= positions).all()
    assert (positions <= bins.edges[wanted + 1]).all()
    # Uniform: the mean share of the width is one half.
    share = (positions - bins.edges[wanted]) / np.diff(bins.edges)[wanted]
    assert share.mean() == pytest.approx(0.5, abs=4 / np.sqrt(12 * len(share)))


def test_a_front_without_the_variable_resets_the_counters():
    bins = Bins(3)
    bins.watch(np.array([0.1]), 1, 0.5)
    bins.watch(np.zeros(0), 1, 0.5)
    assert bins.streaks.tolist() == [0, 0, 0]
