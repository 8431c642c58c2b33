"""Search over configurations of whole pipelines.

A search knows pipelines by the dotted name of the function that makes them and imports it when it
is asked for, so that searching any scikit-learn estimator needs none of the networks.
"""

from importlib import import_module
from typing import Any

__all__ = ["msbcnn_pipeline"]

_PIPELINES = {"msbcnn_pipeline": "sklearn_mtl.pipelines"}


def __getattr__(name: str) -> Any:
    if name in _PIPELINES:
        return getattr(import_module(_PIPELINES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PIPELINES])
