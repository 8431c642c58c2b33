"""OMoE against the equations written as loops over blocks, targets and experts."""

import itertools

import pytest
import torch

from sklearn_mtl.nn import OMoE
from tests.nn import loops
from tests.nn.networks import build, rows

BLOCKS = list(itertools.product([1, 2, 3], [0, 1, 2], [0, 1, 2]))
SHAPES = [shape for shape in BLOCKS if shape[1] + shape[2] > 0]


def omoe(shape, **params):
    n_blocks, n_specific, n_shared = shape
    return build("omoe", n_blocks=n_blocks, n_specific=n_specific, n_shared=n_shared, **params)


@pytest.mark.parametrize("shape", SHAPES)
def test_equals_the_loops_over_blocks_targets_and_experts(shape):
    network, x = omoe(shape), rows(11)
    expected = torch.stack(loops.omoe_features(network, x))
    torch.testing.assert_close(network.encode(x), expected, rtol=1e-6, atol=1e-9)
    expected = loops.forward(network, loops.omoe_features, x)
    torch.testing.assert_close(network(x), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_equal_those_of_the_loops(shape):
    network, x = omoe(shape), rows(11)
    parameters = list(network.parameters())
    stacked = torch.autograd.grad(network(x).sin().sum(), parameters, allow_unused=True)
    by_loops = torch.autograd.grad(
        loops.forward(network, loops.omoe_features, x).sin().sum(), parameters, allow_unused=True
    )
    for gradient, expected in zip(stacked, by_loops, strict=True):
        torch.testing.assert_close(gradient, expected, rtol=1e-6, atol=1e-9)


def test_more_pairs_than_are_mixed_elementwise_equal_the_loops():
    network, x = omoe((2, 3, 4), n_targets=7), rows(5)
    expected = torch.stack(loops.omoe_features(network, x))
    torch.testing.assert_close(network.encode(x), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("block", [0, 1, 2, -1])
def test_gates_of_every_block_are_asked_for(block):
    network, x = omoe((3, 2, 1)), rows(9)
    gates = network.gates(x, block)
    assert gates.shape == (3, 9, 3)
    torch.testing.assert_close(gates.sum(dim=2), torch.ones(3, 9, dtype=x.dtype))
    # What the block sees is what a network without it and those above gives.
    network.blocks = network.blocks[: block if block >= 0 else 2]
    inputs = loops.omoe_features(network, x) if len(network.blocks) else [x] * 3
    whole = omoe((3, 2, 1))
    for k in range(3):
        gate = loops.omoe_block(whole, block)[2][k]
        torch.testing.assert_close(gates[k], gate(inputs[k]))


def test_an_ensemble_gives_its_members_mean_gates():
    network, x = omoe((2, 1, 1), n_members=3), rows(9)
    gates = network.gates(x, block=0)
    members = [network.network.gates(x * scale, block=0) for scale in network.input_scale]
    torch.testing.assert_close(gates, sum(members) / 3)


def test_without_shared_experts_every_target_is_alone():
    network, x = omoe((3, 2, 0)), rows(30)
    owners = network.task_slices()
    for k, output in enumerate(network(x).sum(dim=0)):
        gradients = torch.autograd.grad(
            output, list(network.parameters()), retain_graph=True, allow_unused=True
        )
        for (name, _), gradient in zip(network.named_parameters(), gradients, strict=True):
            reached = gradient.reshape(len(gradient), -1).any(dim=1)
            assert not reached[~owners[name][:, k]].any(), name
            assert (owners[name].sum(dim=1) == 1).all(), name


def test_targets_may_be_named_in_any_order():
    """Permuting a network's targets permutes its predictions."""
    network, x = omoe((2, 2, 1)), rows(9)
    before = network(x)
    order = torch.tensor([2, 0, 1])
    experts = torch.cat([(2 * order[:, None] + torch.arange(2)).flatten(), torch.tensor([6])])
    with torch.no_grad():
        for block in network.blocks:
            for stack in loops.layers(block.experts):
                stack.weight.copy_(stack.weight[experts])
                stack.bias.copy_(stack.bias[experts])
            block.gate.weight.copy_(block.gate.weight[order])
            block.gate.bias.copy_(block.gate.bias[order])
            if block.shared_gate is not None:
                block.shared_gate.weight.copy_(block.shared_gate.weight[experts])
                block.shared_gate.bias.copy_(block.shared_gate.bias[experts])
        for stack in loops.layers(network.towers.layers):
            stack.weight.copy_(stack.weight[order])
            stack.bias.copy_(stack.bias[order])
    torch.testing.assert_close(network(x), before[:, order])


def test_a_block_without_experts_is_refused():
    with pytest.raises(ValueError, match="`n_specific` or `n_shared` must be at least 1"):
        OMoE(4, 2, n_specific=0, n_shared=0)
