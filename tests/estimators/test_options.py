"""Parameters of the training: callbacks, net_params, device, verbose, and wrong values."""

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback, EarlyStopping, EpochScoring

from sklearn_mtl import AttentionMMoERegressor, MMoERegressor, MSBCNNRegressor, MultiTaskRegressor
from sklearn_mtl.losses import get_loss, loss_names
from sklearn_mtl.weighting import GradNorm
from tests.estimators.neural import NEURAL, plant, tiny

ALL = pytest.mark.parametrize("cls", NEURAL, ids=lambda cls: cls.__name__)


class Counter(Callback):
    """Count steps in a fitted attribute."""

    def on_train_begin(self, net, **kwargs):
        self.n_steps_ = 0

    def on_batch_end(self, net, training=False, **kwargs):
        self.n_steps_ += training


# Callbacks


def test_callbacks_work_and_are_not_changed():
    X, y = plant(missing=0.0)
    counter, scoring = Counter(), EpochScoring("r2", lower_is_better=False, name="r2")
    callbacks = [counter, ("scoring", scoring), EarlyStopping]
    given = list(callbacks)
    model = tiny(callbacks=callbacks)
    model.fit(X, y).fit(X, y)
    assert model.callbacks is callbacks
    assert all(one is other for one, other in zip(callbacks, given, strict=True))
    assert not hasattr(counter, "n_steps_")
    assert dict(model.net_.callbacks_)["Counter"].n_steps_ == 4 * 3
    assert model.history_["r2"].notna().all()


def test_a_weighting_among_the_callbacks_is_refused():
    with pytest.raises(ValueError, match="pass it as `weighting`"):
        tiny(callbacks=[GradNorm()]).fit(*plant())


# net_params


def test_net_params_overrule_the_others():
    X, y = plant()
    rate, params = 0.05, {"lr": 0.05, "optimizer__weight_decay": 0.1}
    overruled = tiny(net_params=params).fit(X, y)
    plain = tiny(learning_rate=rate, weight_decay=0.1).fit(X, y)
    np.testing.assert_array_equal(overruled.predict(X), plain.predict(X))
    assert params == {"lr": 0.05, "optimizer__weight_decay": 0.1}


@pytest.mark.parametrize(
    "params",
    [
        {"optimizer": torch.optim.RMSprop},
        {"optimizer": torch.optim.NAdam, "optimizer__weight_decay": 0.0},
        {"optimizer": torch.optim.LBFGS, "optimizer__max_iter": 3},
        {"iterator_train__batch_size": 7},
        {"save_optimizer": True},
        {"callbacks__timer": None},
    ],
    ids=lambda params: ",".join(map(str, params)),
)
def test_net_params_reach_the_net(params):
    model = tiny(net_params=params).fit(*plant())
    for name, value in params.items():
        if not name.startswith("callbacks__"):
            assert model.net_.get_params()[name] == value
    assert np.isfinite(model.predict(plant()[0])).all()


def test_unknown_net_params_are_named():
    with pytest.raises((TypeError, ValueError), match="learning_speed"):
        tiny(net_params={"learning_speed": 1}).fit(*plant())


# Batches, schedules, losses


@pytest.mark.parametrize(("n_rows", "expected"), [(20, 8), (320, 10), (3200, 100), (5000, 128)])
def test_automatic_batch_size_aims_at_32_steps(n_rows, expected):
    X = np.random.default_rng(0).normal(size=(n_rows, 1))
    model = tiny(batch_size="auto", max_epochs=1, validation_fraction=None)
    assert model.fit(X, X).net_.batch_size == expected


@pytest.mark.parametrize("loss", [*loss_names(), get_loss("huber", delta=0.5)], ids=str)
def test_every_loss_trains(loss):
    X, y = plant()
    model = tiny(loss=loss, max_epochs=15, learning_rate=1e-2).fit(X, y)
    losses = model.history_["train_loss"]
    assert losses.iloc[-1] < losses.iloc[0]
    assert np.isfinite(model.predict(X)).all()


def test_percentage_losses_are_reported_in_the_users_units():
    X, y = plant(missing=0.0)
    model = tiny(loss="mape", validation_fraction=None, scheduler=None, batch_size=100)
    first = model.set_params(max_epochs=1, learning_rate=1e-12).fit(X, y)
    errors = np.abs(first.predict(X) - y) / np.abs(y)
    reported = first.history_[["train_loss_y0", "train_loss_y1"]].iloc[0]
    shares = reported.to_numpy() / errors.mean(axis=0)
    assert shares == pytest.approx([shares[0]] * 2, rel=1e-3)
    assert shares[0] == pytest.approx(1, rel=1e-3) or shares[0] == pytest.approx(100, rel=1e-3)


def test_parameters_that_must_change_the_model_do():
    X, y = plant()
    base = tiny().fit(X, y).predict(X)
    for change in (
        {"optimizer": "sgd"},
        {"learning_rate": 0.05},
        {"weight_decay": 0.5},
        {"scheduler": None},
        {"ema_decay": 0.9},
        {"batch_size": 16},
        {"max_epochs": 2},
        {"validation_fraction": 0.5},
        {"validation_strategy": "random"},
        {"loss": "mae"},
        {"weighting": "gradnorm"},
        {"ensemble_size": 2},
        {"n_experts": 3},
        {"expert_dim": 5},
        {"tower_dim": None},
        {"dropout": 0.3},
    ):
        changed = tiny(**change).fit(X, y).predict(X)
        assert not np.allclose(changed, base, rtol=1e-6), change


# Device and output


def test_device():
    X, y = plant()
    auto = tiny(device="auto").fit(X, y)
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert auto.net_.device == expected
    assert next(auto.net_.module_.parameters()).device.type == expected
    assert tiny().fit(X, y).net_.device == "cpu"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@ALL
