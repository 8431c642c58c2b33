"""The synthetic problems of the search benchmark, and what is written down while one is solved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any, Protocol, TypeAlias

import numpy as np

from sklearn_mtl.search import ConfigurationSpace
from sklearn_mtl.search.problems import HDTLZ2, HDTLZ7, as_pymoo

SHIFT = 0.3
_PROBLEMS: dict[str, type[HDTLZ2] | type[HDTLZ7]] = {"hdtlz2": HDTLZ2, "hdtlz7": HDTLZ7}
_SHIFTS = {"": None, "-shifted": SHIFT}


def _case(name: str, coupling: str, shifted: str) -> Callable[[], HDTLZ2 | HDTLZ7]:
    return lambda: _PROBLEMS[name](coupling=coupling, shift=_SHIFTS[shifted])


CASES: dict[str, Callable[[], HDTLZ2 | HDTLZ7]] = {
    f"{name}-{coupling}{shifted}": _case(name, coupling, shifted)
    for shifted, name, coupling in product(_SHIFTS, _PROBLEMS, ("chain", "tree"))
}


class Problem(Protocol):
    """What a search is given."""

    space: ConfigurationSpace

    @property
    def n_evaluated(self) -> int:
        """Number of evaluations so far."""

    def evaluate(self, configs: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """Compute the objectives of configurations."""

    def end_generation(self, population: Callable[[], np.ndarray]) -> None:
        """Take notice that a population, given by the function, has been formed."""

    def to_pymoo(self) -> Any:
        """Give the problem to pymoo."""


class ObservedProblem:
    """A problem that keeps all evaluations, and the population of the search at checkpoints.

    Parameters
    ----------
    problem : HDTLZ2 or HDTLZ7
    checkpoints : sequence of int
        Numbers of evaluations, rising.

    Attributes
    ----------
    populations : list of ndarray
        Objectives of the population after the generation that reached each checkpoint.
    """

    def __init__(self, problem: HDTLZ2 | HDTLZ7, checkpoints: Sequence[int]) -> None:
        self.problem = problem
        self.n, self.space = problem.n, problem.space
        self.checkpoints = tuple(checkpoints)
        self.populations: list[np.ndarray] = []
        self._inputs: list[np.ndarray] = []
        self._values: list[np.ndarray] = []
        self.n_evaluated = 0

    def evaluate(self, configs: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """Compute the objectives of configurations."""
        return self.evaluate_many(*self.problem.encode(configs))

    def evaluate_many(self, z: np.ndarray, active: np.ndarray) -> np.ndarray:
        """Compute the objectives of points given as arrays."""
        values = self.problem.evaluate_many(z, active)
        tail = np.where(active, z[:, 2:], self.problem.neutral)
        self._inputs.append(np.hstack([z[:, :2], tail, active]))
        self._values.append(values)
        self.n_evaluated += len(values)
        return values

    def to_pymoo(self) -> Any:
        """Give the problem to pymoo, observed."""
        return as_pymoo(self)  # type: ignore[arg-type]  # it evaluates as the problem does

    def end_generation(self, population: Callable[[], np.ndarray]) -> None:
        """Keep the objectives of the population if a checkpoint is reached."""
        while (
            len(self.populations) < len(self.checkpoints)
            and self.n_evaluated >= self.checkpoints[len(self.populations)]
        ):
            self.populations.append(population())

    @property
    def values(self) -> np.ndarray:
        """Objectives of all evaluations, in their order."""
        return np.vstack(self._values)

    @property
    def inputs(self) -> np.ndarray:
        """Variables of all evaluations as the problem reads them, then the switches."""
        return np.vstack(self._inputs)

    @property
    def n_repeated(self) -> int:
        """Number of evaluations of a configuration that had been evaluated before."""
        return self.n_evaluated - len(np.unique(self.inputs, axis=0))


# Solves a problem by a population of a size, with a number of evaluations and a seed.
Search: TypeAlias = Callable[[Problem, int, int, int], None]
