"""Multi-task soft sensors for industry, as scikit-learn estimators.

A plant's quality variables come late and rarely from a laboratory, its sensors tick all the time.
The estimators of this package predict all quality variables at once from the sensors, learn from
partly missing labels, and are used like any other estimator of scikit-learn.
"""

from sklearn_mtl._version import __version__
from sklearn_mtl.estimators import (
    AttentionMMoERegressor,
    BMoERegressor,
    MMoERegressor,
    MSBCNNRegressor,
    MultiTaskRegressor,
    PerTargetRegressor,
    PLERegressor,
    SharedBottomRegressor,
    TMoEPRegressor,
)

__all__ = [
    "AttentionMMoERegressor",
    "BMoERegressor",
    "MMoERegressor",
    "MSBCNNRegressor",
    "MultiTaskRegressor",
    "PLERegressor",
    "PerTargetRegressor",
    "SharedBottomRegressor",
    "TMoEPRegressor",
    "__version__",
]
