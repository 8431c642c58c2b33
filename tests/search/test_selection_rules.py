"""Rules that choose from a front."""

import re

import numpy as np
import pytest

from sklearn_mtl.search._pareto.selection_rules import Front, selection_rule


def front(*points, size=1):
    return Front(np.array(points, dtype=float), size)


def chosen(rule, front, **options):
    return selection_rule(rule)(front, **options)


CONVEX = front([1, 1000], [1.05, 500], [1.2, 200], [2, 100], [5, 90])


def test_ends():
    assert chosen("best_error", CONVEX) == 0
    assert chosen("smallest", CONVEX) == 4


@pytest.mark.parametrize(("tolerance", "row"), [(0.0, 0), (0.02, 0), (0.05, 1), (0.2, 2), (9, 4)])
def test_smallest_within(tolerance, row):
    assert chosen("smallest_within", CONVEX, tolerance=tolerance) == row


def test_smallest_within_of_negative_errors():
    """The loss of a score such as R² is negative."""
    scores = front([-0.90, 100], [-0.89, 50], [-0.80, 10])
    assert chosen("smallest_within", scores) == 1
    assert chosen("smallest_within", scores, tolerance=0.2) == 2


def test_knee_is_farthest_from_the_line_between_the_ends():
    rng = np.random.default_rng(0)
    for _ in range(20):
        x = np.sort(rng.random(8))
        losses = np.column_stack([x, -np.cumsum(rng.random(8))])
        first, last = losses[0], losses[-1]
        scaled = (losses - [first[0], last[1]]) / [last[0] - first[0], first[1] - last[1]]
        distance = [(1 - a - b) / np.sqrt(2) for a, b in scaled]
        assert chosen("knee", Front(losses, 1)) == int(np.argmax(distance))


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_units_do_not_matter(scale):
    changed = Front(CONVEX.losses * [1, scale] + [7, -3], 1)
    assert chosen("knee", changed) == chosen("knee", CONVEX)


@pytest.mark.parametrize("rule", ["knee", "best_error", "smallest", "smallest_within"])
def test_one_model_or_one_objective(rule):
    assert chosen(rule, front([3, 4])) == 0
    assert chosen(rule, front([3], size=0)) == 0


def test_line_has_no_knee_and_gives_the_better_error():
    assert chosen("knee", front([0.1, 0.9], [0.3, 0.7], [0.5, 0.5], [0.9, 0.1])) == 0


def test_size_is_where_it_is_said_to_be():
    three = front([1, 5, 10], [2, 1, 20], [3, 2, 5], size=1)
    assert chosen("smallest", three) == 1


def test_unknown_rule():
    with pytest.raises(ValueError, match=r"'elbow' is no rule of selection. Known: knee"):
        selection_rule("elbow")


@pytest.mark.parametrize("tolerance", [-0.1, np.inf, np.nan, "2%", None])
def test_tolerance_is_a_share(tolerance):
    message = re.escape(
        f"`tolerance` must be a number, at least 0 and finite; 0.02 lets the error "
        f"be 2 % worse than the best. Got {tolerance!r}."
    )
    with pytest.raises(ValueError, match=message):
        chosen("smallest_within", CONVEX, tolerance=tolerance)


def test_options_of_other_rules():
    with pytest.raises(ValueError, match=r"'knee' has no option 'tolerance'. Its options: none"):
        selection_rule("knee", {"tolerance": 0.1})
    with pytest.raises(ValueError, match=r"no option 'within'. Its options: tolerance"):
        selection_rule("smallest_within", {"within": 0.1})
    assert selection_rule("smallest_within", {"tolerance": 0.1})(CONVEX, tolerance=9) == 4
