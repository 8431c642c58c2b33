"""Samplers by name."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Mapping

from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, NSGAIIISampler, NSGAIISampler, RandomSampler, TPESampler

from sklearn_mtl.search._space.space import ConfigurationSpace
from sklearn_mtl.search._studies.sampler import PHMOEASampler

# With a hundred trials a generation of 50, Optuna's default, would leave two generations.
POPULATION_SIZE = 20


def _phmoea(space: ConfigurationSpace, seed: int, n_trials: int) -> BaseSampler:
    n_generations = max(1, -(-n_trials // POPULATION_SIZE))
    return PHMOEASampler(
        space, population_size=POPULATION_SIZE, n_generations=n_generations, seed=seed
    )


def _nsga3(space: ConfigurationSpace, seed: int, n_trials: int) -> BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return NSGAIIISampler(population_size=POPULATION_SIZE, seed=seed)


SAMPLERS: Mapping[str, Callable[[ConfigurationSpace, int, int], BaseSampler]] = {
    "phmoea": _phmoea,
    "nsga2": lambda _, seed, n_trials: NSGAIISampler(population_size=POPULATION_SIZE, seed=seed),
    "nsga3": _nsga3,
    "tpe": lambda _, seed, n_trials: TPESampler(seed=seed),
    "random": lambda _, seed, n_trials: RandomSampler(seed=seed),
}


def make_sampler(
    sampler: str | BaseSampler, space: ConfigurationSpace, seed: int, n_trials: int
) -> BaseSampler:
    """Make the sampler of one search.

    Parameters
    ----------
    sampler : str or optuna.samplers.BaseSampler
        A sampler of the user's is copied, and keeps its own seed. A `PHMOEASampler` without a space
        is given this one.
    space : ConfigurationSpace
    seed : int
    n_trials : int
        Planned trials, of which the stages of PHMOEA are shares.

    Returns
    -------
    sampler : optuna.samplers.BaseSampler

    Raises
    ------
    ValueError
        If a `PHMOEASampler` has another space.
    """
    if not isinstance(sampler, BaseSampler):
        return SAMPLERS[sampler](space, seed, n_trials)
    own = copy.deepcopy(sampler)
    if isinstance(own, PHMOEASampler):
        own.adopt(space)
    return own
