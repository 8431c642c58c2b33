"""What a search measures of a fitted model: scores, sizes and times, all by name."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from inspect import signature
from typing import Any, Literal, NamedTuple

import numpy as np
from sklearn.metrics import (
    get_scorer,
    get_scorer_names,
    make_scorer,
    mean_absolute_error,
    mean_squared_error,
)
from sklearn.utils.metadata_routing import _routing_enabled

from sklearn_mtl.metrics import (
    masked_r2_score,
    normalized_mean_absolute_error,
    normalized_mean_squared_error,
)
from sklearn_mtl.metrics._multioutput import average_over_targets
from sklearn_mtl.metrics._observed_labels import observed_labels, require_labels
from sklearn_mtl.search._pareto.model_size import count_parameters

LATENCY_REPEATS = 20


class FittedSplit(NamedTuple):
    """A model fitted on the training part of a split, with what else can be measured.

    Attributes
    ----------
    estimator : estimator
    X_test : array-like
        Inputs of the test part.
    fit_time : float
        Seconds of the training.
    """

    estimator: Any
    X_test: Any
    fit_time: float


@dataclass(frozen=True)
class Objective:
    """One objective: a score on the test part, or a property of the model.

    Parameters
    ----------
    name : str
        Name of its column.
    maximised : bool
        Whether more is better, as of scikit-learn's scores.
    scorer : callable or None
        ``(estimator, X, y)`` -> score, of which more is better.
    measure : callable or None
        From a `FittedSplit` to a number; one of the two is given.
    """

    name: str
    maximised: bool = False
    scorer: Any = None
    measure: Callable[[FittedSplit], float] | None = None

    @property
    def direction(self) -> Literal["minimize", "maximize"]:
        """The same in the words of Optuna."""
        return "maximize" if self.maximised else "minimize"

    def shown(self, score: float) -> float:
        """Turn a scorer's value into the objective's: an error is a score with its sign turned."""
        return score if self.maximised else -score


class PlainScore:
    """A function ``(estimator, X, y) -> score`` with the one question that scikit-learn asks."""

    def __init__(self, function: Callable[..., float]) -> None:
        self.function = function

    def __call__(self, estimator: Any, X: Any, y: Any = None, **params: Any) -> float:
        return self.function(estimator, X, y, **params)

    def _accept_sample_weight(self) -> bool:
        return "sample_weight" in _parameters(self.function)


def find_objectives(specifications: Iterable[str | Callable[..., float]]) -> list[Objective]:
    """Look up objectives by name; functions and scorers are scores, of which more is better.

    Parameters
    ----------
    specifications : iterable of str or callable

    Returns
    -------
    objectives : list of Objective

    Raises
    ------
    ValueError
        If a name is unknown or stands twice, or something is neither a name nor a function of
        estimators.

    Notes
    -----
    Functions that share a name are told apart by the arguments that partials and scorers have
    fixed: ``neg_mean_pinball_loss(alpha=0.1)``.
    """
    specifications = list(specifications)
    objectives = [
        _named(spec) if isinstance(spec, str) else _of_callable(spec) for spec in specifications
    ]
    count = Counter(objective.name for objective in objectives)
    objectives = [
        replace(objective, name=objective.name + _arguments(spec))
        if count[objective.name] > 1
        else objective
        for objective, spec in zip(objectives, specifications, strict=True)
    ]
    names = [objective.name for objective in objectives]
    if len(set(names)) < len(names):
        raise ValueError(
            f"Objectives must have different names. Got {', '.join(names)}. Leave out what stands "
            "twice, or give a function or scorer another name: score.__name__ = 'another_name'."
        )
    return objectives


def _named(name: str) -> Objective:
    if name in ERRORS:
        return Objective(name, scorer=_own_scorer(ERRORS[name], greater_is_better=False))
    if name in MEASURES:
        return Objective(name, measure=MEASURES[name])
    if name == "r2":  # scikit-learn's own knows no missing labels
        return Objective(name, maximised=True, scorer=_own_scorer(masked_r2_score))
    if name in get_scorer_names():
        return Objective(name, maximised=True, scorer=get_scorer(name))
    raise ValueError(
        f"{name!r} is no objective. Errors: {', '.join(ERRORS)}; properties: "
        f"{', '.join(MEASURES)}; scores: the names of sklearn.metrics.get_scorer_names()."
    )


def _own_scorer(metric: Callable[..., Any], **params: Any) -> Any:
    scorer = make_scorer(metric, **params)
    # The user, who gave a name, has no scorer on which to request the weights.
    return scorer.set_score_request(sample_weight=True) if _routing_enabled() else scorer


def _of_callable(score: Any) -> Objective:
    if not callable(score):
        raise ValueError(
            f"{score!r} is no objective. Pass a name or a function (estimator, X, y) -> score."
        )
    name = _name(score)
    if hasattr(score, "_score_func"):  # one of scikit-learn's make_scorer
        return Objective(name, maximised=True, scorer=score)
    if _parameters(score)[:1] == ["y_true"]:
        raise ValueError(
            f"{name} compares labels with predictions, but an objective is a function "
            f"(estimator, X, y) -> score. Pass make_scorer({name}, greater_is_better=False) if it "
            f"is an error, make_scorer({name}) if more is better, or one of the names "
            f"{', '.join(ERRORS)}."
        )
    return Objective(name, maximised=True, scorer=PlainScore(score))


def _parameters(function: Callable[..., Any]) -> list[str]:
    """Names of the parameters; none where a builtin function does not tell them."""
    try:
        return list(signature(function).parameters)
    except ValueError:
        return []


def _name(function: Any) -> str:
    """Name of a callable: its own, of the function in a partial or a scorer, or of its type."""
    if hasattr(function, "__name__"):
        return function.__name__
    if hasattr(function, "_score_func"):
        return ("neg_" if function._sign < 0 else "") + _name(function._score_func)
    return _name(function.func if isinstance(function, partial) else type(function))


def _arguments(function: Any) -> str:
    """Write what partials and scorers have fixed as in a call, in the order of the alphabet."""
    fixed = sorted(_fixed(function).items())
    # By name, as a function's own text has an address that changes from process to process
    texts = [f"{key}={_name(value) if callable(value) else value}" for key, value in fixed]
    return f"({', '.join(texts)})" if texts else ""


def _fixed(function: Any) -> dict[str, Any]:
    if isinstance(function, partial):
        return {**_fixed(function.func), **function.keywords}
    if hasattr(function, "_score_func"):
        return {**_fixed(function._score_func), **function._kwargs}
    return {}


def _mean_squared_error(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
    return _mean_over_targets(mean_squared_error, y_true, y_pred, sample_weight)


def _root_mean_squared_error(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
    return _mean_over_targets(
        lambda *values, **weight: mean_squared_error(*values, **weight) ** 0.5,
        y_true,
        y_pred,
        sample_weight,
    )


def _mean_absolute_error(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
    return _mean_over_targets(mean_absolute_error, y_true, y_pred, sample_weight)


def _mean_over_targets(
    error: Callable[..., float], y_true: Any, y_pred: Any, sample_weight: Any
) -> float:
    """Mean over targets of an error over the observed labels."""
    targets = observed_labels(y_true, y_pred, sample_weight=sample_weight)
    require_labels(targets)
    errors = [
        float(error(target.y_true, target.y_pred, sample_weight=target.sample_weight))
        for target in targets
    ]
    return float(average_over_targets(errors, "uniform_average"))


def _size(split: FittedSplit) -> float:
    return float(count_parameters(split.estimator))


def _fit_time(split: FittedSplit) -> float:
    return split.fit_time


def _latency(split: FittedSplit) -> float:
    """Median of the seconds that the prediction of one row takes."""
    row = split.X_test.iloc[:1] if hasattr(split.X_test, "iloc") else split.X_test[:1]
    seconds = []
    with warnings.catch_warnings():
        # One row is chosen here, so that what steps with lags say of too few rows is no news.
        warnings.simplefilter("ignore", UserWarning)
        split.estimator.predict(row)  # the first call may prepare something
        for _ in range(LATENCY_REPEATS):
            start = time.perf_counter()
            split.estimator.predict(row)
            seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


ERRORS: Mapping[str, Callable[..., Any]] = {
    "mse": _mean_squared_error,
    "rmse": _root_mean_squared_error,
    "mae": _mean_absolute_error,
    "nmse": normalized_mean_squared_error,
    "nmae": normalized_mean_absolute_error,
}
MEASURES: Mapping[str, Callable[[FittedSplit], float]] = {
    "n_parameters": _size,
    "fit_time": _fit_time,
    "predict_latency": _latency,
}
