"""Gradients of the targets by the shared parameters, and the backward pass of a step."""

from itertools import pairwise

import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from sklearn_mtl.nn import ImplicitEnsemble, MMoE, OMoE, SharedBottom, Towers
from sklearn_mtl.training import Sharing, StepGradients
from sklearn_mtl.training._decoder import decoder_name
from sklearn_mtl.weighting import GradNorm, ParetoObjectiveRouting
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


def gradients_of_step(net, data):
    """Gradients by the shared parameters as a rule gets them, and the losses."""
    prediction, features = net.predict_for_step(data.X)
    losses = net.criterion_(prediction, data.y.repeat(len(prediction) // len(data.y), 1))
    return StepGradients(losses, net._find_sharing, features).of_shared_parameters(), losses


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_of_the_shared_parameters_one_target_at_a_time(name):
    module, params, shared = NETWORKS[name]
    net, data = make_net(module, params), table(30)
    found, losses = gradients_of_step(net, data)
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


OMOE = {"n_expert_layers": 2, "hidden_dim": 5, "tower_dim": 3}
SEPARATELY = {
    **NETWORKS,
    "omoe": (OMoE, OMOE, None),
    "omoe-wide": (OMoE, {**OMOE, "n_blocks": 3, "n_specific": 2, "n_shared": 2}, None),
    "omoe-alone": (OMoE, {**OMOE, "n_shared": 0}, None),
    "omoe-shared": (OMoE, {**OMOE, "n_specific": 0, "n_shared": 2}, None),
}


def step_gradients(net, data, *, past_towers=True, **kwargs):
    """Gradients of one step in double precision, from weights that are the same every time."""
    module = net.module_.double()
    x, y = data.X.double(), data.y.double()
    net.sharing_ = None
    net.decoder_name_ = decoder_name(module, x) if past_towers else ""
    prediction, features = net.predict_for_step(x)
    losses = net.criterion_(prediction, y.repeat(len(prediction) // len(y), 1))
    return StepGradients(losses, net._find_sharing, features, **kwargs), losses


def expected_gradients(net, losses, weights):
    """Eq. 13 one slice at a time: shared slices the weighted sum, the others their own."""
    names, parameters = zip(*net.module_.named_parameters(), strict=True)
    owners = OWNERS.get(type(net.module_)) or net.module_.task_slices()
    gradients = [
        torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
        for loss in losses
    ]
    expected = {}
    for i, name in enumerate(names):
        reached = owners[name]
        slices = []
        for s in range(len(reached)):
            targets = [k for k in range(3) if reached[s, k]]
            slices.append(
                sum(
                    (1.0 if len(targets) == 1 else weights[k]) * gradients[k][i][s]
                    for k in targets
                    if gradients[k][i] is not None
                )
            )
        expected[name] = torch.stack(slices)
    return expected


class UndeclaredTowers(nn.Module):
    """A user's network with the library's towers, but without declarations."""

    def __init__(self, n_features, n_targets):
        super().__init__()
        self.trunk = nn.Linear(n_features, 5)
        self.towers = Towers(n_targets, 5, 3)

    def encode(self, x):
        return torch.tanh(self.trunk(x)).expand(3, -1, -1)

    def forward(self, x):
        return self.towers(self.encode(x))


ALL, FIRST_OFF, OWN = torch.ones(1, 3) > 0, torch.tensor([[False, True, True]]), torch.eye(3) > 0
OWNERS = {
    Branches: {
        "trunk.weight": ALL.repeat(5, 1),
        "trunk.bias": ALL.repeat(5, 1),
        "branch.weight": FIRST_OFF.repeat(5, 1),
        "branch.bias": FIRST_OFF.repeat(5, 1),
        **{f"heads.{k}.{kind}": OWN[[k]] for k in range(3) for kind in ("weight", "bias")},
    },
    UndeclaredTowers: {
        "trunk.weight": ALL.repeat(5, 1),
        "trunk.bias": ALL.repeat(5, 1),
        **{f"towers.layers.{i}.{kind}": OWN for i in (0, 2) for kind in ("weight", "bias")},
    },
}
SEPARATELY["undeclared-towers"] = (UndeclaredTowers, {}, None)

WEIGHTS = [[0.5, 0.2, 0.3], [0.7, 0.0, 0.3], [1.0, 1e-12, 1e-7], [2.0, -0.5, -0.5]]


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("asked", ["nothing", "parameters", "representation"])
@pytest.mark.parametrize("name", SEPARATELY)
def test_shared_parameters_get_the_weighted_sum_and_the_others_their_own_gradient(
    name, asked, weights
):
    """Equation 13, whatever the rule has asked before and whatever its weights are."""
    module, params, _ = SEPARATELY[name]
    net, data = make_net(module, params), table(30)
    gradients, losses = step_gradients(net, data, separately=True)
    if asked == "parameters":
        gradients.of_shared_parameters()
    if asked == "representation" and net.decoder_name_:
        gradients.of_shared_representation()
    weights = torch.tensor(weights, dtype=torch.float64)
    expected = expected_gradients(net, losses, weights)
    gradients.backward_separately(weights)
    for key, parameter in net.module_.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[key], rtol=1e-9, atol=1e-12, msg=key)


@pytest.mark.parametrize("asked", ["nothing", "parameters"])
@pytest.mark.parametrize("name", ["mmoe", "omoe", "ensemble"])
def test_the_way_past_the_towers_and_the_whole_way_are_the_same(name, asked):
    module, params, _ = SEPARATELY[name]
    data, weights = table(30), torch.tensor([0.7, 0.1, 0.2], dtype=torch.float64)
    found = []
    for past_towers in (True, False):
        net = make_net(module, params)
        gradients, _ = step_gradients(net, data, past_towers=past_towers, separately=True)
        if asked == "parameters":
            gradients.of_shared_parameters()
        gradients.backward_separately(weights)
        found.append(torch.cat([p.grad.flatten() for p in net.module_.parameters()]))
    torch.testing.assert_close(*found)


@pytest.mark.parametrize("name", SEPARATELY)
def test_a_direction_takes_the_place_of_the_weighted_sum(name):
    module, params, _ = SEPARATELY[name]
    net, data = make_net(module, params), table(30)
    gradients, losses = step_gradients(net, data, separately=True)
    weights = torch.tensor([0.7, -0.2, 0.3], dtype=torch.float64)  # a direction may ascend
    direction = weights @ gradients.of_shared_parameters()
    expected = expected_gradients(net, losses, weights)
    gradients.backward_separately(torch.full((3,), torch.nan), direction)
    for key, parameter in net.module_.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[key], msg=key)


@pytest.mark.parametrize("name", ["mmoe", "omoe", "shared_bottom"])
def test_gradients_of_the_representation_one_target_at_a_time(name):
    module, params, _ = SEPARATELY[name]
    net, data = make_net(module, params), table(30)
    gradients, losses = step_gradients(net, data)
    rows = []
    for k, loss in enumerate(losses):
        (gradient,) = torch.autograd.grad(loss, gradients._features, retain_graph=True)
        assert not gradient[[j for j in range(3) if j != k]].any()
        rows.append(gradient[k].flatten())
    torch.testing.assert_close(gradients.of_shared_representation(), torch.stack(rows))


def test_a_network_of_scalars_is_divided_too():
    class Scalars(nn.Module):
        def __init__(self, n_features, n_targets):
            super().__init__()
            self.common = nn.Parameter(torch.tensor(0.5))
            self.own = nn.ParameterList(torch.tensor(0.1 * k) for k in range(n_targets))

        def forward(self, x):
            return torch.stack([self.common * x.sum(1) + own for own in self.own], dim=1)

    net, data = make_net(Scalars, {}), table(30)
    for asks in (False, True):
        gradients, losses = step_gradients(net, data, separately=True)
        if asks:
            gradients.of_shared_parameters()
        weights = torch.tensor([0.5, 0.0, 0.5], dtype=torch.float64)
        common = torch.autograd.grad(losses @ weights, net.module_.common, retain_graph=True)[0]
        own = [
            torch.autograd.grad(losses[k], net.module_.own[k], retain_graph=True)[0]
            for k in range(3)
        ]
        net.module_.zero_grad()
        gradients.backward_separately(weights)
        torch.testing.assert_close(net.module_.common.grad, common)
        for k in range(3):
            torch.testing.assert_close(net.module_.own[k].grad, own[k])


@pytest.mark.parametrize("name", ["undeclared", "mmoe"])
def test_what_is_shared_is_found_although_a_target_has_no_label_in_the_first_batch(name):
    module, params, _ = NETWORKS[name]
    data = table(32, missing=0.0)
    data.y[:16, 1] = torch.nan
    n_shared = []
    for labels in (data, table(32, missing=0.0)):
        net = make_net(module, params, weighting=GradNorm(), callbacks=[Recorder()], max_epochs=1)
        fit(net, labels)
        n_shared.append(gradients_of_step(net, table(32, missing=0.0))[0].shape[1])
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
    gradients, _ = gradients_of_step(net, data)
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
    gradients = StepGradients(losses, net._find_sharing)
    assert gradients.of_shared_parameters().shape == (3, 0)


def test_with_one_target_everything_counts_as_shared():
    net = make_net(MMoE, module__n_targets=1)
    data = table(30)
    losses = net.criterion_(net.module_(data.X), data.y[:, :1])
    sharing = Sharing(net.module_, losses)
    assert {id(parameter) for parameter in sharing.parameters} == {
        id(parameter) for parameter in net.module_.parameters()
    }
    assert sharing.n_shared_parameters == len(sharing.parameters)


RULES = {
    "equal": None,
    "exact": ParetoObjectiveRouting(),
    "every": ParetoObjectiveRouting(every=3),
    "representation": ParetoObjectiveRouting("representation"),
    "gradnorm": GradNorm(),
}


class AtEpoch(Callback):
    """Freeze a part of the network, or the reverse, when an epoch (counted from 1) begins."""

    def __init__(self, part, epoch, requires_grad):
        self.part, self.epoch, self.requires_grad = part, epoch, requires_grad

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) == self.epoch:
            net.module_.get_submodule(self.part).requires_grad_(self.requires_grad)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("part", ["blocks.0.experts", "blocks", "towers"])
def test_a_part_that_is_frozen_for_some_epochs_rests_for_them(rule, part):
    params = {"n_expert_layers": 2, "hidden_dim": 5}
    callbacks = [AtEpoch(part, 2, False), AtEpoch(part, 3, True), Recorder()]
    net = make_net(OMoE, params, weighting=RULES[rule], callbacks=callbacks, max_epochs=4)
    snapshots = []

    class Snapshot(Callback):
        def on_epoch_end(self, net, **kwargs):
            weights = net.module_.get_submodule(part).parameters()
            snapshots.append(torch.nn.utils.parameters_to_vector(weights).detach().clone())

    net.callbacks_.append(("snapshot", Snapshot()))
    fit(net, table(32, missing=0.0))
    moved = [not torch.equal(a, b) for a, b in pairwise(snapshots)]
    assert moved == [False, True, True]  # from epoch to epoch


class Exponential(UndeclaredTowers):
    """A user's network that does something after the towers."""

    def decode(self, features):
        return torch.exp(self.towers(features))

    def forward(self, x):
        return self.decode(self.encode(x))


@pytest.mark.parametrize("rule", RULES)
def test_training_sees_what_the_network_predicts(rule):
    """Whatever its parts are called: the recorded loss is that of its own predictions."""
    data = table(30, missing=0.0)
    net = make_net(Exponential, {}, weighting=RULES[rule], lr=1e-12, batch_size=30, max_epochs=1)
    losses = net.criterion_(net.module_(data.X), data.y)
    fit(net, data)
    assert net.history[0, "train_task_losses"] == pytest.approx(losses.tolist())


def test_parts_of_the_same_names_for_another_purpose_are_left_alone():
    """An autoencoder decodes its input."""

    class AutoEncoder(nn.Module):
        def __init__(self, n_features, n_targets):
            super().__init__()
            self.encode = nn.Linear(n_features, 2)
            self.decode = nn.Linear(2, n_features)
            self.head = nn.Linear(2, n_targets)

        def forward(self, x):
            return self.head(self.encode(x))

    net = make_net(AutoEncoder, {}, weighting=ParetoObjectiveRouting(), max_epochs=1)
    fit(net, table(30))
    assert net.decoder_name_ == ""
    rule = ParetoObjectiveRouting("representation")
    with pytest.raises(ValueError, match="AutoEncoder is none"):
        fit(make_net(AutoEncoder, {}, weighting=rule), table(30))


def test_equal_weights_call_the_network_as_it_is():
    """Hooks and overridden forwards have their say."""
    calls = []

    class Counted(MMoE):
        def forward(self, x):
            calls.append(len(x))
            return super().forward(x)

    fit(make_net(Counted, MMOE, max_epochs=1), table(40, missing=0.0))
    assert calls == [16, 16, 8]
