"""GradNorm: the step by hand, its invariances, and when its state moves."""

import pytest
import torch

from sklearn_mtl.nn import MMoE
from sklearn_mtl.training import TensorTable
from sklearn_mtl.weighting import GradNorm
from sklearn_mtl.weighting._gradnorm import gradnorm_step
from tests.training.plants import Recorder, fit, make_net, recorder, table

ONES = torch.ones(3)


def draws(n_draws=20, n_targets=4):
    generator = torch.Generator().manual_seed(0)
    for _ in range(n_draws):
        w, norms, losses = torch.rand(3, n_targets, generator=generator) + 0.05
        yield w * n_targets / w.sum(), 10 * norms, losses


class TestStep:
    def test_by_hand(self):
        # G = (2, 1), aim (1.5, 1.5); slopes (+2, -1) over the mean norm 1.5:
        # 1 - 0.1 * 4/3 = 13/15 and 1 + 0.1 * 2/3 = 16/15, which sum to 29/15.
        new = gradnorm_step(torch.ones(2), torch.tensor([2.0, 1.0]), torch.ones(2), 1.5, 0.1)
        assert new.tolist() == pytest.approx([26 / 29, 32 / 29])

    def test_by_hand_with_training_rates(self):
        # Equal norms; the losses 1.5 and 0.5 of their start aim at 1.5 and 0.5 times the norm.
        new = gradnorm_step(torch.ones(2), torch.ones(2), torch.tensor([1.5, 0.5]), 1.0, 0.1)
        assert new.tolist() == pytest.approx([1.1, 0.9])

    @pytest.mark.parametrize("asymmetry", [0.0, 0.5, 1.5])
    def test_descends_the_gradient_loss(self, asymmetry):
        """The direction is that of autograd on sum_k |G_k - aim_k| with the aim held constant."""
        for weights, norms, losses in draws():
            w = weights.clone().requires_grad_()
            G = w * norms
            aim = (G.mean() * (losses / losses.mean()) ** asymmetry).detach()
            (slope,) = torch.autograd.grad((G - aim).abs().sum(), w)
            expected = weights - 1e-3 * slope / norms.mean()
            expected = expected * len(w) / expected.sum()
            new = gradnorm_step(weights, norms, losses, asymmetry, 1e-3)
            torch.testing.assert_close(new, expected)

    @pytest.mark.parametrize("learning_rate", [1e-3, 0.1, 100.0])
    def test_weights_stay_positive_and_sum_to_the_number_of_targets(self, learning_rate):
        for weights, norms, losses in draws():
            for _ in range(5):
                weights = gradnorm_step(weights, norms, losses, 1.5, learning_rate)
                assert (weights > 0).all()
                assert weights.sum().item() == pytest.approx(4)

    @pytest.mark.parametrize("norm", [1e-6, 0.1, 7.0, 1e6])
    def test_balance_is_a_fixed_point(self, norm):
        new = gradnorm_step(ONES, norm * ONES, 0.3 * ONES, 1.5, 0.1)
        torch.testing.assert_close(new, ONES)

    def test_scale_of_the_gradients_does_not_matter(self):
        for weights, norms, losses in draws():
            small = gradnorm_step(weights, 1e-5 * norms, losses, 1.5, 0.01)
            torch.testing.assert_close(small, gradnorm_step(weights, norms, losses, 1.5, 0.01))

    def test_order_of_the_targets_does_not_matter(self):
        order = torch.tensor([2, 0, 3, 1])
        for weights, norms, losses in draws():
            new = gradnorm_step(weights, norms, losses, 1.5, 0.01)
            permuted = gradnorm_step(weights[order], norms[order], losses[order], 1.5, 0.01)
            torch.testing.assert_close(permuted, new[order])

    def test_a_slower_target_gains_weight(self):
        new = gradnorm_step(ONES, ONES, torch.tensor([0.9, 0.5, 0.1]), 1.5, 0.01)
        assert new[0] > 1 > new[2]

    def test_a_target_with_small_gradients_gains_weight_until_norms_are_equal(self):
        norms, weights = torch.tensor([4.0, 2.0, 1.0]), ONES
        for _ in range(2000):
            weights = gradnorm_step(weights, norms, ONES, 1.5, 0.002)
        balanced = weights * norms
        assert (balanced.max() - balanced.min()) / balanced.mean() < 0.02


