"""Estimators: one small file per named model, on one base."""

from sklearn_mtl.estimators._attention_mmoe import AttentionMMoERegressor
from sklearn_mtl.estimators._base import BaseMultiTaskRegressor
from sklearn_mtl.estimators._bmoe import BMoERegressor
from sklearn_mtl.estimators._mmoe import MMoERegressor
from sklearn_mtl.estimators._ms_bcnn import MSBCNNRegressor
from sklearn_mtl.estimators._multi_task import MultiTaskRegressor
from sklearn_mtl.estimators._per_target import PerTargetRegressor
from sklearn_mtl.estimators._ple import PLERegressor
from sklearn_mtl.estimators._shared_bottom import SharedBottomRegressor
from sklearn_mtl.estimators._tmoep import TMoEPRegressor

__all__ = [
    "AttentionMMoERegressor",
    "BMoERegressor",
    "BaseMultiTaskRegressor",
    "MMoERegressor",
    "MSBCNNRegressor",
    "MultiTaskRegressor",
    "PLERegressor",
    "PerTargetRegressor",
    "SharedBottomRegressor",
    "TMoEPRegressor",
]
