"""Spaces that ``search`` knows by the names of models, behind the preparation of ``fit``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_mtl import MSBCNNRegressor
from sklearn_mtl._sequence_layout import read_window_shape
from sklearn_mtl.cli._models import make_model
from sklearn_mtl.cli._preparation import Preparation, Steps, WindowPreparation
from sklearn_mtl.preprocessing import MultirateResampler
from sklearn_mtl.search import (
    ConfigurationSpace,
    Continuous,
    Discrete,
    any_of,
    attention_mmoe_space,
    msbcnn_space,
    tmoep_space,
)

Variable: TypeAlias = Discrete | Continuous

SYSTEM = "system"  # of the space of all systems: which one
_WIDTHS = [8, 16, 32, 64, 128]
_LEARNING_RATE = Continuous("learning_rate", 3e-4, 1e-2, log=True)
_GATED: list[Variable] = [
    Discrete("n_experts", [2, 3, 4, 6, 8]),
    Discrete("hidden_dim", _WIDTHS),
    Discrete("expert_dim", [4, 8, 16, 32]),
    Discrete("tower_dim", [4, 8, 16, 32]),
    _LEARNING_RATE,
]
_PLAIN: list[Variable] = [
    Discrete("hidden_dim", _WIDTHS),
    Discrete("n_layers", [1, 2, 3]),
    Continuous("dropout", 0.0, 0.3),
    _LEARNING_RATE,
]
# Small spaces of settings that change the size; the papers' systems have spaces of their own.
_SMALL: Mapping[str, Sequence[Variable]] = {
    "multi_task": [Discrete("ensemble_size", [1, 2, 4, 8]), *_PLAIN],
    "mmoe": _GATED,
    "bmoe": _GATED,
    "ple": [
        Discrete("n_blocks", [1, 2, 3]),
        Discrete("n_specific", [1, 2, 3]),
        Discrete("n_shared", [1, 2, 3]),
        Discrete("n_expert_layers", [1, 2, 3]),
        Discrete("hidden_dim", [8, 16, 32, 64]),
        _LEARNING_RATE,
    ],
    "shared_bottom": _PLAIN,
}
_OF_PAPERS: Mapping[str, Callable[[], ConfigurationSpace]] = {
    "attention_mmoe": attention_mmoe_space,
    "tmoep": tmoep_space,
    "ms_bcnn": msbcnn_space,
}


def make_space(
    name: str, preparation: Preparation, *, windows: Mapping[str, Any], **model: Any
) -> ConfigurationSpace:
    """Make the space of one model or, as "all", that of the systems of three papers.

    Parameters
    ----------
    name : str
        Name of a model, or "all".
    preparation : Preparation
        Steps before the model.
    windows : dict
        What is set of ``operator``, ``length`` and ``pool``; a space that searches these has them
        fixed.
    **model
        Settings that all models share; one that the space would search is fixed.

    Raises
    ------
    ValueError
        If a window setting is none that the space can take.
    """
    if name == "all":
        return any_of(
            SYSTEM,
            {each: make_space(each, preparation, windows=windows, **model) for each in _OF_PAPERS},
        )
    fixed = {"preparation": preparation, **model}
    if name in _SMALL:
        searched = [variable for variable in _SMALL[name] if variable.name not in model]
        return _space(searched, small_sensor, {"name": name, **fixed})
    searched = list(_OF_PAPERS[name]().variables)
    if name == "ms_bcnn":
        return _space(searched, ms_bcnn_sensor, fixed).with_fixed(**windows)
    return _space(searched, small_sensor, {"name": name, **fixed})


def small_sensor(*, name: str, preparation: Preparation, **settings: Any) -> Pipeline:
    """Make the pipeline of a model whose settings alone are searched."""
    if name == "multi_task":  # what is not of the ensemble is of its network
        of_network = {variable.name for variable in _PLAIN} - {"learning_rate"}
        settings["architecture_params"] = {
            setting: settings.pop(setting) for setting in sorted(of_network)
        }
    model = make_model(name, seed=0, **settings)  # the search sets the seeds
    return Pipeline([*preparation.learned_steps(0), ("model", model)])


def ms_bcnn_sensor(
    *,
    preparation: Preparation,
    operator: str,
    length: int,
    scheduling: str,
    pool: str = "avg",
    scheduler: str | None = None,
    **settings: Any,
) -> Pipeline:
    """Make the pipeline of the MS-BCNN system, of which the windows are searched, too."""
    steps: Steps = []
    if isinstance(preparation, WindowPreparation):
        preparation = replace(preparation, operator=operator, length=length, pool=pool)
    else:
        resample = MultirateResampler(operator=operator, length=length, pool=pool)
        steps.append(("resample", _of_windows(resample)))
    model = MSBCNNRegressor(scheduler=scheduler if scheduling == "on" else None, **settings)
    return Pipeline([*steps, *preparation.learned_steps(0), ("model", model)])


def _space(
    variables: Sequence[Variable], make: Callable[..., Any], fixed: dict[str, Any]
) -> ConfigurationSpace:
    return ConfigurationSpace(variables, f"{__name__}.{make.__name__}", fixed)


def _of_windows(step: BaseEstimator) -> BaseEstimator:
    """Apply a step to the lags of a table, and leave the levels behind their differences alone."""
    levels = FunctionTransformer(feature_names_out=_names_without_time)
    return ColumnTransformer(
        [("windows", step, _window_columns), ("levels", levels, _level_columns)],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")


def _window_columns(X: pd.DataFrame) -> list[str]:
    return list(X.columns[: X.shape[1] - _n_levels(X)])


def _level_columns(X: pd.DataFrame) -> list[str]:
    return list(X.columns[X.shape[1] - _n_levels(X) :])


def _n_levels(X: pd.DataFrame) -> int:
    shape = read_window_shape(list(X.columns))
    return shape.n_static if shape else 0


def _names_without_time(_: Any, names: Sequence[str]) -> list[str]:
    """Names that do not read as steps of windows any more: ``flow(t)`` becomes ``flow``."""
    return [re.sub(r"\(t\)$", "", name) for name in names]
