"""Scores of members, equations 8 and 12 to 14 by plain loops."""

import numpy as np
import pytest

from sklearn_mtl.search._engine.scoring import member_weights, normalised
from tests.search.test_ranking import crowding_by_loops, ranks_by_loops, values_with_ties

STAGES = (0.3, 0.6)


def to_unit(column):
    """Equations 12 to 14 without their stabiliser, which is for equal values only."""
    low, high = min(column), max(column)
    return [(x - low) / (high - low) if high > low else 0.0 for x in column]


def weights_by_loops(values, progress, w, rewards_good):
    rank = ranks_by_loops(values)
    crowding = crowding_by_loops(values, rank)
    largest = max([c for c in crowding if np.isfinite(c)], default=0.0)
    diversity = to_unit([c if np.isfinite(c) else largest for c in crowding])
    columns = [to_unit(column) for column in values.T]
    n_others = len(columns) - 1
    scores = []
    for i in range(len(values)):
        s = 1 / (1 + rank[i]) + 0.2 * diversity[i]
        good = [1 - column[i] if rewards_good else column[i] for column in columns]
        g = good[0] if n_others == 0 else w * good[0] + (1 - w) * sum(good[1:]) / n_others
        if progress < STAGES[0]:
            scores.append(s)
        elif progress < STAGES[1]:
            alpha = (STAGES[1] - progress) / (STAGES[1] - STAGES[0])
            scores.append(alpha * s + (1 - alpha) * g)
        else:
            scores.append(g + 0.05 * diversity[i])
    total = sum(scores)
    return [score / total if total > 0 else 1 / len(values) for score in scores]


@pytest.mark.parametrize("n_objectives", [1, 2, 3])
@pytest.mark.parametrize("rewards_good", [False, True])
@pytest.mark.parametrize("progress", [0.0, 0.2999, 0.3, 0.45, 0.5999, 0.6, 1.0, 1.7])
def test_equation_8_by_loops(n_objectives, rewards_good, progress):
    for seed in range(3):
        values = values_with_ties(seed, n_objectives, n=15)
        weights = member_weights(
            values, progress, STAGES, 0.7, rewards_good_objectives=rewards_good
        )
        assert weights == pytest.approx(weights_by_loops(values, progress, 0.7, rewards_good))
        assert weights.sum() == pytest.approx(1)
        assert (weights >= 0).all()


@pytest.mark.parametrize("values", [np.ones((5, 2)), np.ones((1, 2)), np.eye(2), np.ones((3, 1))])
@pytest.mark.parametrize("progress", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("rewards_good", [False, True])
def test_nothing_to_tell_members_apart(values, progress, rewards_good):
    weights = member_weights(values, progress, STAGES, 0.5, rewards_good_objectives=rewards_good)
    assert weights == pytest.approx(weights_by_loops(values, progress, 0.5, rewards_good))
    assert weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("scale", [2.0**-60, 2.0**60])
def test_the_scale_of_objectives_does_not_count(scale):
    values = np.random.default_rng(0).random((12, 2))
    for progress in (0.1, 0.5, 0.9):
        np.testing.assert_array_equal(
            member_weights(values * [scale, 1], progress, STAGES, 0.5),
            member_weights(values, progress, STAGES, 0.5),
        )


def test_as_printed_the_last_stage_rewards_bad_objectives():
    values = np.array([[0.0, 0.0], [1.0, 1.0]])
    assert np.argmax(member_weights(values, 0.9, STAGES, 0.5)) == 1
    assert np.argmax(member_weights(values, 0.9, STAGES, 0.5, rewards_good_objectives=True)) == 0


def test_normalised_column():
    assert normalised(np.array([3.0, 1.0, 2.0])).tolist() == [1.0, 0.0, 0.5]
    assert normalised(np.full(3, 7.0)).tolist() == [0.0, 0.0, 0.0]
