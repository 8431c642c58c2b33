"""Losses of the residual alone: squared, absolute, smooth L1, Huber, log-cosh."""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor

from sklearn_mtl.losses._base import TaskLoss
from sklearn_mtl.losses._checks import check_positive


class MSELoss(TaskLoss):
    """Squared error, ``r^2``.

    Notes
    -----
    Equation 59 of the MS-BCNN paper, per target.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import MSELoss
    >>> MSELoss()(torch.tensor([[1.0], [2.0]]), torch.tensor([[1.0], [5.0]]))
    tensor([4.5000])
    """

    def elementwise(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return ``r^2``."""
        return F.mse_loss(prediction, target, reduction="none")  # eq. 59


class MAELoss(TaskLoss):
    """Absolute error, ``|r|``; less drawn to outliers than the squared error.

    Notes
    -----
    Equation 60 of the MS-BCNN paper, per target.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import MAELoss
    >>> MAELoss()(torch.tensor([[1.0], [2.0]]), torch.tensor([[1.0], [5.0]]))
    tensor([1.5000])
    """

    def elementwise(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return ``|r|``."""
        return F.l1_loss(prediction, target, reduction="none")  # eq. 60


class SmoothL1Loss(TaskLoss):
    """Quadratic below `beta`, with slope 1 beyond: ``r^2 / (2 beta)``, then ``|r| - beta / 2``.

    Parameters
    ----------
    beta : float, default=1.0
        Residual at which the two parts meet, in standard deviations of the target.

    Notes
    -----
    Equation 61 of the MS-BCNN paper, per target; the paper fixes `beta` without stating it.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import SmoothL1Loss
    >>> SmoothL1Loss()(torch.tensor([[1.0], [2.0]]), torch.tensor([[1.0], [5.0]]))
    tensor([1.2500])
    """

    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        self.beta = check_positive("beta", beta)

    def elementwise(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the smooth L1 loss of every entry."""
        return F.smooth_l1_loss(prediction, target, reduction="none", beta=self.beta)  # eq. 61

    def extra_repr(self) -> str:
        """Return the parameters for ``repr``."""
        return f"beta={self.beta}"


class HuberLoss(TaskLoss):
    """Quadratic up to `delta`, with slope `delta` beyond: `delta` times smooth L1.

    Parameters
    ----------
    delta : float, default=1.0
        Residual at which the two parts meet, in standard deviations of the target.

    Notes
    -----
    Equation 63 of the MS-BCNN paper, per target; the paper fixes `delta` without stating it. At
    the defaults of both it equals :class:`SmoothL1Loss`.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import HuberLoss
    >>> HuberLoss(delta=2.0)(torch.tensor([[1.0], [2.0]]), torch.tensor([[1.0], [5.0]]))
    tensor([2.])
    """

    def __init__(self, delta: float = 1.0) -> None:
        super().__init__()
        self.delta = check_positive("delta", delta)

    def elementwise(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the Huber loss of every entry."""
        return F.huber_loss(prediction, target, reduction="none", delta=self.delta)  # eq. 63

    def extra_repr(self) -> str:
        """Return the parameters for ``repr``."""
        return f"delta={self.delta}"


class LogCoshLoss(TaskLoss):
    """Logarithm of the hyperbolic cosine: nearly ``r^2 / 2`` if small, ``|r| - log 2`` if large.

    Notes
    -----
    Equation 64 of the MS-BCNN paper, per target, written as ``|r| + softplus(-2 |r|) - log 2``:
    ``cosh`` itself overflows in float32 from ``|r| = 90``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import LogCoshLoss
    >>> LogCoshLoss()(torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 1e4]]))
    tensor([4.3378e-01, 9.9993e+03])
    """

    def elementwise(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return ``log cosh r``."""
        size = F.l1_loss(prediction, target, reduction="none")
        return size + F.softplus(-2.0 * size) - math.log(2.0)  # eq. 64
