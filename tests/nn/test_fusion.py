"""Fusions against the paper's equations, written step by step in its own layout, L x C."""

import math

import pytest
import torch
from torch import nn

from sklearn_mtl.nn import FUSIONS

N_ROWS, N_CHANNELS, N_STEPS = 3, 4, 5


def sigmoid(x):
    return 1 / (1 + torch.exp(-x))


def side_by_side(short, long):
    return torch.cat([short, long], dim=-1)


def pointwise(convolution, steps):
    """A convolution of kernel size 1 as a matrix that acts on every step (L x C)."""
    weight = convolution.weight.squeeze(2)
    return torch.stack([weight @ step + convolution.bias for step in steps])


def concat(fusion, short, long):
    return side_by_side(short, long)  # eq. 69


def add(fusion, short, long):
    return short + long  # eq. 70


def gating(fusion, short, long):
    gate = sigmoid(pointwise(fusion.gate, side_by_side(short, long)))  # eq. 71
    return gate * short + (1 - gate) * long


def attention(fusion, short, long):
    queries = short @ fusion.query.weight.T  # eq. 72
    keys, values = long @ fusion.key.weight.T, long @ fusion.value.weight.T
    fused = []
    for query in queries:
        scores = torch.stack([query @ key for key in keys]) / math.sqrt(N_CHANNELS)
        shares = torch.exp(scores) / torch.exp(scores).sum()
        fused.append(sum(share * value for share, value in zip(shares, values, strict=True)))
    return torch.stack(fused)


def alpha(fusion, short, long):
    pooled = side_by_side(short, long).sum(dim=0) / len(short)
    return sigmoid(fusion.score.weight[0] @ pooled)  # eq. 73


def weighting_add(fusion, short, long):
    a = alpha(fusion, short, long)
    return a * short + (1 - a) * long  # eq. 74


def weighting_concat(fusion, short, long):
    a = alpha(fusion, short, long)
    return side_by_side(a * short, (1 - a) * long)  # eq. 75


def mapped(fusion, short, long):
    return short + pointwise(fusion.to_short, long), long + pointwise(fusion.to_long, short)


def cross_mapping_add(fusion, short, long):
    short, long = mapped(fusion, short, long)
    return short + long  # eq. 77


def cross_mapping_concat(fusion, short, long):
    return side_by_side(*mapped(fusion, short, long))  # eq. 78


def cross_mapping_gated(fusion, short, long):
    gate = sigmoid(pointwise(fusion.gating.gate, side_by_side(short, long)))  # eq. 79
    short, long = mapped(fusion, short, long)
    return gate * short + (1 - gate) * long


C = N_CHANNELS
# Arguments of the table, the equation, channels of the output, trainable parameters
CASES = {
    "concat": (("concat",), concat, 2 * C, 0),
    "add": (("add",), add, C, 0),
    "weighting-add": (("weighting", "add"), weighting_add, C, 2 * C),
    "weighting-concat": (("weighting", "concat"), weighting_concat, 2 * C, 2 * C),
    "gating": (("gating",), gating, C, 2 * C * C + C),
    "attention": (("attention",), attention, C, 3 * C * C),
    "cross_mapping-add": (("cross_mapping", "add"), cross_mapping_add, C, 2 * (C * C + C)),
    "cross_mapping-concat": (
        ("cross_mapping", "concat"),
        cross_mapping_concat,
        2 * C,
        2 * (C * C + C),
    ),
    "cross_mapping-gated": (
        ("cross_mapping", "gated"),
        cross_mapping_gated,
        C,
        2 * (C * C + C) + 2 * C * C + C,
    ),
}
EVERY = pytest.mark.parametrize("case", CASES)


def build(case):
    (name, *mode), *_ = CASES[case]
    torch.manual_seed(0)
    return FUSIONS[name](N_CHANNELS, *mode).double()


def branches(n_steps=N_STEPS):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, N_ROWS, N_CHANNELS, n_steps, generator=generator, dtype=torch.float64)


def test_every_fusion_is_covered():
    assert {arguments[0] for arguments, *_ in CASES.values()} == set(FUSIONS)


@EVERY
@pytest.mark.parametrize("n_steps", [1, N_STEPS])
def test_equation(case, n_steps):
    fusion, (short, long) = build(case), branches(n_steps)
    equation = CASES[case][1]
    rows = zip(short.mT, long.mT, strict=True)
    expected = torch.stack([equation(fusion, *row) for row in rows]).mT
    torch.testing.assert_close(fusion(short, long), expected)


@EVERY
def test_channels_and_parameters(case):
    fusion, (short, long) = build(case), branches()
    _, _, n_channels, n_parameters = CASES[case]
    assert fusion.out_channels == n_channels
    assert fusion(short, long).shape == (N_ROWS, n_channels, N_STEPS)
    assert sum(parameter.numel() for parameter in fusion.parameters()) == n_parameters


@EVERY
def test_every_parameter_and_both_branches_get_a_gradient(case):
    fusion, (short, long) = build(case), branches()
    leaves = [short.requires_grad_(), long.requires_grad_(), *fusion.parameters()]
    for gradient in torch.autograd.grad(fusion(short, long).sin().sum(), leaves):
        assert gradient.any()


def test_shares_and_gates_lie_between_the_branches():
    short, long = branches()
    low, high = torch.minimum(short, long), torch.maximum(short, long)
    for case in ("weighting-add", "gating"):
        fused = build(case)(short, long)
        assert ((low <= fused) & (fused <= high)).all(), case


def test_attention_is_blind_to_the_order_of_the_steps_it_attends_to():
    fusion, (short, long) = build("attention"), branches()
    torch.testing.assert_close(fusion(short, long.flip(2)), fusion(short, long))
    assert not torch.allclose(fusion(short.flip(2), long), fusion(short, long))


def test_biases_are_where_the_equations_have_them():
    for case, layers in {
        "attention": {"query": False, "key": False, "value": False},
        "weighting-add": {"score": False},
        "gating": {"gate": True},
        "cross_mapping-gated": {"to_short": True, "to_long": True, "gating.gate": True},
    }.items():
        fusion = build(case)
        found = {
            name: layer.bias is not None
            for name, layer in fusion.named_modules()
            if isinstance(layer, nn.Linear | nn.Conv1d)
        }
        assert found == layers
