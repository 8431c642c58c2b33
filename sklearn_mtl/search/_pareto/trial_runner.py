"""What Optuna calls for every trial: no configuration is trained twice, no failure is lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import optuna
from optuna.exceptions import TrialPruned
from optuna.trial import FrozenTrial, TrialState

from sklearn_mtl.search._pareto.goals import Goals
from sklearn_mtl.search._pareto.trial_evaluation import Evaluation
from sklearn_mtl.search._pareto.trial_records import (
    ERROR,
    EVALUATION,
    KEY,
    TRAINING,
    TWIN,
    learning_curves,
    store_evaluation,
    stored_evaluation,
)
from sklearn_mtl.search._space.space import Configuration, ConfigurationSpace

# How long another process may take from naming its configuration to beginning to train it
DECISION_SECONDS = 5.0


class FailedAsBefore(Exception):
    """An earlier trial of the same configuration failed."""


class TrialRunner:
    """Objective function of the study.

    Parameters
    ----------
    space : ConfigurationSpace
    goals : Goals
    evaluate : callable
        From a configuration and earlier learning curves to an `Evaluation`.
    n_splits : int
    learning_curve_stop : bool

    Attributes
    ----------
    in_training : set of str
        Keys of the configurations that are being trained now.
    last_error : Exception or None
        What the last failed trial of this run raised.
    sampler_error : Exception or None
        What the sampler raised instead of proposing a configuration, which ends the search.
    """

    def __init__(
        self,
        space: ConfigurationSpace,
        goals: Goals,
        evaluate: Callable[[dict[str, Any], list[Any]], Evaluation],
        n_splits: int,
        learning_curve_stop: bool,
    ) -> None:
        self.space = space
        self.goals = goals
        self.evaluate = evaluate
        self.n_splits = n_splits
        self.learning_curve_stop = learning_curve_stop
        self.in_training: set[str] = set()
        self.last_error: Exception | None = None
        self.sampler_error: Exception | None = None

    def __call__(self, trial: optuna.Trial) -> list[float]:
        """Run a trial; everything is kept in its attributes.

        Parameters
        ----------
        trial : optuna.Trial

        Returns
        -------
        values : list of float
            One per objective.

        Raises
        ------
        TrialPruned
            If the training fell behind, or another process is at the same configuration.
        """
        try:
            config = self.space.suggest(trial)
        except Exception as error:
            self.sampler_error = error
            trial.study.stop()
            raise
        try:
            evaluation = self._evaluation(trial, config)
        except TrialPruned:
            raise
        except Exception as error:
            self.last_error = error
            earlier = isinstance(error, FailedAsBefore)
            trial.set_user_attr(ERROR, str(error) if earlier else _described(error))
            raise
        if evaluation.pruned:
            raise TrialPruned(evaluation.pruned)
        for constraint in self.goals.constraints:
            trial.set_constraint(
                str(constraint), constraint.violation(evaluation.mean(constraint.name))
            )
        return [evaluation.mean(objective.name) for objective in self.goals.objectives]

    def _evaluation(self, trial: optuna.Trial, config: Configuration) -> Evaluation:
        key = self.space.key(config)
        trial.set_user_attr(KEY, key)
        twin = find_twin(trial, key)
        if twin is not None:
            trial.set_user_attr(TWIN, twin.number)
            if not twin.state.is_finished():
                # Another process with the same seed would go on proposing what this one does.
                trial.study.sampler.reseed_rng()
                raise TrialPruned(f"Trial {twin.number} has the same configuration.")
            if ERROR in twin.user_attrs:
                raise FailedAsBefore(twin.user_attrs[ERROR])
            evaluation = stored_evaluation(twin)
        else:
            trial.set_user_attr(TRAINING, True)
            curves = learning_curves(trial.study, self.n_splits) if self.learning_curve_stop else []
            self.in_training.add(key)
            try:
                evaluation = self.evaluate(config, curves)
            finally:
                self.in_training.discard(key)
        store_evaluation(trial, evaluation)
        return evaluation


def find_twin(trial: optuna.Trial, key: str) -> FrozenTrial | None:
    """Find the trial that has been, or is being, evaluated for the same configuration.

    Processes that meet at a configuration all name it before they look, so that at least one of
    them sees the other. The one with the lower number waits for the other to decide.

    Parameters
    ----------
    trial : optuna.Trial
        Its configuration is named already.
    key : str
        Key of the configuration.

    Returns
    -------
    twin : optuna.trial.FrozenTrial or None
        None if this trial is the one to be evaluated.
    """
    patience = time.monotonic() + DECISION_SECONDS
    while True:
        twins = [
            other
            for other in trial.study.get_trials(deepcopy=False)
            if other.user_attrs.get(KEY) == key and other.number != trial.number
        ]
        for twin in twins:
            if EVALUATION in twin.user_attrs or ERROR in twin.user_attrs:
                return twin
        running = [twin for twin in twins if twin.state == TrialState.RUNNING]
        for twin in running:
            if TRAINING in twin.user_attrs or twin.number < trial.number:
                return twin
        if not running or time.monotonic() > patience:
            return None
        time.sleep(0.01)


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
