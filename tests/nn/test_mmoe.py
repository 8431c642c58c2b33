"""MMoE and task attention against the equations written as loops."""

import pytest
import torch

from sklearn_mtl.nn import MMoE, TaskAttention
from tests.nn import loops
from tests.nn.networks import build, rows

MMOES = ["mmoe", "mmoe-linear-towers", "mmoe-sigmoid", "mmoe-softmax"]


@pytest.mark.parametrize("variant", MMOES)
def test_equals_the_loops_over_experts_and_targets(variant):
    network, x = build(variant), rows(11)
    expected = torch.stack(loops.mmoe_features(network, x))
    torch.testing.assert_close(network.encode(x), expected, rtol=1e-6, atol=1e-9)
    expected = loops.forward(network, loops.mmoe_features, x)
    torch.testing.assert_close(network(x), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("variant", MMOES)
def test_gradients_equal_those_of_the_loops(variant):
    network, x = build(variant), rows(11)
    parameters = list(network.parameters())
    stacked = torch.autograd.grad(network(x).sin().sum(), parameters)
    by_loops = loops.forward(network, loops.mmoe_features, x)
    for gradient, expected in zip(
        stacked, torch.autograd.grad(by_loops.sin().sum(), parameters), strict=True
    ):
        torch.testing.assert_close(gradient, expected, rtol=1e-6, atol=1e-9)


def test_gates_are_the_softmax_of_one_linear_layer_per_target():
    network, x = build("mmoe"), rows(9)
    gates = network.gates(x)
    assert gates.shape == (3, 9, 3)
    torch.testing.assert_close(gates.sum(dim=2), torch.ones(3, 9, dtype=x.dtype))
    for k in range(3):
        torch.testing.assert_close(gates[k], loops.gate(network, k, x))


def test_one_expert_leaves_nothing_to_gate():
    network, x = build("mmoe", n_experts=1), rows(9)
    assert torch.equal(network.gates(x), torch.ones(3, 9, 1, dtype=x.dtype))
    features = network.encode(x)
    for k in range(3):
        torch.testing.assert_close(features[k], loops.expert(network, 0, x))


def test_the_order_of_experts_does_not_matter():
    network, x = build("mmoe-sigmoid"), rows(9)
    before = network(x)
    order = torch.tensor([2, 0, 3, 1])
    with torch.no_grad():
        for stack in loops.layers(network.experts):
            stack.weight.copy_(stack.weight[order])
            stack.bias.copy_(stack.bias[order])
        network.gate.weight.copy_(network.gate.weight.unflatten(0, (3, 4))[:, order].flatten(0, 1))
        network.gate.bias.copy_(network.gate.bias.unflatten(0, (3, 4))[:, order].flatten(0, 1))
    torch.testing.assert_close(network(x), before)


def test_without_attention_the_mixture_is_passed_on():
    with_attention, without = build("mmoe-sigmoid"), build("mmoe-sigmoid", attention=None)
    state = with_attention.state_dict()
    without.load_state_dict({n: w for n, w in state.items() if not n.startswith("attention.")})
    x = rows(9)
    enhanced, plain = with_attention.encode(x), without.encode(x)
    torch.testing.assert_close(enhanced, with_attention.attention(plain))
    assert not torch.allclose(enhanced, plain)


@pytest.mark.parametrize("gate_function", ["sigmoid", "softmax"])
def test_attention_enhances_by_at_most_a_factor_of_two(gate_function):
    torch.manual_seed(0)
    attention = TaskAttention(2, 5, gate_function)
    features = torch.randn(2, 50, 5)
    weights = attention.weights(features)
    assert ((weights > 0) & (weights < 1)).all()
    torch.testing.assert_close(attention(features), (1 + weights) * features)
    if gate_function == "softmax":
        torch.testing.assert_close(weights.sum(dim=2), torch.ones(2, 50))


def test_known_answer():
    """Two experts, one target, weights 1: by hand."""
    network = MMoE(1, 1, n_experts=2, hidden_dim=1, expert_dim=1, tower_dim=None)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        first, second = loops.layers(network.experts)
        first.weight.fill_(1.0)
        second.weight.copy_(torch.tensor([2.0, 6.0]).view(2, 1, 1))  # experts 2x and 6x
        network.gate.weight.copy_(torch.tensor([[0.0], [1.0]]))  # shares 1 : e^x
        loops.layers(network.towers.layers)[0].weight.fill_(1.0)
        outputs = network(torch.tensor([[0.0], [1.0], [-1.0]]))
    e = torch.e
    assert outputs.flatten().tolist() == pytest.approx([0.0, (2 + 6 * e) / (1 + e), 0.0], rel=1e-6)
