"""What every weighting rule promises, and that rules differ where targets are in conflict."""

import itertools

import numpy as np
import pytest
import torch
from sklearn.base import clone

from sklearn_mtl.extension import TaskWeighting, check_weighting
from sklearn_mtl.losses import L1SmoothL1Loss
from sklearn_mtl.nn import MMoE
from sklearn_mtl.training import TensorTable
from sklearn_mtl.weighting import (
    WEIGHTINGS,
    DynamicLossWeighting,
    DynamicWeightAverage,
    EqualWeighting,
    FixedWeighting,
    GradNorm,
    ParetoObjectiveRouting,
    UncertaintyWeighting,
)
from tests.training.plants import fit, make_net, parameters, table

RULES = {
    "equal": EqualWeighting(),
    "fixed": FixedWeighting([2.0, 0.5, 0.5]),
    "gradnorm": GradNorm(learning_rate=0.1),
    "gradnorm-symmetric": GradNorm(asymmetry=0.0, learning_rate=0.1),
    "dlw": DynamicLossWeighting(rate=1.0),
    "dlw-loss-only": DynamicLossWeighting(rate=1.0, balance=None),
    "dwa": DynamicWeightAverage(temperature=0.5),
    "por": ParetoObjectiveRouting(),
    "por-representation": ParetoObjectiveRouting("representation"),
    "por-frank-wolfe": ParetoObjectiveRouting(solver="frank-wolfe"),
    "por-normalized": ParetoObjectiveRouting(normalize="loss+"),
    "por-every-third": ParetoObjectiveRouting(every=3),
    "por-floor": ParetoObjectiveRouting(min_weight=0.1),
    "por-smoothed": ParetoObjectiveRouting(smoothing=0.9),
    "uncertainty": UncertaintyWeighting(learning_rate=0.1),
}


def test_every_name_is_covered():
    assert {type(rule) for rule in RULES.values()} >= set(WEIGHTINGS.values())


@pytest.mark.parametrize("name", RULES)
def test_keeps_the_contract(name):
    check_weighting(RULES[name])


def test_distinct_rules_make_distinct_updates():
    data = table(64, missing=0.2)
    conflict = TensorTable(data.X, torch.stack([data.y[:, 0], -4 * data.y[:, 0], data.y[:, 2]], 1))
    vectors = {}
    for name, rule in RULES.items():
        net = make_net(MMoE, weighting=rule, criterion=L1SmoothL1Loss(), max_epochs=4)
        vectors[name] = parameters(fit(net, conflict))
    for one, other in itertools.combinations(RULES, 2):
        assert not torch.allclose(vectors[one], vectors[other], rtol=1e-4, atol=1e-6), (one, other)


class LargestOnly(TaskWeighting):
    """A user's rule."""

    def on_task_losses(self, net, *, losses, observed, gradients, **kwargs):
        shares = losses.detach() == losses.detach().max()
        self.weights_ = len(losses) * shares.float()


class Advances(TaskWeighting):
    """Breaks the contract: its state moves whenever losses are announced."""

    def on_task_losses(self, net, *, losses, observed, gradients, **kwargs):
        before = torch.ones_like(losses) if self.weights_ is None else self.weights_
        self.weights_ = before * torch.tensor([0.9, 1.0, 1.0])


class NoRule(TaskWeighting):
    """Breaks the contract: it gives the weights of another rule."""


class WrongShape(TaskWeighting):
    """Breaks the contract: one weight too many."""

    def on_task_losses(self, net, *, losses, observed, gradients, **kwargs):
        self.weights_ = torch.ones(len(losses) + 1)


def test_a_rule_of_the_user_weighs_the_losses():
    data = table(16)
    net = make_net(weighting=LargestOnly(), max_epochs=1)
    losses = net.criterion_(net.module_(data.X), data.y)
    gradient = torch.autograd.grad(losses.max(), net.module_.parameters())
    expected = parameters(net) - 0.1 * torch.cat([g.flatten() for g in gradient])
    torch.testing.assert_close(parameters(fit(net, data)), expected)


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        (Advances(), AssertionError, "must not advance"),
        (NoRule(), AssertionError, "otherwise than equal weights"),
        (WrongShape(), (AssertionError, RuntimeError), "shape|size"),
    ],
)
def test_a_broken_contract_is_found(rule, error, message):
    with pytest.raises(error, match=message):
        check_weighting(rule)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_that_has_trained_is_cloned_without_its_state(name):
    net = fit(make_net(weighting=RULES[name], criterion=L1SmoothL1Loss(), max_epochs=2), table())
    trained = net.weighting_
    twin = clone(trained, safe=False)
    assert repr(twin) == repr(trained) == repr(RULES[name])
    assert not hasattr(twin, "weights_")


def test_a_rule_is_shown_as_it_is_written():
    assert repr(ParetoObjectiveRouting()) == "ParetoObjectiveRouting()"
    rule = ParetoObjectiveRouting(smoothing=0.9, gradients="representation")
    assert repr(rule) == "ParetoObjectiveRouting(gradients='representation', smoothing=0.9)"
    assert repr(FixedWeighting([2.0, 1.0])) == "FixedWeighting(weights=[2.0, 1.0])"
    assert repr(FixedWeighting(np.array([2.0, 1.0]))) == "FixedWeighting(weights=array([2., 1.]))"
