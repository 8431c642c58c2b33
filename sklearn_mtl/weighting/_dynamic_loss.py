"""Dynamic loss weighting: robust per-target losses, balanced targets."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from sklearn_mtl.weighting._base import TaskGradients, TaskWeighting
from sklearn_mtl.weighting._equal import EqualWeighting
from sklearn_mtl.weighting._gradnorm import GradNorm


class DynamicLossWeighting(TaskWeighting):
    """Dynamic loss weighting (DLW) of Attention-MMoE-DLW, eqs 6-8.

    The loss of target k is ``alpha_k * L1 + (1 - alpha_k) * SmoothL1``. This callback moves
    ``alpha_k`` at the end of every epoch and balances the targets against each other. It
    goes with ``loss="l1_smooth_l1"``, which owns ``alpha``.

    Parameters
    ----------
    adapt : bool, default=True
        Whether ``alpha`` moves.
    rate : float, default=0.01
        Step size of ``alpha``.
    balance : {"gradnorm", None}, default="gradnorm"
        How the targets are weighted; None gives equal weights.

    Attributes
    ----------
    weights_ : Tensor of shape (n_targets,)
        Weights of the targets; they sum to the number of targets.

    Raises
    ------
    ValueError
        At the start of training, with any other loss or `balance`.

    Notes
    -----
    The paper names the mechanism and gives no update for alpha. Reconstruction: with rho_i the
    epoch mean of term i divided by that of the epoch before, clipped to [0.1, 10], the term
    weights become ``normalise(w * exp(rate * (rho - mean(rho))))``: the term that falls more
    slowly gains weight. The ablation No-DLW is ``weighting="equal"`` with ``weight_l1=0.5``.

    Examples
    --------
    >>> from sklearn_mtl import AttentionMMoERegressor
    >>> from sklearn_mtl.weighting import DynamicLossWeighting
    >>> model = AttentionMMoERegressor(weighting=DynamicLossWeighting(balance=None))
    """

    fixed_loss: ClassVar[str | None] = "l1_smooth_l1"

    def __init__(
        self, adapt: bool = True, rate: float = 0.01, balance: str | None = "gradnorm"
    ) -> None:
        self.adapt = adapt
        self.rate = rate
        self.balance = balance

    def initialize(self) -> DynamicLossWeighting:
        """Forget an earlier training."""
        super().initialize()
        if self.balance not in ("gradnorm", None):
            raise ValueError(f"`balance` must be 'gradnorm' or None. Found {self.balance!r}.")
        rule = EqualWeighting() if self.balance is None else GradNorm()
        self.balancing_: TaskWeighting = rule.initialize()
        return self

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Check that the loss has an alpha to move."""
        if not hasattr(net.criterion_, "alpha"):
            raise ValueError(
                "DynamicLossWeighting needs loss='l1_smooth_l1'. "
                f"Found {type(net.criterion_).__name__}."
            )

    def on_task_losses(
        self,
        net: Any,
        *,
        losses: Tensor,
        observed: Tensor | None,
        gradients: TaskGradients,
        **kwargs: Any,
    ) -> None:
        """Balance the targets."""
        self.balancing_.on_task_losses(net, losses=losses, observed=observed, gradients=gradients)
        self.weights_ = self.balancing_.weights_

    def on_batch_end(self, net: Any, batch: Any = None, training: bool = False, **kw: Any) -> None:
        """Advance the balance of the targets."""
        self.balancing_.on_batch_end(net, batch=batch, training=training)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Move alpha, and put it on record."""
        self.balancing_.on_epoch_end(net)
        net.history.record("alpha", net.criterion_.alpha.tolist())
        if self.adapt:
            net.criterion_.advance_epoch(self.rate)
