"""Means over an epoch, per target."""

from __future__ import annotations

import torch
from torch import Tensor


class EpochMeans:
    """Collect the task losses and task weights of an epoch's batches.

    Every loss counts with the total weight of its labels in the batch, so that the mean is the one
    over all labels of the epoch; a target without a label in the epoch has the mean NaN. Batches
    are kept until the end, because arithmetic on a few numbers per step would cost more.
    """

    def __init__(self) -> None:
        self._losses: list[Tensor] = []
        self._totals: list[Tensor | float] = []
        self._weights: list[Tensor] = []

    def add(self, losses: Tensor, totals: Tensor | float, weights: Tensor | None = None) -> None:
        """Add a batch: losses, total label weights and task weights, each per target."""
        self._losses.append(losses.detach())
        self._totals.append(totals)
        if weights is not None:
            self._weights.append(weights)

    def task_losses(self) -> list[float]:
        """Mean loss per target."""
        losses = torch.stack(self._losses)
        totals = torch.stack(
            [torch.as_tensor(total).to(losses).expand_as(losses[0]) for total in self._totals]
        )
        total = totals.sum(dim=0)
        mean = (losses * totals).sum(dim=0) / total
        return torch.where(total > 0, mean, torch.nan).tolist()

    def task_weights(self) -> list[float]:
        """Mean weight per target."""
        return torch.stack(self._weights).mean(dim=0).tolist()
