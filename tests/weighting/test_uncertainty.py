"""Uncertainty weighting: the step against the paper's objective, and when its state moves."""

import pytest
import torch

from sklearn_mtl.extension import check_weighting
from sklearn_mtl.nn import MMoE
from sklearn_mtl.weighting import UncertaintyWeighting
from sklearn_mtl.weighting._uncertainty import SMALLEST_VARIANCE, uncertainty_step
from tests.training.plants import Recorder, fit, make_net, recorder, table

ONES = torch.ones(3)


def draws(n_draws=10, n_targets=4):
    generator = torch.Generator().manual_seed(0)
    for _ in range(n_draws):
        log_variances = 2 * torch.randn(n_targets, generator=generator)
        yield log_variances, 3 * torch.rand(n_targets, generator=generator) + 0.01


def objective(log_variances, losses):
    return sum(torch.exp(-s) * L / 2 + s / 2 for s, L in zip(log_variances, losses, strict=True))


class TestStep:
    def test_by_hand(self):
        # Variances 1 and 4, losses 3 and 2: a quarter of the way to 1.5 and 3.5
        new = uncertainty_step(torch.tensor([1.0, 4.0]).log(), torch.tensor([3.0, 2.0]), 0.25)
        assert new.exp().tolist() == pytest.approx([1.5, 3.5])

    def test_descends_the_objective_of_the_paper(self):
        """A small step is one of gradient descent on the log variances, Fisher information 1/2."""
        rate = 1e-7
        for s, losses in draws():
            s, losses = s.double().requires_grad_(), losses.double()
            (slope,) = torch.autograd.grad(objective(s, losses), s)
            moved = uncertainty_step(s.detach(), losses, rate) - s.detach()
            torch.testing.assert_close(moved, -2 * rate * slope, rtol=1e-3, atol=1e-12)

    @pytest.mark.parametrize("rate", [0.01, 0.5, 1.0])
    def test_no_step_raises_the_objective(self, rate):
        """However far the variances are from the losses."""
        for s, losses in draws():
            for scale in (1e-4, 1.0, 1e4):
                before = objective(s, scale * losses)
                after = objective(uncertainty_step(s, scale * losses, rate), scale * losses)
                assert after <= before + 1e-5 * before.abs()

    @pytest.mark.parametrize("rate", [0.05, 0.5, 1.0])
    def test_the_losses_are_the_stationary_variances(self, rate):
        for s, losses in draws():
            fixed = uncertainty_step(losses.log(), losses, rate)
            torch.testing.assert_close(fixed, losses.log())
            for _ in range(int(20 / rate)):
                s = uncertainty_step(s, losses, rate)
            torch.testing.assert_close(s.exp(), losses, rtol=1e-4, atol=1e-6)
            slope = torch.func.grad(objective)(s, losses)
            torch.testing.assert_close(slope, torch.zeros_like(s), rtol=0, atol=1e-4)

    def test_follows_the_mean_of_noisy_losses(self):
        generator = torch.Generator().manual_seed(0)
        s = torch.zeros(2)
        for _ in range(4000):
            noise = torch.empty(2).exponential_(generator=generator)
            s = uncertainty_step(s, torch.tensor([0.2, 5.0]) * noise, 0.002)
        torch.testing.assert_close(s.exp(), torch.tensor([0.2, 5.0]), rtol=0.1, atol=0)

    def test_a_target_that_is_fitted_exactly_stays_finite(self):
        s = torch.zeros(2)
        for _ in range(200):
            s = uncertainty_step(s, torch.tensor([0.0, 1.0]), 0.5)
        assert s.exp().tolist() == pytest.approx([SMALLEST_VARIANCE, 1.0])


@pytest.fixture
def net():
    return make_net(MMoE, weighting=UncertaintyWeighting(learning_rate=0.25))


def announce(net, losses, observed=None):
    net.announce(losses.clone().requires_grad_(), observed)
    return net.weighting_.weights_.clone()


def end_batch(net, training=True):
    net.notify("on_batch_end", batch=None, training=training)


def test_starts_with_equal_weights(net):
    assert torch.equal(announce(net, torch.tensor([0.1, 1.0, 7.0])), ONES)


def test_equal_losses_keep_equal_weights(net):
    for _ in range(5):
        weights = announce(net, 0.3 * ONES)
        end_batch(net)
    torch.testing.assert_close(weights, ONES)


def test_weights_are_inverse_variances_that_sum_to_the_number_of_targets(net):
    losses = [0.2, 1.0, 5.0]
    variances = [1.0, 1.0, 1.0]
    for _ in range(6):
        weights = announce(net, torch.tensor(losses))
        end_batch(net)
        total = sum(1 / v for v in variances)
        assert weights.tolist() == pytest.approx([3 / v / total for v in variances])
        variances = [0.75 * v + 0.25 * loss for v, loss in zip(variances, losses, strict=True)]
    assert weights[0] > weights[1] > weights[2]


def test_announcing_and_validating_advance_nothing(net):
    losses = torch.tensor([0.2, 1.0, 5.0])
    announce(net, losses)
    end_batch(net)
    before = net.weighting_.log_variances_.clone()
    assert torch.equal(announce(net, losses), announce(net, 2 * losses))
    end_batch(net, training=False)
    assert torch.equal(net.weighting_.log_variances_, before)


def test_a_target_without_labels_keeps_its_variance(net):
    announce(net, torch.tensor([0.2, 1.0, 5.0]))
    end_batch(net)
    before = net.weighting_.log_variances_.clone()
    announce(net, torch.tensor([0.2, 0.0, 5.0]), torch.tensor([True, False, True]))
    end_batch(net)
    after = net.weighting_.log_variances_
    assert (after != before).tolist() == [True, False, True]


def test_a_noisy_target_loses_weight_in_training():
    data = table(64, missing=0.2)
    data.y[:, 0] = 3 * torch.randn(64, generator=torch.Generator().manual_seed(0))
    weighting = UncertaintyWeighting(learning_rate=0.1)
    net = fit(make_net(MMoE, weighting=weighting, max_epochs=20, callbacks=[Recorder()]), data)
    weights = net.weighting_.weights_
    assert weights[0] < 0.5 < weights[1:].min()
    for step in recorder(net).task_weights:
        assert step.sum().item() == pytest.approx(3, rel=1e-5)
    # The variances are running means of the losses on record.
    variances, losses = torch.ones(3), recorder(net).announced
    for loss, seen in losses:
        stepped = 0.9 * variances + 0.1 * loss
        variances = stepped if seen is None else torch.where(seen, stepped, variances)
    torch.testing.assert_close(net.weighting_.log_variances_.exp(), variances)


def test_a_second_training_starts_anew(net):
    fit(net, table())
    assert not torch.equal(net.weighting_.weights_, ONES)
    net.initialize()
    assert net.weighting_.weights_ is None
    assert net.weighting_.log_variances_ is None


@pytest.mark.parametrize("rate", [0.0, -0.1, 1.5, float("nan")])
def test_a_wrong_learning_rate_is_named(rate):
    with pytest.raises(ValueError, match=r"`learning_rate` must be in \(0, 1\]. Found"):
        make_net(weighting=UncertaintyWeighting(rate))


def test_keeps_the_contract():
    check_weighting(UncertaintyWeighting())
