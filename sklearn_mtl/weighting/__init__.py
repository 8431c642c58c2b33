"""Task weighting: one rule per file, a pure function on losses and gradients in a thin callback.

The table :data:`WEIGHTINGS` holds the rules that estimators know by name.
"""

from sklearn_mtl.weighting._base import TaskWeighting
from sklearn_mtl.weighting._dynamic_average import DynamicWeightAverage
from sklearn_mtl.weighting._dynamic_loss import DynamicLossWeighting
from sklearn_mtl.weighting._equal import EqualWeighting
from sklearn_mtl.weighting._fixed import FixedWeighting
from sklearn_mtl.weighting._gradnorm import GradNorm
from sklearn_mtl.weighting._min_norm import min_norm_weights
from sklearn_mtl.weighting._pareto_routing import ParetoObjectiveRouting
from sklearn_mtl.weighting._torchjd import TorchJDAggregation
from sklearn_mtl.weighting._uncertainty import UncertaintyWeighting

WEIGHTINGS: dict[str, type[TaskWeighting]] = {
    "equal": EqualWeighting,
    "dlw": DynamicLossWeighting,
    "dwa": DynamicWeightAverage,
    "gradnorm": GradNorm,
    "por": ParetoObjectiveRouting,
    "uncertainty": UncertaintyWeighting,
}

__all__ = [
    "WEIGHTINGS",
    "DynamicLossWeighting",
    "DynamicWeightAverage",
    "EqualWeighting",
    "FixedWeighting",
    "GradNorm",
    "ParetoObjectiveRouting",
    "TaskWeighting",
    "TorchJDAggregation",
    "UncertaintyWeighting",
    "min_norm_weights",
]
