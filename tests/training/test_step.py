"""Training against plain gradient descent with the missing labels deleted by hand."""

import copy

import pytest
import torch

from sklearn_mtl.nn import ImplicitEnsemble, MMoE, SharedBottom
from sklearn_mtl.training import TensorTable
from tests.training.plants import (
    Recorder,
    fit,
    make_net,
    masked_losses,
    parameters,
    recorder,
    table,
)


def descend(module, objective, lr):
    """One plain step downhill."""
    weights = list(module.parameters())
    gradients = torch.autograd.grad(objective, weights, allow_unused=True)
    with torch.no_grad():
        for weight, gradient in zip(weights, gradients, strict=True):
            if gradient is not None:
                weight -= lr * gradient


def plain_training(module, data, *, lr, batch_size, epochs):
    """Train a copy of a module; return its weights and the epoch means per target."""
    module = copy.deepcopy(module)
    means = []
    for _ in range(epochs):
        sums, totals = [0.0] * data.y.shape[1], [0.0] * data.y.shape[1]
        for start in range(0, len(data), batch_size):
            part = slice(start, start + batch_size)
            y, w = data.y[part], None if data.sample_weight is None else data.sample_weight[part]
            losses = masked_losses(module(data.X[part]), y, w)
            observed = [loss for loss in losses if loss is not None]
            for k, loss in enumerate(losses):
                if loss is not None:
                    labelled = ~y[:, k].isnan()
                    total = (labelled.sum() if w is None else w[labelled].sum()).item()
                    sums[k] += loss.item() * total
                    totals[k] += total
            descend(module, sum(observed) / len(observed), lr)
        means.append([s / t for s, t in zip(sums, totals, strict=True)])
    return torch.nn.utils.parameters_to_vector(module.parameters()), means


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("batch_size", [40, 7])
@pytest.mark.parametrize("module", [SharedBottom, MMoE])
def test_equals_training_with_missing_labels_deleted(module, batch_size, weighted):
    data = table(40, missing=0.4, weighted=weighted)
    data.y[:7, 1] = torch.nan  # no label in a whole batch
    net = make_net(module, batch_size=batch_size, max_epochs=3)
    expected, means = plain_training(net.module_, data, lr=0.1, batch_size=batch_size, epochs=3)
    fit(net, data)
    torch.testing.assert_close(parameters(net), expected, rtol=1e-4, atol=1e-6)
    for epoch in range(3):
        assert net.history[epoch, "train_task_losses"] == pytest.approx(means[epoch], rel=1e-4)
        assert net.history[epoch, "train_loss"] == pytest.approx(sum(means[epoch]) / 3, rel=1e-4)


