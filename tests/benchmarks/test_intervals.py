"""Differences in R2 and their intervals."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import r2_score

from sklearn_mtl.benchmarks._intervals import r2_difference


@pytest.fixture
def predictions():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(300, 2)) * [1.0, 50.0] + [0.0, 1000.0]
    better, worse = (
        y + rng.normal(size=(4, 300, 2)) * spread * [1.0, 50.0] for spread in (0.3, 0.5)
    )
    return y, better, worse


def test_mean_and_seeds_are_those_of_r2(predictions):
    y, better, worse = predictions
    ours, theirs = ([r2_score(y, p) for p in runs] for runs in (better, worse))
    difference = r2_difference(y, better, worse)
    assert difference.mean == pytest.approx(np.mean(ours) - np.mean(theirs))
    expected = stats.ttest_rel(ours, theirs).confidence_interval()
    assert difference.over_seeds == pytest.approx((expected.low, expected.high))


def test_both_intervals_hold_the_mean_and_tell_the_better_model(predictions):
    y, better, worse = predictions
    difference = r2_difference(y, better, worse)
    assert difference.over_rows[0] < difference.mean < difference.over_rows[1]
    assert difference.verdict == "win"
    assert r2_difference(y, worse, better).verdict == "loss"
    assert r2_difference(y, better, better).verdict == "tie"


def test_units_do_not_matter(predictions):
    y, better, worse = predictions
    np.testing.assert_allclose(
        np.hstack(r2_difference(1e3 * y, 1e3 * better, 1e3 * worse)),
        np.hstack(r2_difference(y, better, worse)),
    )


def test_a_single_seed_has_no_interval_over_seeds(predictions):
    y, better, worse = predictions
    difference = r2_difference(y, better[:1], worse[:1])
    assert np.isnan(difference.over_seeds).all()
    assert difference.verdict == "tie"
