"""Data sets and splits on which the weighting rules are compared.

The test rows of a task are the same for every seed, in the shuffled splits too. Otherwise rows that
a learning rate was tuned on would be test rows of another seed, and predictions of different seeds
could not be pooled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from sklearn_mtl.benchmarks._protocols import PROTOCOLS, SIZES, Task, load_gas_turbine
from sklearn_mtl.datasets import fetch_flotation, make_sintering
from sklearn_mtl.model_selection import chronological_split
from sklearn_mtl.preprocessing import LagFeaturizer

GAS_TURBINE_ROWS = 6200
SINTERING_ROWS = 2000
FLOTATION_LAGS = 2


@dataclass(frozen=True)
class RuleTask:
    """A data set with a split, and how long networks are trained on it.

    Attributes
    ----------
    description : str
        Data, inputs and split, for the heading of a table.
    load : callable
        From ``(seed, data_home, max_rows)`` to a :class:`~sklearn_mtl.benchmarks._protocols.Task`.
    max_epochs : int
        Largest number of epochs.
    """

    description: str
    load: Callable[[int, Any, int | None], Task]
    max_epochs: int


def in_time_order(X: np.ndarray, y: np.ndarray, target_names: list[str]) -> Task:
    """Split a table 6:2:2, the newest rows for the test."""
    rows = np.arange(len(X))
    train, validation, test, *_ = chronological_split(rows, rows, SIZES)
    return Task(X, y, target_names, train, validation, test)


def shuffled(task: Task, seed: int) -> Task:
    """Split the rows of a task 6:2:2 at random.

    Parameters
    ----------
    task : Task
        Its own split is not used.
    seed : int
        Decides which of the other rows are for training, which for validation.

    Returns
    -------
    task : Task
        Its test rows, in time order, are those of every seed.
    """
    order = np.random.default_rng(0).permutation(len(task.X))
    *_, test, _, _, _ = chronological_split(order, order, SIZES)
    rest = np.random.default_rng(seed).permutation(np.setdiff1d(order, test))
    n_train = int(len(rest) * SIZES[0] / (SIZES[0] + SIZES[1]))
    return replace(task, train=rest[:n_train], validation=rest[n_train:], test=np.sort(test))


def load_sru_levels(seed: int, data_home: Any, max_rows: int | None) -> Task:
    """Sulfur recovery unit with ten levels of each input."""
    return PROTOCOLS["sru-shuffled"].load(seed, data_home, max_rows)


def load_sru_differences(seed: int, data_home: Any, max_rows: int | None) -> Task:
    """Sulfur recovery unit with 19 differences and the level of each input."""
    return PROTOCOLS["sru-chronological"].load(seed, data_home, max_rows)


def load_thinned_gas_turbine(seed: int, data_home: Any, max_rows: int | None) -> Task:
    """Gas turbine by year, every sixth hour."""
    return load_gas_turbine(seed, data_home, max_rows or GAS_TURBINE_ROWS)


def load_flotation(seed: int, data_home: Any, max_rows: int | None) -> Task:
    """Flotation plant with the hourly means of this and the two hours before."""
    inputs, targets = fetch_flotation(data_home=data_home, return_X_y=True)
    inputs, targets = inputs[:max_rows], targets[:max_rows]
    featurizer = LagFeaturizer(lags=FLOTATION_LAGS, coding="levels", history="exclude")
    X = np.asarray(featurizer.fit_transform(inputs))
    complete = ~np.isnan(X).any(axis=1)
    return in_time_order(X[complete], targets.to_numpy()[complete], list(targets.columns))


def load_sintering(seed: int, data_home: Any, max_rows: int | None) -> Task:
    """Simulate sintering cycles without gross faults, the same for every seed."""
    sinter: Any = make_sintering(max_rows or SINTERING_ROWS, random_state=0, outlier_fraction=0)
    return in_time_order(sinter.data.to_numpy(), sinter.target.to_numpy(), sinter.target_names)


def _load_shuffled(
    load: Callable[[int, Any, int | None], Task], seed: int, data_home: Any, max_rows: int | None
) -> Task:
    return shuffled(load(seed, data_home, max_rows), seed)


RULE_TASKS: dict[str, RuleTask] = {
    "sru-shuffled": RuleTask(
        "SRU, 10 levels of each input, rows shuffled, 6:2:2 (overlapping windows leak)",
        partial(_load_shuffled, load_sru_levels),
        max_epochs=30,
    ),
    "sru-chronological": RuleTask(
        "SRU, 19 differences and the level of each input, in time order, 6:2:2",
        load_sru_differences,
        max_epochs=20,
    ),
    "gas-turbine-shuffled": RuleTask(
        "Gas turbine, every sixth hour, 9 inputs, rows shuffled, 6:2:2",
        partial(_load_shuffled, load_thinned_gas_turbine),
        max_epochs=30,
    ),
    "gas-turbine-chronological": RuleTask(
        "Gas turbine, every sixth hour, 9 inputs, train 2011-2012, validate 2013, test 2014-2015",
        load_thinned_gas_turbine,
        max_epochs=30,
    ),
    "flotation-shuffled": RuleTask(
        "Flotation, 21 inputs at three hours, rows shuffled, 6:2:2 (overlapping windows leak)",
        partial(_load_shuffled, load_flotation),
        max_epochs=30,
    ),
    "flotation-chronological": RuleTask(
        "Flotation, 21 inputs at three hours, in time order, 6:2:2",
        load_flotation,
        max_epochs=20,
    ),
    "sintering-shuffled": RuleTask(
        "Simulated sintering, 2000 cycles, 17 inputs, rows shuffled, 6:2:2",
        partial(_load_shuffled, load_sintering),
        max_epochs=40,
    ),
    "sintering-chronological": RuleTask(
        "Simulated sintering, 2000 cycles, 17 inputs, in time order, 6:2:2",
        load_sintering,
        max_epochs=40,
    ),
}
