"""Early stopping that ends with the best weights."""

from __future__ import annotations

from typing import Any

from skorch.callbacks import Callback


class BestWeights(Callback):
    """Stop when the validation loss no longer falls, and restore the weights of its best epoch.

    The loss watched is the unweighted mean over the targets, whatever rule weighs them in
    training. Weights are kept in memory, so that parallel fits never share a file. Without a
    validation part nothing happens.

    Parameters
    ----------
    patience : int or None, default=None
        Epochs without improvement that are waited for; None trains all epochs.

    Attributes
    ----------
    best_epoch_ : int or None
        Epoch of the restored weights, from 1.
    """

    def __init__(self, patience: int | None = None) -> None:
        self.patience = patience

    def initialize(self) -> BestWeights:
        """Forget an earlier training."""
        self.best_epoch_: int | None = None
        self.best_loss_ = float("inf")
        self.best_state_: dict[str, Any] | None = None
        self.exhausted_ = False
        return self

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Start again: a warm start may see other data."""
        self.initialize()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Keep the weights if they are the best so far; ask for a stop if none were for too long.

        The net stops when all callbacks have seen the epoch.
        """
        self.exhausted_ = False
        epoch = net.history[-1]
        if "valid_loss" not in epoch:
            return
        if epoch["valid_loss"] < self.best_loss_:
            self.best_loss_ = epoch["valid_loss"]
            self.best_epoch_ = epoch["epoch"]
            with net.evaluation_weights():
                self.best_state_ = {
                    name: tensor.clone() for name, tensor in net.module_.state_dict().items()
                }
        elif self.patience is not None and self.best_epoch_ is not None:
            self.exhausted_ = epoch["epoch"] - self.best_epoch_ >= self.patience

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Restore the best weights."""
        if self.best_state_ is not None:
            net.module_.load_state_dict(self.best_state_)
            self.best_state_ = None
