"""Learning-rate schedules by name."""

from __future__ import annotations

import math
from typing import Any

import torch
from skorch.callbacks import Callback


def warmup_cosine(step: int, n_steps: int, n_warmup: int, largest: float, smallest: float) -> float:
    """Learning rate of a step (MS-BCNN paper, eq. 58): linear rise, then half a cosine down.

    Parameters
    ----------
    step : int
        Index of the step, from 0.
    n_steps, n_warmup : int
        Number of all steps S and of the warm-up steps Sw.
    largest, smallest : float
        Learning rate after the warm-up and after the last step.

    Returns
    -------
    learning_rate : float
    """
    if step < n_warmup:
        return largest * (step + 1) / n_warmup
    progress = (step - n_warmup) / (n_steps - n_warmup)
    return smallest + 0.5 * (largest - smallest) * (1 + math.cos(math.pi * progress))


class WarmupCosine(Callback):
    """Set the learning rate of every step by :func:`warmup_cosine`.

    Parameters
    ----------
    warmup_epochs : int, default=2
        Length of the rise; at most half of all epochs.
    final_share : float, default=0.01
        Last learning rate as a share of the largest.
    """

    def __init__(self, warmup_epochs: int = 2, final_share: float = 0.01) -> None:
        self.warmup_epochs = warmup_epochs
        self.final_share = final_share

    def initialize(self) -> WarmupCosine:
        """Leave the learning rate alone until training begins."""
        self.step_: int | None = None
        return self

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Start again."""
        self.step_ = 0

    def on_epoch_begin(
        self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any
    ) -> None:
        """Read the number of steps."""
        steps_per_epoch = math.ceil(len(dataset_train) / net.batch_size)
        self.n_steps_ = net.max_epochs * steps_per_epoch
        self.n_warmup_ = min(self.warmup_epochs, net.max_epochs // 2) * steps_per_epoch

    def on_batch_begin(
        self, net: Any, batch: Any = None, training: bool = False, **kwargs: Any
    ) -> None:
        """Set the learning rate of the step."""
        if not training or self.step_ is None or self.step_ >= self.n_steps_:
            return
        rate = warmup_cosine(
            self.step_, self.n_steps_, self.n_warmup_, net.lr, self.final_share * net.lr
        )
        net.set_learning_rate(rate)
        self.step_ += 1

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Leave the learning rate alone again."""
        self.step_ = None


class Plateau(Callback):
    """Multiply the learning rate when the validation loss stops falling.

    The training loss is watched if there is no validation part.

    Parameters
    ----------
    factor : float, default=0.5
        What the learning rate is multiplied by.
    patience : int, default=5
        Epochs without improvement that are waited for.
    """

    def __init__(self, factor: float = 0.5, patience: int = 5) -> None:
        self.factor = factor
        self.patience = patience

    def initialize(self) -> Plateau:
        """Leave the learning rate alone until training begins."""
        self.scheduler_: torch.optim.lr_scheduler.ReduceLROnPlateau | None = None
        return self

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Start again."""
        net.set_learning_rate(net.lr)
        self.scheduler_ = torch.optim.lr_scheduler.ReduceLROnPlateau(
            net.optimizer_, factor=self.factor, patience=self.patience
        )

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Look at the loss."""
        if self.scheduler_ is not None:
            epoch = net.history[-1]
            self.scheduler_.step(epoch.get("valid_loss", epoch["train_loss"]))

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Let go of the optimizer."""
        self.scheduler_ = None


SCHEDULERS: dict[str, type[Callback]] = {"plateau": Plateau, "warmup_cosine": WarmupCosine}
