"""Losses that stand alone, by name, and the resolution of a name or an instance."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from sklearn_mtl.losses._base import TaskLoss
from sklearn_mtl.losses._percentage import MAPELoss, SMAPELoss
from sklearn_mtl.losses._pointwise import HuberLoss, LogCoshLoss, MAELoss, MSELoss, SmoothL1Loss
from sklearn_mtl.losses._quantile import MultiQuantileLoss, QuantileLoss

#: What a pair may be made of. "multi_quantile" occurs in a pair only (x19).
MEMBERS: dict[str, type[TaskLoss]] = {
    "mse": MSELoss,
    "mae": MAELoss,
    "smooth_l1": SmoothL1Loss,
    "mape": MAPELoss,
    "huber": HuberLoss,
    "logcosh": LogCoshLoss,
    "quantile": QuantileLoss,
    "smape": SMAPELoss,
    "multi_quantile": MultiQuantileLoss,
}


def resolve_loss(
    loss: str | TaskLoss,
    table: Mapping[str, type[TaskLoss]],
    *,
    parameter: str = "loss",
    names: Iterable[str] | None = None,
    **params: Any,
) -> TaskLoss:
    """Build a loss of `table` by name, or copy an instance so that no two users share state.

    Parameters
    ----------
    loss : str or TaskLoss
        Name or instance.
    table : mapping of str to class
        Losses by name.
    parameter : str, default="loss"
        Name of the parameter in error messages.
    names : iterable of str, default=None
        Names listed in error messages; those of `table` if None.
    **params : dict
        Constructor parameters; with a name only.

    Returns
    -------
    TaskLoss
        A loss of its own.
    """
    if isinstance(loss, TaskLoss):
        if params:
            raise ValueError(
                f"`{parameter}` is an instance and takes no further parameters. "
                f"Got {sorted(params)}."
            )
        return copy.deepcopy(loss)
    if not isinstance(loss, str) or loss not in table:
        allowed = ", ".join(map(repr, table if names is None else names))
        raise ValueError(f"`{parameter}` must be one of {allowed}, or a TaskLoss. Got {loss!r}.")
    return table[loss](**params)
