"""Weights chosen by the user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from sklearn_mtl.weighting._base import TaskGradients, TaskWeighting


class FixedWeighting(TaskWeighting):
    """Give every target a weight chosen beforehand.

    Parameters
    ----------
    weights : sequence of float of length n_targets
        Non-negative weights in the order of the targets, at least one of them positive.

    Raises
    ------
    ValueError
        At the first step, if there is not one non-negative finite weight per target.

    Examples
    --------
    >>> from sklearn_mtl import MMoERegressor
    >>> from sklearn_mtl.weighting import FixedWeighting
    >>> model = MMoERegressor(weighting=FixedWeighting([2.0, 1.0]))
    """

    def __init__(self, weights: Sequence[float]) -> None:
        self.weights = weights

    def on_task_losses(
        self,
        net: Any,
        *,
        losses: Tensor,
        observed: Tensor | None,
        gradients: TaskGradients,
        **kwargs: Any,
    ) -> None:
        """Check the weights at the first step; they never change after."""
        if self.weights_ is not None:
            return
        weights = torch.as_tensor(self.weights, dtype=losses.dtype, device=losses.device)
        if (
            weights.shape != losses.shape
            or not torch.isfinite(weights).all()
            or (weights < 0).any()
            or weights.sum() == 0
        ):
            raise ValueError(
                f"`weights` must hold one non-negative number per target ({len(losses)}), "
                f"not all zero. Found {self.weights!r}."
            )
        self.weights_ = weights