def test_training_on_a_gpu(cls):
    X, y = plant()
    model = tiny(cls, device="cuda").fit(X, y)
    on_cpu = tiny(cls).fit(X, y)
    # Random numbers differ between devices; scale and quality do not.
    assert abs(model.predict(X).mean() - on_cpu.predict(X).mean()) < y[~np.isnan(y)].std()
    assert model.partial_fit(X, y).n_iter_ == 5


def test_verbose_shows_progress_and_silence_is_silent(capfd):
    X, y = plant()
    tiny().fit(X, y).predict(X)
    assert capfd.readouterr() == ("", "")
    tiny(verbose=1).fit(X, y)
    shown = capfd.readouterr().err
    assert "4/4" in shown
    assert "valid_loss" in shown


# Errors


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"loss": "rmse"}, "'loss' parameter .*'mse'.* Got 'rmse'"),
        ({"weighting": "por?"}, "'weighting' parameter .*'gradnorm'.* Got 'por\\?'"),
        ({"weighting": GradNorm}, "'weighting' parameter"),
        ({"ensemble_size": 0}, "'ensemble_size' parameter .* Got 0"),
        ({"optimizer": "lbfgs"}, "'optimizer' parameter .*'adamw'.* Got 'lbfgs'"),
        ({"learning_rate": 0}, "'learning_rate' parameter .* Got 0"),
        ({"weight_decay": -1e-3}, "'weight_decay' parameter .* Got -0.001"),
        ({"scheduler": "cosine"}, "'scheduler' parameter .*'warmup_cosine'.* Got 'cosine'"),
        ({"ema_decay": 1.0}, "'ema_decay' parameter .* Got 1.0"),
        ({"batch_size": 0}, "'batch_size' parameter .* Got 0"),
        ({"batch_size": "all"}, "'batch_size' parameter .*'auto'.* Got 'all'"),
        ({"max_epochs": 0}, "'max_epochs' parameter .* Got 0"),
        ({"patience": 0}, "'patience' parameter .* Got 0"),
        ({"validation_fraction": 1.0}, "'validation_fraction' parameter .* Got 1.0"),
        (
            {"validation_strategy": "first"},
            "'validation_strategy' parameter .*'last'.* Got 'first'",
        ),
        ({"scale_y": "yes"}, "'scale_y' parameter .* Got 'yes'"),
        ({"callbacks": "progress"}, "'callbacks' parameter"),
        ({"random_state": "x"}, "'random_state' parameter .* Got 'x'"),
        ({"net_params": 3}, "'net_params' parameter .* Got 3"),
        ({"n_experts": 0}, "'n_experts' parameter .* Got 0"),
        ({"dropout": 1.0}, "'dropout' parameter .* Got 1.0"),
        ({"tower_dim": 0}, "'tower_dim' parameter .* Got 0"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_wrong_value_is_named_with_the_allowed_ones(params, message, method):
    with pytest.raises(ValueError, match=message):
        getattr(tiny(**params), method)(*plant())


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (MultiTaskRegressor(architecture="transformer"), "'architecture' parameter .*'mmoe'"),
        (MultiTaskRegressor(architecture_params=3), "'architecture_params' parameter"),
        (AttentionMMoERegressor(attention="tanh"), "'attention' parameter .*'sigmoid'.* 'tanh'"),
        (AttentionMMoERegressor(weight_l1=1.5), "'weight_l1' parameter .* Got 1.5"),
    ],
    ids=["architecture", "architecture_params", "attention", "weight_l1"],
)
def test_wrong_values_of_single_estimators(model, message):
    with pytest.raises(ValueError, match=message):
        model.fit(*plant())


@ALL
def test_unfitted(cls):
    X, y = plant()
    for call in (lambda: tiny(cls).predict(X), lambda: tiny(cls).score(X, y)):
        with pytest.raises(NotFittedError, match=cls.__name__):
            call()


def test_unknown_parameters_are_refused():
    with pytest.raises(TypeError, match="n_expert"):
        MMoERegressor(n_expert=3)
    with pytest.raises(ValueError, match="n_expert"):
        MMoERegressor().set_params(n_expert=3)


def test_divergence_says_what_to_do():
    X, y = plant()
    model = tiny(optimizer="sgd", learning_rate=1e9, scheduler=None, max_epochs=20)
    with pytest.raises(ValueError, match=r"diverged in epoch \d+.*StandardScaler.*learning_rate"):
        model.fit(X, y)


def test_the_defaults_are_those_that_were_decided():
    defaults = {
        "optimizer": "adamw",
        "scheduler": "warmup_cosine",
        "patience": 15,
        "validation_fraction": 0.15,
        "validation_strategy": "last",
        "scale_y": True,
        "ema_decay": None,
        "device": "cpu",
        "warm_start": False,
        "random_state": None,
    }
    for cls in NEURAL:
        assert defaults.items() <= cls().get_params().items(), cls.__name__
        # MS-BCNN has that of the configuration which its paper selects.
        rate = 1e-3 if cls is MSBCNNRegressor else 2e-3
        assert cls().learning_rate == rate, cls.__name__
    mixture = {"n_experts": 4, "hidden_dim": 64, "expert_dim": 32, "tower_dim": 16}
    assert mixture.items() <= MMoERegressor().get_params().items()
    paper = {"hidden_dim": 128, "expert_dim": 8, "loss": "l1_smooth_l1", "weighting": "dlw"}
    assert paper.items() <= AttentionMMoERegressor().get_params().items()
    frozen = {"architecture": "shared_bottom", "ensemble_size": 8, "loss": "smooth_l1"}
    assert frozen.items() <= MultiTaskRegressor().get_params().items()
