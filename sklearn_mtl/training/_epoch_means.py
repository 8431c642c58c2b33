"""Means over an epoch, per target."""

from __future__ import annotations

import torch
from torch import Tensor


class EpochMeans:
    """Collect the task losses and task weights of an epoch's batches.

    Every loss counts with the total weight of its labels in the batch, so that the mean is the one
    over all labels of the epoch; a target without a label in the epoch has the mean NaN.
    """

    def __init__(self) -> None:
        self._loss_sum: Tensor | float = 0.0
        self._total: Tensor | float = 0.0
        self._weight_sum: Tensor | float = 0.0
        self._n_batches = 0

    def add(self, losses: Tensor, totals: Tensor | int, weights: Tensor | None = None) -> None:
        """Add a batch: losses, total label weights and task weights, each per target."""
        losses = losses.detach()
        self._loss_sum = self._loss_sum + losses * totals
        self._total = self._total + totals
        if weights is not None:
            self._weight_sum = self._weight_sum + weights
        self._n_batches += 1

    def task_losses(self) -> list[float]:
        """Mean loss per target."""
        loss_sum = torch.as_tensor(self._loss_sum)
        total = torch.as_tensor(self._total, device=loss_sum.device).expand_as(loss_sum)
        return torch.where(total > 0, loss_sum / total, torch.nan).tolist()

    def task_weights(self) -> list[float]:
        """Mean weight per target."""
        return (torch.as_tensor(self._weight_sum) / self._n_batches).tolist()
