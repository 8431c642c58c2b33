"""From the parameters of a search to its study and what evaluates its trials."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
from sklearn.utils import check_random_state

from sklearn_mtl.search._pareto.estimator_factory import EstimatorFactory, derived_seed
from sklearn_mtl.search._pareto.goals import Goals
from sklearn_mtl.search._pareto.metadata import RoutedParams
from sklearn_mtl.search._pareto.study import fingerprint, open_study, seed_of_study
from sklearn_mtl.search._pareto.trial_evaluation import Evaluator, Split
from sklearn_mtl.search._space.space import ConfigurationSpace
from sklearn_mtl.search._space.space_of import space_of
from sklearn_mtl.search._studies.samplers import make_sampler


def set_up(
    search: Any,
    estimator: Any,
    space: ConfigurationSpace,
    goals: Goals,
    X: Any,
    y: Any,
    splits: Sequence[Split],
    routed: RoutedParams,
) -> tuple[optuna.Study, Evaluator]:
    """Open the study of a search and prepare the evaluation of its trials.

    Parameters
    ----------
    search : ParetoSearchCV
    estimator : estimator or None
    space : ConfigurationSpace
    goals : Goals
    X, y : array-like
    splits : sequence of (train, test)
    routed : RoutedParams

    Returns
    -------
    study : optuna.Study
        With its sampler.
    evaluator : Evaluator
    """
    EstimatorFactory(estimator, space, 0)  # raises before anything is written
    study = open_study(
        search.storage,
        search.study_name,
        [objective.direction for objective in goals.objectives],
        {
            "data": fingerprint(X, y, splits),
            "objectives": ", ".join(objective.name for objective in goals.objectives),
            "constraints": ", ".join(map(str, goals.constraints)),
            "space": _digest(space.table().to_csv()),
            "estimator": _digest(_description(estimator, space)),
        },
    )
    seed = seed_of_study(study, _seed(search.random_state))
    # A study that goes on must not propose the same again that it began with.
    n_trials = len(study.get_trials(deepcopy=False))
    sampler_seed = derived_seed(seed, n_trials)
    study.sampler = make_sampler(search.sampler, space, sampler_seed, search.n_trials)
    evaluator = Evaluator(
        EstimatorFactory(estimator, space, seed),
        X,
        y,
        splits,
        goals.measured,
        routed.fit,
        routed.score,
        learning_curve_stop=search.learning_curve_stop,
        by_size=goals.counts_parameters,
    )
    return study, evaluator


def estimator_and_space(estimator: Any, space: Any) -> tuple[Any, ConfigurationSpace]:
    """Read the first two parameters of a search.

    Parameters
    ----------
    estimator : estimator or ConfigurationSpace
    space : ConfigurationSpace, dict or None

    Returns
    -------
    estimator : estimator or None
        None if the space makes its own.
    space : ConfigurationSpace

    Raises
    ------
    ValueError
        If there is no space, or there are two.
    """
    if isinstance(estimator, ConfigurationSpace):
        if space is not None:
            raise ValueError(
                "`estimator` is a ConfigurationSpace that makes its own pipelines. Found a `space` "
                "as well: leave one of them out."
            )
        return None, estimator
    if space is None:
        raise ValueError(
            "`space` says which parameters of the estimator are searched, for example "
            "{'alpha': (0.1, 10.0)}. Found None."
        )
    return estimator, space_of(space)


def _seed(random_state: Any) -> int:
    if random_state is None:  # the global random numbers are left as they are
        return int(np.random.default_rng().integers(np.iinfo(np.int32).max))
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def _description(estimator: Any, space: ConfigurationSpace) -> str:
    if estimator is None:
        text = f"{space.pipeline} {space.fixed!r}"
    else:
        text = estimator.__repr__(N_CHAR_MAX=10**6)
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)  # of functions, new in every process


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
