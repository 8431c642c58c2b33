"""From the parameters of a search to its study and what evaluates its trials."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import optuna
import pandas as pd
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.utils import check_random_state

from sklearn_mtl.search._pareto.estimator_factory import EstimatorFactory, derived_seed
from sklearn_mtl.search._pareto.goals import Goals
from sklearn_mtl.search._pareto.identity import describe, fingerprint
from sklearn_mtl.search._pareto.metadata import RoutedParams
from sklearn_mtl.search._pareto.objectives import ERRORS
from sklearn_mtl.search._pareto.study import open_study, seed_of_study
from sklearn_mtl.search._pareto.trial_evaluation import Evaluator, Split
from sklearn_mtl.search._space.space import ConfigurationSpace
from sklearn_mtl.search._space.space_of import space_of
from sklearn_mtl.search._studies.samplers import make_sampler

SAMPLES = 50  # configurations in which unknown names are looked for


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

    Raises
    ------
    ValueError
        If the parameters of the search do not fit each other, the estimator or the data, or the
        study was made for something else. Nothing is written then.
    """
    _check_columns(space, goals)
    _check_names(EstimatorFactory(estimator, space, 0))
    _check_labels(y, splits, goals)
    purpose = {
        "data": f"{fingerprint(X, y, splits)} {describe(routed.fit)} {describe(routed.score)}",
        "objectives": describe(search.objectives),
        "constraints": ", ".join(map(repr, goals.constraints)),
        "space": _digest(_conditions_and_values(space)),
        "estimator": _digest(
            describe(estimator if estimator is not None else [space.pipeline, space.fixed])
        ),
    }
    study = open_study(
        search.storage,
        search.study_name or _study_name(purpose, search.sampler, search.random_state),
        [objective.direction for objective in goals.objectives],
        purpose,
    )
    seed = seed_of_study(study, _seed(search.random_state))
    if isinstance(search.random_state, Integral) and seed != _seed(search.random_state):
        warnings.warn(
            f"The study {study.study_name!r} goes on with the seed that it was begun with; "
            f"`random_state={search.random_state}` is passed over.",
            UserWarning,
            stacklevel=4,
        )
    # PHMOEA goes on as if it had not been stopped; others must not propose again what they began
    # with.
    n_trials = 0 if search.sampler == "phmoea" else len(study.get_trials(deepcopy=False))
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


def _check_columns(space: ConfigurationSpace, goals: Goals) -> None:
    columns = ["trial", *space.names, *(objective.name for objective in goals.measured)]
    if twice := [name for name in columns if columns.count(name) > 1]:
        raise ValueError(
            f"{twice[0]!r} would be two columns of `pareto_front_`, which holds `trial`, the "
            "parameters and the objectives. Give the function that is an objective another name, "
            "or leave the parameter out of the space."
        )


def _check_names(make: EstimatorFactory) -> None:
    """Set the parameters of a few configurations: an unknown one would fail in every trial."""
    if make.estimator is None:
        return
    rng = np.random.default_rng(0)
    seen: set[tuple[str, Any]] = set()
    for _ in range(SAMPLES):
        config = make.space.sample(rng)
        stored = make.space.to_trial(config)
        # Of a number any value does, of other choices each may make an estimator of its own.
        traits = {(name, isinstance(v, float) or v) for name, v in stored.items()}
        if seen.issuperset(traits):
            continue
        seen.update(traits)
        try:
            make(config)
        except (ValueError, AttributeError, TypeError) as error:
            raise ValueError(
                f"The space does not fit the estimator. {error} With {config}. Declare a parameter "
                "that exists only under some choices of another one with `when`."
            ) from error


def _check_labels(y: Any, splits: Sequence[Split], goals: Goals) -> None:
    """Where labels are missing, look for some of every target, and for scorers that need all."""
    if y is None or hasattr(y, "tocsr"):
        return
    labels = pd.DataFrame(y).notna()
    if labels.to_numpy().all():
        return
    of_sklearn = [get_scorer(name)._score_func for name in get_scorer_names()]
    for objective in goals.measured:
        if getattr(objective.scorer, "_score_func", None) in of_sklearn:
            raise ValueError(
                f"The objective {objective.name!r} is scikit-learn's, which takes no missing "
                f"labels, and y has some. Choose among {', '.join(ERRORS)} and r2 instead."
            )
    for number, parts in enumerate(splits):
        for part, rows in zip(("training", "test"), parts, strict=True):
            if unlabelled := list(labels.columns[~labels.iloc[rows].any()]):
                raise ValueError(
                    f"Target {unlabelled[0]!r} has no label in the {part} part of split {number}. "
                    "Choose other splits by `cv`, or leave the target out."
                )


def _study_name(purpose: Mapping[str, str], sampler: Any, random_state: Any) -> str:
    """Name a study after all that makes it another one, so that the same search finds it again."""
    sampler = sampler if isinstance(sampler, str) else type(sampler).__name__
    seed = random_state if isinstance(random_state, Integral) else None
    return f"search-{_digest(repr((purpose, sampler, seed)))}"


def _seed(random_state: Any) -> int:
    if random_state is None:  # the global random numbers are left as they are
        return int(np.random.default_rng().integers(np.iinfo(np.int32).max))
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def _conditions_and_values(space: ConfigurationSpace) -> str:
    """All that makes two spaces different; the numbers of `table` are rounded."""
    return f"{space.distributions()} {space.table()['active when'].tolist()}"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
