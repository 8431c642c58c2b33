"""Ownership of parameters: which targets' losses reach which slices."""

import torch
from torch import Tensor, nn


def task_slices(module: nn.Module, outputs: Tensor) -> dict[str, Tensor]:
    """Ownership of every parameter by the targets.

    A slice is one index of a parameter's first dimension. Slices that two or more targets reach
    are shared; the others are specific to a target.

    Parameters
    ----------
    module : Module
        Network with K targets. If it has a method ``task_slices()``, its declaration is taken: a
        stacked weight holds the slices of several targets in one parameter, which autograd cannot
        tell apart. Without one, a parameter counts as a whole: all of its slices belong to
        every target that depends on it.
    outputs : Tensor of shape (K,)
        One number per target that the module produced, such as its losses, with the graph.

    Returns
    -------
    slices : dict of str to bool Tensor of shape (n_slices, K)
        One entry per trainable parameter, under its name in ``named_parameters()``.

    Raises
    ------
    ValueError
        If a declaration leaves a parameter out or has the wrong shape.
    """
    parameters = {n: p for n, p in module.named_parameters() if p.requires_grad}
    declare = getattr(module, "task_slices", None)
    if declare is None:
        return _reachable(parameters, outputs)
    slices = declare()
    for name, parameter in parameters.items():
        expected = (_n_slices(parameter), len(outputs))
        found = tuple(slices[name].shape) if name in slices else None
        if found != expected:
            raise ValueError(
                f"{type(module).__name__}.task_slices() must give a bool tensor of shape "
                f"{expected} for parameter {name!r}. Found {found}."
            )
    return {name: slices[name] for name in parameters}


def _reachable(parameters: dict[str, nn.Parameter], outputs: Tensor) -> dict[str, Tensor]:
    slices = {
        name: torch.zeros(_n_slices(parameter), len(outputs), dtype=torch.bool)
        for name, parameter in parameters.items()
    }
    for k, output in enumerate(outputs):
        # NaN marks what a target depends on: it passes through factors that happen to be zero,
        # and stays out of what belongs to other targets in a tensor that holds several.
        gradients = torch.autograd.grad(
            output,
            list(parameters.values()),
            grad_outputs=torch.full_like(output, torch.nan),
            retain_graph=True,
            allow_unused=True,
        )
        for name, gradient in zip(parameters, gradients, strict=True):
            slices[name][:, k] = gradient is not None and bool(gradient.isnan().any())
    return slices


def _n_slices(parameter: Tensor) -> int:
    return len(parameter) if parameter.ndim else 1


def all_tasks(module: nn.Module, n_targets: int, prefix: str = "") -> dict[str, Tensor]:
    """Declare every slice of every parameter of `module` as shared by all targets."""
    return {
        prefix + name: torch.ones(len(parameter), n_targets, dtype=torch.bool)
        for name, parameter in module.named_parameters()
    }


def own_task(module: nn.Module, n_targets: int, prefix: str = "") -> dict[str, Tensor]:
    """Declare a stack of K equal blocks of slices: block k belongs to target k alone."""
    own = torch.eye(n_targets, dtype=torch.bool)
    return {
        prefix + name: own.repeat_interleave(len(parameter) // n_targets, dim=0)
        for name, parameter in module.named_parameters()
    }
