"""skorch's own callbacks, and callbacks of the user."""

import numpy as np
import pytest
import torch
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    Freezer,
    GradientNormClipping,
    LRScheduler,
    PrintLog,
    TrainEndCheckpoint,
)

from sklearn_mtl.nn import ImplicitEnsemble, MMoE, SharedBottom
from sklearn_mtl.weighting import GradNorm
from tests.training.plants import MMOE, Recorder, fit, make_net, parameters, recorder, table

COMPLETE = {"missing": 0.0}


def test_early_stopping():
    stop = EarlyStopping(patience=3, load_best=True)
    net = make_net(callbacks=[("stop", stop)], lr=0.4, max_epochs=60, batch_size=8)
    fit(net, table(24, **COMPLETE), table(40, seed=5, **COMPLETE))
    losses = net.history[:, "valid_loss"]
    assert len(losses) < 60
    assert min(losses) not in losses[-3:]


@pytest.mark.parametrize("on_train", [False, True])
@pytest.mark.parametrize("n_members", [1, 3])
def test_epoch_scoring(on_train, n_members):
    data, validation = table(40, **COMPLETE), table(30, seed=5, **COMPLETE)
    scoring = EpochScoring("r2", lower_is_better=False, name="r2", on_train=on_train)
    params = {"hidden_dim": 8, "dropout": 0.0}
    if n_members > 1:
        params |= {"network": SharedBottom, "n_members": n_members}
    net = make_net(
        SharedBottom if n_members == 1 else ImplicitEnsemble,
        params,
        callbacks=[scoring],
        max_epochs=1,
        lr=1e-9,
    )
    fit(net, data, validation)
    judged = data if on_train else validation
    prediction = net.predict(judged.X)
    residual = ((judged.y.numpy() - prediction) ** 2).sum(axis=0)
    spread = ((judged.y.numpy() - judged.y.numpy().mean(axis=0)) ** 2).sum(axis=0)
    assert net.history[0, "r2"] == pytest.approx((1 - residual / spread).mean(), rel=1e-4)


def test_learning_rate_schedule_per_epoch():
    schedule = LRScheduler("StepLR", step_size=1, gamma=0.1)
    net = fit(make_net(callbacks=[schedule, Recorder()], batch_size=40), table())
    assert recorder(net).rates == pytest.approx([0.1, 0.01, 0.001])


def test_learning_rate_schedule_per_step():
    schedule = LRScheduler("StepLR", step_size=1, gamma=0.1, step_every="batch")
    net = fit(make_net(callbacks=[schedule, Recorder()], max_epochs=1), table())
    assert recorder(net).rates == pytest.approx([0.1, 0.01, 0.001])


def test_gradient_norm_clipping():
    net = make_net(callbacks=[GradientNormClipping(1e-3)], batch_size=40, max_epochs=1)
    before = parameters(net)
    fit(net, table())
    assert (parameters(net) - before).norm().item() == pytest.approx(0.1 * 1e-3, rel=1e-2)


def test_freezer():
    net = make_net(callbacks=[Freezer("trunk.*")])
    before = {name: weight.clone() for name, weight in net.module_.state_dict().items()}
    fit(net, table())
    for name, weight in net.module_.state_dict().items():
        assert torch.equal(weight, before[name]) == name.startswith("trunk."), name


def test_checkpoint_keeps_the_best_validation_loss(tmp_path):
    checkpoint = Checkpoint(dirname=str(tmp_path))
    net = make_net(callbacks=[checkpoint], lr=0.4, max_epochs=30, batch_size=8)
    fit(net, table(24, missing=0.1), table(40, seed=5))
    loaded = make_net(seed=9)
    loaded.load_params(checkpoint=checkpoint)
    # Both end with the best epoch.
    torch.testing.assert_close(parameters(loaded), parameters(net))


def test_checkpoint_every_epoch_and_at_the_end(tmp_path):
    every = Checkpoint(
        monitor=None, dirname=str(tmp_path / "every"), f_params="{last_epoch[epoch]}.pt"
    )
    end = TrainEndCheckpoint(dirname=str(tmp_path / "end"))
    net = fit(make_net(callbacks=[every, end], max_epochs=3), table())
    assert {f.name for f in (tmp_path / "every").glob("?.pt")} == {"1.pt", "2.pt", "3.pt"}
    loaded = make_net(seed=9)
    loaded.load_params(f_params=tmp_path / "end" / "train_end_params.pt")
    assert torch.equal(parameters(loaded), parameters(net))


