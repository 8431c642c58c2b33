"""GradNorm: balance the norms of the targets' gradients."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sklearn_mtl.weighting._base import TaskGradients, TaskWeighting

# A weight of exactly zero could never grow again through its own gradient.
SMALLEST_WEIGHT = 1e-3


def gradnorm_step(
    weights: Tensor,
    gradient_norms: Tensor,
    relative_losses: Tensor,
    asymmetry: float,
    learning_rate: float,
) -> Tensor:
    """One step on the weights of K targets.

    Parameters
    ----------
    weights : Tensor of shape (K,)
        Weights w before the step; they sum to K.
    gradient_norms : Tensor of shape (K,)
        Norms n_k of the gradient of every unweighted loss by the shared parameters.
    relative_losses : Tensor of shape (K,)
        Losses divided by their initial values.
    asymmetry : float
        Exponent on the relative inverse training rate.
    learning_rate : float
        Step size.

    Returns
    -------
    weights : Tensor of shape (K,)
        Positive weights that sum to K.
    """
    weighted_norms = weights * gradient_norms  # G_k = ||w_k grad L_k||
    training_rates = relative_losses / relative_losses.mean()  # r_k
    target_norms = weighted_norms.mean() * training_rates**asymmetry
    # d/dw_k of sum_j |G_j - target_j|, the target held constant
    slope = torch.sign(weighted_norms - target_norms) * gradient_norms
    stepped = weights - learning_rate * slope / gradient_norms.mean()
    stepped = stepped.clamp_min(SMALLEST_WEIGHT)
    return stepped * (len(stepped) / stepped.sum())


class GradNorm(TaskWeighting):
    """Balance the targets by the norms of their gradients on the shared parameters.

    A target that learns more slowly than the others gets a larger gradient.

    Parameters
    ----------
    asymmetry : float, default=1.5
        How strongly slow targets are favoured; 0 aims at equal gradient norms.
    learning_rate : float, default=0.01
        Step size of the weights.

    Attributes
    ----------
    weights_ : Tensor of shape (n_targets,)
        Current weights; they sum to the number of targets.
    initial_losses_ : Tensor of shape (n_targets,)
        Mean losses of the first epoch, to which the training rates refer.

    Notes
    -----
    Departures from the paper: the step on the weights is divided by the mean gradient norm, so
    that it does not fade as the gradients shrink, and the initial losses are means over the first
    epoch instead of the losses of one batch; until they are known, only the gradient norms are
    balanced. A target without a label in a batch takes no part in that step.

    References
    ----------
    .. [1] Z. Chen, V. Badrinarayanan, C.-Y. Lee, A. Rabinovich, "GradNorm: gradient normalization
       for adaptive loss balancing in deep multitask networks", ICML 2018.

    Examples
    --------
    >>> from sklearn_mtl import MMoERegressor
    >>> from sklearn_mtl.weighting import GradNorm
    >>> model = MMoERegressor(weighting=GradNorm(asymmetry=0.5))
    """

    def __init__(self, asymmetry: float = 1.5, learning_rate: float = 0.01) -> None:
        self.asymmetry = asymmetry
        self.learning_rate = learning_rate

    def initialize(self) -> GradNorm:
        """Forget an earlier training."""
        super().initialize()
        self.initial_losses_: Tensor | None = None
        self._loss_sum: Tensor | None = None
        self._loss_count: Tensor | None = None
        self._proposal: Tensor | None = None
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
        """Propose the weights of the next step from the gradients of this one."""
        super().on_task_losses(net, losses=losses, observed=observed, gradients=gradients)
        assert self.weights_ is not None
        detached = losses.detach()
        seen = torch.ones_like(detached, dtype=torch.bool) if observed is None else observed
        self._pending_losses = (detached, seen)
        norms = gradients.of_shared_parameters().norm(dim=1)
        # A zero gradient or loss says nothing about balance and would divide by zero.
        active = seen & (norms > 0) & (detached > 0)
        self._proposal = None
        if active.sum() < 2:
            return
        relative = torch.ones_like(detached)
        if self.initial_losses_ is not None:
            relative = detached / self.initial_losses_
        proposal = self.weights_.clone()
        share = proposal[active].sum() / active.sum()
        proposal[active] = share * gradnorm_step(
            proposal[active] / share,
            norms[active],
            relative[active],
            self.asymmetry,
            self.learning_rate,
        )
        self._proposal = proposal

    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        """Take over the proposal, once per optimizer step."""
        if not training:
            return
        if self.initial_losses_ is None:
            losses, seen = self._pending_losses
            if self._loss_sum is None or self._loss_count is None:
                self._loss_sum = torch.zeros_like(losses)
                self._loss_count = torch.zeros_like(losses)
            self._loss_sum += losses * seen
            self._loss_count += seen
        if self._proposal is not None:
            self.weights_ = self._proposal

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Fix the initial losses after the first epoch in which every target was seen."""
        if self.initial_losses_ is None and self._loss_count is not None:
            assert self._loss_sum is not None
            if (self._loss_count > 0).all() and (self._loss_sum > 0).all():
                self.initial_losses_ = self._loss_sum / self._loss_count
