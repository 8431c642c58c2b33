"""What every loss does besides its formula: observed entries, row weights, target units."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def observed_shares(missing: Tensor, like: Tensor, weight: Tensor | None = None) -> Tensor:
    """Give every entry its weight in the mean: 0 where unobserved, else 1 or the row's weight.

    Parameters
    ----------
    missing : Tensor of bool of shape (B, K)
        True where unobserved.
    like : Tensor
        Determines dtype and device of the result.
    weight : Tensor of shape (B,), default=None
        Row weights.

    Returns
    -------
    Tensor of shape (B, K)
        Shares.
    """
    shares = missing.logical_not().to(like)
    return shares if weight is None else shares * weight.to(like)[:, None]


def task_mean(
    pointwise: Callable[[Tensor, Tensor], Tensor],
    prediction: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    complete: bool = False,
) -> tuple[Tensor, Tensor | float]:
    """Average a pointwise loss over the observed entries of every target.

    Parameters
    ----------
    pointwise : callable
        Maps two tensors of shape (B, K) to one of shape (..., B, K).
    prediction : Tensor of shape (B, K)
        Predictions.
    target : Tensor of shape (B, K)
        Targets, NaN where unobserved.
    weight : Tensor of shape (B,), default=None
        Row weights.
    complete : bool, default=False
        Whether `target` is known to hold no NaN, which saves looking for one in every batch.

    Returns
    -------
    means : Tensor of shape (..., K)
        Weighted means; 0 with gradient 0 for a target without observed weight.
    totals : Tensor of shape (K,) or float
        Observed weight per target; the plain number of rows if nothing is missing or weighted.
    """
    # One NaN makes the sum NaN: cheaper than looking at every entry.
    incomplete = not complete and math.isnan(target.sum())
    if weight is None and not incomplete:
        return pointwise(prediction, target).mean(-2), float(target.shape[0])
    missing = target.isnan()
    shares = observed_shares(missing, prediction, weight)
    if incomplete:
        # Both sides are filled, so that no value of an unobserved entry, not even an infinite
        # prediction, can reach the sum or the gradient.
        prediction, target = prediction.masked_fill(missing, 0.0), target.masked_fill(missing, 0.0)
    totals = shares.sum(0)
    # Dividing the shares, which need no gradient, spares the backward pass a division.
    shares = shares / torch.where(totals > 0, totals, 1.0)
    return (pointwise(prediction, target) * shares).sum(-2), totals


class TaskLoss(nn.Module):
    """Loss that reports one value per target and passes over unobserved entries.

    A subclass fills one blank, :meth:`elementwise`; missing labels, row weights and target
    units are handled here, once.

    Attributes
    ----------
    in_units : bool
        Class attribute. Whether :meth:`elementwise` expects the user's units; predictions and
        targets are then mapped back by the scaling given to :meth:`set_target_scaling`.
    adapts_itself : bool
        Class attribute. Whether the training loop calls `advance_epoch` at the end of an epoch.
    target_mean, target_scale : Tensor
        Buffers of shape () or (K,): what a standardised target is mapped back with.

    Notes
    -----
    **Shape**

    - prediction: ``(B, K)``
    - target: ``(B, K)``, NaN where unobserved
    - weight: ``(B,)``, optional
    - output: ``(K,)``

    The papers' equations average over all entries of all targets; here the mean over targets is
    left to the caller, because the weighting rules need one loss per target.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import TaskLoss
    >>> class Cubic(TaskLoss):
    ...     def elementwise(self, prediction, target):
    ...         return (target - prediction).abs() ** 3
    >>> target = torch.tensor([[1.0, torch.nan], [3.0, torch.nan]])
    >>> Cubic()(torch.zeros(2, 2), target)
    tensor([14.,  0.])
    """

    in_units: bool = False
    adapts_itself: bool = False

    target_mean: Tensor
    target_scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("target_mean", torch.tensor(0.0))
        self.register_buffer("target_scale", torch.tensor(1.0))

    def elementwise(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the loss of every entry; the one method a subclass writes.

        Parameters
        ----------
        prediction, target : Tensor of shape (B, K)
            Without NaN; in the user's units if `in_units`, standardised otherwise.

        Returns
        -------
        Tensor of shape (B, K)
            Losses.
        """
        raise NotImplementedError

    def pointwise(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return :meth:`elementwise` of standardised values, mapped back first if `in_units`.

        Parameters
        ----------
        prediction, target : Tensor of shape (B, K)
            Standardised values without NaN.

        Returns
        -------
        Tensor of shape (B, K)
            Losses.
        """
        if self.in_units:
            mean, scale = self.target_mean.to(prediction), self.target_scale.to(prediction)
            prediction, target = prediction * scale + mean, target * scale + mean
        return self.elementwise(prediction, target)

    def forward(self, prediction: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Return the mean loss of every target over its observed entries.

        Parameters
        ----------
        prediction : Tensor of shape (B, K)
            Predictions.
        target : Tensor of shape (B, K)
            Targets, NaN where unobserved.
        weight : Tensor of shape (B,), default=None
            Non-negative row weights.

        Returns
        -------
        Tensor of shape (K,)
            Losses; 0, with gradient 0, for a target without observed weight.
        """
        return self.with_totals(prediction, target, weight)[0]

    def with_totals(
        self,
        prediction: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        complete: bool = False,
    ) -> tuple[Tensor, Tensor | float]:
        """Return the mean losses together with the weights that they are means over.

        Parameters
        ----------
        prediction : Tensor of shape (B, K)
            Predictions.
        target : Tensor of shape (B, K)
            Targets, NaN where unobserved.
        weight : Tensor of shape (B,), default=None
            Non-negative row weights.
        complete : bool, default=False
            Whether `target` is known to hold no NaN.

        Returns
        -------
        losses : Tensor of shape (K,)
            As from calling the loss.
        totals : Tensor of shape (K,) or float
            Observed weight per target; the plain number of rows if nothing is missing or weighted.
        """
        return task_mean(self.pointwise, prediction, target, weight, complete)

    def set_target_scaling(self, mean: Tensor, scale: Tensor) -> None:
        """Tell the loss how targets were standardised: ``(y - mean) / scale``.

        Every loss takes it; those computed on standardised values ignore it.

        Parameters
        ----------
        mean, scale : Tensor of shape (K,)
            Location and scale of the targets.
        """
        device = self.target_mean.device
        self.target_mean = torch.as_tensor(mean, device=device).detach().clone()
        self.target_scale = torch.as_tensor(scale, device=device).detach().clone()

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any, **kwargs: Any
    ) -> None:
        # K is known only once data were seen: a fresh loss takes the shapes of what it loads.
        device = self.target_mean.device
        for name in self._buffers:
            if prefix + name in state_dict:
                setattr(self, name, torch.empty_like(state_dict[prefix + name], device=device))
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
