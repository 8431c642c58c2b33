"""Search over configurations of whole pipelines.

A search knows pipelines by the dotted name of the function that makes them and imports it when it
is asked for, so that searching any scikit-learn estimator needs none of the networks.
"""

from importlib import import_module
from typing import Any

from sklearn_mtl.search._engine.phmoea import PHMOEA
from sklearn_mtl.search._engine.phmoea_settings import MODES, PHMOEASettings
from sklearn_mtl.search._pareto.pareto_search import ParetoSearchCV
from sklearn_mtl.search._space.any_of import any_of
from sklearn_mtl.search._space.ready_spaces import attention_mmoe_space, msbcnn_space, tmoep_space
from sklearn_mtl.search._space.space import ConfigurationSpace
from sklearn_mtl.search._space.variables import Continuous, Discrete
from sklearn_mtl.search._studies.sampler import PHMOEASampler

__all__ = [
    "MODES",
    "PHMOEA",
    "ConfigurationSpace",
    "Continuous",
    "Discrete",
    "PHMOEASampler",
    "PHMOEASettings",
    "ParetoSearchCV",
    "any_of",
    "attention_mmoe_pipeline",
    "attention_mmoe_space",
    "msbcnn_pipeline",
    "msbcnn_space",
    "tmoep_pipeline",
    "tmoep_space",
]

_PIPELINES = dict.fromkeys(
    ["attention_mmoe_pipeline", "msbcnn_pipeline", "tmoep_pipeline"], "sklearn_mtl.pipelines"
)


def __getattr__(name: str) -> Any:
    if name in _PIPELINES:
        return getattr(import_module(_PIPELINES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PIPELINES])
