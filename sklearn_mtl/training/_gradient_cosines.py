"""A log of how much the targets' gradients are in conflict."""

from __future__ import annotations

from typing import Any

import torch
from skorch.callbacks import Callback
from torch import Tensor


def pairwise_cosines(gradients: Tensor) -> Tensor:
    """Cosine between the gradients of every pair of targets.

    Parameters
    ----------
    gradients : Tensor of shape (n_targets, n_shared)
        Gradient of every target's loss by the shared parameters.

    Returns
    -------
    cosines : Tensor of shape (n_targets * (n_targets - 1) / 2,)
        Pairs in the order (0, 1), (0, 2), ..., (1, 2), ...; NaN where a gradient is zero.
    """
    gramian = gradients @ gradients.T
    norms = gramian.diagonal().sqrt()
    cosines = gramian / (norms[:, None] * norms)
    first, second = torch.triu_indices(len(gradients), len(gradients), offset=1)
    return cosines[first, second]


class GradientCosines(Callback):
    """Record the mean over an epoch's steps of the cosines between the targets' gradients.

    A pair of targets counts in the steps in which both have a label.
    """

    def initialize(self) -> GradientCosines:
        """Forget an earlier training."""
        self._cosines: list[Tensor] = []
        self._pending: Tensor | None = None
        return self

    def on_task_losses(self, net: Any, *, gradients: Any, **kwargs: Any) -> None:
        """Take the cosines of this step."""
        self._pending = pairwise_cosines(gradients.of_shared_parameters())

    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        """Keep them, once per optimizer step."""
        if training and self._pending is not None:
            self._cosines.append(self._pending)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Record the means."""
        means = torch.stack(self._cosines).nanmean(dim=0)
        net.history.record("gradient_cosines", means.tolist())
        self._cosines = []
