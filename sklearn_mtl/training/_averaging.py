"""Exponential moving average of the weights."""

from __future__ import annotations

from typing import Any

from skorch.callbacks import Callback
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


class WeightAveraging(Callback):
    """Keep an exponential moving average of the weights, and end with it.

    Validation sees the averaged weights too, so that early stopping judges what will be used.

    Parameters
    ----------
    decay : float
        Share of the average that survives a step, in (0, 1).
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay

    def initialize(self) -> WeightAveraging:
        """Average nothing until training begins."""
        self.averaged_: AveragedModel | None = None
        return self

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Start with the current weights."""
        self.averaged_ = AveragedModel(
            net.module_, multi_avg_fn=get_ema_multi_avg_fn(self.decay), use_buffers=False
        )

    def on_batch_end(self, net: Any, training: bool = False, **kwargs: Any) -> None:
        """Take in the weights of this step."""
        if training and self.averaged_ is not None:
            self.averaged_.update_parameters(net.module_)

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Leave the averaged weights in the module."""
        self.swap(net.module_)
        self.averaged_ = None

    def swap(self, module: nn.Module) -> None:
        """Exchange the module's weights and the averaged ones."""
        if self.averaged_ is None:
            return
        for current, average in zip(
            module.parameters(), self.averaged_.module.parameters(), strict=True
        ):
            current.data, average.data = average.data, current.data
