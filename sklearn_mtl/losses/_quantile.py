"""Pinball losses: one level, or the mean over several."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sklearn_mtl.losses._base import TaskLoss


class QuantileLoss(TaskLoss):
    """Pinball loss, ``max(tau r, (tau - 1) r)`` with ``r = y - prediction``.

    Parameters
    ----------
    tau : float, default=0.5
        Level of the quantile that is learned, in (0, 1). Above 0.5 predicting too low costs more
        than predicting too high.

    Notes
    -----
    Equation 65 of the MS-BCNN paper, per target; the paper fixes `tau` without stating it. The
    default is the median, because any other level biases the prediction on purpose; it makes the
    loss half of :class:`MAELoss`.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import QuantileLoss
    >>> QuantileLoss(tau=0.75)(torch.tensor([[0.0, 0.0]]), torch.tensor([[2.0, -2.0]]))
    tensor([1.5000, 0.5000])
    """

    def __init__(self, tau: float = 0.5) -> None:
        super().__init__()
        if not 0.0 < tau < 1.0:
            raise ValueError(f"`tau` must lie in (0, 1). Got {tau}.")
        self.tau = tau

    def elementwise(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the pinball loss of every entry."""
        residual = target - prediction
        return torch.maximum(self.tau * residual, (self.tau - 1.0) * residual)  # eq. 65

    def extra_repr(self) -> str:
        """Return the parameters for ``repr``."""
        return f"tau={self.tau}"


class MultiQuantileLoss(QuantileLoss):
    """Mean pinball loss over several levels, all of them on the one prediction.

    It exists as a member of the pair ``("mae", "multi_quantile")`` of a combined loss.

    Parameters
    ----------
    taus : sequence of float, default=(0.1, 0.5, 0.9)
        Levels, each in (0, 1).

    Notes
    -----
    A reconstruction: the MS-BCNN paper names the loss in the domain of x19 and defines it
    nowhere. For either sign of the residual the pinball loss is linear in its level, so the mean
    over `taus` *is* the pinball loss at their mean, and is computed so. Levels that are symmetric
    about 0.5, the defaults among them, give half of :class:`MAELoss`.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import MultiQuantileLoss
    >>> loss = MultiQuantileLoss(taus=(0.5, 0.75))
    >>> loss(torch.tensor([[0.0, 0.0]]), torch.tensor([[2.0, -2.0]]))
    tensor([1.2500, 0.7500])
    """

    def __init__(self, taus: Sequence[float] = (0.1, 0.5, 0.9)) -> None:
        taus = tuple(taus)
        if not taus or not all(0.0 < tau < 1.0 for tau in taus):
            raise ValueError(f"`taus` must hold at least one level, each in (0, 1). Got {taus}.")
        super().__init__(tau=sum(taus) / len(taus))
        self.taus = taus

    def extra_repr(self) -> str:
        """Return the parameters for ``repr``."""
        return f"taus={self.taus}"
