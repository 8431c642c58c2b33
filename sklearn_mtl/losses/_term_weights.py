"""Multiplicative update of the proportion in which two loss terms are summed."""

from __future__ import annotations

import torch
from torch import Tensor

#: Bounds of the ratio of two epoch means, so that one odd epoch cannot decide the weights.
RATIO_BOUNDS = (0.1, 10.0)


def adaptive_term_weights(
    weights: Tensor, epoch_means: Tensor, previous_means: Tensor, rate: float
) -> Tensor:
    """Give the term that falls more slowly a larger share, per target.

    ``w <- normalise(w * exp(rate * (rho - mean(rho))))`` with ``rho`` the epoch mean of a term
    over its mean one epoch earlier, clipped to [0.1, 10].

    Parameters
    ----------
    weights : Tensor of shape (2, K)
        Current weights, non-negative, with columns that sum to one.
    epoch_means : Tensor of shape (2, K)
        Means of both terms over this epoch, NaN where a target had no labels.
    previous_means : Tensor of shape (2, K)
        Means one epoch earlier, NaN where unknown.
    rate : float
        Learning rate of the weights.

    Returns
    -------
    Tensor of shape (2, K)
        New weights, columns again on the simplex; unchanged for a target with a NaN mean.

    Notes
    -----
    A reconstruction: the MS-BCNN paper gives the start weights (x20) and a learning rate (x21) of
    equation 68, but no rule. A term that stays at exactly zero has the ratio 1.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import adaptive_term_weights
    >>> weights = torch.tensor([[0.5], [0.5]])
    >>> means, previous = torch.tensor([[0.5], [1.0]]), torch.tensor([[1.0], [1.0]])
    >>> adaptive_term_weights(weights, means, previous, rate=1.0)
    tensor([[0.3775],
            [0.6225]])
    """
    rho = (epoch_means / previous_means).clamp(*RATIO_BOUNDS)  # NaN stays NaN
    rho = torch.where((epoch_means == 0) & (previous_means == 0), 1.0, rho)
    # normalise(w exp(z)) as softmax(log w + z): exact for w = 0, no overflow at any rate
    moved = torch.softmax(weights.log() + rate * (rho - rho.mean(0)), dim=0)
    return torch.where(rho.isnan().any(0), weights, moved)
