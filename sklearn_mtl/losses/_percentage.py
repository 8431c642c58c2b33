"""Losses relative to the size of the target, in percent and in the user's units."""

from __future__ import annotations

from torch import Tensor

from sklearn_mtl.losses._base import TaskLoss
from sklearn_mtl.losses._checks import check_positive


class MAPELoss(TaskLoss):
    """Absolute error in percent of the target, ``100 |r| / (|y| + epsilon)``.

    Use it for targets that stay away from zero. It is computed in the user's units, because the
    percentage of a standardised value has no meaning.

    Parameters
    ----------
    epsilon : float, default=1e-6
        Stabiliser, in the units of the targets. For a target that touches zero choose the size
        below which relative errors are of no interest: such a row's gradient is of the
        order of ``100 / epsilon``.

    Notes
    -----
    Equation 62 of the MS-BCNN paper, per target; the paper does not state `epsilon`.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import MAPELoss
    >>> loss = MAPELoss()
    >>> loss.set_target_scaling(mean=torch.tensor([50.0]), scale=torch.tensor([10.0]))
    >>> loss(torch.tensor([[0.0]]), torch.tensor([[-1.0]]))  # 50 predicted, 40 measured
    tensor([25.])
    """

    in_units = True

    def __init__(self, epsilon: float = 1e-6) -> None:
        super().__init__()
        self.epsilon = check_positive("epsilon", epsilon)

    def elementwise(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return ``100 |r| / (|y| + epsilon)``."""
        return 100.0 * (target - prediction).abs() / (target.abs() + self.epsilon)  # eq. 62

    def extra_repr(self) -> str:
        """Return the parameters for ``repr``."""
        return f"epsilon={self.epsilon}"


class SMAPELoss(TaskLoss):
    """Symmetric percentage error, ``200 |r| / (|y| + |prediction| + epsilon)``, at most 200.

    Use it for targets that stay away from zero. It is computed in the user's units, because the
    percentage of a standardised value has no meaning. A prediction of the wrong sign gets
    no gradient: the loss is then at its bound.

    Parameters
    ----------
    epsilon : float, default=1e-6
        Stabiliser, in the units of the targets.

    Notes
    -----
    Equation 66 of the MS-BCNN paper, per target; the paper does not state `epsilon`.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import SMAPELoss
    >>> loss = SMAPELoss()
    >>> loss.set_target_scaling(mean=torch.tensor([50.0]), scale=torch.tensor([10.0]))
    >>> loss(torch.tensor([[1.0]]), torch.tensor([[-1.0]]))  # 60 predicted, 40 measured
    tensor([40.])
    """

    in_units = True

    def __init__(self, epsilon: float = 1e-6) -> None:
        super().__init__()
        self.epsilon = check_positive("epsilon", epsilon)

    def elementwise(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return ``200 |r| / (|y| + |prediction| + epsilon)``."""
        size = target.abs() + prediction.abs() + self.epsilon
        return 200.0 * (target - prediction).abs() / size  # eq. 66

    def extra_repr(self) -> str:
        """Return the parameters for ``repr``."""
        return f"epsilon={self.epsilon}"
