"""One run of the search benchmark: a search solves a problem, and its sets are measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from sklearn_mtl._optional import import_optional
from sklearn_mtl.benchmarks._hdtlz_cases import CASES, ObservedProblem
from sklearn_mtl.benchmarks._hdtlz_searches import SEARCHES
from sklearn_mtl.search._engine.front_choice import KINDS, choose_front
from sklearn_mtl.search._engine.ranking import non_dominated

POPULATION = "population"  # the set that an algorithm itself gives
SETS = (POPULATION, *KINDS)
INDICATORS = {"IGD": "lower", "HV": "higher"}  # and which is better
N_CHECKPOINTS = 20
_N_REFERENCE_POINTS = 2000
_WORST = (1.1, 1.1)  # reference point of the hypervolume, on raw objectives


def column(indicator: str, where: str | int) -> str:
    """Name the column of an indicator of a set, or after a number of evaluations."""
    return f"{indicator} at {where}" if isinstance(where, int) else f"{indicator} {where}"


def checkpoints_of(n_evaluations: int) -> list[int]:
    """Numbers of evaluations at which a trajectory is read."""
    return [-(-n_evaluations * k // N_CHECKPOINTS) for k in range(1, N_CHECKPOINTS + 1)]


def run_to_sets(
    case: str, method: str, population_size: int, n_evaluations: int, seed: int
) -> dict[str, float]:
    """Measure sets of the size of the population after many evaluations.

    Parameters
    ----------
    case : str
        One of `CASES`.
    method : str
        One of `SEARCHES` that reports its population.
    population_size, n_evaluations, seed : int
        Of the search.

    Returns
    -------
    row : dict of str to float
        IGD and HV of the population and of each choice from all evaluations, and IGD of the
        population along the way.
    """
    checkpoints = checkpoints_of(n_evaluations)
    problem, row = _solve(case, method, population_size, n_evaluations, seed, checkpoints)
    measure = _indicators(problem)
    sets = {POPULATION: problem.populations[-1]}
    for kind in KINDS:
        sets[kind] = problem.values[choose_front(problem.values, population_size, kind)]
    for name, values in sets.items():
        row |= {column(indicator, name): found for indicator, found in measure(values).items()}
    for checkpoint, values in zip(checkpoints, problem.populations, strict=True):
        row[column("IGD", checkpoint)] = measure(values)["IGD"]
    return row


def run_to_budgets(
    case: str, method: str, population_size: int, budgets: Sequence[int], seed: int
) -> dict[str, float]:
    """Measure all that was found within small numbers of evaluations.

    Parameters
    ----------
    case : str
        One of `CASES`.
    method : str
        One of `SEARCHES`.
    population_size : int
        Of the search, if it has one.
    budgets : sequence of int
        Numbers of evaluations, rising. The search runs once and is told of the last one only.
    seed : int
        Of the search.

    Returns
    -------
    row : dict of str to float
        IGD and HV after each budget.
    """
    problem, row = _solve(case, method, population_size, budgets[-1], seed, ())
    measure = _indicators(problem)
    for budget in budgets:
        found = measure(problem.values[:budget])
        row |= {column(indicator, budget): value for indicator, value in found.items()}
    return row


def _solve(
    case: str,
    method: str,
    population_size: int,
    n_evaluations: int,
    seed: int,
    checkpoints: Sequence[int],
) -> tuple[ObservedProblem, dict[str, float]]:
    problem = ObservedProblem(CASES[case](), checkpoints)
    started = time.process_time()
    SEARCHES[method](problem, population_size, n_evaluations, seed)
    seconds = time.process_time() - started
    return problem, {"cpu_seconds": round(seconds, 2), "repeated": problem.n_repeated}


def _indicators(problem: ObservedProblem) -> Callable[[np.ndarray], dict[str, float]]:
    """Give the function that measures the non-dominated part of a set."""
    front = problem.problem.pareto_front(_N_REFERENCE_POINTS)
    indicators: dict[str, Any] = {
        "IGD": import_optional("pymoo.indicators.igd", extra="bench").IGD(front),
        "HV": import_optional("pymoo.indicators.hv", extra="bench").HV(ref_point=_WORST),
    }

    def measure(values: np.ndarray) -> dict[str, float]:
        values = values[non_dominated(values)]
        return {name: float(indicator(values)) for name, indicator in indicators.items()}

    return measure
