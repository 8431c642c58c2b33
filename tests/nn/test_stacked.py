"""Stacked layers against loops over plain ones."""

import math

import torch
from torch import nn

from sklearn_mtl.nn import StackedLinear, StackedMLP
from tests.nn import loops


def test_stacked_linear_equals_the_loop():
    torch.manual_seed(0)
    stack = StackedLinear(4, 6, 3).double()
    shared, own = torch.randn(5, 6).double(), torch.randn(4, 5, 6).double()
    for s in range(4):
        torch.testing.assert_close(stack(shared)[s], loops.layer(stack, s)(shared))
        torch.testing.assert_close(stack(own)[s], loops.layer(stack, s)(own[s]))


def test_stacked_perceptron_equals_the_loop():
    torch.manual_seed(0)
    x = torch.randn(5, 6)
    for activate_output in (True, False):
        stacked = StackedMLP(3, [6, 4, 2], activate_output=activate_output)
        first, second = loops.layers(stacked)
        for s in range(3):
            expected = loops.layer(second, s)(torch.relu(loops.layer(first, s)(x)))
            if activate_output:
                expected = torch.relu(expected)
            torch.testing.assert_close(stacked(x)[s], expected)


def test_weights_are_drawn_as_those_of_a_linear_layer():
    """Uniform within 1 / sqrt(in_features), which is what nn.Linear does."""
    torch.manual_seed(0)
    stack, plain = StackedLinear(50, 16, 20), nn.Linear(16, 1000)
    bound = 1 / math.sqrt(16)
    for drawn, reference in ((stack.weight, plain.weight), (stack.bias, plain.bias)):
        assert drawn.abs().max() <= bound
        assert drawn.abs().max() > 0.99 * bound
        # Standard error of the deviation of 1000 uniform draws: 1.4 % of it
        assert abs(drawn.std() / reference.std() - 1) < 0.08
    assert not torch.equal(stack.weight[0], stack.weight[1])
