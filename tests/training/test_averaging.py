"""The moving average of the weights against one written by hand."""

import pytest
import torch

from tests.training.plants import (
    Recorder,
    fit,
    make_net,
    masked_losses,
    parameters,
    recorder,
    table,
)


@pytest.mark.parametrize("decay", [0.5, 0.99])
def test_ends_with_the_moving_average_of_every_step(decay):
    plain = fit(make_net(callbacks=[Recorder()]), table())
    net = fit(make_net(callbacks=[Recorder()], ema_decay=decay), table())
    steps = recorder(net).weights
    for averaged_run, plain_run in zip(steps, recorder(plain).weights, strict=True):
        assert torch.equal(averaged_run, plain_run), "averaging must not touch the training"
    average = steps[0]
    for weights in steps[1:]:
        average = decay * average + (1 - decay) * weights
    torch.testing.assert_close(parameters(net), average)
    assert not torch.allclose(average, steps[-1])


def test_validation_judges_the_averaged_weights():
    validation = table(30, seed=5)
    net = make_net(callbacks=[Recorder()], ema_decay=0.9, max_epochs=1)
    fit(net, table(), validation)
    losses = masked_losses(net.module_.eval()(validation.X), validation.y)
    assert net.history[0, "valid_task_losses"] == pytest.approx([v.item() for v in losses])
    assert not torch.allclose(parameters(net), recorder(net).weights[-1])
