"""The backward pass of a step, and what a weighting rule may ask about it beforehand."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from sklearn_mtl.training._sharing import Sharing

# A target's own gradient is recovered from the weighted one by division, also at the weight 0.
SMALLEST_FACTOR = 1e-6


class StepGradients:
    """Gradients of the targets' losses in the current step.

    Parameters
    ----------
    losses : Tensor of shape (n_targets,)
        Losses of the batch, with their graph.
    find_sharing : callable
        Gives the division of the parameters, from the losses; it is called on the first request.
    features : Tensor of shape (n_targets, B, h) or None, default=None
        Every target's view of the shared representation, part of the losses' graph.
    separately : bool, default=False
        Whether :meth:`backward_separately` will be called. All parameters are then differentiated
        together, which saves a backward pass.
    """

    def __init__(
        self,
        losses: Tensor,
        find_sharing: Callable[[Tensor], Sharing],
        features: Tensor | None = None,
        separately: bool = False,
    ) -> None:
        self._losses = losses
        self._find_sharing = find_sharing
        self._features = features
        self._separately = separately
        self._of_targets: list[tuple[Tensor | None, ...]] = []
        self._jacobian: Tensor | None = None
        self._of_features: Tensor | None = None

    def of_shared_parameters(self) -> Tensor:
        """Gradient of every target's loss by the shared parameters.

        Returns
        -------
        gradients : Tensor of shape (n_targets, n_shared)
            One flat row per target; without columns if nothing is shared.
        """
        if self._jacobian is None:
            self._jacobian = self._differentiate()
        return self._jacobian

    def _differentiate(self) -> Tensor:
        sharing = self._find_sharing(self._losses)
        n_with_shared = len(sharing.with_shared)
        if n_with_shared == 0:
            return self._losses.new_zeros(len(self._losses), 0)
        parts = sharing.with_shared + (sharing.owned if self._separately else [])
        parameters = [part.parameter for part in parts]
        self._of_targets = [
            torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
            for loss in self._losses
        ]
        return torch.stack([sharing.flatten(g[:n_with_shared]) for g in self._of_targets])

    def of_shared_representation(self) -> Tensor:
        """Gradient of every target's loss by its view of the shared representation.

        Returns
        -------
        gradients : Tensor of shape (n_targets, B * h)
            One flat row per target.
        """
        if self._of_features is None:
            assert self._features is not None, "the rule does not declare `reads_representation`"
            # A tower reads its own target's features only, so one pass gives all gradients.
            (gradient,) = torch.autograd.grad(self._losses.sum(), self._features, retain_graph=True)
            self._of_features = gradient.flatten(1)
        return self._of_features

    def backward(self, weights: Tensor) -> None:
        """Write the gradient of the weighted sum of the losses into all parameters.

        Parameters
        ----------
        weights : Tensor of shape (n_targets,)
            Weights of the losses.
        """
        self._losses.backward(weights)

    def backward_separately(self, weights: Tensor, shared_gradient: Tensor | None = None) -> None:
        """Write the weighted sum into shared parameters, and into the others their own gradient.

        This is eq. 13 of the paper on TMoE-P.

        Parameters
        ----------
        weights : Tensor of shape (n_targets,)
            Weights of the gradients of the shared parameters.
        shared_gradient : Tensor of shape (n_shared,) or None, default=None
            Gradient of the shared parameters to write instead of the weighted sum.
        """
        assert self._separately
        if shared_gradient is not None:
            self.of_shared_parameters()
        sharing = self._find_sharing(self._losses)
        if not sharing.with_shared:
            self._losses.backward(torch.ones_like(self._losses))
        elif self._of_targets:
            self._write_own(sharing)
            if shared_gradient is None:
                shared_gradient = weights @ self.of_shared_parameters()
            sharing.write_shared(shared_gradient)
        else:
            factors = weights.clamp_min(SMALLEST_FACTOR)
            self._losses.backward(factors)
            sharing.scale_owned(1 / factors)

    def _write_own(self, sharing: Sharing) -> None:
        """Add up the targets' gradients where at most one of them is not zero."""
        parts = sharing.with_shared + sharing.owned
        for part, gradients in zip(parts, zip(*self._of_targets, strict=True), strict=True):
            if part.owners is not None:
                own = [gradient for gradient in gradients if gradient is not None]
                part.parameter.grad = torch.stack(own).sum(dim=0) if len(own) > 1 else own[0]
