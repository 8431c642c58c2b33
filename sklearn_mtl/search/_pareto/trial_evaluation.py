"""One configuration: fitted and measured on every split, in whatever process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from optuna.exceptions import TrialPruned
from sklearn.metrics import check_scoring
from sklearn.utils.validation import _check_method_params

from sklearn_mtl.search._pareto.estimator_factory import EstimatorFactory
from sklearn_mtl.search._pareto.learning_curves import Curve, LearningCurveStop, with_callback
from sklearn_mtl.search._pareto.objectives import FittedSplit, Objective

Split = tuple[np.ndarray, np.ndarray]

# Classes that this process has trained: the first training of one also imports and warms up.
_TRAINED: set[type] = set()


@dataclass
class Evaluation:
    """What was measured of a configuration, one value per split.

    Parameters
    ----------
    values : dict of str to list of float
        By name of the objective.
    fit_times, score_times : list of float
        Seconds.
    curves : list of Curve
        Of the networks, with `learning_curve_stop`.
    pruned : str
        Why the trial was ended early; empty if it was not.
    """

    values: dict[str, list[float]] = field(default_factory=dict)
    fit_times: list[float] = field(default_factory=list)
    score_times: list[float] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    pruned: str = ""

    def mean(self, name: str) -> float:
        """Mean over the splits of an objective."""
        return float(np.mean(self.values[name]))


@dataclass(frozen=True)
class Evaluator:
    """Everything that a process needs to evaluate configurations.

    Parameters
    ----------
    make : EstimatorFactory
    X, y : array-like
    splits : sequence of (train, test)
        Row numbers.
    objectives : sequence of Objective
        Also those that only a constraint names.
    fit_params, score_params : dict
        Further arguments of the estimator's ``fit`` and of the scorers; those with a value per row
        are split.
    learning_curve_stop : bool
    by_size : bool
        Whether learning curves are compared with those of networks no larger only.
    """

    make: EstimatorFactory
    X: Any
    y: Any
    splits: Sequence[Split]
    objectives: Sequence[Objective]
    fit_params: Mapping[str, Any]
    score_params: Mapping[str, Any]
    learning_curve_stop: bool = False
    by_size: bool = False

    def __call__(
        self,
        config: Mapping[str, Any],
        earlier: Sequence[Sequence[Curve]] = (),
        check: Callable[[], None] = lambda: None,
    ) -> Evaluation:
        """Fit and measure a configuration.

        Parameters
        ----------
        config : dict
        earlier : sequence of sequence of Curve
            Learning curves of finished trials, each with one per split.
        check : callable
            Called after every training; it may raise what the training has swallowed.

        Returns
        -------
        evaluation : Evaluation

        Raises
        ------
        ValueError
            If an objective is not finite. What fitting and measuring raise is passed on.
        """
        evaluation = Evaluation(values={objective.name: [] for objective in self.objectives})
        scorers = {o.name: o.scorer for o in self.objectives if o.scorer is not None}
        if any(objective.name == "fit_time" for objective in self.objectives):
            self._warm_up(config)
            check()
        for number, (train, test) in enumerate(self.splits):
            estimator = self.make(config)
            stop = None
            if self.learning_curve_stop:
                same_split = [curves[number] for curves in earlier]
                stop = LearningCurveStop(same_split, self.by_size)
                estimator = with_callback(estimator, stop)
            fit_params = _check_method_params(self.X, self.fit_params, indices=train)
            start = time.perf_counter()
            try:
                _fit(estimator, _rows(self.X, train), _rows(self.y, train), fit_params)
            except TrialPruned as reason:
                evaluation.pruned = str(reason)
                return evaluation
            fitted = time.perf_counter()
            check()
            X_test, y_test = _rows(self.X, test), _rows(self.y, test)
            split = FittedSplit(estimator, X_test, fitted - start)
            scores: Mapping[str, float] = {}
            if scorers:
                score_params = _check_method_params(self.X, self.score_params, indices=test)
                answers = () if y_test is None else (y_test,)
                scores = check_scoring(estimator, scorers)(
                    estimator, X_test, *answers, **score_params
                )
            for objective in self.objectives:
                if objective.measure is None:
                    value = objective.shown(scores[objective.name])
                else:
                    value = objective.measure(split)
                evaluation.values[objective.name].append(_checked(objective.name, value))
            evaluation.fit_times.append(fitted - start)
            evaluation.score_times.append(time.perf_counter() - fitted)
            if stop is not None and stop.curve is not None:
                evaluation.curves.append(stop.curve)
        return evaluation

    def _warm_up(self, config: Mapping[str, Any]) -> None:
        """Train once, not counted, if this process has not trained estimators of these classes."""
        estimator = self.make(config)
        parts = [estimator, *estimator.get_params().values()]
        classes = {type(part) for part in parts if hasattr(part, "fit")}
        if classes <= _TRAINED:
            return
        rows = self.splits[0][0]
        fit_params = _check_method_params(self.X, self.fit_params, indices=rows)
        _fit(estimator, _rows(self.X, rows), _rows(self.y, rows), fit_params)
        _TRAINED.update(classes)


def _fit(estimator: Any, X: Any, y: Any, params: Mapping[str, Any]) -> None:
    if y is None:
        estimator.fit(X, **params)
    else:
        estimator.fit(X, y, **params)


def _checked(name: str, value: Any) -> float:
    number = float(value)
    if not np.isfinite(number):
        raise ValueError(f"The objective {name} is {number}, which cannot be compared.")
    return number


def _rows(data: Any, rows: np.ndarray) -> Any:
    if data is None:
        return None
    if hasattr(data, "iloc"):
        return data.iloc[rows]
    return data[rows] if hasattr(data, "shape") else [data[row] for row in rows]
