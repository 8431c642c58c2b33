"""Layers of equal shape evaluated together as one batched matrix product."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn


class StackedLinear(nn.Module):
    """A stack of linear layers of equal shape, one batched matrix product instead of a loop.

    Parameters
    ----------
    n_stacks : int
        Number of layers (experts, towers, members).
    in_features, out_features : int
        Width of every layer's input and output.

    Notes
    -----
    Weights are initialised as in :class:`torch.nn.Linear`. Keeping the stack first makes every
    operand contiguous, which is what makes the batched product faster than a loop.

    **Shape**

    - Input: ``(B, in_features)``, seen by every layer, or ``(n_stacks, B, in_features)``.
    - Output: ``(n_stacks, B, out_features)``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.nn import StackedLinear
    >>> StackedLinear(4, 10, 3)(torch.zeros(7, 10)).shape
    torch.Size([4, 7, 3])
    """

    def __init__(self, n_stacks: int, in_features: int, out_features: int) -> None:
        super().__init__()
        self.n_stacks = n_stacks
        self.in_features = in_features
        self.out_features = out_features
        self.weight = nn.Parameter(torch.empty(n_stacks, in_features, out_features))
        self.bias = nn.Parameter(torch.empty(n_stacks, 1, out_features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights as :class:`torch.nn.Linear` does."""
        bound = 1 / math.sqrt(self.in_features)
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        """Apply layer s to input s, or every layer to the one input."""
        if x.ndim == 2:
            x = x.expand(self.n_stacks, -1, -1)
        return torch.baddbmm(self.bias, x, self.weight)

    def extra_repr(self) -> str:
        """Describe the shape in ``repr``."""
        return f"{self.n_stacks}, {self.in_features}, {self.out_features}"


class StackedMLP(nn.Sequential):
    """A stack of multilayer perceptrons of equal shape.

    Parameters
    ----------
    n_stacks : int
        Number of perceptrons.
    widths : sequence of int
        Width of the input, of every hidden layer and of the output.
    dropout : float, default=0.0
        Dropout rate after every hidden activation.
    activate_output : bool, default=True
        Whether a ReLU follows the last layer too.

    Notes
    -----
    **Shape**: as :class:`StackedLinear`, with ``widths[0]`` and ``widths[-1]`` features.
    """

    def __init__(
        self,
        n_stacks: int,
        widths: list[int],
        *,
        dropout: float = 0.0,
        activate_output: bool = True,
    ) -> None:
        layers: list[nn.Module] = []
        for depth, (width_in, width_out) in enumerate(pairwise(widths)):
            layers.append(StackedLinear(n_stacks, width_in, width_out))
            if depth < len(widths) - 2 or activate_output:
                layers.append(nn.ReLU(inplace=True))
                if dropout > 0:
                    layers.append(nn.Dropout(dropout))
        super().__init__(*layers)
