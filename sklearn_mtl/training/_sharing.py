"""Which parameters the targets share, and whose the others are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from sklearn_mtl.nn import task_slices


class ParameterPart(NamedTuple):
    """How the slices of a parameter's first dimension are divided among the targets.

    Parameters
    ----------
    parameter : Parameter
        The parameter.
    shared : int Tensor or None
        Slices that two or more targets reach; None if all are shared.
    owners : int Tensor of shape (n_slices,) or None
        Target that alone reaches a slice, K for the other slices; None if all are shared.
    """

    parameter: nn.Parameter
    shared: Tensor | None
    owners: Tensor | None


class Sharing:
    """The parameters of a network, divided into shared and target-specific slices.

    With a single target all that it reaches counts as shared.

    Parameters
    ----------
    module : Module
        The network.
    losses : Tensor of shape (n_targets,)
        Losses of a step, with their graph.

    Attributes
    ----------
    with_shared : list of ParameterPart
        Parameters with shared slices. Vectors of shared values follow their order.
    owned : list of ParameterPart
        Parameters whose every slice belongs to one target.
    sizes : list of int
        Number of shared values of each parameter of `with_shared`.
    """

    def __init__(self, module: nn.Module, losses: Tensor) -> None:
        n_targets = len(losses)
        parameters = dict(module.named_parameters())
        self.with_shared: list[ParameterPart] = []
        self.owned: list[ParameterPart] = []
        self.sizes: list[int] = []
        for name, reached in task_slices(module, losses).items():
            parameter = parameters[name]
            counts = reached.sum(dim=1)
            shared = counts >= min(2, n_targets)
            rows, owners = None, None
            if not shared.all():
                owners = torch.where(counts == 1, reached.int().argmax(dim=1), n_targets)
                owners = owners.to(parameter.device)
                rows = shared.nonzero().squeeze(1).to(parameter.device)
            part = ParameterPart(parameter, rows, owners)
            if shared.any():
                self.with_shared.append(part)
                self.sizes.append(int(shared.sum()) * (parameter.numel() // len(shared)))
            elif counts.any():
                self.owned.append(part)

    def flatten(self, gradients: Sequence[Tensor | None]) -> Tensor:
        """Put the shared values of gradients into one vector.

        Parameters
        ----------
        gradients : sequence of Tensor or None
            One gradient for every parameter of `with_shared`; None for zero.

        Returns
        -------
        vector : Tensor of shape (n_shared,)
        """
        pieces = []
        for part, gradient in zip(self.with_shared, gradients, strict=True):
            dense = torch.zeros_like(part.parameter) if gradient is None else gradient
            pieces.append((dense if part.shared is None else dense[part.shared]).flatten())
        return torch.cat(pieces)

    def write_shared(self, vector: Tensor) -> None:
        """Make `vector` the gradient of the shared slices; the other slices keep theirs.

        Parameters
        ----------
        vector : Tensor of shape (n_shared,)
            Values in the order of :meth:`flatten`.
        """
        for part, piece in zip(self.with_shared, vector.split(self.sizes), strict=True):
            if part.shared is None:
                part.parameter.grad = piece.view_as(part.parameter)
            else:
                assert part.parameter.grad is not None
                shape = (len(part.shared), *part.parameter.shape[1:])
                part.parameter.grad[part.shared] = piece.view(shape)

    def scale_owned(self, factors: Tensor) -> None:
        """Multiply the gradient of every target's own slices by its factor.

        Parameters
        ----------
        factors : Tensor of shape (n_targets,)
            Factors of the targets.
        """
        factors = torch.cat([factors, factors.new_ones(1)])  # shared slices keep their gradient
        for part in [*self.with_shared, *self.owned]:
            gradient = part.parameter.grad
            if part.owners is not None and gradient is not None:
                per_slice = gradient.shape[:1] + (1,) * (gradient.ndim - 1)
                gradient.mul_(factors[part.owners].view(per_slice))