def test_full_labels_take_the_short_way_to_the_same_result():
    data = table(40, missing=0.0)
    net = make_net(batch_size=16)
    expected, _ = plain_training(net.module_, data, lr=0.1, batch_size=16, epochs=3)
    torch.testing.assert_close(parameters(fit(net, data)), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("filler", [0.0, 1e6, -7.0])
def test_what_stands_in_place_of_a_missing_label_does_not_matter(filler):
    """Weight zero on the rows of a filler equals leaving the rows out."""
    data = table(30, missing=0.3)
    wild = torch.full((5, 3), filler)
    longer = TensorTable(
        torch.cat([data.X, torch.randn(5, 4)]),
        torch.cat([data.y, wild]),
        torch.cat([torch.ones(30), torch.zeros(5)]),
    )
    alone = fit(make_net(batch_size=30, max_epochs=1), data)
    beside = fit(make_net(batch_size=35, max_epochs=1), longer)
    torch.testing.assert_close(parameters(beside), parameters(alone))


@pytest.mark.parametrize("module", [SharedBottom, MMoE])
def test_a_batch_without_label_leaves_the_targets_own_tower_alone(module):
    data = table(16, missing=0.2)
    data.y[:, 1] = torch.nan
    net = make_net(module, max_epochs=1)
    before = copy.deepcopy(net.module_.state_dict())
    fit(net, data)
    after = net.module_.state_dict()
    for name in before:
        changed = (before[name] != after[name]).reshape(len(before[name]), -1).any(dim=1)
        if name.startswith("towers."):
            assert changed.tolist() == [True, False, True], name
        else:
            assert changed.any(), name


def test_a_batch_without_any_label_changes_nothing():
    data = table(32)
    data.y[:16] = torch.nan
    labelled = TensorTable(data.X[16:], data.y[16:])
    both, alone = (fit(make_net(batch_size=16), rows) for rows in (data, labelled))
    assert torch.equal(parameters(both), parameters(alone))
    assert both.history[:, "train_loss"] == alone.history[:, "train_loss"]


def test_a_target_without_label_in_the_epoch_is_left_out_of_the_means():
    data = table(16, missing=0.0)
    data.y[:, 1] = torch.nan
    net = fit(make_net(max_epochs=1), data)
    first, second, third = net.history[0, "train_task_losses"]
    assert second != second  # NaN
    assert net.history[0, "train_loss"] == pytest.approx((first + third) / 2)


def test_validation_means_are_those_of_the_labels_whatever_the_batches():
    validation = table(50, weighted=True, seed=3)
    histories = [
        fit(make_net(iterator_valid__batch_size=size), table(), validation).history
        for size in (7, 1000)
    ]
    for small, large in zip(*(h[:, "valid_task_losses"] for h in histories), strict=True):
        assert small == pytest.approx(large, rel=1e-5)


def test_members_learn_from_losses_of_their_own():
    """An ensemble descends the mean of its members' losses, not the loss of their mean."""
    params = {"network": SharedBottom, "n_members": 3, "hidden_dim": 8, "dropout": 0.0}
    data = table(20, weighted=True)
    net = make_net(ImplicitEnsemble, params, batch_size=20, max_epochs=1)
    module = copy.deepcopy(net.module_)
    objective = 0.0
    for m in range(3):
        losses = masked_losses(module.members(data.X)[m], data.y, data.sample_weight)
        objective = objective + sum(losses) / 9
    expected = objective.item()
    descend(module, objective, 0.1)
    fit(net, data)
    torch.testing.assert_close(
        parameters(net),
        torch.nn.utils.parameters_to_vector(module.parameters()),
        rtol=1e-4,
        atol=1e-6,
    )
    assert net.history[0, "train_loss"] == pytest.approx(expected, rel=1e-5)


def test_validation_of_an_ensemble_judges_the_averaged_prediction():
    params = {"network": SharedBottom, "n_members": 3, "hidden_dim": 8, "dropout": 0.0}
    validation = table(30, seed=3)
    net = make_net(ImplicitEnsemble, params, max_epochs=1)
    fit(net, table(), validation)
    losses = masked_losses(net.module_.eval()(validation.X), validation.y)
    assert net.history[0, "valid_task_losses"] == pytest.approx([v.item() for v in losses])


def test_callbacks_are_told_losses_and_labelled_targets():
    data = table(16, missing=0.0)
    net = fit(make_net(callbacks=[Recorder()], max_epochs=1), data)
    losses, observed = recorder(net).announced[0]
    assert observed is None
    fresh = make_net()
    torch.testing.assert_close(losses, torch.stack(masked_losses(fresh.module_(data.X), data.y)))
    labels = data.y.clone()
    labels[:, 2] = torch.nan
    net = fit(make_net(callbacks=[Recorder()], max_epochs=1), TensorTable(data.X, labels))
    losses, observed = recorder(net).announced[0]
    assert observed.tolist() == [True, True, False]
    assert losses[2] == 0


def test_training_that_diverges_says_what_to_do():
    net = make_net(lr=1e6, max_epochs=20)
    with pytest.raises(ValueError, match=r"diverged in epoch \d+.*learning_rate.*scale_y=True"):
        fit(net, table())
