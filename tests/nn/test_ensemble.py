"""An implicit ensemble equals its members evaluated one after the other."""

import pytest
import torch
from torch import nn

from sklearn_mtl.nn import ImplicitEnsemble, Towers
from tests.nn import loops
from tests.nn.networks import build, rows

FEATURES = {
    "mmoe": loops.mmoe_features,
    "mmoe-sigmoid": loops.mmoe_features,
    "mmoe-linear-towers": loops.mmoe_features,
    "shared_bottom": loops.shared_bottom_features,
    "shared_bottom-towers": loops.shared_bottom_features,
}


@pytest.mark.parametrize("variant", FEATURES)
def test_equals_separate_passes_with_own_scaling_and_towers(variant):
    ensemble, x = build(variant, n_members=4), rows(9)
    members = ensemble.members(x)
    assert members.shape == (4, 9, 3)
    for m in range(4):
        scaled = x * ensemble.input_scale[m]
        expected = loops.forward(ensemble.network, FEATURES[variant], scaled, member=m)
        torch.testing.assert_close(members[m], expected, rtol=1e-6, atol=1e-9)
    assert torch.equal(ensemble(x), members.mean(dim=0))


def test_members_start_with_signs_and_towers_of_their_own():
    ensemble = build("mmoe", n_features=50, n_members=4)
    assert set(ensemble.input_scale.unique().tolist()) == {-1.0, 1.0}
    assert ensemble.input_scale.shape == (4, 1, 50)
    for parameter in (ensemble.input_scale, *ensemble.network.towers.parameters()):
        own = parameter.detach().reshape(4, -1)
        assert len(own.unique(dim=0)) == 4


def test_the_body_is_shared():
    single, ensemble = build("mmoe"), build("mmoe", n_members=5)

    def size(*modules):
        return sum(p.numel() for module in modules for p in module.parameters())

    body = size(single) - size(single.towers)
    assert size(ensemble) == body + 5 * size(single.towers) + 5 * single.gate.in_features


def test_gates_are_the_members_mean():
    ensemble, x = build("mmoe", n_members=4), rows(9)
    by_member = [ensemble.network.gates(x * scale) for scale in ensemble.input_scale]
    torch.testing.assert_close(ensemble.gates(x), torch.stack(by_member).mean(dim=0))


class NoTowers(nn.Module):
    def __init__(self, n_features, n_targets):
        super().__init__()
        self.layer = nn.Linear(n_features, n_targets)

    def forward(self, x):
        return self.layer(x)


class OwnTrunk(nn.Module):
    """A user's network that offers what ensembles need and declares no ownership."""

    def __init__(self, n_features, n_targets):
        super().__init__()
        self.trunk = nn.Linear(n_features, 6)
        self.n_targets = n_targets
        self.towers = Towers(n_targets, 6)

    def encode(self, x):
        return torch.tanh(self.trunk(x)).expand(self.n_targets, -1, -1)

    def forward(self, x):
        return self.towers(self.encode(x))


def test_a_network_without_towers_is_refused_by_name():
    with pytest.raises(ValueError, match=r"NoTowers lacks one of them; use ensemble_size=1"):
        ImplicitEnsemble(4, 2, network=NoTowers, n_members=2)


def test_ownership_of_a_network_that_declares_nothing():
    ensemble = ImplicitEnsemble(4, 2, network=OwnTrunk, n_members=3)
    slices = ensemble.task_slices()
    assert set(slices) == {name for name, _ in ensemble.named_parameters()}
    assert slices["network.trunk.weight"].all()
    assert slices["input_scale"].all()
    towers = slices["network.towers.layers.0.weight"]
    assert torch.equal(towers, torch.eye(2, dtype=torch.bool).repeat(3, 1))
    assert ensemble.training, "asking for ownership must leave the mode alone"
