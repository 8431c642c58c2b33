"""Dynamic loss weighting: when alpha moves, by how much, and the ablations of the paper."""

import math

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sklearn_mtl import AttentionMMoERegressor, MMoERegressor
from sklearn_mtl.losses import CombinedLoss, L1SmoothL1Loss
from sklearn_mtl.nn import MMoE
from sklearn_mtl.weighting import DynamicLossWeighting, EqualWeighting, GradNorm
from tests.training.plants import fit, make_net, table

TINY = {"n_experts": 2, "hidden_dim": 8, "expert_dim": 4, "max_epochs": 4, "random_state": 0}


class AlphaWatch(Callback):
    """Keep alpha and the sums of both terms of every step, by epoch."""

    def initialize(self):
        self.epochs = []
        return self

    def on_epoch_begin(self, net, **kwargs):
        self.epochs.append([])

    def on_batch_end(self, net, batch=None, training=False, y_pred=None, **kwargs):
        if training:
            self.epochs[-1].append(
                (net.criterion_.alpha.clone(), y_pred.detach().clone(), batch[1])
            )


def dlw_net(**params):
    return make_net(
        MMoE,
        weighting=DynamicLossWeighting(**params),
        criterion=L1SmoothL1Loss(0.6),
        callbacks=[("watch", AlphaWatch())],
        max_epochs=5,
    )


def watched(net):
    return dict(net.callbacks_)["watch"].epochs


def term_means(steps):
    """Epoch means of L1 and smooth L1 of every target, one label at a time."""
    sums, counts = [[0.0] * 3, [0.0] * 3], [0] * 3
    for _, prediction, y in steps:
        for k in range(3):
            for predicted, label in zip(prediction[:, k].tolist(), y[:, k].tolist(), strict=True):
                if math.isnan(label):
                    continue
                r = abs(predicted - label)
                sums[0][k] += r
                sums[1][k] += 0.5 * r**2 if r < 1 else r - 0.5
                counts[k] += 1
    return [[s / n for s, n in zip(term, counts, strict=True)] for term in sums]


def test_alpha_follows_the_adaptive_rule_at_the_end_of_an_epoch():
    rate = 0.5
    net = fit(dlw_net(rate=rate), table(50))
    alpha, previous = [0.6] * 3, None
    for epoch, steps in enumerate(watched(net)):
        for used, _, _ in steps:  # the same in all steps of an epoch
            assert used.tolist() == pytest.approx(alpha, rel=1e-5)
        assert net.history[epoch, "alpha"] == pytest.approx(alpha, rel=1e-5)
        means = term_means(steps)
        if previous is not None:
            for k in range(3):
                rho = [min(max(means[i][k] / previous[i][k], 0.1), 10.0) for i in range(2)]
                mean_rho = sum(rho) / 2
                first = alpha[k] * math.exp(rate * (rho[0] - mean_rho))
                second = (1 - alpha[k]) * math.exp(rate * (rho[1] - mean_rho))
                alpha[k] = first / (first + second)
        previous = means
    assert net.criterion_.alpha.tolist() == pytest.approx(alpha, rel=1e-5)
    assert all(abs(a - 0.6) > 1e-4 for a in alpha)


def test_alpha_rests_with_adapt_false():
    net = fit(dlw_net(adapt=False), table(50))
    assert net.history[:, "alpha"] == [pytest.approx([0.6] * 3)] * 5


def test_validation_always_uses_the_start_value():
    net = fit(dlw_net(rate=2.0), table(50), table(30, seed=1))
    assert net.criterion_.alpha.sub(0.6).abs().min() > 1e-3
    validation = table(30, seed=1)
    start = L1SmoothL1Loss(0.6)(net.module_.eval()(validation.X), validation.y)
    best = min(net.history[:, "valid_loss"])
    assert start.mean().item() == pytest.approx(best, rel=1e-5)


def test_balance_none_gives_equal_weights():
    net = fit(dlw_net(balance=None), table(50))
    assert net.history[:, "task_weights"] == [[1.0, 1.0, 1.0]] * 5


def test_balance_gradnorm_gives_the_weights_of_gradnorm():
    plain = make_net(MMoE, weighting=GradNorm(), criterion=L1SmoothL1Loss(0.6), max_epochs=5)
    fit(plain, table(50))
    both = fit(dlw_net(adapt=False), table(50))
    assert both.history[:, "task_weights"] == plain.history[:, "task_weights"]
    assert both.history[-1, "task_weights"] != [1.0, 1.0, 1.0]


