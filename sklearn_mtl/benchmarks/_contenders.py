"""Models of the accuracy tables, all behind one call: task and seed in, test predictions out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.cross_decomposition import PLSRegression
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

from sklearn_mtl._optional import import_optional
from sklearn_mtl.benchmarks._protocols import Task
from sklearn_mtl.estimators import (
    AttentionMMoERegressor,
    BMoERegressor,
    MMoERegressor,
    MultiTaskRegressor,
    PerTargetRegressor,
    PLERegressor,
    SharedBottomRegressor,
    TMoEPRegressor,
)


@dataclass(frozen=True)
class Effort:
    """How much work a model may put in.

    Attributes
    ----------
    max_epochs : int or None
        Largest number of epochs of the networks; None for their defaults.
    n_trees : int
        Trees of the forests.
    max_iterations : int
        Largest number of boosting rounds where the validation part stops them.
    threads : int
        Threads of the models that take such a parameter.
    """

    max_epochs: int | None = None
    n_trees: int = 300
    max_iterations: int = 1000
    threads: int = 1


Contender = Callable[[Task, int, Effort], np.ndarray]


def fit_network(estimator: BaseEstimator, task: Task, seed: int, effort: Effort) -> Any:
    """Fit a clone of one of our estimators; the validation part stops it."""
    model: Any = clone(estimator).set_params(random_state=seed)
    if effort.max_epochs is not None:
        model.set_params(max_epochs=effort.max_epochs)
    X = standardised(task)
    return model.fit(
        X[task.train],
        task.y[task.train],
        X_val=X[task.validation],
        y_val=task.y[task.validation],
    )


def network(estimator: BaseEstimator) -> Contender:
    """Contender from one of our estimators; the validation part stops it."""

    def predict(task: Task, seed: int, effort: Effort) -> np.ndarray:
        model = fit_network(estimator, task, seed, effort)
        return model.predict(standardised(task)[task.test])

    return predict


def network_per_target(estimator: BaseEstimator) -> Contender:
    """Contender from one of our estimators, fitted for every target alone."""

    def predict(task: Task, seed: int, effort: Effort) -> np.ndarray:
        alone = [replace(task, y=task.y[:, [k]]) for k in range(task.y.shape[1])]
        return np.column_stack([network(estimator)(single, seed, effort) for single in alone])

    return predict


def per_target(make: Callable[[int, Effort], BaseEstimator]) -> Contender:
    """Contender from a regressor that is fitted for every target on the rows that have it."""

    def predict(task: Task, seed: int, effort: Effort) -> np.ndarray:
        X = standardised(task)
        model = PerTargetRegressor(make(seed, effort)).fit(X[task.train], task.y[task.train])
        return model.predict(X[task.test])

    return predict


def boosting_with_validation(task: Task, seed: int, effort: Effort) -> np.ndarray:
    """Predict by boosting for every target, its rounds stopped by the validation part."""
    X = standardised(task)
    predictions = []
    for y in task.y.T:
        train, validation = (part[~np.isnan(y[part])] for part in (task.train, task.validation))
        model = HistGradientBoostingRegressor(
            max_iter=effort.max_iterations,
            early_stopping=True,
            n_iter_no_change=50,
            random_state=seed,
        )
        model.fit(X[train], y[train], X_val=X[validation], y_val=y[validation])
        predictions.append(model.predict(X[task.test]))
    return np.column_stack(predictions)


def catboost(task: Task, seed: int, effort: Effort) -> np.ndarray:
    """Predict by CatBoost's joint loss that takes missing labels, stopped by the validation part.

    Targets are standardised, because the loss adds them up. For this loss CatBoost does not choose
    a learning rate by itself, and 1000 rounds at its fixed 0.03 are too few.
    """
    regressor = import_optional("catboost", extra="bench").CatBoostRegressor
    X = standardised(task)
    scaler = StandardScaler().fit(task.y[task.train])  # passes over NaN
    y = scaler.transform(task.y)
    train, validation = (
        part[~np.isnan(y[part]).all(axis=1)] for part in (task.train, task.validation)
    )
    model = regressor(
        loss_function="MultiRMSEWithMissingValues",
        iterations=effort.max_iterations,
        learning_rate=0.1,
        random_seed=seed,
        thread_count=effort.threads,
        allow_writing_files=False,
        verbose=False,
    )
    model.fit(
        X[train],
        y[train],
        eval_set=(X[validation], y[validation]),
        use_best_model=True,
        early_stopping_rounds=100,
    )
    return scaler.inverse_transform(model.predict(X[task.test]))


def standardised(task: Task) -> np.ndarray:
    """Standardise the inputs of all rows by those of the training part."""
    return StandardScaler().fit(task.X[task.train]).transform(task.X)


def _ridge(seed: int, effort: Effort) -> BaseEstimator:
    return Ridge()


def _pls(seed: int, effort: Effort) -> BaseEstimator:
    return PLSRegression(n_components=20)


def _boosting(seed: int, effort: Effort) -> BaseEstimator:
    return HistGradientBoostingRegressor(random_state=seed)


def _extra_trees(seed: int, effort: Effort) -> BaseEstimator:
    return ExtraTreesRegressor(effort.n_trees, n_jobs=effort.threads, random_state=seed)


def _mlp(seed: int, effort: Effort) -> BaseEstimator:
    mlp: Any = MLPRegressor(
        hidden_layer_sizes=(256, 128, 32),
        early_stopping=True,
        n_iter_no_change=15,
        max_iter=effort.max_epochs or 200,
        random_state=seed,
    )
    return TransformedTargetRegressor(mlp, transformer=StandardScaler())


CONTENDERS: dict[str, Contender] = {
    "MultiTaskRegressor": network(MultiTaskRegressor()),
    "MMoERegressor": network(MMoERegressor()),
    "AttentionMMoERegressor": network(AttentionMMoERegressor()),
    "BMoERegressor": network(BMoERegressor()),
    "SharedBottomRegressor": network(SharedBottomRegressor()),
    "PLERegressor": network(PLERegressor()),
    "TMoEPRegressor": network(TMoEPRegressor()),
    "HistGradientBoosting": per_target(_boosting),
    "HistGradientBoosting, validated": boosting_with_validation,
    "ExtraTrees": per_target(_extra_trees),
    "MLPRegressor": per_target(_mlp),
    "CatBoost": catboost,
    "PLS": per_target(_pls),
    "Ridge": per_target(_ridge),
}
OURS = tuple(name for name in CONTENDERS if name.endswith("Regressor") and name != "MLPRegressor")
