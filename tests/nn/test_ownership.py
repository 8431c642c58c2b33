"""Ownership of parameters that a module does not declare, and declarations that are wrong."""

import pytest
import torch
from torch import nn

from sklearn_mtl.nn import MMoE, task_slices


class Branches(nn.Module):
    """A trunk for all targets, a branch for two of them, a head for each."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(4, 5)
        self.branch = nn.Linear(5, 5)
        self.heads = nn.ModuleList(nn.Linear(5, 1) for _ in range(3))
        self.unused = nn.Linear(2, 2)
        self.frozen = nn.Linear(4, 5).requires_grad_(False)

    def forward(self, x):
        trunk = torch.tanh(self.trunk(x) + self.frozen(x))
        branch = torch.tanh(self.branch(trunk))
        inputs = [trunk, branch, branch]
        return torch.cat([head(h) for head, h in zip(self.heads, inputs, strict=True)], dim=1)


def test_autograd_finds_the_targets_that_a_parameter_reaches():
    module = Branches()
    slices = task_slices(module, module(torch.randn(8, 4)).sum(dim=0))
    owners = {
        "trunk": [True, True, True],
        "branch": [False, True, True],
        "heads.0": [True, False, False],
        "heads.1": [False, True, False],
        "heads.2": [False, False, True],
        "unused": [False, False, False],
    }
    assert set(slices) == {f"{part}.{kind}" for part in owners for kind in ("weight", "bias")}
    for name, owned in slices.items():
        expected = owners[name.rpartition(".")[0]]
        assert owned.tolist() == [expected] * len(module.get_parameter(name)), name


def test_a_scalar_parameter_is_one_slice():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 2)
            self.temperature = nn.Parameter(torch.tensor(1.0))

        def forward(self, x):
            return self.layer(x) * self.temperature

    module = Scaled()
    slices = task_slices(module, module(torch.randn(8, 4)).sum(dim=0))
    assert slices["temperature"].tolist() == [[True, True]]


@pytest.mark.parametrize(
    ("declare", "found"),
    [
        (lambda slices: slices.pop("gate.bias"), "None"),
        (lambda slices: slices.update({"gate.bias": torch.ones(3, 2, dtype=bool)}), r"\(3, 2\)"),
    ],
)
def test_a_wrong_declaration_names_the_parameter(declare, found):
    class Careless(MMoE):
        def task_slices(self):
            slices = super().task_slices()
            declare(slices)
            return slices

    module = Careless(4, 2)
    with pytest.raises(ValueError, match=rf"\(8, 2\) for parameter 'gate.bias'. Found {found}"):
        task_slices(module, module(torch.randn(8, 4)).sum(dim=0))
