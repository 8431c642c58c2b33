"""What is tuned of every rule, and what comes of it."""

import pytest

from sklearn_mtl.benchmarks._weighting_rules import (
    EQUAL,
    FIXED,
    RULE_NAMES,
    UPGRAD,
    Candidate,
    candidates,
    make_rule,
)
from sklearn_mtl.weighting import TaskWeighting


@pytest.mark.parametrize("rule", RULE_NAMES)
def test_every_rule_gets_every_learning_rate(rule):
    if rule == UPGRAD:
        pytest.importorskip("torchjd")
    offered = candidates(rule, 3)
    assert sorted({candidate.learning_rate for candidate in offered}) == [2e-3, 4e-3, 8e-3]
    assert len({str(candidate) for candidate in offered}) == len(offered)
    assert all(isinstance(make_rule(rule, candidate), TaskWeighting) for candidate in offered)


def test_fixed_weights_are_equal_or_favour_one_target():
    weights = {candidate.weights for candidate in candidates(FIXED, 2)}
    assert weights == {(1.0, 1.0), (3.0, 1.0), (1.0, 3.0)}
    assert len(candidates(FIXED, 3)) == 4 * len(candidates(EQUAL, 3))


def test_fixed_weights_sum_to_the_number_of_targets():
    rule = make_rule(FIXED, Candidate(1e-3, (3.0, 1.0)))
    assert list(rule.weights) == [1.5, 0.5]


def test_candidates_have_names_to_tell_them_apart():
    assert str(Candidate(2e-3)) == "lr 0.002"
    assert str(Candidate(2e-3, (1.0, 3.0))) == "lr 0.002, weights 1:3"
