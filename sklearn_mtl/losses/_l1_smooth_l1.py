"""The loss of dynamic loss weighting: L1 and smooth L1 in a proportion per target."""

from __future__ import annotations

from torch import Tensor

from sklearn_mtl.losses._adaptive import AdaptiveCombinedLoss
from sklearn_mtl.losses._checks import check_share


class L1SmoothL1Loss(AdaptiveCombinedLoss):
    """L1 plus smooth L1, ``alpha_k * L1 + (1 - alpha_k) * SmoothL1``.

    The default loss of Attention-MMoE. The proportion of a target moves only when the weighting
    rule ``DynamicLossWeighting`` calls :meth:`advance_epoch` with its rate; left alone, the
    loss is a fixed combination.

    Parameters
    ----------
    weight_l1 : float, default=0.6
        Start value of alpha, the share of L1, in [0, 1]. In evaluation mode it always applies.

    See Also
    --------
    AdaptiveCombinedLoss : The same with any two losses and a rate of its own.

    Notes
    -----
    Equations 6 to 8 of the Attention-MMoE paper, with smooth L1 turning at ``|r| = 1``. The paper
    calls the proportion dynamic but gives no rule; ours is that of
    :func:`adaptive_term_weights`.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import L1SmoothL1Loss
    >>> loss = L1SmoothL1Loss(weight_l1=0.6)
    >>> loss(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 0.5]]))
    tensor([2.8000, 0.3500])
    >>> loss.alpha
    tensor([0.6000, 0.6000])
    """

    adapts_itself = False

    def __init__(self, weight_l1: float = 0.6) -> None:
        weight_l1 = check_share("weight_l1", weight_l1)
        super().__init__(first="mae", second="smooth_l1", weight=weight_l1, rate=0.0)
        self.weight_l1 = weight_l1

    @property
    def alpha(self) -> Tensor:
        """Current share of L1 per target, (K,); the start value, (1,), before the first batch."""
        if self.term_weights is None:
            return self.target_mean.new_tensor([self.weight_l1])
        return self.term_weights[0]

    def extra_repr(self) -> str:
        """Return the parameters for ``repr``."""
        return f"weight_l1={self.weight_l1}"
