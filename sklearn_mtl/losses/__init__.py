"""Losses that report one value per target and pass over unobserved labels.

Every loss maps predictions ``(B, K)``, targets ``(B, K)`` with NaN where unobserved, and optional
row weights ``(B,)`` to a vector ``(K,)``: how targets are weighed against each other is decided
elsewhere (:mod:`sklearn_mtl.weighting`). A new loss is a :class:`TaskLoss` with one method,
``elementwise``.
"""

from sklearn_mtl.losses._adaptive import AdaptiveCombinedLoss
from sklearn_mtl.losses._base import TaskLoss
from sklearn_mtl.losses._combined import COMBINED_PAIRS, CombinedLoss
from sklearn_mtl.losses._l1_smooth_l1 import L1SmoothL1Loss
from sklearn_mtl.losses._percentage import MAPELoss, SMAPELoss
from sklearn_mtl.losses._pointwise import HuberLoss, LogCoshLoss, MAELoss, MSELoss, SmoothL1Loss
from sklearn_mtl.losses._quantile import MultiQuantileLoss, QuantileLoss
from sklearn_mtl.losses._registry import LOSSES, get_loss, loss_names
from sklearn_mtl.losses._term_weights import adaptive_term_weights

__all__ = [
    "COMBINED_PAIRS",
    "LOSSES",
    "AdaptiveCombinedLoss",
    "CombinedLoss",
    "HuberLoss",
    "L1SmoothL1Loss",
    "LogCoshLoss",
    "MAELoss",
    "MAPELoss",
    "MSELoss",
    "MultiQuantileLoss",
    "QuantileLoss",
    "SMAPELoss",
    "SmoothL1Loss",
    "TaskLoss",
    "adaptive_term_weights",
    "get_loss",
    "loss_names",
]
