"""The models that the command line knows by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.cross_decomposition import PLSRegression
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV

from sklearn_mtl import (
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
from sklearn_mtl.cli._errors import CommandError


def _ridge() -> BaseEstimator:
    # Windows of many channels can have more columns than there are samples.
    return PerTargetRegressor(RidgeCV(alphas=np.logspace(-2, 5, 15)))


def _pls() -> BaseEstimator:
    return PerTargetRegressor(PLSRegression(n_components=5))


def _boosting() -> BaseEstimator:
    return PerTargetRegressor(HistGradientBoostingRegressor())


MODELS: dict[str, Callable[[], BaseEstimator]] = {
    "multi_task": MultiTaskRegressor,
    "attention_mmoe": AttentionMMoERegressor,
    "tmoep": TMoEPRegressor,
    "ple": PLERegressor,
    "ms_bcnn": MSBCNNRegressor,
    "mmoe": MMoERegressor,
    "bmoe": BMoERegressor,
    "shared_bottom": SharedBottomRegressor,
    "ridge": _ridge,
    "pls": _pls,
    "boosting": _boosting,
}

DESCRIPTIONS = {
    "multi_task": "recommended: one ensemble of networks for all targets",
    "attention_mmoe": "mixture of experts with task attention and dynamic loss weighting",
    "tmoep": "own and shared experts for every target, Pareto objective routing",
    "ple": "own and shared experts for every target, equal weights",
    "ms_bcnn": "convolutions along the windows, with short and long kernels",
    "mmoe": "mixture of experts, one gate per target",
    "bmoe": "mixture of experts, balanced by gradient norms",
    "shared_bottom": "one shared network, one head per target",
    "ridge": "straight lines, one model per target; for comparison",
    "pls": "partial least squares, one model per target; for comparison",
    "boosting": "boosted trees, one model per target; for comparison",
}


def make_model(name: str, *, seed: int, **parameters: Any) -> BaseEstimator:
    """Build a model by name; parameters that are None keep the model's own default.

    Raises
    ------
    CommandError
        If the model does not have one of the parameters.
    """
    model = MODELS[name]()
    known = model.get_params()
    given = {key: value for key, value in parameters.items() if value is not None}
    for key in given:
        if key not in known:
            raise CommandError(f"--{key.replace('_', '-')}: the model {name} has no such setting.")
    seeds = {key: seed for key in known if key.split("__")[-1] == "random_state"}
    return model.set_params(**seeds, **given)
