"""The backward pass of a step, and what a weighting rule may ask about it beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from sklearn_mtl.training._sharing import Sharing

# A target's own gradient is recovered from the weighted one by division. In place of a zero weight
# stands this one, whose share in the weighted sum is far below rounding.
SMALLEST_FACTOR = 1e-12


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
        self._sharing: Sharing | None = None
        self._of_features: Tensor | None = None
        self._of_towers: tuple[Tensor, ...] = ()
        self._of_shared: Tensor | None = None
        self._own: Tensor | None = None

    @property
    def sharing(self) -> Sharing:
        """The division of the parameters."""
        if self._sharing is None:
            self._sharing = self._find_sharing(self._losses)
        return self._sharing

    def of_shared_parameters(self) -> Tensor:
        """Gradient of every target's loss by the shared parameters.

        Returns
        -------
        gradients : Tensor of shape (n_targets, n_shared_values)
            One flat row per target; without columns if nothing is shared. Slices of a shared
            parameter that one target owns have zeros.
        """
        if self._of_shared is None:
            sharing, n_targets = self.sharing, len(self._losses)
            if sharing.n_shared_parameters == 0:
                return self._losses.new_zeros(n_targets, 0)
            parameters = sharing.parameters
            if not self._separately:
                parameters = parameters[: sharing.n_shared_parameters]
            each_alone = torch.eye(n_targets, dtype=self._losses.dtype, device=self._losses.device)
            flat = sharing.flatten((self._of_sum(one, parameters) for one in each_alone), n_targets)
            self._of_shared, self._own = sharing.divide(flat)
        return self._of_shared

    def _of_sum(self, weights: Tensor, parameters: list[nn.Parameter]) -> Sequence[Tensor | None]:
        """Gradient of the weighted sum of the losses, past the towers where there are some."""
        outputs, weighted = self._losses, weights
        if self.sharing.of_towers:
            assert self._features is not None
            outputs, weighted = self._features, self._through_towers() * weights.view(-1, 1, 1)
        return torch.autograd.grad(
            outputs, parameters, weighted, retain_graph=True, allow_unused=True
        )

    def _through_towers(self) -> Tensor:
        """Gradient of every target's loss by its own features, and by its own tower.

        A tower reads its own target's features only, so one pass gives all of them.
        """
        if self._of_features is None:
            assert self._features is not None, "the rule does not declare `reads_representation`"
            if not self._features.requires_grad:  # all below is frozen
                return torch.zeros_like(self._features)
            self._of_features, *of_towers = torch.autograd.grad(
                self._losses.sum(), [self._features, *self.sharing.of_towers], retain_graph=True
            )
            self._of_towers = tuple(of_towers)
        return self._of_features

    def of_shared_representation(self) -> Tensor:
        """Gradient of every target's loss by its view of the shared representation.

        Returns
        -------
        gradients : Tensor of shape (n_targets, B * h)
            One flat row per target.
        """
        return self._through_towers().flatten(1)

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
        shared_gradient : Tensor of shape (n_shared_values,) or None, default=None
            Gradient of the shared parameters to write instead of the weighted sum.
        """
        assert self._separately
        sharing = self.sharing
        if sharing.n_shared_parameters == 0:
            self._losses.backward(torch.ones_like(self._losses))
            return
        if shared_gradient is not None:
            self.of_shared_parameters()
        if self._own is not None:
            if shared_gradient is None:
                shared_gradient = weights @ self.of_shared_parameters()
            sharing.write(shared_gradient, self._own)
        else:
            factors = torch.where(weights.abs() < SMALLEST_FACTOR, SMALLEST_FACTOR, weights)
            of_sum = self._of_sum(factors, sharing.parameters)
            for parameter, gradient in zip(sharing.parameters, of_sum, strict=True):
                parameter.grad = gradient
            sharing.scale_own(1 / factors)
        for parameter, gradient in zip(sharing.of_towers, self._of_towers, strict=True):
            parameter.grad = gradient
