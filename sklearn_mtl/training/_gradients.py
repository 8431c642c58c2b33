"""The backward pass of a step, and what a weighting rule may ask about it beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
        self._of_features: Tensor | None = None
        self._of_heads: tuple[Tensor, ...] = ()
        self._of_shared: Tensor | None = None
        self._own: Tensor | None = None

    def of_shared_parameters(self) -> Tensor:
        """Gradient of every target's loss by the shared parameters.

        Returns
        -------
        gradients : Tensor of shape (n_targets, n_shared)
            One flat row per target; without columns if nothing is shared. Slices of a shared
            parameter that one target owns have zeros.
        """
        if self._of_shared is None:
            sharing = self._find_sharing(self._losses)
            if sharing.n_with_shared == 0:
                return self._losses.new_zeros(len(self._losses), 0)
            flat = torch.stack([sharing.flatten(g) for g in self._of_targets(sharing)])
            self._of_shared, self._own = sharing.divide(flat)
        return self._of_shared

    def _of_targets(self, sharing: Sharing) -> Sequence[tuple[Tensor | None, ...]]:
        parameters = sharing.parameters
        if not self._separately:
            parameters = parameters[: sharing.n_with_shared]
        if not sharing.heads:
            return [
                torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
                for loss in self._losses
            ]
        of_features = self._through_heads()
        assert self._features is not None
        of_targets = []
        for k in range(len(of_features)):
            of_target = torch.zeros_like(of_features)
            of_target[k] = of_features[k]
            of_targets.append(
                torch.autograd.grad(
                    self._features, parameters, of_target, retain_graph=True, allow_unused=True
                )
            )
        return of_targets

    def _through_heads(self) -> Tensor:
        """Gradient of every target's loss by its own features, and by its own head.

        A head reads its own target's features only, so one pass gives all of them.
        """
        if self._of_features is None:
            assert self._features is not None, "the rule does not declare `reads_representation`"
            heads = self._find_sharing(self._losses).heads
            self._of_features, *of_heads = torch.autograd.grad(
                self._losses.sum(), [self._features, *heads], retain_graph=True
            )
            self._of_heads = tuple(of_heads)
        return self._of_features

    def of_shared_representation(self) -> Tensor:
        """Gradient of every target's loss by its view of the shared representation.

        Returns
        -------
        gradients : Tensor of shape (n_targets, B * h)
            One flat row per target.
        """
        return self._through_heads().flatten(1)

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
        if self._own is not None:
            if shared_gradient is None:
                shared_gradient = weights @ self.of_shared_parameters()
            sharing.write(shared_gradient, self._own)
        elif sharing.n_with_shared == 0:
            self._losses.backward(torch.ones_like(self._losses))
            return
        else:
            factors = weights.clamp_min(SMALLEST_FACTOR)
            if self._of_heads and self._features is not None and self._of_features is not None:
                self._features.backward(self._of_features * factors.view(-1, 1, 1))
            else:
                self._losses.backward(factors)
            sharing.scale_own(1 / factors, heads=not self._of_heads)
        for head, gradient in zip(sharing.heads, self._of_heads, strict=False):
            head.grad = gradient
