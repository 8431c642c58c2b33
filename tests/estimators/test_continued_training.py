"""partial_fit, warm_start, and what interrupts a training."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from skorch.callbacks import (
    Callback,
    EarlyStopping,
    EpochScoring,
    GradientNormClipping,
    LRScheduler,
)

from tests.estimators.neural import NEURAL, DataWatch, plant, tiny

ALL = pytest.mark.parametrize("cls", NEURAL, ids=lambda cls: cls.__name__)


def weights(model):
    return torch.nn.utils.parameters_to_vector(model.net_.module_.parameters()).detach().clone()


# partial_fit


@ALL
def test_partial_fit_learns_and_goes_on_after_loading(cls):
    X, y = plant(missing=0.1)
    model = tiny(cls)
    losses = [model.partial_fit(X, y).history_["train_loss"].iloc[-1] for _ in range(15)]
    assert losses[-1] < losses[0]
    assert model.n_iter_ == 15
    twin = pickle.loads(pickle.dumps(model)).partial_fit(X, y)
    assert twin.n_iter_ == 16
    assert twin.history_["train_loss"].iloc[-1] < losses[0]


def test_partial_fit_is_one_epoch_over_all_rows_at_the_full_rate():
    X, y = plant()
    model = tiny(learning_rate=0.02, callbacks=[("watch", DataWatch())]).partial_fit(X, y)
    watch = dict(model.net_.callbacks_)["watch"]
    assert len(watch.train) == (~np.isnan(y).all(axis=1)).sum()
    assert watch.valid is None
    assert model.n_iter_ == 1
    assert model.history_["learning_rate"].tolist() == [0.02]


def test_a_sequence_of_calls_is_reproducible_and_continues_the_generator():
    chunks = [plant(seed=seed) for seed in range(3)]

    def sequence():
        model = tiny()
        for chunk in chunks:
            model.partial_fit(*chunk)
        return model

    X = chunks[0][0]
    np.testing.assert_array_equal(sequence().predict(X), sequence().predict(X))
    # No two epochs over the same rows see them in the same order.
    orders = []

    class Order(Callback):
        def on_batch_begin(self, net, batch=None, **kwargs):
            orders.append(batch[0].clone())

    model = tiny(callbacks=[Order()], batch_size=1000)
    for _ in range(3):
        model.partial_fit(*chunks[0])
    assert len({order.numpy().tobytes() for order in orders}) == 3


def test_the_generator_goes_on_after_loading():
    X, y = plant()
    model = tiny(optimizer="sgd").partial_fit(X, y)  # without state, so that a file loses nothing
    twin = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(
        twin.partial_fit(X, y).predict(X), model.partial_fit(X, y).predict(X)
    )


def test_the_first_call_fixes_the_scaling():
    X, y = plant()
    model = tiny().partial_fit(X, y)
    scaling = model.scaling_
    model.partial_fit(X, 1000 * y)
    assert model.scaling_ is scaling
    np.testing.assert_array_equal(
        scaling.mean, tiny(validation_fraction=None).fit(X, y).scaling_.mean
    )


def test_later_calls_may_lack_a_target_the_first_may_not():
    X, y = plant()
    y_half = y.copy()
    y_half[:, 1] = np.nan
    with pytest.raises(ValueError, match=r"\['y1'\]"):
        tiny().partial_fit(X, y_half)
    model = tiny(optimizer="sgd", weight_decay=0.0).partial_fit(X, y)
    tower = {n: p.clone() for n, p in model.net_.module_.towers.named_parameters()}
    model.partial_fit(X, y_half)
    for name, parameter in model.net_.module_.towers.named_parameters():
        assert not torch.equal(parameter[0], tower[name][0])
        assert torch.equal(parameter[1], tower[name][1])
    assert np.isnan(model.history_["train_loss_y1"].iloc[-1])


def test_a_call_without_any_usable_row_raises_and_changes_nothing():
    X, y = plant()
    model = tiny().partial_fit(X, y)
    before = model.predict(X)
    with pytest.raises(ValueError, match="No row is left"):
        model.partial_fit(X, np.full_like(y, np.nan))
    np.testing.assert_array_equal(model.predict(X), before)
    assert np.isfinite(model.partial_fit(X, y).predict(X)).all()


def test_partial_fit_after_fit_goes_on_from_the_result():
    X, y = plant()
    model = tiny(learning_rate=1e-4).fit(X, y)
    before = weights(model)
    model.partial_fit(X, y)
    moved = (weights(model) - before).abs().max()
    assert 0 < moved < 2e-3  # a few steps of at most about the learning rate
    assert model.n_iter_ == 5


def test_fit_after_partial_fit_starts_anew():
    X, y = plant()
    model = tiny().partial_fit(X, 5 * y).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), tiny().fit(X, y).predict(X))
    assert model.n_iter_ == 4


def test_partial_fit_checks_names_and_numbers():
    X, y = plant()
    frame = pd.DataFrame(y, columns=["H2S", "SO2"])
    model = tiny().partial_fit(X, frame)
    with pytest.raises(ValueError, match=r"2 targets .*\['H2S', 'SO2'\].* Found 1"):
        model.partial_fit(X, frame[["H2S"]])
    with pytest.raises(ValueError, match="features"):
        model.partial_fit(X[:, :2], frame)
    with pytest.raises(ValueError, match="SO2"):
        model.partial_fit(X, frame[["SO2", "H2S"]])


@pytest.mark.parametrize(
    "callback",
    [
        EpochScoring("r2", lower_is_better=False, on_train=True, name="r2"),
        GradientNormClipping(1.0),
        LRScheduler("StepLR", step_size=1),
        EarlyStopping(monitor="train_loss"),
    ],
    ids=lambda callback: type(callback).__name__,
)
def test_skorchs_callbacks_in_partial_fit(callback):
    X, y = plant(missing=0.0)
    model = tiny(callbacks=[callback]).partial_fit(X, y).partial_fit(X, y)
    assert model.n_iter_ == 2


# warm_start


@ALL
def test_warm_start_continues_weights_and_scaling(cls):
    X, y = plant()
    model = tiny(cls, warm_start=True, learning_rate=1e-6, max_epochs=1).fit(X, y)
    before, scaling = weights(model), model.scaling_
    model.fit(X, 3 * y)
    assert model.scaling_ is scaling
    torch.testing.assert_close(weights(model), before, atol=1e-4, rtol=0)
    assert not torch.equal(weights(model), before)
    assert model.n_iter_ == 1


def test_without_warm_start_fit_forgets():
    X, y = plant()
    model = tiny().fit(X, 5 * y[:, :1])
    np.testing.assert_array_equal(model.fit(X, y).predict(X), tiny().fit(X, y).predict(X))


def test_warm_start_goes_on_learning():
    X, y = plant(missing=0.1)
    model = tiny(warm_start=True, max_epochs=5, learning_rate=5e-3)
    losses = [model.fit(X, y).history_["train_loss"].iloc[-1] for _ in range(4)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.8 * losses[0]


def test_warm_start_refuses_other_targets():
    X, y = plant()
    model = tiny(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="2 targets"):
        model.fit(X, y[:, :1])


def test_warm_start_with_another_network_says_so():
    X, y = plant()
    model = tiny(warm_start=True).fit(X, y).set_params(hidden_dim=9)
    with pytest.raises(ValueError, match="warm_start"):
        model.fit(X, y)


# Interruption


class Interrupt(Callback):
    """Press Ctrl-C at the first step of an epoch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_batch_end(self, net, training=False, **kwargs):
        if training and len(net.history) == self.epoch:
            raise KeyboardInterrupt


@pytest.mark.parametrize("ema_decay", [None, 0.9])
@pytest.mark.parametrize("epoch", [1, 3])
def test_an_interrupted_training_leaves_a_usable_model(epoch, ema_decay):
    X, y = plant()
    model = tiny(callbacks=[Interrupt(epoch)], max_epochs=9, ema_decay=ema_decay).fit(X, y)
    assert np.isfinite(model.predict(X)).all()
    assert model.n_iter_ <= epoch
    twin = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    if epoch == 3:
        # What is left is the best of the two whole epochs, judged by the newest 15 % of the rows.
        labelled = ~np.isnan(y).all(axis=1)
        X_val, y_val = (a[labelled][-int(0.15 * labelled.sum()) :] for a in (X, y))
        errors = (model.predict(X_val) - y_val) / model.scaling_.scale
        best = model.history_["valid_loss"].iloc[:2].min()
        assert np.nanmean(errors**2, axis=0).mean() == pytest.approx(best, rel=1e-4)
