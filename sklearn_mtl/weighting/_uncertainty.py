"""Uncertainty weighting: a target counts less the larger its noise."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sklearn_mtl.weighting._base import TaskGradients, TaskWeighting

# Keeps the logarithm finite for a target that is fitted exactly.
SMALLEST_VARIANCE = 1e-8


def uncertainty_step(log_variances: Tensor, losses: Tensor, learning_rate: float) -> Tensor:
    """One step on the log variances of K targets.

    Descends ``sum_k exp(-s_k) L_k / 2 + s_k / 2`` by its natural gradient in the variances
    ``exp(s_k)``, which makes every variance a running mean of its loss.

    Parameters
    ----------
    log_variances : Tensor of shape (K,)
        Log variances s before the step.
    losses : Tensor of shape (K,)
        Losses L of the targets, not negative.
    learning_rate : float
        Step size in (0, 1].

    Returns
    -------
    log_variances : Tensor of shape (K,)
        Log variances after the step; ``exp(s_k) = L_k`` is the fixed point.
    """
    # The Fisher information of a variance v is 1 / (2 v^2): 2 v^2 d/dv (L/v + log v) / 2 = v - L
    variances = (1 - learning_rate) * log_variances.exp() + learning_rate * losses
    return variances.clamp_min(SMALLEST_VARIANCE).log()


class UncertaintyWeighting(TaskWeighting):
    """Weigh every target by the inverse of its noise variance, which is learnt along.

    Targets that cannot be predicted well stop dominating the others. All targets weigh the same
    at the start.

    Parameters
    ----------
    learning_rate : float, default=0.01
        Step size of the variances, in (0, 1]. They follow the losses of about the last
        ``1 / learning_rate`` steps.

    Attributes
    ----------
    weights_ : Tensor of shape (n_targets,)
        Current weights; they sum to the number of targets.
    log_variances_ : Tensor of shape (n_targets,)
        Logarithms s of the noise variances of the standardised targets; 0 at the start.

    Raises
    ------
    ValueError
        At the start of training, if `learning_rate` is not in (0, 1].

    Notes
    -----
    The objective is the one for regression, ``sum_k exp(-s_k) L_k / 2 + s_k / 2``. Departures
    from the paper: the log variances are not trained by the network's optimizer but take one step
    of natural gradient per step of the network, which cannot overshoot after a large loss; and the
    weights ``exp(-s_k) / 2`` are scaled to sum to the number of targets, so that the step size of
    the network does not grow as the losses fall. A target without a label in a batch takes no part
    in that step.

    The variance of a target that is fitted ever better falls without end, and its weight grows
    towards the number of targets: watch the weights in ``history_`` when targets overfit.

    References
    ----------
    .. [1] A. Kendall, Y. Gal, R. Cipolla, "Multi-task learning using uncertainty to weigh losses
       for scene geometry and semantics", CVPR 2018.

    Examples
    --------
    >>> from sklearn_mtl import MMoERegressor
    >>> from sklearn_mtl.weighting import UncertaintyWeighting
    >>> model = MMoERegressor(weighting=UncertaintyWeighting(learning_rate=0.05))
    """

    def __init__(self, learning_rate: float = 0.01) -> None:
        self.learning_rate = learning_rate

    def initialize(self) -> UncertaintyWeighting:
        """Forget an earlier training."""
        super().initialize()
        if not 0 < self.learning_rate <= 1:
            raise ValueError(f"`learning_rate` must be in (0, 1]. Found {self.learning_rate!r}.")
        self.log_variances_: Tensor | None = None
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
        """Weigh by the variances so far, and propose those of the next step."""
        detached = losses.detach()
        if self.log_variances_ is None:
            self.log_variances_ = torch.zeros_like(detached)
        # exp(-s_k), scaled to sum to K
        self.weights_ = len(detached) * torch.softmax(-self.log_variances_, dim=0)
        stepped = uncertainty_step(self.log_variances_, detached, self.learning_rate)
        if observed is not None:
            stepped = torch.where(observed, stepped, self.log_variances_)
        self._proposal = stepped

    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        """Take over the proposal, once per optimizer step."""
        if training:
            self.log_variances_ = self._proposal
