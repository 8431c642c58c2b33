"""Two losses in a fixed proportion."""

from __future__ import annotations

from torch import Tensor

from sklearn_mtl.losses._base import TaskLoss
from sklearn_mtl.losses._checks import check_share
from sklearn_mtl.losses._members import MEMBERS, resolve_loss

#: The ten pairs of x19 (MS-BCNN paper, table of the decision variables), in its order.
COMBINED_PAIRS: tuple[tuple[str, str], ...] = (
    ("mse", "mae"),
    ("mse", "huber"),
    ("mae", "huber"),
    ("mae", "mape"),
    ("mse", "smape"),
    ("mae", "quantile"),
    ("huber", "quantile"),
    ("mae", "multi_quantile"),
    ("mse", "smooth_l1"),
    ("mae", "logcosh"),
)


class CombinedLoss(TaskLoss):
    """Weighted sum of two losses, ``weight * first + (1 - weight) * second``.

    Parameters
    ----------
    first, second : str or TaskLoss, default="mse" and "mae"
        The members, by name or as instances (which are copied). Each is computed in its own
        units: a percentage member in the user's, the others on standardised values.
    weight : float, default=0.5
        Share of the first member, in [0, 1].

    Notes
    -----
    Equation 67 of the MS-BCNN paper, per target, with its alpha = 0.5 as the default. Any two
    losses may be paired; the paper searches the ten of ``COMBINED_PAIRS``.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import CombinedLoss
    >>> CombinedLoss("mse", "mae")(torch.tensor([[2.0]]), torch.tensor([[5.0]]))
    tensor([6.])
    """

    first: TaskLoss
    second: TaskLoss

    def __init__(
        self,
        first: str | TaskLoss = "mse",
        second: str | TaskLoss = "mae",
        weight: float = 0.5,
    ) -> None:
        super().__init__()
        self.first = resolve_loss(first, MEMBERS, parameter="first")
        self.second = resolve_loss(second, MEMBERS, parameter="second")
        for name, member in (("first", self.first), ("second", self.second)):
            if member.adapts_itself:
                raise ValueError(
                    f"`{name}` must not adapt itself, since nothing would advance its weights. "
                    f"Got {type(member).__name__}."
                )
        self.weight = check_share("weight", weight)

    def elementwise(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Return the weighted sum for every entry; the members map back to units themselves."""
        first = self.first.pointwise(prediction, target)
        second = self.second.pointwise(prediction, target)
        return self.weight * first + (1.0 - self.weight) * second  # eq. 67

    def set_target_scaling(self, mean: Tensor, scale: Tensor) -> None:
        """Pass the scaling of the targets on to both members.

        Parameters
        ----------
        mean, scale : Tensor of shape (K,)
            Location and scale of the targets.
        """
        super().set_target_scaling(mean, scale)
        self.first.set_target_scaling(mean, scale)
        self.second.set_target_scaling(mean, scale)

    def extra_repr(self) -> str:
        """Return the parameters for ``repr``."""
        return f"weight={self.weight}"
