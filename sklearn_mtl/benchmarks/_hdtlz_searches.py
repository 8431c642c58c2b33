"""Searches of the search benchmark: ours with its ablations, pymoo's and Optuna's."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from optuna import create_study, logging
from optuna.samplers import BaseSampler, NSGAIISampler, TPESampler

from sklearn_mtl.benchmarks._hdtlz_cases import Problem, Search
from sklearn_mtl.benchmarks._pymoo_rivals import PYMOO_SEARCHES
from sklearn_mtl.search._engine.phmoea import MODES, PHMOEA

OURS, PAPER = "PHMOEA", "PHMOEA, paper"
_PUBLISHED = replace(MODES["paper"], stages=(0.2, 0.4))  # B.6 for synthetic problems


def phmoea(
    problem: Problem, population_size: int, n_evaluations: int, seed: int, **settings: Any
) -> None:
    n_generations = -(-n_evaluations // population_size)
    search = PHMOEA(problem.space, population_size, n_generations, seed=seed, **settings)
    while problem.n_evaluated < n_evaluations:
        generation = search.generation
        configs = search.ask(1)  # one by one, as Optuna's samplers are asked
        if configs:  # all offspring may have been known
            search.tell(configs, problem.evaluate(configs))
        if search.generation > generation:
            problem.end_generation(lambda: search.population()[1])
    problem.end_generation(lambda: search.population()[1])  # the last one may be incomplete


def _optuna(sampler: BaseSampler, problem: Problem, n_evaluations: int) -> None:
    logging.set_verbosity(logging.WARNING)
    study = create_study(directions=["minimize", "minimize"], sampler=sampler)
    for _ in range(n_evaluations):
        trial = study.ask()
        # A list, because Optuna takes an array for a failed trial.
        study.tell(trial, problem.evaluate([problem.space.suggest(trial)])[0].tolist())


def _optuna_nsga2(problem: Problem, population_size: int, n_evaluations: int, seed: int) -> None:
    _optuna(NSGAIISampler(population_size=population_size, seed=seed), problem, n_evaluations)


def _optuna_tpe(problem: Problem, population_size: int, n_evaluations: int, seed: int) -> None:
    _optuna(TPESampler(seed=seed), problem, n_evaluations)


def _without(**changes: Any) -> Search:
    return partial(phmoea, settings=replace(MODES["default"], **changes))


ABLATIONS: dict[str, Search] = {
    f"{PAPER}, no elitism": partial(phmoea, settings=_PUBLISHED, elitism=False),
    f"{PAPER}, no de-duplication": partial(phmoea, settings=_PUBLISHED, deduplicate=False),
    f"{OURS}, no surrogate": _without(screened_evaluations=0),
    f"{OURS}, no gains beyond the ends": _without(wide_shares=(0.0, 0.0)),
    f"{OURS}, thinned by crowding": _without(selects_by_contribution=False),
    f"{OURS}, no moves along the front": _without(differential_share=0.0),
    f"{OURS}, middles of bins": _without(keeps_real_values=False),
}
# Those that hold a population, which is their answer
WITH_POPULATION: dict[str, Search] = {
    OURS: phmoea,
    PAPER: partial(phmoea, settings=_PUBLISHED),
    **PYMOO_SEARCHES,
}
WITHOUT_POPULATION_SIZE = "Optuna TPE"
OPTUNA_SEARCHES: dict[str, Search] = {
    "Optuna NSGA-II": _optuna_nsga2,
    WITHOUT_POPULATION_SIZE: _optuna_tpe,
}
SEARCHES = {**WITH_POPULATION, **ABLATIONS, **OPTUNA_SEARCHES}
