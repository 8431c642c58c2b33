"""The adaptive proportion of two terms: its rule, and when it is collected and applied."""

import copy
import math
import pickle

import pytest
import torch

from sklearn_mtl.losses import (
    AdaptiveCombinedLoss,
    L1SmoothL1Loss,
    adaptive_term_weights,
    get_loss,
)

nan = torch.nan


def by_hand(weights, means, previous, rate):
    """Update one target in plain Python."""
    rho = [min(max(m / p, 0.1), 10.0) for m, p in zip(means, previous, strict=True)]
    centre = sum(rho) / 2
    raw = [w * math.exp(rate * (r - centre)) for w, r in zip(weights, rho, strict=True)]
    return [value / sum(raw) for value in raw]


def column(*values):
    return torch.tensor(values, dtype=torch.float64)[:, None]


@pytest.mark.parametrize("rate", [0.0, 0.001, 0.01, 0.1, 0.2, 0.5])
def test_rule_equals_hand_computation(rate):
    generator = torch.Generator().manual_seed(2)
    weights = torch.rand(2, 20, generator=generator, dtype=torch.float64).softmax(0)
    means, previous = torch.randn(2, 2, 20, generator=generator, dtype=torch.float64).exp()
    got = adaptive_term_weights(weights, means, previous, rate)
    for k in range(20):
        expected = by_hand(*(t[:, k].tolist() for t in (weights, means, previous)), rate)
        assert got[:, k].tolist() == pytest.approx(expected, rel=1e-12)


def test_the_term_that_falls_more_slowly_gains():
    got = adaptive_term_weights(column(0.5, 0.5), column(0.2, 0.9), column(1.0, 1.0), 0.5)
    assert got[1] > 0.5 > got[0]


@pytest.mark.parametrize(("odd", "bound"), [(1e6, 10.0), (1e-6, 0.1), (math.inf, 10.0)])
def test_ratios_are_clipped(odd, bound):
    got = adaptive_term_weights(column(0.3, 0.7), column(odd, 1.0), column(1.0, 1.0), 0.2)
    at_bound = adaptive_term_weights(column(0.3, 0.7), column(bound, 1.0), column(1.0, 1.0), 0.2)
    torch.testing.assert_close(got, at_bound)


def test_simplex_is_kept_over_many_epochs_at_any_rate():
    generator = torch.Generator().manual_seed(3)
    weights = torch.full((2, 5), 0.5)
    previous = torch.ones(2, 5)
    for rate in [0.5] * 200 + [1000.0] * 5:
        means = torch.randn(2, 5, generator=generator).exp()
        weights = adaptive_term_weights(weights, means, previous, rate)
        previous = means
        assert (weights >= 0).all()
        torch.testing.assert_close(weights.sum(0), torch.ones(5))


def test_vertices_zeros_and_unknown_means():
    weights = torch.tensor([[1.0, 0.4, 0.4, 0.4], [0.0, 0.6, 0.6, 0.6]])
    means = torch.tensor([[5.0, 0.0, nan, 1.0], [1.0, 1.0, 1.0, 1.0]])
    previous = torch.tensor([[1.0, 0.0, 1.0, nan], [1.0, 1.0, 1.0, 1.0]])
    got = adaptive_term_weights(weights, means, previous, 0.5)
    torch.testing.assert_close(got, weights)  # a vertex, 0 / 0 as 1, no labels, no previous mean


def run_epoch(loss, rows, *, rate=None):
    """Train on mse and mae of residuals `rows`, in two batches of unequal size."""
    target = torch.tensor(rows, dtype=torch.float64)
    for part in (target[:1], target[1:]):
        loss(torch.zeros_like(part), part)
    loss.advance_epoch(rate)


def test_epochs_by_hand():
    loss = AdaptiveCombinedLoss("mse", "mae", weight=0.7, rate=0.2)
    run_epoch(loss, [[1.0, 2.0], [2.0, 2.0], [3.0, 2.0]])
    assert loss.term_weights.tolist() == [[0.7, 0.7], [pytest.approx(0.3)] * 2]
    run_epoch(loss, [[1.0, 1.0], [1.0, 3.0], [1.0, 2.0]])
    # target 0: mse 14/3 -> 1, mae 2 -> 1; target 1: mse 4 -> 14/3, mae 2 -> 2
    expected = [
        by_hand([0.7, 0.3], [1.0, 1.0], [14 / 3, 2.0], 0.2),
        by_hand([0.7, 0.3], [14 / 3, 2.0], [4.0, 2.0], 0.2),
    ]
    torch.testing.assert_close(
        loss.term_weights.T, torch.tensor(expected, dtype=torch.float64), rtol=1e-6, atol=0
    )


def test_current_weights_apply_in_training_and_start_weights_in_evaluation():
    target = torch.tensor([[3.0, 0.5]])
    loss = AdaptiveCombinedLoss("mse", "mae", weight=0.9, rate=0.5)
    start = loss.eval()(torch.zeros(1, 2), target)
    loss.train()
    for residual in (4.0, 1.0, 0.5):
        loss(torch.zeros(1, 2), torch.full((1, 2), residual))
        loss.advance_epoch()
    terms = loss.terms(torch.zeros(1, 2), target)
    assert terms.tolist() == [[9.0, 0.25], [3.0, 0.5]]
    trained = loss(torch.zeros(1, 2), target)
    torch.testing.assert_close(trained, (loss.term_weights * terms).sum(0))
    assert not torch.allclose(trained, start)
    torch.testing.assert_close(loss.eval()(torch.zeros(1, 2), target), start)


