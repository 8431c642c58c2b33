"""Two losses in a proportion that follows, per target, how fast each of them falls."""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_mtl.losses._base import TaskLoss, task_mean
from sklearn_mtl.losses._checks import check_rate
from sklearn_mtl.losses._combined import CombinedLoss
from sklearn_mtl.losses._term_weights import adaptive_term_weights


class AdaptiveCombinedLoss(CombinedLoss):
    """Weighted sum of two losses whose weights are updated once per epoch.

    Each target has its own two weights, on the simplex. In training mode the current weights
    apply and the epoch's means of both terms are collected; :meth:`advance_epoch` moves the
    weights. In evaluation mode the start weights apply, so that validation losses of different
    epochs can be compared.

    Parameters
    ----------
    first, second : str or TaskLoss, default="mse" and "mae"
        The members, by name or as instances (which are copied).
    weight : float, default=0.5
        Start weight of the first member, in [0, 1]; a start at 0 or 1 stays there.
    rate : float, default=0.01
        Learning rate of the weights; 0 keeps them.

    Attributes
    ----------
    term_weights : Tensor of shape (2, K) or None
        Current weights; None before the first batch in training mode.
    previous_means : Tensor of shape (2, K) or None
        Means of both terms over the last epoch in which the target had labels, NaN before.
    epoch_sums : Tensor of shape (2, K) or None
        Weighted sums of both terms since the last :meth:`advance_epoch`.
    epoch_totals : Tensor of shape (K,) or None
        Observed weights since the last :meth:`advance_epoch`.

    See Also
    --------
    adaptive_term_weights : The update, and why it is a reconstruction.
    CombinedLoss : Fixed weights.

    Notes
    -----
    Equation 68 of the MS-BCNN paper, per target. `weight` is the first entry of x20, `rate` is
    x21, the pairs of x19 are in ``COMBINED_PAIRS``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import AdaptiveCombinedLoss
    >>> loss = AdaptiveCombinedLoss("mse", "mae", rate=0.5)
    >>> target = torch.ones(4, 1)
    >>> for prediction in (0.0, 0.5):  # mse falls to a quarter, mae to a half
    ...     _ = loss(torch.full((4, 1), prediction), target)
    ...     loss.advance_epoch()
    >>> loss.term_weights
    tensor([[0.4688],
            [0.5312]])
    """

    adapts_itself = True

    term_weights: Tensor | None
    previous_means: Tensor | None
    epoch_sums: Tensor | None
    epoch_totals: Tensor | None

    def __init__(
        self,
        first: str | TaskLoss = "mse",
        second: str | TaskLoss = "mae",
        weight: float = 0.5,
        rate: float = 0.01,
    ) -> None:
        super().__init__(first, second, weight)
        self.rate = check_rate("rate", rate)
        for name in ("term_weights", "previous_means", "epoch_sums", "epoch_totals"):
            self.register_buffer(name, None)

    def with_totals(
        self,
        prediction: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        complete: bool = False,
    ) -> tuple[Tensor, Tensor | float]:
        """Return the weighted sum of both terms for every target, and its observed weight.

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
            With the current weights in training mode, with the start weights otherwise.
        totals : Tensor of shape (K,) or float
            Observed weight per target; the plain number of rows if nothing is missing or weighted.
        """
        if not self.training:
            return super().with_totals(prediction, target, weight, complete)
        terms, totals = task_mean(self._both, prediction, target, weight, complete)  # (2, K)
        term_weights = self._collect(terms.detach(), totals)
        return (term_weights * terms).sum(0), totals  # eq. 68

    def terms(self, prediction: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Return both terms of every target, without weighing or collecting them.

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
        Tensor of shape (2, K)
            Means of the first and of the second member.
        """
        return task_mean(self._both, prediction, target, weight)[0]

    @torch.no_grad()
    def advance_epoch(self, rate: float | None = None) -> None:
        """Move the weights by the epoch's means, and begin to collect anew.

        The first epoch in which a target has labels only stores its means; a target without
        labels in the epoch keeps its weights and its stored means.

        Parameters
        ----------
        rate : float, default=None
            Learning rate of this update; the loss's own if None.
        """
        if (
            self.term_weights is None
            or self.previous_means is None
            or self.epoch_sums is None
            or self.epoch_totals is None
        ):
            return  # nothing was trained on
        rate = self.rate if rate is None else check_rate("rate", rate)
        means = self.epoch_sums / self.epoch_totals  # 0 / 0 = NaN: no labels
        # New tensors, not updates in place: a history may still hold the old ones.
        self.term_weights = adaptive_term_weights(
            self.term_weights, means, self.previous_means, rate
        )
        self.previous_means = torch.where(self.epoch_totals > 0, means, self.previous_means)
        self.epoch_sums = torch.zeros_like(self.epoch_sums)
        self.epoch_totals = torch.zeros_like(self.epoch_totals)

    def _both(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the entries of both members, (2, B, K)."""
        return torch.stack(
            (self.first.pointwise(prediction, target), self.second.pointwise(prediction, target))
        )

    def _collect(self, terms: Tensor, totals: Tensor | float) -> Tensor:
        """Add a batch to the epoch's sums and return the current weights."""
        if self.term_weights is None or self.epoch_sums is None or self.epoch_totals is None:
            start = terms.new_tensor([[self.weight], [1.0 - self.weight]])
            self.term_weights = start.expand_as(terms).clone()
            self.previous_means = torch.full_like(terms, torch.nan)
            self.epoch_sums = torch.zeros_like(terms)
            self.epoch_totals = torch.zeros_like(terms[0])
        self.epoch_sums += terms * totals
        self.epoch_totals += totals
        return self.term_weights
