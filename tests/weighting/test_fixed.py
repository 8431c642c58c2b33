"""Equal and fixed weights: the gradient of the weighted mean, and wrong weights."""

import numpy as np
import pytest
import torch

from sklearn_mtl import MMoERegressor
from sklearn_mtl.weighting import EqualWeighting, FixedWeighting
from tests.training.plants import (
    Recorder,
    fit,
    make_net,
    masked_losses,
    parameters,
    recorder,
    table,
)


@pytest.mark.parametrize(
    ("weighting", "weights"),
    [(EqualWeighting(), [1, 1, 1]), (FixedWeighting([2.0, 0.5, 0.0]), [2, 0.5, 0])],
)
def test_a_step_descends_the_weighted_mean_of_the_losses(weighting, weights):
    data = table(12)
    net = make_net(weighting=weighting, max_epochs=1)
    before = parameters(net)
    losses = masked_losses(net.module_(data.X), data.y)
    objective = sum(w * loss for w, loss in zip(weights, losses, strict=True)) / 3
    gradient = torch.autograd.grad(objective, net.module_.parameters(), allow_unused=True)
    flat = torch.cat([g.flatten() for g in gradient])
    fit(net, data)
    torch.testing.assert_close(parameters(net), before - 0.1 * flat, rtol=1e-5, atol=1e-6)


def test_fixed_weights_are_on_record_and_never_change():
    net = make_net(weighting=FixedWeighting((2.0, 0.5, 0.0)), callbacks=[Recorder()])
    fit(net, table())
    assert {tuple(step.tolist()) for step in recorder(net).task_weights} == {(2.0, 0.5, 0.0)}
    assert net.history[:, "task_weights"] == [[2.0, 0.5, 0.0]] * 3


def test_weight_zero_ignores_the_labels_of_a_target():
    data, other = table(), table()
    other.y[:, 2] *= 100.0
    vectors = [
        parameters(fit(make_net(weighting=FixedWeighting([1, 1, 0])), labels))
        for labels in (data, other)
    ]
    assert torch.equal(*vectors)


@pytest.mark.parametrize(
    "weights",
    [[1.0, 1.0], [[1.0, 1.0, 1.0]], [1, -1, 1], [0, 0, 0], [1, np.nan, 1], [1, np.inf, 1]],
)
def test_wrong_weights_are_named(weights):
    X, y = np.random.default_rng(0).normal(size=(2, 20, 3))
    model = MMoERegressor(weighting=FixedWeighting(weights), max_epochs=1)
    with pytest.raises(ValueError, match=r"`weights` must hold one .* per target \(3\).* Found \["):
        model.fit(X, y)
