"""Ending a training early that falls behind earlier ones of models no larger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from optuna.exceptions import TrialPruned

# As of Optuna's MedianPruner; the warm-up of the learning rate takes part of the first epochs.
STARTUP_CURVES = 5
WARMUP_EPOCHS = 5


class Curve(NamedTuple):
    """Validation losses of one training.

    Attributes
    ----------
    losses : list of float
        Loss after each epoch.
    n_parameters : int
        Size of the network.
    criterion : str
        Description of the loss: only equal ones can be compared.
    """

    losses: list[float]
    n_parameters: int
    criterion: str


def median_curve(earlier: Sequence[Curve], n_parameters: float, criterion: str) -> np.ndarray:
    """Median over comparable earlier trainings of the best loss so far, epoch by epoch.

    Parameters
    ----------
    earlier : sequence of Curve
    n_parameters : float
        Curves of larger networks are left out: a model may be worse than larger ones and still be
        on the front. Infinite if size is no objective.
    criterion : str
        Curves of other losses are left out.

    Returns
    -------
    limits : ndarray
        As long as five or more of the curves last.
    """
    best = [
        np.minimum.accumulate(curve.losses)
        for curve in earlier
        if curve.n_parameters <= n_parameters and curve.criterion == criterion
    ]
    lengths = sorted((len(losses) for losses in best), reverse=True)
    if len(lengths) < STARTUP_CURVES:
        return np.zeros(0)
    return np.array(
        [
            np.median([losses[epoch] for losses in best if len(losses) > epoch])
            for epoch in range(lengths[STARTUP_CURVES - 1])
        ]
    )


class LearningCurveStop:
    """Callback of a skorch net that records its validation losses and may end the trial.

    It has those methods of skorch's callbacks that nets call, so that this package needs no skorch.

    Parameters
    ----------
    earlier : sequence of Curve
        Of finished trials, on the same split.
    by_size : bool
        Whether size is an objective.

    Attributes
    ----------
    curve : Curve or None
        What was recorded.
    """

    def __init__(self, earlier: Sequence[Curve], by_size: bool) -> None:
        self.earlier = earlier
        self.by_size = by_size
        self.curve: Curve | None = None

    def initialize(self) -> LearningCurveStop:
        """Forget an earlier training."""
        self.curve = None
        return self

    def set_params(self, **params: Any) -> LearningCurveStop:
        """Do nothing: skorch offers every callback the parameters meant for it."""
        return self

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Give no parameters."""
        return {}

    def __sklearn_clone__(self) -> LearningCurveStop:
        # Estimators clone their callbacks, but this one has to bring back what it recorded.
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("on_"):  # all other events of skorch
            return lambda *args, **kwargs: None
        raise AttributeError(name)

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Record the loss; end the trial if it is behind the median of earlier ones."""
        epoch = net.history[-1]
        if "valid_loss" not in epoch:
            return
        if self.curve is None:
            n_parameters = sum(p.numel() for p in net.module_.parameters() if p.requires_grad)
            self.curve = Curve([], n_parameters, repr(net.criterion_))
            size = n_parameters if self.by_size else np.inf
            self._limits = median_curve(self.earlier, size, self.curve.criterion)
        losses = self.curve.losses
        losses.append(float(epoch["valid_loss"]))
        n = len(losses)
        if WARMUP_EPOCHS < n <= len(self._limits) and min(losses) > self._limits[n - 1]:
            raise TrialPruned(
                f"Validation loss {min(losses):.4g} after epoch {n}; the median of earlier trials "
                f"with networks no larger is {self._limits[n - 1]:.4g}."
            )


def with_callback(estimator: Any, callback: LearningCurveStop) -> Any:
    """Add a callback to the estimator that trains a network.

    Parameters
    ----------
    estimator : estimator
        It or one of its parts has a parameter ``callbacks``.
    callback : LearningCurveStop

    Returns
    -------
    estimator : estimator
        The same.

    Raises
    ------
    ValueError
        If there is no such parameter.
    """
    names = [
        name
        for name in estimator.get_params()
        if name == "callbacks" or name.endswith("__callbacks")
    ]
    if not names:
        raise ValueError(
            "`learning_curve_stop` needs an estimator with a parameter `callbacks`, as the "
            f"networks of this package have. {type(estimator).__name__} has none; set "
            "learning_curve_stop=False."
        )
    for name in names:
        estimator.set_params(**{name: [*(estimator.get_params()[name] or ()), callback]})
    return estimator
