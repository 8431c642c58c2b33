"""The moving average of weights, target by target in plain loops."""

import numpy as np
import pytest

from sklearn_mtl.weighting._weight_average import WeightAverage

STEPS = [
    ([0.2, 0.3, 0.5], None),
    ([0.9, 0.1], [True, True, False]),
    ([0.4, 0.6], [False, True, True]),
    ([1.0, 0.0, 0.0], None),
]


def average_of(steps, smoothing):
    average = WeightAverage.empty(3)
    for weights, seen in steps:
        seen = None if seen is None else np.array(seen)
        average = average.updated(np.array(weights), seen, smoothing)
    return average


@pytest.mark.parametrize("smoothing", [0.0, 0.5, 0.9])
def test_every_target_has_the_discounted_mean_of_its_own_steps(smoothing):
    expected = []
    for k in range(3):
        own = []  # weights of the steps of target k, scaled so that equal ones are 1 / 3
        for weights, seen in STEPS:
            if seen is None:
                own.append(weights[k])
            elif seen[k]:
                own.append(weights[sum(seen[:k])] * 2 / 3)
        shares = [smoothing ** (len(own) - 1 - i) for i in range(len(own))]
        expected.append(sum(s * w for s, w in zip(shares, own, strict=True)) / sum(shares))
    found = average_of(STEPS, smoothing).weights(None)
    np.testing.assert_allclose(found, np.array(expected) / sum(expected))


def test_one_step_of_all_targets_is_returned_as_it_is():
    for smoothing in (0.0, 0.99):
        found = average_of(STEPS[:1], smoothing).weights(None)
        np.testing.assert_allclose(found, [0.2, 0.3, 0.5])


def test_a_target_of_which_nothing_is_known_counts_as_the_mean():
    average = average_of(STEPS[1:2], 0.5)
    found = average.weights(np.array([True, True, True]))
    np.testing.assert_allclose(found, [0.6, 0.2 / 3, 1 / 3])
    np.testing.assert_allclose(average.weights(np.array([False, False, True])), [0, 0, 1])
    np.testing.assert_allclose(WeightAverage.empty(4).weights(None), 0.25)


def test_targets_that_were_all_left_out_weigh_the_same():
    average = average_of([([1.0, 0.0, 0.0], None)], 0.0)
    np.testing.assert_allclose(average.weights(np.array([False, True, True])), [0, 0.5, 0.5])
    assert average.weights(np.zeros(3, dtype=bool)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("min_weight", [0.1, 0.25, 1 / 3])
def test_the_floor_holds_and_changes_nothing_above_it(min_weight):
    average = average_of(STEPS, 0.5)
    for seen in (None, np.array([True, False, True])):
        chosen = np.ones(3, dtype=bool) if seen is None else seen
        weights = average.weights(seen, min_weight)
        assert weights[chosen].min() >= min_weight - 1e-12
        assert weights.sum() == pytest.approx(1)
        plain = average.weights(seen)
        if plain[chosen].min() >= min_weight:
            np.testing.assert_allclose(weights, plain)
        # The order of the targets stays.
        assert (np.argsort(weights[chosen]) == np.argsort(plain[chosen])).all() or min_weight > 0.3


def test_nothing_is_changed_in_place():
    average = average_of(STEPS[:2], 0.5)
    before = average.total.copy(), average.mass.copy()
    average.updated(np.array([0.1, 0.2, 0.7]), None, 0.5)
    average.weights(np.array([True, False, False]), 0.2)
    np.testing.assert_array_equal(average.total, before[0])
    np.testing.assert_array_equal(average.mass, before[1])
