"""The data sets and splits that accuracy is measured on, each with a name for the tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sklearn_mtl.datasets import fetch_gas_turbine, fetch_sru
from sklearn_mtl.model_selection import chronological_split
from sklearn_mtl.preprocessing import LagFeaturizer

SIZES = (0.6, 0.2, 0.2)
# A label counts as a measured point and not as an interpolated one from this second difference on.
SMALLEST_BEND = 1e-6


@dataclass(frozen=True)
class Task:
    """A table, cut into training, validation and test rows.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features)
        Inputs in time order, with lags where the protocol has them.
    y : ndarray of shape (n_samples, n_targets)
        Targets; NaN marks a missing label.
    target_names : list of str
        Names of the targets.
    train, validation, test : ndarray of int
        Rows of the parts.
    knots : ndarray of bool of shape (n_samples, n_targets) or None
        True where a target was measured rather than interpolated, where that can be told.
    """

    X: np.ndarray
    y: np.ndarray
    target_names: list[str]
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    knots: np.ndarray | None = None

    def with_missing_labels(self, share: float, seed: int) -> Task:
        """Return the task with labels of training and validation part deleted at random.

        Parameters
        ----------
        share : float
            Probability of every single label to be deleted.
        seed : int
            Seed of the deletion.

        Returns
        -------
        task : Task
            The test part keeps all labels.
        """
        if share == 0:
            return self
        y = self.y.copy()
        rows = np.concatenate([self.train, self.validation])
        deleted = np.random.default_rng(seed).random((len(rows), y.shape[1])) < share
        y[rows] = np.where(deleted, np.nan, y[rows])
        return replace(self, y=y)


@dataclass(frozen=True)
class Protocol:
    """How a data set becomes a task.

    Attributes
    ----------
    description : str
        Data, inputs and split, for the heading of a table.
    load : callable
        From ``(seed, data_home, max_rows)`` to a :class:`Task`.
    """

    description: str
    load: Callable[[int, Any, int | None], Task]


def load_sru(
    seed: int, data_home: Any, max_rows: int | None, *, lags: int, coding: str, shuffled: bool
) -> Task:
    """Lag the sulfur recovery unit, then split its rows 6:2:2."""
    inputs, targets = fetch_sru(data_home=data_home, return_X_y=True)
    inputs, targets = inputs[:max_rows], targets[:max_rows]
    featurizer = LagFeaturizer(lags=lags, coding=coding, history="exclude")
    X, y = featurizer.fit_transform(inputs), targets.to_numpy()
    complete = ~np.isnan(X).any(axis=1)
    knots = np.zeros(y.shape, dtype=bool)
    knots[1:-1] = np.abs(np.diff(y, n=2, axis=0)) > SMALLEST_BEND
    X, y, knots = X[complete], y[complete], knots[complete]
    order = np.arange(len(X))
    if shuffled:
        order = np.random.default_rng(seed).permutation(order)
    train, validation, test, *_ = chronological_split(order, order, SIZES)
    return Task(X, y, list(targets.columns), train, validation, test, knots)


def load_gas_turbine(seed: int, data_home: Any, max_rows: int | None) -> Task:
    """Split the gas turbine by year, as its publishers did; the year is no input."""
    turbine: Any = fetch_gas_turbine(data_home=data_home)
    step = 1 if max_rows is None else -(-len(turbine.data) // max_rows)
    year = turbine.year.to_numpy()[::step]
    return Task(
        turbine.data.to_numpy(dtype=float)[::step],
        turbine.target.to_numpy(dtype=float)[::step],
        list(turbine.target.columns),
        train=np.flatnonzero(year <= 2012),
        validation=np.flatnonzero(year == 2013),
        test=np.flatnonzero(year >= 2014),
    )


def _sru_shuffled(seed: int, data_home: Any, max_rows: int | None) -> Task:
    return load_sru(seed, data_home, max_rows, lags=9, coding="levels", shuffled=True)


def _sru_chronological(seed: int, data_home: Any, max_rows: int | None) -> Task:
    coding = "differences+level"
    return load_sru(seed, data_home, max_rows, lags=19, coding=coding, shuffled=False)


PROTOCOLS = {
    "sru-shuffled": Protocol(
        "SRU, 10 levels of each input, rows shuffled, 6:2:2 (overlapping windows leak)",
        _sru_shuffled,
    ),
    "sru-chronological": Protocol(
        "SRU, 19 differences and the level of each input, in time order, 6:2:2",
        _sru_chronological,
    ),
    "gas-turbine": Protocol(
        "Gas turbine, 9 inputs, train 2011-2012, validate 2013, test 2014-2015",
        load_gas_turbine,
    ),
}
