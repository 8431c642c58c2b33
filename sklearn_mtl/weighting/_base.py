"""The seam between training and task weighting."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar, Protocol

import torch
from skorch.callbacks import Callback
from torch import Tensor


class TaskGradients(Protocol):
    """What a rule may ask the net about the step that is being taken."""

    def of_shared_parameters(self) -> Tensor:
        """Gradient of every target's loss by the shared parameters, ``(K, n_shared)``."""
        ...

    def of_shared_representation(self) -> Tensor:
        """Gradient of every target's loss by its view of the shared representation, ``(K, n)``."""
        ...


class TaskWeighting(Callback):
    """Base of the rules that weigh the targets' losses against each other.

    Before every backward pass the net announces ``on_task_losses``; the rule answers through its
    attribute ``weights_`` of shape ``(K,)``, and the net backpropagates the mean over the targets
    of weight times loss. A rule that declares ``updates_separately`` decides on the shared
    parameters only: they get the sum over the targets of weight times gradient, or the vector
    ``shared_gradient_`` if the rule sets one, and target-specific parameters get the gradient of
    their own target's loss, unweighted.

    Everything else is a plain skorch callback: state may advance once per optimizer step
    (``on_batch_end``) or per epoch (``on_epoch_end``), never in ``on_task_losses``, which
    optimizers such as L-BFGS trigger several times a step.

    A subclass overrides :meth:`on_task_losses` or, if its weights change between steps only, just
    the events in which they change.

    Attributes
    ----------
    weights_ : Tensor of shape (n_targets,) or None
        Weights of the current step; None before the first one. NaN if the rule sets
        `shared_gradient_` by other means than weights.
    shared_gradient_ : Tensor of shape (n_shared,) or None
        Gradient of the shared parameters in the current step, in the order of
        ``gradients.of_shared_parameters()``; None if it follows from the weights.
    fixed_loss : str or None
        Name of the only loss the rule works with, if there is one.
    updates_separately : bool
        Whether the rule decides on the shared parameters only.
    reads_representation : bool
        Whether the rule asks for ``gradients.of_shared_representation()``. The network must then
        offer ``encode`` and ``decode``.

    Examples
    --------
    A rule that favours the target with the largest loss:

    >>> from sklearn_mtl.extension import TaskWeighting
    >>> class LargestFirst(TaskWeighting):
    ...     def on_task_losses(self, net, *, losses, observed, gradients, **kwargs):
    ...         shares = losses.detach() * observed
    ...         self.weights_ = len(losses) * shares / shares.sum().clamp_min(1e-12)
    """

    fixed_loss: ClassVar[str | None] = None
    updates_separately: ClassVar[bool] = False
    reads_representation: bool = False

    def _get_param_names(self) -> list[str]:
        """Names of the constructor's arguments; skorch would take private state for parameters."""
        return list(inspect.signature(type(self)).parameters)

    def __repr__(self) -> str:
        """Write the call that makes this rule, without what is left at its default."""
        parameters = inspect.signature(type(self)).parameters.values()
        given = [(parameter, getattr(self, parameter.name)) for parameter in parameters]
        changed = [
            f"{parameter.name}={value!r}"
            for parameter, value in given
            if repr(value) != repr(parameter.default)  # an array has no single truth value
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def initialize(self) -> TaskWeighting:
        """Forget the weights of an earlier training."""
        self.weights_: Tensor | None = None
        self.shared_gradient_: Tensor | None = None
        return self

    def on_task_losses(
        self,
        net: Any,
        *,
        losses: Tensor,
        observed: Tensor | None,
        gradients: TaskGradients,
        **kwargs: Any,
    ) -> None:
        """Set ``weights_`` for this step.

        Parameters
        ----------
        net : MultiTaskNet
            The net that is being trained.
        losses : Tensor of shape (n_targets,)
            Losses of the batch, with their graph; 0 for a target without a label in it.
        observed : bool Tensor of shape (n_targets,) or None
            Targets with a label in the batch; None if all have one.
        gradients : TaskGradients
            Gives the targets' gradients on request.
        **kwargs
            Room for what later versions announce.
        """
        if self.weights_ is None:
            self.weights_ = torch.ones_like(losses, requires_grad=False)
