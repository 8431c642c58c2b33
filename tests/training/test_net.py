"""The net used directly, other optimizers, persistence."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from skorch.dataset import ValidSplit

from sklearn_mtl.extension import MultiTaskNet
from sklearn_mtl.losses import L1SmoothL1Loss
from sklearn_mtl.nn import MMoE, SharedBottom
from sklearn_mtl.weighting import DynamicLossWeighting, GradNorm
from tests.training.plants import MMOE, Recorder, fit, make_net, parameters, recorder, table


def numpy_data(n_rows=60, dtype=np.float32):
    data = table(n_rows)
    return data.X.numpy().astype(dtype), data.y.numpy().astype(dtype)


def plain_net(**kwargs):
    torch.manual_seed(0)
    params = {"module__n_features": 4, "module__n_targets": 3, "module__hidden_dim": 6}
    return MultiTaskNet(MMoE, **{**params, "max_epochs": 3, **kwargs})


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fit_and_predict_with_numpy(dtype):
    X, y = numpy_data(dtype=dtype)
    before = X.copy(), y.copy()
    net = plain_net().fit(X, y)
    assert net.predict(X).shape == (60, 3)
    assert net.history[-1, "train_loss"] < net.history[0, "train_loss"]
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_data_frames_give_the_same_net():
    X, y = numpy_data()
    by_frame = plain_net().fit(pd.DataFrame(X), pd.DataFrame(y)).predict(pd.DataFrame(X))
    np.testing.assert_array_equal(by_frame, plain_net().fit(X, y).predict(X))


def test_a_vector_of_targets_equals_a_column():
    """Broadcasting (n, 1) against (n,) would train on every pair of rows."""
    X, y = numpy_data()
    y = np.nan_to_num(y[:, 0])
    vector = plain_net(module__n_targets=1).fit(X, y)
    column = plain_net(module__n_targets=1).fit(X, y[:, None])
    assert vector.history[:, "train_loss"] == pytest.approx(column.history[:, "train_loss"])


def test_the_number_of_targets_must_match():
    X, y = numpy_data()
    with pytest.raises((ValueError, RuntimeError), match=r"3|targets"):
        plain_net(module__n_targets=2).fit(X, y)


def test_skorchs_own_split():
    X, y = numpy_data()
    net = plain_net(train_split=ValidSplit(5)).fit(X, y)
    assert len(net.history[:, "valid_loss"]) == 3


def test_predict_leaves_the_generator_alone():
    X, y = numpy_data()
    net = plain_net().fit(X, y)
    state = torch.get_rng_state()
    np.testing.assert_array_equal(net.predict(X), net.predict(X))
    assert torch.equal(torch.get_rng_state(), state)


def test_an_optimizer_that_evaluates_several_times_per_step():
    net = make_net(
        optimizer=torch.optim.LBFGS,
        optimizer__max_iter=5,
        lr=0.5,
        batch_size=40,
        max_epochs=4,
        callbacks=[Recorder()],
    )
    fit(net, table(40))
    losses = net.history[:, "train_loss"]
    assert losses[-1] < 0.7 * losses[0]
    kept = recorder(net)
    assert len(kept.announced) > len(kept.weights) == 4


def test_weights_move_once_per_step_of_such_an_optimizer():
    """A step of GradNorm changes weights by at most about its learning rate."""
    weighting = GradNorm(learning_rate=0.01)
    net = make_net(
        MMoE,
        optimizer=torch.optim.LBFGS,
        optimizer__max_iter=20,
        weighting=weighting,
        batch_size=40,
        max_epochs=1,
        callbacks=[Recorder()],
    )
    fit(net, table(40))
    assert len(recorder(net).announced) >= 5
    moved = (net.weighting_.weights_ - 1).abs()
    assert 0 < moved.max() < 0.05


@pytest.mark.parametrize("optimizer", [torch.optim.RMSprop, torch.optim.Adam, torch.optim.NAdam])
def test_other_optimizers(optimizer):
    net = fit(make_net(optimizer=optimizer, lr=1e-2), table())
    assert net.history[-1, "train_loss"] < net.history[0, "train_loss"]


class TestPersistence:
    @staticmethod
    def trained(n_rows=60, **kwargs):
        return fit(
            make_net(MMoE, MMOE, optimizer=torch.optim.AdamW, lr=1e-2, **kwargs), table(n_rows)
        )

    def test_round_trip(self):
        net = self.trained(weighting=GradNorm())
        twin = pickle.loads(pickle.dumps(net))
        X, _ = numpy_data()
        np.testing.assert_array_equal(twin.predict(X), net.predict(X))
        assert list(twin.history) == list(net.history)
        assert torch.equal(twin.weighting_.weights_, net.weighting_.weights_)

    def test_neither_data_nor_optimizer_are_kept(self):
        sizes = [len(pickle.dumps(self.trained(n_rows))) for n_rows in (32, 3200)]
        assert abs(sizes[1] - sizes[0]) < 2000
        assert "optimizer_" not in vars(pickle.loads(pickle.dumps(self.trained())))
        large = fit(make_net(params={"hidden_dim": 300}, optimizer=torch.optim.Adam), table())
        weights = 4 * parameters(large).numel()
        assert weights < len(pickle.dumps(large)) < 1.5 * weights

    def test_a_validation_split_is_not_kept(self):
        net = make_net()
        sizes = []
        for n_rows in (10, 5000):
            net.train_split = lambda data, y=None, rows=n_rows: (data, table(rows, seed=5))
            net.partial_fit(table(), None)
            sizes.append(len(pickle.dumps(net)))
            net.initialize()
        assert abs(sizes[1] - sizes[0]) < 2000

    def test_training_goes_on_after_loading(self):
        twin = pickle.loads(pickle.dumps(self.trained()))
        before = twin.history[-1, "train_loss"]
        fit(twin, table(60))
        assert len(twin.history) == 6
        assert twin.history[-1, "train_loss"] < before

    def test_with_the_optimizer_training_goes_on_as_if_uninterrupted(self):
        net = self.trained(save_optimizer=True)
        twin = pickle.loads(pickle.dumps(net))
        assert torch.equal(parameters(fit(twin, table(60))), parameters(fit(net, table(60))))

    def test_training_in_the_original_is_not_disturbed_by_saving(self):
        saved, alone = self.trained(), self.trained()
        pickle.dumps(saved)
        assert torch.equal(parameters(fit(saved, table(60))), parameters(fit(alone, table(60))))

    def test_clone(self):
        rule = DynamicLossWeighting(rate=0.3)
        net = self.trained(criterion=L1SmoothL1Loss, weighting=rule, patience=4, ema_decay=0.5)
        twin = clone(net)
        assert not hasattr(twin, "module_")
        own = {"patience": 4, "ema_decay": 0.5, "save_optimizer": False, "scheduler": None}
        assert {name: twin.get_params()[name] for name in own} == own
        assert twin.get_params()["weighting__rate"] == 0.3


def test_only_one_epoch_and_no_schedule_in_train_one_epoch():
    net = make_net(scheduler="warmup_cosine", callbacks=[Recorder()])
    net.train_one_epoch(table(40))
    assert recorder(net).rates == [0.1, 0.1, 0.1]
    assert len(net.history) == 1


def test_shared_bottom_overfits_ten_rows():
    data = table(10, missing=0.3)
    params = {"hidden_dim": 64, "tower_dim": None}
    net = make_net(SharedBottom, params, optimizer=torch.optim.AdamW, lr=1e-2, max_epochs=300)
    assert fit(net, data).history[-1, "train_loss"] < 1e-3
