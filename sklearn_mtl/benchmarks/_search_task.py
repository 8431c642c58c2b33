"""The real task of the search benchmark: train a soft sensor, return its error and its size."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
from tqdm import tqdm

from sklearn_mtl._optional import import_optional
from sklearn_mtl.benchmarks._protocols import SIZES
from sklearn_mtl.benchmarks._result_table import ResultTable
from sklearn_mtl.datasets import fetch_sru
from sklearn_mtl.metrics import regression_report
from sklearn_mtl.model_selection import chronological_split
from sklearn_mtl.search import (
    ConfigurationSpace,
    Discrete,
    any_of,
    attention_mmoe_space,
    msbcnn_space,
    tmoep_space,
)
from sklearn_mtl.search._engine.encoding import Encoding

EVALUATION_KEYS = ("configuration", "rows", "epochs", "seed")
FAILED = (100.0, 1e9)  # what a search is told of a training that ended in an error
LAGS = 9


def three_systems(max_epochs: int, random_state: int) -> ConfigurationSpace:
    """Join the spaces of the three papers, MS-BCNN's largest networks left out.

    They would take most of the time of a benchmark and none is near the front on this plant.

    Parameters
    ----------
    max_epochs, random_state : int
        Of every network.

    Returns
    -------
    space : ConfigurationSpace
    """
    shared = {"lags": LAGS, "max_epochs": max_epochs, "random_state": random_state}
    small = msbcnn_space(calendar=None, **shared).extended(
        Discrete("length", [8, 12, 24]),
        Discrete("batch_size", [64, 128]),
        Discrete("channels_2", [16, 32, 64]),
        Discrete("channels_3", [32, 64]),
    )
    return any_of(
        "system",
        {
            "ms_bcnn": small,
            "attention_mmoe": attention_mmoe_space(**shared),
            "tmoep": tmoep_space(**shared),
        },
    )


class SRUTask:
    """Sulfur recovery unit in time order: 60 % to train on, 20 % to compare, 20 % to test.

    It has what searches of the benchmarks are given, `space`, `n_evaluated`, `evaluate`,
    `to_pymoo` and `end_generation`, and keeps every evaluation in a file, where a run that was
    interrupted finds it again.

    Parameters
    ----------
    file : ResultTable
        Evaluations so far.
    n_rows : int
        The newest rows of the training part that are used.
    max_epochs : int
    seed : int
        Of the networks.
    bar : tqdm, default=None
        Moves on with every evaluation.
    """

    def __init__(
        self, file: ResultTable, n_rows: int, max_epochs: int, seed: int, bar: tqdm | None = None
    ) -> None:
        inputs, targets = fetch_sru(return_X_y=True)
        rows = np.arange(len(inputs))
        train, validation, test, *_ = chronological_split(rows, rows, SIZES)
        self._inputs, self._targets = inputs, targets
        self._train, self._validation, self._test = train[-n_rows:], validation, test
        self._file, self._bar = file, bar
        self._settings = {"rows": n_rows, "epochs": max_epochs, "seed": seed}
        self._known: dict[str, Mapping[str, Any]] = {
            row["configuration"]: cast(Mapping[str, Any], row)
            for row in file.frame.to_dict("records")
            if all(row[name] == value for name, value in self._settings.items())
        }
        self.space = three_systems(max_epochs, seed)
        self.evaluations: list[Mapping[str, Any]] = []

    @property
    def n_evaluated(self) -> int:
        """Number of evaluations so far, repeated ones too."""
        return len(self.evaluations)

    def evaluate(self, configs: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """Train and compare.

        Parameters
        ----------
        configs : sequence of dict

        Returns
        -------
        values : ndarray of shape (n, 2)
            NMSE on the validation part, mean over both targets, and number of parameters.
        """
        values = []
        for config in configs:
            row = self._evaluated(config)
            self.evaluations.append(row)
            values.append([row["nmse"], row["n_parameters"]])
            if self._bar is not None:
                self._bar.update()
        return np.array(values)

    def _evaluated(self, config: Mapping[str, Any]) -> Mapping[str, Any]:
        key = self.space.key(config)
        if key not in self._known:
            row = {"configuration": key, **self._settings, **self._trained(config)}
            self._file.add(row)
            self._known[key] = row
        return self._known[key]

    def _trained(self, config: Mapping[str, Any]) -> dict[str, Any]:
        started = time.process_time()
        failed = dict.fromkeys(["nmse", "test_nmse"], FAILED[0]) | {"n_parameters": FAILED[1]}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of rates that are far too large
                sensor = self.space.build(config)
                sensor.fit(self._inputs.iloc[self._train], self._targets.iloc[self._train])
                found = {
                    "nmse": self._error(sensor, self._validation),
                    "test_nmse": self._error(sensor, self._test),
                    "n_parameters": sensor[-1].n_parameters_,
                }
        except (ValueError, RuntimeError, FloatingPointError) as error:
            found = failed | {"error": str(error)[:200]}
        finite = all(np.isfinite(found[name]) for name in failed)
        return (found if finite else failed) | {
            "system": config["system"],
            "cpu_seconds": round(time.process_time() - started, 2),
        }

    def _error(self, sensor: Any, rows: np.ndarray) -> float:
        predicted = sensor.predict(self._inputs.iloc[rows])
        report = regression_report(self._targets.iloc[rows], predicted)
        return float(report["NMSE"]["overall"])

    def to_pymoo(self) -> Any:
        """Give the task to pymoo, every choice as an interval of a real number."""
        encoding = Encoding(self.space)
        n_choices = encoding.n_choices

        def evaluate(positions: np.ndarray) -> np.ndarray:
            chosen = np.minimum(np.floor(positions * n_choices), n_choices - 1)
            genomes = np.where(encoding.is_continuous, positions, chosen)
            return self.evaluate([encoding.decode(genome) for genome in genomes])

        return pymoo_problem(len(n_choices), evaluate)

    def end_generation(self, population: Callable[[], np.ndarray]) -> None:
        """Take no notice: all evaluations count, not those that an algorithm keeps."""

    def table(self) -> pd.DataFrame:
        """Give all evaluations, one row each, in their order."""
        return pd.DataFrame(self.evaluations)


def pymoo_problem(n_variables: int, evaluate: Callable[[np.ndarray], np.ndarray]) -> Any:
    """Make a pymoo problem of a function of positions in [0, 1].

    Parameters
    ----------
    n_variables : int
    evaluate : callable
        From positions of shape (n, n_variables) to objectives of shape (n, 2).

    Returns
    -------
    problem : pymoo.core.problem.Problem
    """
    problem_class: Any = import_optional("pymoo.core.problem", extra="bench").Problem

    class Positions(problem_class):
        def __init__(self) -> None:
            super().__init__(n_var=n_variables, n_obj=2, xl=0.0, xu=1.0)

        def _evaluate(self, x: np.ndarray, out: dict[str, Any], *_: Any, **__: Any) -> None:
            out["F"] = evaluate(x)

    return Positions()
