"""Task weighting: one rule per file, a pure function on losses and gradients in a thin callback.

The table :data:`WEIGHTINGS` holds the rules that estimators know by name.
"""

from sklearn_mtl.weighting._base import TaskWeighting
from sklearn_mtl.weighting._dynamic_loss import DynamicLossWeighting
from sklearn_mtl.weighting._equal import EqualWeighting
from sklearn_mtl.weighting._fixed import FixedWeighting
from sklearn_mtl.weighting._gradnorm import GradNorm

WEIGHTINGS: dict[str, type[TaskWeighting]] = {
    "equal": EqualWeighting,
    "dlw": DynamicLossWeighting,
    "gradnorm": GradNorm,
}

__all__ = [
    "WEIGHTINGS",
    "DynamicLossWeighting",
    "EqualWeighting",
    "FixedWeighting",
    "GradNorm",
    "TaskWeighting",
]
