"""Progress of a training on the screen."""

from __future__ import annotations

from typing import Any

from skorch.callbacks import Callback
from tqdm.auto import tqdm


class EpochProgress(Callback):
    """Show a bar over the epochs with the current losses."""

    def initialize(self) -> EpochProgress:
        """Show nothing until training begins."""
        self.bar_: Any = None
        return self

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Open the bar."""
        self.bar_ = tqdm(total=net.max_epochs, unit="epoch", desc=type(net.module_).__name__)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Move the bar."""
        if self.bar_ is None:
            return
        epoch = net.history[-1]
        losses = {
            name: f"{epoch[name]:.4f}" for name in ("train_loss", "valid_loss") if name in epoch
        }
        self.bar_.set_postfix(losses, refresh=False)
        self.bar_.update()

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Close the bar."""
        self.bar_.close()
        self.bar_ = None
