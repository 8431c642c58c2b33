"""The real tasks of the search benchmark: train a soft sensor, return its error and its size."""

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
from sklearn_mtl.datasets import fetch_sru, make_sintering
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

EVALUATION_KEYS = ("task", "configuration", "rows", "epochs", "seed")
FAILED = (100.0, 1e9)  # what a search is told of a training that ended in an error
_SINTERING_ROWS = 10_000  # about as many as the sulfur recovery unit has

TASKS: dict[str, Callable[[int], tuple[pd.DataFrame, pd.DataFrame]]] = {
    "sru": lambda seed: fetch_sru(return_X_y=True),
    "sinter": lambda seed: make_sintering(
        _SINTERING_ROWS, random_state=seed, outlier_fraction=0, return_X_y=True
    ),
}


def three_systems(max_epochs: int, random_state: int) -> ConfigurationSpace:
    """Join the systems of the three papers, from a few hundred parameters to about 100,000.

    The spaces of the papers begin at some thousand parameters, while the sulfur recovery unit needs
    no more than a thousand. Here widths begin at 2 or 4, the past of a row and its coding are
    chosen, too, and the largest networks are left out. Learning rates, losses, norms, kernels,
    operators and fusions are those of the papers.

    Parameters
    ----------
    max_epochs, random_state : int
        Of every network.

    Returns
    -------
    space : ConfigurationSpace
    """
    shared = {"max_epochs": max_epochs, "random_state": random_state}
    past = [
        Discrete("lags", [1, 2, 4, 6, 9, 14, 19, 29]),
        Discrete("coding", ["levels", "differences+level"]),
    ]
    ms_bcnn = msbcnn_space(calendar=None, **shared).extended(
        *past,
        Discrete("length", [4, 8, 12]),
        Discrete("batch_size", [64, 128]),
        Discrete("projection_channels", [2, 4, 8, 16]),
        Discrete("channels_1", [2, 4, 8, 16]),
        Discrete("channels_2", [4, 8, 16, 32]),
        Discrete("channels_3", [4, 8, 16, 32, 64]),
    )
    # The isolation forest would take a third of the time
    attention_mmoe = attention_mmoe_space(contamination=None, **shared).extended(
        *past,
        Discrete("n_experts", [1, 2, 3, 4, 5, 6, 7, 8]),
        Discrete("hidden_dim", [4, 8, 16, 32, 64, 128]),
        Discrete("expert_dim", [2, 4, 8]),
        Discrete("tower_dim", [4, 8, 16]),
    )
    tmoep = tmoep_space(**shared).extended(
        *past,
        Discrete("n_blocks", [1, 2]),
        Discrete("n_specific", [1, 2, 3]),
        Discrete("n_shared", [1, 2, 3]),
        Discrete("n_expert_layers", [1, 2, 3]),
        Discrete("hidden_dim", [4, 8, 16, 32, 64]),
        Discrete("tower_dim", [4, 8, 16, 32]),
    )
    return any_of("system", {"ms_bcnn": ms_bcnn, "attention_mmoe": attention_mmoe, "tmoep": tmoep})


class TrainingTask:
    """A plant in time order: 60 % to train on, 20 % to compare, 20 % to test.

    It has what searches of the benchmarks are given, `space`, `n_evaluated`, `evaluate`,
    `to_pymoo` and `end_generation`, and keeps every evaluation in a file, where a run that was
    interrupted finds it again.

    Parameters
    ----------
    name : {"sru", "sinter"}
    file : ResultTable
        Evaluations so far.
    n_rows : int
        The newest rows of the training part that are used.
    max_epochs : int
    seed : int
        Of the networks, and of a plant that is simulated.
    bar : tqdm, default=None
        Moves on with every evaluation.
    """

    def __init__(
        self,
        name: str,
        file: ResultTable,
        n_rows: int,
        max_epochs: int,
        seed: int,
        bar: tqdm | None = None,
    ) -> None:
        inputs, targets = TASKS[name](seed)
        rows = np.arange(len(inputs))
        train, validation, test, *_ = chronological_split(rows, rows, SIZES)
        self._inputs, self._targets = inputs, targets
        self._train, self._validation, self._test = train[-n_rows:], validation, test
        self._file, self._bar = file, bar
        self._settings = {"task": name, "rows": n_rows, "epochs": max_epochs, "seed": seed}
        self._known: dict[str, Mapping[str, Any]] = {
            row["configuration"]: cast(Mapping[str, Any], row)
            for row in file.frame.to_dict("records")
            if all(row[key] == value for key, value in self._settings.items())
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
