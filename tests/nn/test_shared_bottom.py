"""Shared bottom against a plain perceptron with one output per target."""

import pytest
import torch

from sklearn_mtl.nn import SharedBottom
from tests.nn import loops
from tests.nn.networks import build, rows


@pytest.mark.parametrize("variant", ["shared_bottom", "shared_bottom-towers"])
def test_equals_the_loop_over_targets(variant):
    network, x = build(variant), rows(11)
    expected = loops.forward(network, loops.shared_bottom_features, x)
    torch.testing.assert_close(network(x), expected, rtol=1e-6, atol=1e-9)


def test_encode_gives_the_trunk_to_every_target():
    network, x = build("shared_bottom"), rows(11)
    features = network.encode(x)
    for k in range(3):
        assert torch.equal(features[k], network.trunk(x))


@pytest.mark.parametrize("n_layers", [1, 2, 4])
def test_number_of_parameters(n_layers):
    network = SharedBottom(5, 3, hidden_dim=7, n_layers=n_layers, tower_dim=2)
    trunk = (5 + 1) * 7 + (n_layers - 1) * (7 + 1) * 7
    towers = 3 * ((7 + 1) * 2 + (2 + 1))
    assert sum(parameter.numel() for parameter in network.parameters()) == trunk + towers