def one_step(net, losses, observed=None):
    """Announce the losses of a step, and end the batch."""
    net.announce(losses, observed)
    weights = net.weighting_.weights_
    net.notify(
        "on_batch_end",
        batch=None,
        training=True,
        task_losses=losses,
        task_weights=weights,
        y_pred=None,
    )
    return net.weighting_.weights_


@pytest.fixture
def net():
    return make_net(MMoE, weighting=GradNorm(learning_rate=0.05))


def losses_of(net, data):
    return net.criterion_(net.module_(data.X), data.y)


def test_announcing_twice_advances_nothing(net):
    losses = losses_of(net, table())
    net.announce(losses, None)
    first = net.weighting_.weights_.clone()
    net.announce(losses, None)
    assert torch.equal(net.weighting_.weights_, first)
    assert torch.equal(first, ONES)


def test_weights_move_once_per_training_step(net):
    data = table()
    experts = list(net.module_.experts.parameters())
    norms = torch.stack(
        [
            torch.cat([g.flatten() for g in torch.autograd.grad(loss, experts, retain_graph=True)])
            for loss in losses_of(net, data)
        ]
    ).norm(dim=1)
    net.announce(losses_of(net, data), None)
    expected = gradnorm_step(ONES, norms, ONES, 1.5, 0.05)
    torch.testing.assert_close(one_step(net, losses_of(net, data)), expected)
    assert not torch.allclose(expected, ONES)


def test_validation_does_not_move_weights(net):
    net.announce(losses_of(net, table()), None)
    net.notify("on_batch_end", batch=None, training=False)
    assert torch.equal(net.weighting_.weights_, ONES)


def test_a_target_without_labels_keeps_its_weight(net):
    data = table()
    one_step(net, losses_of(net, data))
    before = net.weighting_.weights_.clone()
    unlabelled = data.y.clone()
    unlabelled[:, 1] = torch.nan
    losses = losses_of(net, TensorTable(data.X, unlabelled))
    after = one_step(net, losses, torch.tensor([True, False, True]))
    assert after[1] == before[1]
    assert not torch.equal(after, before)
    assert after.sum().item() == pytest.approx(3)


def test_a_batch_with_one_labelled_target_changes_nothing(net):
    data = table()
    unlabelled = data.y.clone()
    unlabelled[:, 1:] = torch.nan
    losses = losses_of(net, TensorTable(data.X, unlabelled))
    assert torch.equal(one_step(net, losses, torch.tensor([True, False, False])), ONES)


def test_initial_losses_are_the_means_of_the_first_epoch():
    net = make_net(MMoE, weighting=GradNorm(), callbacks=[Recorder()], max_epochs=3)
    fit(net, table(60))
    first_epoch = torch.stack(recorder(net).task_losses[:4])
    torch.testing.assert_close(net.weighting_.initial_losses_, first_epoch.mean(dim=0))


def test_initial_losses_wait_for_every_target():
    data = table(40, missing=0.0)
    data.y[:16, 2] = torch.nan  # no label in the first of three batches
    net = make_net(MMoE, weighting=GradNorm(), callbacks=[Recorder()], max_epochs=1)
    fit(net, data)
    seen = torch.stack(recorder(net).task_losses[1:])[:, 2]
    torch.testing.assert_close(net.weighting_.initial_losses_[2], seen.mean())


def test_a_second_training_starts_anew():
    net = fit(make_net(MMoE, weighting=GradNorm(), max_epochs=2), table())
    assert not torch.equal(net.weighting_.weights_, ONES)
    net.initialize()
    assert net.weighting_.weights_ is None
    assert net.weighting_.initial_losses_ is None


def test_balances_targets_of_different_scale():
    """A target a thousand times as large as the others loses weight, and the sum stays."""
    data = table(64, missing=0.2)
    data.y[:, 0] *= 30  # the loss and its gradient grow by about 900
    net = make_net(
        MMoE, weighting=GradNorm(learning_rate=0.1), lr=1e-4, max_epochs=10, callbacks=[Recorder()]
    )
    fit(net, data)
    weights = net.weighting_.weights_
    assert weights[0] < 0.5 < weights[1:].min()
    for step in recorder(net).task_weights:
        assert step.sum().item() == pytest.approx(3, rel=1e-5)
