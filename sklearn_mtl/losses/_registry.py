"""The public losses by name."""

from __future__ import annotations

from typing import Any

from sklearn_mtl.losses._adaptive import AdaptiveCombinedLoss
from sklearn_mtl.losses._base import TaskLoss
from sklearn_mtl.losses._combined import CombinedLoss
from sklearn_mtl.losses._l1_smooth_l1 import L1SmoothL1Loss
from sklearn_mtl.losses._members import MEMBERS, resolve_loss

#: x18 of the MS-BCNN paper and the loss of dynamic loss weighting.
LOSSES: dict[str, type[TaskLoss]] = {
    "l1_smooth_l1": L1SmoothL1Loss,
    **{name: loss for name, loss in MEMBERS.items() if name != "multi_quantile"},
    "combined": CombinedLoss,
    "adaptive_combined": AdaptiveCombinedLoss,
}


def loss_names() -> tuple[str, ...]:
    """Return the names of the public losses.

    Returns
    -------
    tuple of str
        Names that an estimator's `loss` takes. "multi_quantile" is not among them, because the
        MS-BCNN paper has it as a member of a pair only; :func:`get_loss` knows it all the same.

    Examples
    --------
    >>> from sklearn_mtl.losses import loss_names
    >>> len(loss_names())
    11
    """
    return tuple(LOSSES)


def get_loss(loss: str | TaskLoss, **params: Any) -> TaskLoss:
    """Build a loss by name, or copy an instance.

    Parameters
    ----------
    loss : str or TaskLoss
        One of :func:`loss_names`, "multi_quantile", or an instance, which is copied with its
        state, so that two fits never share weights.
    **params : dict
        Parameters of the loss's constructor; with a name only.

    Returns
    -------
    TaskLoss
        The loss.

    Raises
    ------
    ValueError
        If the name is unknown, or if parameters accompany an instance.

    Examples
    --------
    >>> from sklearn_mtl.losses import get_loss
    >>> get_loss("huber", delta=0.5)
    HuberLoss(delta=0.5)
    """
    return resolve_loss(loss, {**MEMBERS, **LOSSES}, names=LOSSES, **params)
