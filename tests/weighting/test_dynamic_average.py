"""Dynamic weight average: the paper's equation, and epochs in which a target has no label."""

import math

import pytest
import torch

from sklearn_mtl.extension import check_weighting
from sklearn_mtl.nn import MMoE
from sklearn_mtl.training import TensorTable
from sklearn_mtl.weighting import DynamicWeightAverage
from sklearn_mtl.weighting._dynamic_average import dynamic_average_weights
from tests.training.plants import Recorder, fit, make_net, recorder, table


def draws(n_draws=20, n_targets=4):
    generator = torch.Generator().manual_seed(0)
    for _ in range(n_draws):
        yield 2 * torch.rand(n_targets, generator=generator)


class TestWeights:
    @pytest.mark.parametrize("temperature", [0.5, 2.0])
    def test_equation(self, temperature):
        for descent in draws():
            shares = [math.exp(r / temperature) for r in descent.tolist()]
            expected = [4 * share / sum(shares) for share in shares]
            weights = dynamic_average_weights(descent, temperature)
            assert weights.tolist() == pytest.approx(expected)

    def test_sum_to_the_number_of_targets_also_after_a_jump_of_the_loss(self):
        for descent in [*draws(), torch.tensor([1e6, 1.0, 0.0, 1.0])]:
            weights = dynamic_average_weights(descent, 2.0)
            assert (weights >= 0).all()
            assert weights.sum().item() == pytest.approx(4)

    def test_the_slower_target_weighs_more_and_less_so_at_a_high_temperature(self):
        descent = torch.tensor([0.9, 0.5, 0.1])
        spreads = []
        for temperature in (0.5, 2.0, 1e6):
            weights = dynamic_average_weights(descent, temperature)
            assert weights[0] >= weights[1] >= weights[2]
            spreads.append((weights[0] - weights[2]).item())
        assert spreads[0] > spreads[1] > spreads[2] == pytest.approx(0, abs=1e-5)

    def test_equal_descent_gives_equal_weights_at_any_speed(self):
        for ratio in (0.01, 1.0, 30.0):
            weights = dynamic_average_weights(torch.full((3,), ratio), 2.0)
            torch.testing.assert_close(weights, torch.ones(3))


class LossesByLabel(Recorder):
    """Keep the squared errors of every label seen in training, by epoch and target."""

    def initialize(self):
        self.errors = []
        return super().initialize()

    def on_epoch_begin(self, net, **kwargs):
        self.errors.append([[], [], []])

    def on_batch_end(self, net, batch=None, training=False, **step):
        super().on_batch_end(net, batch=batch, training=training, **step)
        if training:
            for predicted, labels in zip(step["y_pred"].tolist(), batch[1].tolist(), strict=True):
                for k in range(3):
                    if not math.isnan(labels[k]):
                        self.errors[-1][k].append((predicted[k] - labels[k]) ** 2)


def test_follows_the_means_over_the_labels_of_the_last_two_epochs():
    net = make_net(
        MMoE, weighting=DynamicWeightAverage(1.0), callbacks=[LossesByLabel()], max_epochs=6
    )
    fit(net, table(50))
    means = [[sum(e) / len(e) for e in epoch] for epoch in recorder(net).errors]
    used = net.history[:, "task_weights"]
    assert used[:2] == [[1.0] * 3] * 2
    for epoch in range(2, 6):
        shares = [math.exp(means[epoch - 1][k] / means[epoch - 2][k]) for k in range(3)]
        expected = [3 * share / sum(shares) for share in shares]
        assert used[epoch] == pytest.approx(expected, rel=1e-5)
        assert max(used[epoch]) - min(used[epoch]) > 1e-3


def epochs(losses, temperature=2.0):
    """Weights after every one of the epochs with these mean losses."""
    net = make_net(weighting=DynamicWeightAverage(temperature))
    net.announce(torch.ones(len(losses[0]), requires_grad=True), None)
    weights = []
    for means in losses:
        net.history.new_epoch()
        net.history.record("train_task_losses", means)
        net.weighting_.on_epoch_end(net)
        weights.append(net.weighting_.weights_.tolist())
    return weights


def by_ratios(*ratios):
    return pytest.approx(dynamic_average_weights(torch.tensor(ratios), 2.0).tolist())


def test_a_target_without_labels_in_an_epoch_keeps_its_ratio():
    nan = math.nan
    weights = epochs([[1.0, 4.0], [0.5, 2.0], [0.4, nan], [0.2, nan], [0.1, 1.0], [0.1, 0.2]])
    assert weights[0] == [1.0, 1.0]
    assert weights[1] == by_ratios(0.5, 0.5)
    assert weights[2] == by_ratios(0.8, 0.5)
    assert weights[3] == by_ratios(0.5, 0.5)
    assert weights[4] == by_ratios(0.5, 0.5)  # by the last mean that is known
    assert weights[5] == by_ratios(1.0, 0.2)


def test_a_target_that_is_labelled_late_has_the_ratio_one_until_two_means_are_known():
    nan = math.nan
    weights = epochs([[1.0, nan], [0.5, nan], [0.5, 3.0], [0.5, 1.5]])
    assert weights == [
        [1.0, 1.0],
        by_ratios(0.5, 1.0),
        by_ratios(1.0, 1.0),
        by_ratios(1.0, 0.5),
    ]


def test_a_loss_of_zero_gives_finite_weights():
    weights = epochs([[1.0, 1.0], [0.0, 0.5], [0.0, 0.5], [0.3, 0.5]])
    assert weights[1] == by_ratios(0.0, 0.5)
    assert weights[2] == weights[3] == by_ratios(0.0, 1.0)


def test_weights_change_between_epochs_only():
    net = make_net(MMoE, weighting=DynamicWeightAverage(0.5), callbacks=[Recorder()], max_epochs=4)
    fit(net, table(48))
    steps = torch.stack(recorder(net).task_weights).reshape(4, 3, 3)  # epochs, batches, targets
    assert torch.equal(steps, steps[:, :1].expand_as(steps))
    assert not torch.equal(steps[2], steps[3])


def test_a_second_training_starts_anew():
    net = make_net(MMoE, weighting=DynamicWeightAverage(), max_epochs=3)
    fit(net, table())
    assert net.weighting_.weights_.max() > 1
    net.initialize()
    assert net.weighting_.weights_ is None
    fit(net, table())
    assert net.history[:2, "task_weights"] == [[1.0] * 3] * 2


def test_a_target_without_any_label_does_not_stop_training():
    data = table(40)
    unlabelled = data.y.clone()
    unlabelled[:, 1] = torch.nan
    net = make_net(MMoE, weighting=DynamicWeightAverage(), max_epochs=4)
    fit(net, TensorTable(data.X, unlabelled))
    assert net.weighting_.weights_.isfinite().all()


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_wrong_temperature_is_named(temperature):
    with pytest.raises(ValueError, match="`temperature` must be positive"):
        make_net(weighting=DynamicWeightAverage(temperature))


def test_keeps_the_contract():
    check_weighting(DynamicWeightAverage())
