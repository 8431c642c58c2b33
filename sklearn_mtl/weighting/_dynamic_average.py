"""Dynamic weight average: a target counts more the more slowly its loss falls."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sklearn_mtl.weighting._base import TaskWeighting


def dynamic_average_weights(descent: Tensor, temperature: float) -> Tensor:
    """Weights of K targets from the descent of their losses, eq. 7 of the paper.

    Parameters
    ----------
    descent : Tensor of shape (K,)
        Mean loss of the last epoch divided by that of the epoch before.
    temperature : float
        The larger, the more even the weights.

    Returns
    -------
    weights : Tensor of shape (K,)
        Positive weights that sum to K.
    """
    return len(descent) * torch.softmax(descent / temperature, dim=0)


class DynamicWeightAverage(TaskWeighting):
    """Weigh every target by how slowly its loss fell over the last two epochs.

    The weights change between epochs only, and cost nothing: no gradients are asked for.

    Parameters
    ----------
    temperature : float, default=2.0
        The larger, the more even the weights.

    Attributes
    ----------
    weights_ : Tensor of shape (n_targets,)
        Weights of the epoch; they sum to the number of targets and are 1 in the first two epochs.

    Raises
    ------
    ValueError
        At the start of training, if `temperature` is not positive.

    Notes
    -----
    Every epoch mean is the one over the labels of a target. A target without a label in an epoch
    keeps its last mean and its last ratio of means; a target has the ratio 1 as long as two means
    are not known.

    References
    ----------
    .. [1] S. Liu, E. Johns, A. J. Davison, "End-to-end multi-task learning with attention",
       CVPR 2019.

    Examples
    --------
    >>> from sklearn_mtl import MMoERegressor
    >>> from sklearn_mtl.weighting import DynamicWeightAverage
    >>> model = MMoERegressor(weighting=DynamicWeightAverage(temperature=1.0))
    """

    def __init__(self, temperature: float = 2.0) -> None:
        self.temperature = temperature

    def initialize(self) -> DynamicWeightAverage:
        """Forget an earlier training."""
        super().initialize()
        if not self.temperature > 0:
            raise ValueError(f"`temperature` must be positive. Found {self.temperature!r}.")
        self._means: Tensor | None = None
        self._descent: Tensor | None = None
        return self

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        """Set the weights of the next epoch."""
        assert self.weights_ is not None
        means = self.weights_.new_tensor(net.history[-1, "train_task_losses"])
        if self._means is None or self._descent is None:
            self._means, self._descent = means, torch.ones_like(means)
            return
        ratios = means / self._means
        # NaN without a label in one of the epochs; infinite after a loss of zero
        self._descent = torch.where(ratios.isfinite(), ratios, self._descent)
        self._means = torch.where(means.isnan(), self._means, means)
        self.weights_ = dynamic_average_weights(self._descent, self.temperature)