@pytest.fixture(scope="module")
def plant():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 4))
    y = np.column_stack([X[:, 0] * X[:, 1], X[:, 2] ** 2]) + rng.standard_t(2, size=(80, 2))
    y[rng.random(y.shape) < 0.2] = np.nan
    return X, y


def test_no_dlw_is_the_plain_mean_of_both_losses(plant):
    X, y = plant
    half = CombinedLoss("mae", "smooth_l1", weight=0.5)
    ablation = AttentionMMoERegressor(weighting="equal", weight_l1=0.5, **TINY).fit(X, y)
    plain = AttentionMMoERegressor(weighting="equal", loss=half, **TINY).fit(X, y)
    np.testing.assert_array_equal(ablation.predict(X), plain.predict(X))
    resting = DynamicLossWeighting(adapt=False, balance=None)
    resting = AttentionMMoERegressor(weighting=resting, weight_l1=0.5, **TINY).fit(X, y)
    np.testing.assert_array_equal(ablation.predict(X), resting.predict(X))
    full = AttentionMMoERegressor(**TINY).fit(X, y)
    assert not np.array_equal(full.predict(X), ablation.predict(X))


def test_no_attention_is_mmoe_with_the_same_loss(plant):
    X, y = plant
    ablation = AttentionMMoERegressor(attention=None, weighting="dlw", **TINY).fit(X, y)
    loss = {"loss": "l1_smooth_l1", "weighting": "dlw", "tower_dim": 16}
    same = MMoERegressor(**loss, **TINY).fit(X, y)
    np.testing.assert_array_equal(ablation.predict(X), same.predict(X))


def test_history_has_weights_and_alpha_of_every_target(plant):
    history = AttentionMMoERegressor(**TINY).fit(*plant).history_
    weights = history[["weight_y0", "weight_y1"]]
    np.testing.assert_allclose(weights.sum(axis=1), 2.0, rtol=1e-5)
    assert history["alpha_y0"].iloc[0] == pytest.approx(0.6)
    assert history[["alpha_y0", "alpha_y1"]].iloc[-1].between(0, 1, inclusive="neither").all()


@pytest.mark.parametrize("loss", ["mse", "adaptive_combined", CombinedLoss("mae", "smooth_l1")])
def test_another_loss_is_refused(plant, loss):
    model = AttentionMMoERegressor(loss=loss, **TINY)
    with pytest.raises(ValueError, match=r"needs loss='l1_smooth_l1'. Found"):
        model.fit(*plant)


def test_the_net_refuses_another_loss():
    net = make_net(MMoE, weighting=DynamicLossWeighting())
    with pytest.raises(ValueError, match=r"needs loss='l1_smooth_l1'. Found MSELoss"):
        net.partial_fit(table(), None)


def test_the_loss_may_be_an_instance(plant):
    X, y = plant
    by_name = AttentionMMoERegressor(weight_l1=0.7, **TINY).fit(X, y)
    instance = AttentionMMoERegressor(loss=L1SmoothL1Loss(weight_l1=0.7), **TINY).fit(X, y)
    np.testing.assert_array_equal(instance.predict(X), by_name.predict(X))


def test_unknown_balance_is_named(plant):
    model = AttentionMMoERegressor(weighting=DynamicLossWeighting(balance="por"), **TINY)
    with pytest.raises(ValueError, match=r"`balance` must be 'gradnorm' or None. Found 'por'"):
        model.fit(*plant)


def test_an_instance_of_the_rule_is_not_touched(plant):
    rule = DynamicLossWeighting(balance=None)
    AttentionMMoERegressor(weighting=rule, **TINY).fit(*plant)
    assert vars(rule) == {"adapt": True, "rate": 0.01, "balance": None}
    rule = EqualWeighting()
    MMoERegressor(weighting=rule, **TINY).fit(*plant)
    assert vars(rule) == {}


def test_terms_are_collected_in_training_only():
    """A validation part must not enter the epoch means that move alpha."""
    alone = fit(dlw_net(rate=0.5), table(50))
    beside = fit(dlw_net(rate=0.5), table(50), table(30, seed=1))
    torch.testing.assert_close(
        torch.tensor(beside.history[:, "alpha"]), torch.tensor(alone.history[:, "alpha"])
    )
