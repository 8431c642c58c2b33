"""AnomalyScoreDisplay: every row is in one bar, on the right side of the threshold."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from sklearn_mtl.inspection import AnomalyScoreDisplay
from sklearn_mtl.preprocessing import IsolationForestFilter

pytest.importorskip("matplotlib")


@pytest.fixture
def cleaning():
    X = np.random.default_rng(0).normal(size=(300, 3))
    X[:4] = np.nan
    return IsolationForestFilter(n_estimators=20, random_state=0).fit(X)


def bars(display):
    """Left and right border and height of all bars that stand."""
    return np.array(
        [
            (bar.get_x(), bar.get_x() + bar.get_width(), bar.get_height())
            for bar in display.axes_[0].patches
            if bar.get_height()
        ]
    )


def legend(display):
    return [text.get_text() for text in display.axes_[0].get_legend().get_texts()]


def test_training_scores_of_a_filter(cleaning):
    display = AnomalyScoreDisplay.from_estimator(cleaning)
    n_outliers = np.sum(cleaning.anomaly_scores_ < cleaning.offset_)
    assert display.n_outliers == n_outliers == 15
    assert legend(display) == ["inliers: 281 (94.9%)", "outliers: 15 (5.1%)", "threshold: 0"]
    assert display.axes_[0].get_title(loc="left") == "296 rows, 4 without score"
    assert bars(display)[:, 2].sum() == 296


def test_scores_of_other_rows(cleaning):
    X = np.vstack([np.zeros((5, 3)), np.full((2, 3), 50.0)])
    display = AnomalyScoreDisplay.from_estimator(cleaning, X)
    np.testing.assert_array_equal(display.scores, cleaning.score_samples(X) - cleaning.offset_)
    assert display.n_outliers == 2


@pytest.mark.parametrize("threshold", [-0.61, 0.0, 0.137, 5.0, -5.0])
def test_no_bar_stands_on_both_sides_of_the_threshold(threshold):
    scores = np.random.default_rng(1).normal(size=500)
    scores[7] = threshold  # the threshold itself is no outlier
    display = AnomalyScoreDisplay.from_scores(scores, threshold=threshold)
    left, right, height = bars(display).T
    below = right <= threshold + 1e-12
    assert (below | (left >= threshold - 1e-12)).all()
    assert height[below].sum() == display.n_outliers == np.sum(scores < threshold)
    assert height.sum() == 500
    assert legend(display)[1].startswith(f"outliers: {display.n_outliers} (")
    assert display.axes_[0].lines[0].get_xdata()[0] == threshold


@pytest.mark.parametrize("scores", [[0.3], [0.0, 0.0], [-0.2] * 50, [1e-300, 0.0]])
def test_scores_that_do_not_differ(scores):
    assert bars(AnomalyScoreDisplay.from_scores(scores))[:, 2].sum() == len(scores)


def test_own_axes(cleaning):
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    display = AnomalyScoreDisplay.from_estimator(cleaning, axes=axes)
    assert display.axes_ == [axes]
    assert display.figure_ is axes.figure
    assert axes.get_xlabel()
    assert axes.get_ylabel() == "rows"


def test_what_has_no_scores():
    with pytest.raises(ValueError, match=r"keeps no anomaly_scores_.*named_steps"):
        AnomalyScoreDisplay.from_estimator(StandardScaler())
    with pytest.raises(ValueError, match=r"one score per row.*\(3,\) with 3 missing"):
        AnomalyScoreDisplay([np.nan] * 3)
    with pytest.raises(ValueError, match=r"one score per row.*\(3, 2\)"):
        AnomalyScoreDisplay(np.zeros((3, 2)))


@pytest.mark.parametrize("threshold", [np.nan, np.inf])
def test_a_threshold_is_a_number(threshold):
    with pytest.raises(ValueError, match="`threshold` must be a finite number"):
        AnomalyScoreDisplay.from_scores([0.1, 0.2], threshold=threshold)