def test_only_training_batches_are_collected():
    loss = AdaptiveCombinedLoss()
    target = torch.ones(4, 2)
    loss.eval()(torch.zeros(4, 2), target)
    loss.advance_epoch()  # nothing to advance, and no error
    assert loss.term_weights is None
    loss.train()(torch.zeros(4, 2), target)
    before = copy.deepcopy(loss.state_dict())
    loss.terms(torch.zeros(4, 2), 5 * target)
    loss.eval()(torch.zeros(4, 2), 5 * target)
    for name, value in loss.state_dict().items():
        torch.testing.assert_close(value, before[name], equal_nan=True)


def test_epoch_means_are_weighted_and_pass_over_missing_labels():
    loss = AdaptiveCombinedLoss("mse", "mae", rate=0.5)
    prediction = torch.zeros(2, 2)
    loss(prediction, torch.tensor([[1.0, nan], [2.0, nan]]), torch.tensor([1.0, 3.0]))
    loss(prediction, torch.tensor([[nan, nan], [4.0, nan]]), torch.tensor([9.0, 2.0]))
    loss.advance_epoch()
    # target 0: weights 1, 3, 2 of residuals 1, 2, 4
    expected = torch.tensor([[(1 + 12 + 32) / 6, nan], [(1 + 6 + 8) / 6, nan]])
    torch.testing.assert_close(loss.previous_means, expected, equal_nan=True)


def test_a_target_without_labels_in_an_epoch_keeps_weights_and_means():
    loss = AdaptiveCombinedLoss("mse", "mae", rate=0.5)
    run_epoch(loss, [[1.0, 1.0], [1.0, 1.0]])
    run_epoch(loss, [[2.0, 2.0], [2.0, 2.0]])
    weights, previous = loss.term_weights[:, 1], loss.previous_means[:, 1]
    run_epoch(loss, [[3.0, nan], [1.0, nan]])
    torch.testing.assert_close(loss.term_weights[:, 1], weights, rtol=0, atol=0)
    torch.testing.assert_close(loss.previous_means[:, 1], previous)
    assert not torch.equal(loss.term_weights[:, 0], weights)
    run_epoch(loss, [[1.0, 4.0], [1.0, 4.0]])  # against the epoch before the gap
    expected = by_hand(weights.tolist(), [16.0, 4.0], previous.tolist(), 0.5)
    assert loss.term_weights[:, 1].tolist() == pytest.approx(expected)


def test_the_graph_does_not_reach_the_weights():
    prediction = torch.zeros(3, 2, requires_grad=True)
    loss = AdaptiveCombinedLoss()
    for _ in range(3):
        value = loss(prediction, torch.ones(3, 2))
        loss.advance_epoch()  # before backward: the saved weights must not change in place
        value.sum().backward()
    for name in ("term_weights", "previous_means", "epoch_sums", "epoch_totals"):
        assert not getattr(loss, name).requires_grad
    assert list(loss.parameters()) == []


def test_a_copy_continues_alike():
    loss = AdaptiveCombinedLoss("huber", "quantile", rate=0.5)
    run_epoch(loss, [[1.0, 4.0], [3.0, 2.0]])
    twins = [loss, pickle.loads(pickle.dumps(loss)), copy.deepcopy(loss)]
    for twin in twins:
        run_epoch(twin, [[0.5, 3.0], [0.2, 0.1]])
        torch.testing.assert_close(twin.term_weights, loss.term_weights, rtol=0, atol=0)
    run_epoch(twins[1], [[0.7, 2.0], [0.2, 0.1]])
    assert not torch.equal(twins[1].term_weights, loss.term_weights)


def test_who_adapts_by_itself():
    assert AdaptiveCombinedLoss.adapts_itself
    assert not L1SmoothL1Loss.adapts_itself
    assert not get_loss("combined").adapts_itself


def test_alpha_moves_only_by_a_rate_from_outside():
    loss = L1SmoothL1Loss(weight_l1=0.6)
    assert loss.alpha.tolist() == [pytest.approx(0.6)]
    run_epoch(loss, [[3.0, 0.1], [3.0, 0.1]])
    run_epoch(loss, [[0.3, 0.1], [0.3, 0.1]])
    torch.testing.assert_close(loss.alpha, torch.full((2,), 0.6, dtype=torch.float64))
    run_epoch(loss, [[0.6, 0.1], [0.6, 0.1]], rate=0.5)
    # target 0: L1 0.3 -> 0.6, smooth L1 0.045 -> 0.18; target 1: nothing changes
    expected = [by_hand([0.6, 0.4], [0.6, 0.18], [0.3, 0.045], 0.5)[0], 0.6]
    assert loss.alpha.tolist() == pytest.approx(expected)
    start = L1SmoothL1Loss(weight_l1=0.6).eval()
    prediction, target = torch.zeros(2, 2), torch.tensor([[2.0, 0.3], [0.5, nan]])
    torch.testing.assert_close(loss.eval()(prediction, target), start(prediction, target))
