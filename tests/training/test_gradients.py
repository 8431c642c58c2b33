"""Gradients of the targets by the shared parameters."""

import pytest
import torch
from torch import nn

from sklearn_mtl.nn import ImplicitEnsemble, MMoE, SharedBottom
from sklearn_mtl.training import StepGradients, shared_slices
from sklearn_mtl.weighting import GradNorm
from tests.training.plants import MMOE, SHARED_BOTTOM, Recorder, fit, make_net, table


class Branches(nn.Module):
    """A user's network without declarations: a trunk, a branch for two targets, heads."""

    def __init__(self, n_features, n_targets):
        super().__init__()
        self.trunk = nn.Linear(n_features, 5)
        self.branch = nn.Linear(5, 5)
        self.heads = nn.ModuleList(nn.Linear(5, 1) for _ in range(n_targets))

    def forward(self, x):
        trunk = torch.tanh(self.trunk(x))
        inputs = [trunk] + [torch.tanh(self.branch(trunk))] * (len(self.heads) - 1)
        return torch.cat([head(h) for head, h in zip(self.heads, inputs, strict=True)], dim=1)


NETWORKS = {
    "mmoe": (MMoE, MMOE, ["experts"]),
    "attention": (MMoE, {**MMOE, "attention": "sigmoid"}, ["experts"]),
    "shared_bottom": (SharedBottom, SHARED_BOTTOM, ["trunk"]),
    "ensemble": (
        ImplicitEnsemble,
        {"network": MMoE, "n_members": 2, **MMOE},
        ["network.experts", "input_scale"],
    ),
    "undeclared": (Branches, {}, ["trunk", "branch"]),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_of_the_shared_parameters_one_target_at_a_time(name):
    module, params, shared = NETWORKS[name]
    net, data = make_net(module, params), table(30)
    losses = net.criterion_(net.module_(data.X), data.y)
    found = StepGradients(
        net.module_, losses, lambda step: shared_slices(net.module_, step)
    ).of_shared_parameters()
    expected = []
    for loss in losses:
        gradients = {
            n: torch.autograd.grad(loss, p, retain_graph=True, allow_unused=True)[0]
            for n, p in net.module_.named_parameters()
            if n.startswith(tuple(shared))
        }
        weights = dict(net.module_.named_parameters())
        expected.append(
            torch.cat(
                [
                    (torch.zeros_like(weights[n]) if g is None else g).flatten()
                    for n, g in gradients.items()
                ]
            )
        )
    assert found.shape == (3, len(expected[0]))
    # Parameters may come in any order; the Gram matrix is what rules use.
    torch.testing.assert_close(found @ found.T, torch.stack(expected) @ torch.stack(expected).T)


@pytest.mark.parametrize("name", ["undeclared", "mmoe"])
def test_what_is_shared_is_found_although_a_target_has_no_label_in_the_first_batch(name):
    module, params, _ = NETWORKS[name]
    data = table(32, missing=0.0)
    data.y[:16, 1] = torch.nan
    n_shared = []
    for labels in (data, table(32, missing=0.0)):
        net = make_net(module, params, weighting=GradNorm(), callbacks=[Recorder()], max_epochs=1)
        fit(net, labels)
        losses = net.criterion_(net.module_(data.X), table(32, missing=0.0).y)
        gradients = StepGradients(net.module_, losses, net._shared_slices).of_shared_parameters()
        n_shared.append(gradients.shape[1])
    assert n_shared[0] == n_shared[1]


def test_a_network_that_starts_at_zero_shares_its_trunk_all_the_same():
    """Heads of weight zero let no gradient through in the first step."""

    class FromZero(Branches):
        def __init__(self, n_features, n_targets):
            super().__init__(n_features, n_targets)
            for head in self.heads:
                nn.init.zeros_(head.weight)

    data = table(32, missing=0.0)
    net = fit(make_net(FromZero, {}, weighting=GradNorm(), max_epochs=2), data)
    losses = net.criterion_(net.module_(data.X), data.y)
    gradients = StepGradients(net.module_, losses, net._shared_slices).of_shared_parameters()
    assert gradients.shape == (3, (4 + 1) * 5 + (5 + 1) * 5)


def test_nothing_shared_gives_no_columns():
    class Apart(nn.Module):
        def __init__(self, n_features, n_targets):
            super().__init__()
            self.heads = nn.ModuleList(nn.Linear(n_features, 1) for _ in range(n_targets))

        def forward(self, x):
            return torch.cat([head(x) for head in self.heads], dim=1)

    net, data = make_net(Apart, {}), table(30)
    losses = net.criterion_(net.module_(data.X), data.y)
    gradients = StepGradients(net.module_, losses, lambda step: shared_slices(net.module_, step))
    assert gradients.of_shared_parameters().shape == (3, 0)


def test_with_one_target_everything_counts_as_shared():
    net = make_net(MMoE, module__n_targets=1)
    data = table(30)
    losses = net.criterion_(net.module_(data.X), data.y[:, :1])
    slices = shared_slices(net.module_, losses)
    assert {part.name for part in slices} == {n for n, _ in net.module_.named_parameters()}
    assert all(part.rows is None for part in slices)
