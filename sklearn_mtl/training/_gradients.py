"""Gradients of the targets' losses by the shared parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from sklearn_mtl.nn import task_slices


class SharedSlices(NamedTuple):
    """The shared part of one parameter: the rows that two or more targets reach.

    Parameters
    ----------
    name : str
        Name of the parameter.
    rows : bool Tensor or None
        Slices of its first dimension; None if all are shared.
    """

    name: str
    rows: Tensor | None


def shared_slices(module: nn.Module, losses: Tensor) -> list[SharedSlices]:
    """Find the shared part of every parameter of `module` from the losses of a step.

    With a single target all that it reaches counts as shared.

    Parameters
    ----------
    module : Module
        The network.
    losses : Tensor of shape (n_targets,)
        Losses of the step, with their graph.

    Returns
    -------
    shared : list of SharedSlices
        Parameters without a shared part are left out.
    """
    shared = []
    for name, owners in task_slices(module, losses).items():
        rows = owners.sum(dim=1) >= min(2, len(losses))
        if rows.all():
            shared.append(SharedSlices(name, None))
        elif rows.any():
            shared.append(SharedSlices(name, rows))
    return shared


class StepGradients:
    """What a weighting rule may ask about the gradients of the current step.

    Parameters
    ----------
    module : Module
        The network.
    losses : Tensor of shape (n_targets,)
        Losses of the batch with their graph.
    find_slices : callable
        Gives the shared parameters, from the losses; it is called on the first request.
    """

    def __init__(
        self,
        module: nn.Module,
        losses: Tensor,
        find_slices: Callable[[Tensor], list[SharedSlices]],
    ) -> None:
        self._module = module
        self._losses = losses
        self._find_slices = find_slices

    def of_shared_parameters(self) -> Tensor:
        """Gradient of every target's loss by the shared parameters.

        Returns
        -------
        gradients : Tensor of shape (n_targets, n_shared)
            One flat row per target; without columns if nothing is shared.
        """
        slices = self._find_slices(self._losses)
        if not slices:
            return self._losses.new_zeros(len(self._losses), 0)
        by_name = dict(self._module.named_parameters())
        parameters = [by_name[part.name] for part in slices]
        return torch.stack([_flat_gradient(loss, slices, parameters) for loss in self._losses])


def _flat_gradient(
    loss: Tensor, slices: list[SharedSlices], parameters: list[nn.Parameter]
) -> Tensor:
    gradients = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    pieces = []
    for part, parameter, gradient in zip(slices, parameters, gradients, strict=True):
        dense = torch.zeros_like(parameter) if gradient is None else gradient
        pieces.append(
            (dense if part.rows is None or not dense.ndim else dense[part.rows]).flatten()
        )
    return torch.cat(pieces)