def test_checkpoint_at_the_end_holds_the_restored_weights(tmp_path):
    end = TrainEndCheckpoint(dirname=str(tmp_path))
    net = make_net(callbacks=[end], lr=0.4, max_epochs=30, batch_size=8)
    fit(net, table(24, missing=0.1), table(40, seed=5))
    losses = net.history[:, "valid_loss"]
    assert losses[-1] > min(losses), "the last epoch must not be the best"
    loaded = make_net(seed=9)
    loaded.load_params(f_params=tmp_path / "train_end_params.pt")
    assert torch.equal(parameters(loaded), parameters(net))


def test_batch_scoring():
    scoring = BatchScoring("neg_mean_squared_error", name="mse", lower_is_better=False)
    net = make_net(callbacks=[scoring], max_epochs=2)
    fit(net, table(40, **COMPLETE), table(30, seed=5, **COMPLETE))
    for epoch in net.history:
        assert -epoch["mse"] == pytest.approx(epoch["valid_loss"], rel=1e-4)


def test_print_log(capsys):
    fit(make_net(callbacks=[PrintLog()], max_epochs=2, verbose=1), table(), table(30, seed=5))
    assert "valid_loss" in capsys.readouterr().out


class Announced(Callback):
    """A callback of the user that knows the event of this package."""

    def initialize(self):
        self.norms = []
        return self

    def on_task_losses(self, net, *, losses, gradients, **kwargs):
        self.norms.append(gradients.of_shared_parameters().norm(dim=1))


def test_a_callback_of_the_user_hears_of_task_losses_and_gradients():
    watch = Announced()
    net = fit(make_net(MMoE, MMOE, callbacks=[watch], max_epochs=1), table(40))
    assert np.shape(dict(net.callbacks_)["Announced"].norms) == (3, 3)
    assert all((norm > 0).all() for norm in dict(net.callbacks_)["Announced"].norms)


class Everything(Callback):
    """Count every event."""

    def initialize(self):
        self.events = []
        return self

    def on_train_begin(self, net, **kwargs):
        self.events.append("train_begin")

    def on_epoch_begin(self, net, **kwargs):
        self.events.append("epoch_begin")

    def on_batch_begin(self, net, training=False, **kwargs):
        self.events.append(f"batch_begin {'train' if training else 'valid'}")

    def on_grad_computed(self, net, named_parameters, **kwargs):
        gradients = [p.grad is not None for _, p in named_parameters]
        self.events.append("grad" if all(gradients) else "no grad")

    def on_batch_end(self, net, training=False, **kwargs):
        self.events.append(f"batch_end {'train' if training else 'valid'}")

    def on_epoch_end(self, net, **kwargs):
        self.events.append("epoch_end")

    def on_train_end(self, net, **kwargs):
        self.events.append("train_end")


def test_events_come_in_the_order_of_skorch():
    net = make_net(callbacks=[Everything()], max_epochs=1, batch_size=30)
    fit(net, table(40), table(30, seed=5))
    step = ["batch_begin train", "grad", "batch_end train"]
    check = ["batch_begin valid", "batch_end valid"]
    expected = ["train_begin", "epoch_begin", *step, *step, *check, "epoch_end", "train_end"]
    assert dict(net.callbacks_)["Everything"].events == expected


def test_the_epoch_that_stops_early_reaches_every_callback():
    net = make_net(callbacks=[Everything()], lr=0.4, max_epochs=40, patience=2, batch_size=8)
    fit(net, table(24), table(40, seed=5))
    events = dict(net.callbacks_)["Everything"].events
    assert len(net.history) < 60
    assert events.count("epoch_end") == events.count("epoch_begin") == len(net.history)


def test_a_second_weighting_rule_is_refused():
    with pytest.raises(ValueError, match=r"Exactly one .* Found \['EqualWeighting', 'GradNorm'\]"):
        make_net(callbacks=[GradNorm()])


def test_callbacks_may_be_left_out_by_name():
    net = make_net(callbacks__timer=None, max_epochs=1)
    assert "dur" not in fit(net, table()).history[0]
