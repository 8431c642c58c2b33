"""Evolutionary algorithms of pymoo with its own settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sklearn_mtl._optional import import_optional
from sklearn_mtl.benchmarks._hdtlz_cases import Problem, Search


def _pymoo(module: str) -> Any:
    return import_optional(f"pymoo.{module}", extra="bench")


def _directions(population_size: int) -> Any:
    """As many reference directions as the population has members."""
    get_directions = _pymoo("util.ref_dirs").get_reference_directions
    return get_directions("das-dennis", 2, n_partitions=population_size - 1)


def _nsga2(population_size: int) -> Any:
    return _pymoo("algorithms.moo.nsga2").NSGA2(pop_size=population_size)


def _nsga3(population_size: int) -> Any:
    return _pymoo("algorithms.moo.nsga3").NSGA3(_directions(population_size))


def _moead(population_size: int) -> Any:
    return _pymoo("algorithms.moo.moead").MOEAD(_directions(population_size))


def _sms_emoa(population_size: int) -> Any:
    return _pymoo("algorithms.moo.sms").SMSEMOA(pop_size=population_size)


def _solve(
    make: Callable[[int], Any],
    problem: Problem,
    population_size: int,
    n_evaluations: int,
    seed: int,
) -> None:
    algorithm = make(population_size)
    algorithm.setup(problem.to_pymoo(), termination=("n_eval", n_evaluations), seed=seed)
    while algorithm.has_next():
        algorithm.next()
        problem.end_generation(lambda: algorithm.pop.get("F"))


PYMOO_SEARCHES: dict[str, Search] = {
    "NSGA-II": partial(_solve, _nsga2),
    "NSGA-III": partial(_solve, _nsga3),
    "MOEA/D": partial(_solve, _moead),
    "SMS-EMOA": partial(_solve, _sms_emoa),
}
