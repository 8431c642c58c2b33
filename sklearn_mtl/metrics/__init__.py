"""Metrics over observed labels: NaN in `y_true` means "not measured" and is left out."""

from sklearn_mtl.metrics._block_bootstrap import paired_block_bootstrap
from sklearn_mtl.metrics._normalized_errors import (
    normalized_mean_absolute_error,
    normalized_mean_squared_error,
)
from sklearn_mtl.metrics._r2 import masked_r2_score, masked_r2_scorer
from sklearn_mtl.metrics._regression_report import regression_report
from sklearn_mtl.metrics._transfer_report import transfer_report

__all__ = [
    "masked_r2_score",
    "masked_r2_scorer",
    "normalized_mean_absolute_error",
    "normalized_mean_squared_error",
    "paired_block_bootstrap",
    "regression_report",
    "transfer_report",
]
