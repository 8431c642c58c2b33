"""Operators that map windows of one length to another (eqs. 37-50 of [1]_).

An operator reads windows of shape ``(..., T)`` and a length L and gives windows of shape
``(..., L)``, of the same float dtype; each series along the last axis is mapped by itself. Most are
weighted sums of the steps: a function of T and L gives their weights, an ``(L, T)`` matrix, and
`WeightedSum` applies it. All keep a constant series constant, and an output step is NaN exactly
where one of the steps it is made of is NaN.

"Downsampling" means T > L and "upsampling" T <= L. At T == L, `linear`, `decimate_repeat`,
`hybrid` and every pooling are the identity; `conv_blurpool` and `fir_lowpass` smooth there too.

References
----------
.. [1] "Auto-Configured Networks for Multi-Scale Multi-Output Time-Series Forecasting",
   arXiv:2604.07610, appendix B.3, variables x1 and x2.
"""

from collections.abc import Callable

import numpy as np

from sklearn_mtl.preprocessing.resampling._conv_blurpool import conv_blurpool
from sklearn_mtl.preprocessing.resampling._decimate_repeat import decimate_repeat
from sklearn_mtl.preprocessing.resampling._fir_lowpass import fir_lowpass
from sklearn_mtl.preprocessing.resampling._hybrid import hybrid
from sklearn_mtl.preprocessing.resampling._linear import linear
from sklearn_mtl.preprocessing.resampling._pool import average_pool, max_pool, triangular_pool
from sklearn_mtl.preprocessing.resampling._pool_median import median_pool
from sklearn_mtl.preprocessing.resampling._weighted_sum import WeightedSum

__all__ = ["OPERATORS", "OPERATOR_NAMES", "POOLS", "Operator", "WeightedSum", "get_operator"]

Operator = Callable[[np.ndarray, int], np.ndarray]

# Values of x2, the ways in which the operator "pool" sums up an interval
POOLS: dict[str, Operator] = {
    "avg": WeightedSum(average_pool),
    "max": max_pool,
    "median": median_pool,
    "weighted": WeightedSum(triangular_pool),
}
# Values of x1 but for "pool"
OPERATORS: dict[str, Operator] = {
    "linear": WeightedSum(linear),
    "decimate_repeat": WeightedSum(decimate_repeat),
    "hybrid": WeightedSum(hybrid),
    "conv_blurpool": WeightedSum(conv_blurpool),
    "fir_lowpass": WeightedSum(fir_lowpass),
}
OPERATOR_NAMES = (*OPERATORS, "pool")


def get_operator(name: str, pool: str) -> Operator:
    """Return the operator of a name (x1); `pool` (x2) says which pooling "pool" is."""
    return POOLS[pool] if name == "pool" else OPERATORS[name]
