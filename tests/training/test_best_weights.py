"""Early stopping ends with the weights of the best epoch."""

import math

import pytest
import torch
from skorch.callbacks import Callback

from sklearn_mtl.weighting import FixedWeighting
from tests.training.plants import fit, make_net, masked_losses, table

OVERFITS = {
    "params": {"hidden_dim": 32, "dropout": 0.0},
    "optimizer": torch.optim.Adam,
    "lr": 0.05,
    "batch_size": 8,
}


def validation_loss(net, validation):
    losses = masked_losses(net.module_.eval()(validation.X), validation.y)
    return (sum(losses) / len(losses)).item()


@pytest.mark.parametrize("ema_decay", [None, 0.8])
@pytest.mark.parametrize("patience", [None, 4])
def test_the_result_has_the_smallest_validation_loss(patience, ema_decay):
    train, validation = table(24, missing=0.1), table(40, missing=0.1, seed=5)
    net = make_net(**OVERFITS, max_epochs=60, patience=patience, ema_decay=ema_decay)
    fit(net, train, validation)
    losses = net.history[:, "valid_loss"]
    best = min(range(len(losses)), key=losses.__getitem__)
    assert 0 < best < len(losses) - 1, "the data must over-fit, or the test shows nothing"
    assert validation_loss(net, validation) == pytest.approx(losses[best], rel=1e-5)
    callback = dict(net.callbacks_)["best_weights"]
    assert callback.best_epoch_ == best + 1
    if patience is None:
        assert len(losses) == 60
    else:
        assert len(losses) == best + 1 + patience < 60


class StopAt(Callback):
    """End the training after an epoch, as skorch's EarlyStopping does."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.epoch:
            raise KeyboardInterrupt


def test_an_epoch_at_which_a_callback_stops_counts():
    train, validation = table(24, missing=0.1), table(40, missing=0.1, seed=5)
    losses = fit(make_net(**OVERFITS, max_epochs=60), train, validation).history[:, "valid_loss"]
    best = losses.index(min(losses)) + 1
    net = make_net(**OVERFITS, max_epochs=60, callbacks=[StopAt(best)])
    fit(net, train, validation)
    assert len(net.history) == best
    assert validation_loss(net, validation) == pytest.approx(min(losses), rel=1e-5)


def test_the_loss_that_is_watched_is_unweighted():
    train, validation = table(24, missing=0.1), table(40, missing=0.1, seed=5)
    weighting = FixedWeighting([100.0, 0.01, 0.01])
    net = make_net(lr=0.01, max_epochs=30, patience=4, weighting=weighting)
    fit(net, train, validation)
    assert validation_loss(net, validation) == pytest.approx(min(net.history[:, "valid_loss"]))
    for epoch in net.history:
        assert epoch["valid_loss"] == pytest.approx(math.fsum(epoch["valid_task_losses"]) / 3)


def test_without_a_validation_part_all_epochs_are_trained():
    net = fit(make_net(max_epochs=12, patience=1), table())
    assert len(net.history) == 12
    assert "valid_loss" not in net.history[0]


def test_a_second_training_forgets_the_first_best():
    """New data may be harder; the old best loss must not decide."""
    train, easy, hard = table(24), table(40, missing=0.1, seed=5), table(40, missing=0.1, seed=6)
    hard.y *= 5
    net = make_net(lr=0.2, max_epochs=5, patience=3)
    fit(net, train, easy)
    n_first = len(net.history)
    fit(net, train, hard)
    assert min(net.history[:n_first, "valid_loss"]) < min(net.history[n_first:, "valid_loss"])
    best = min(net.history[n_first:, "valid_loss"])
    assert validation_loss(net, hard) == pytest.approx(best, rel=1e-5)


def test_restored_weights_are_a_copy():
    net = fit(make_net(max_epochs=3), table(), table(30, seed=5))
    assert dict(net.callbacks_)["best_weights"].best_state_ is None
    assert all(torch.isfinite(p).all() for p in net.module_.parameters())
