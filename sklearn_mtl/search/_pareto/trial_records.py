"""Finished trials of a search, and how they are kept in the attributes of Optuna's trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from sklearn_mtl.search._pareto.learning_curves import Curve
from sklearn_mtl.search._pareto.trial_evaluation import Evaluation
from sklearn_mtl.search._space.space import Configuration, ConfigurationSpace

# Names of user attributes
KEY = "configuration"
EVALUATION = "evaluation"
ERROR = "error"
TWIN = "same as trial"
TRAINING = "training"


@dataclass(frozen=True)
class TrialRecord:
    """A finished trial.

    Parameters
    ----------
    number : int
        Number of the trial in the study.
    config : dict
        What was tried.
    state : {"complete", "pruned", "failed"}
    evaluation : Evaluation or None
        None if the trial failed, or another process was at the same configuration.
    feasible : bool
        Whether the trial is complete and all constraints are kept.
    violation : float
        Sum of what goes beyond the constraints.
    error : str
        What a failed trial raised.
    """

    number: int
    config: Configuration
    state: str
    evaluation: Evaluation | None
    feasible: bool
    violation: float
    error: str


def is_recorded(trial: FrozenTrial) -> bool:
    """Tell whether a trial came to its end; not if it was interrupted or its process died."""
    return trial.state in (TrialState.COMPLETE, TrialState.PRUNED) or (
        trial.state == TrialState.FAIL and ERROR in trial.user_attrs
    )


def records_of(study: optuna.Study, space: ConfigurationSpace) -> list[TrialRecord]:
    """Read the finished trials of a study, by rising number."""
    return [
        _record(trial, space)
        for trial in study.get_trials(deepcopy=False)
        if is_recorded(trial) and KEY in trial.user_attrs
    ]


def stored_evaluation(trial: FrozenTrial) -> Evaluation:
    """Read what was measured in a trial."""
    stored = dict(trial.user_attrs[EVALUATION])
    stored["curves"] = [Curve(*curve) for curve in stored["curves"]]
    return Evaluation(**stored)


def store_evaluation(trial: optuna.Trial, evaluation: Evaluation) -> None:
    """Keep what was measured with the trial."""
    trial.set_user_attr(EVALUATION, asdict(evaluation))


def learning_curves(study: optuna.Study, n_splits: int) -> list[list[Curve]]:
    """Read the curves of all complete trials, one per split."""
    curves = [
        stored_evaluation(trial).curves
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if TWIN not in trial.user_attrs
    ]
    return [of_trial for of_trial in curves if len(of_trial) == n_splits]


def _record(trial: FrozenTrial, space: ConfigurationSpace) -> TrialRecord:
    states = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned"}
    violations: Sequence[Any] = list(trial.constraints.values())
    complete = trial.state == TrialState.COMPLETE
    return TrialRecord(
        number=trial.number,
        config=space.from_trial(trial),
        state=states.get(trial.state, "failed"),
        evaluation=stored_evaluation(trial) if EVALUATION in trial.user_attrs else None,
        feasible=complete and all(violation <= 0 for violation in violations),
        violation=sum(max(0.0, violation) for violation in violations),
        error=trial.user_attrs.get(ERROR, ""),
    )
