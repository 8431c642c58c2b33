"""What a search does after every trial: show it, and end when there is nothing left to gain."""

from __future__ import annotations

import warnings
from collections.abc import Collection

import numpy as np
import optuna
from optuna.trial import FrozenTrial
from tqdm.auto import tqdm

from sklearn_mtl.search._engine.early_stopping import stagnates
from sklearn_mtl.search._engine.ranking import non_dominated
from sklearn_mtl.search._pareto.objectives import Objective
from sklearn_mtl.search._pareto.trial_records import ERROR, EVALUATION, KEY, is_recorded

FAILURES = 10  # of which StopWhenNothingWorks concludes that a search cannot work
WINDOW = 8  # generations that StopWhenStagnant looks back, as in the paper


def feasible_losses(study: optuna.Study) -> tuple[np.ndarray, np.ndarray]:
    """Read what complete trials that keep the constraints have reached.

    Parameters
    ----------
    study : optuna.Study

    Returns
    -------
    numbers : int ndarray of shape (n_trials,)
        Numbers of the trials.
    losses : ndarray of shape (n_trials, n_objectives)
        Their objectives, with the signs turned of those that are maximised.
    """
    signs = [-1 if d == optuna.study.StudyDirection.MAXIMIZE else 1 for d in study.directions]
    trials = [
        trial
        for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
        if all(violation <= 0 for violation in trial.constraints.values())
    ]
    losses = np.array([trial.values for trial in trials], dtype=float)
    return (
        np.array([trial.number for trial in trials], dtype=int),
        losses.reshape(len(trials), len(signs)) * signs,
    )


def n_recorded(study: optuna.Study) -> int:
    """Count the trials that came to their end."""
    return sum(is_recorded(trial) for trial in study.get_trials(deepcopy=False))


def is_done(
    study: optuna.Study,
    n_trials: int,
    n_configurations: float = np.inf,
    in_training: Collection[str] = (),
) -> bool:
    """Tell whether a study needs no more trials.

    Parameters
    ----------
    study : optuna.Study
    n_trials : int
        Finished trials that are enough.
    n_configurations : float, default=inf
        Configurations of the space: when all are known, more trials only repeat them.
    in_training : collection of str, default=()
        Keys of configurations that will be known soon.

    Returns
    -------
    is_done : bool
    """
    recorded = [trial for trial in study.get_trials(deepcopy=False) if is_recorded(trial)]
    known = {
        trial.user_attrs[KEY] for trial in recorded if {EVALUATION, ERROR} & trial.user_attrs.keys()
    }
    return len(recorded) >= n_trials or len(known.union(in_training)) >= n_configurations


class StopAt:
    """Stop when the study `is_done`, also by trials of other processes.

    Parameters
    ----------
    n_trials : int
    n_configurations : float, default=inf
    in_training : collection of str, default=()
        As for `is_done`; it may change from trial to trial.
    """

    def __init__(
        self,
        n_trials: int,
        n_configurations: float = np.inf,
        in_training: Collection[str] = (),
    ) -> None:
        self.n_trials = n_trials
        self.n_configurations = n_configurations
        self.in_training = in_training

    def __call__(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Look after a trial."""
        if is_done(study, self.n_trials, self.n_configurations, self.in_training):
            study.stop()


class StopWhenNothingWorks:
    """Stop when the first ten trials all failed with the same error: so would the others."""

    def __call__(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Look after a trial."""
        trials = [t for t in study.get_trials(deepcopy=False) if is_recorded(t)]
        errors = {t.user_attrs.get(ERROR) for t in trials}  # None for one that did not fail
        if len(trials) >= FAILURES and len(errors) == 1 and None not in errors:
            study.stop()


class StopWhenStagnant:
    """Stop when the front no longer gets better.

    Parameters
    ----------
    generation : int
        Number of finished trials after which to look.
    """

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self.n_seen = 0  # generations

    def __call__(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Look at the end of a generation."""
        finished = n_recorded(study)
        if finished // self.generation <= self.n_seen:
            return
        self.n_seen = finished // self.generation
        numbers, losses = feasible_losses(study)
        ends = range(self.generation, finished + 1, self.generation)
        # Numbers also count interrupted trials, which is close enough for the end of a generation.
        history = [losses[numbers < end] for end in ends]
        history = [values for values in history if len(values)]
        if stagnates(history, WINDOW):
            study.stop()


def warn_if_too_short(n_trials: int, generation: int) -> None:
    """Warn if a search ends before `StopWhenStagnant` can act.

    Parameters
    ----------
    n_trials : int
    generation : int
    """
    earliest = (WINDOW + 1) * generation
    if n_trials <= earliest:
        smaller = (n_trials - 1) // (WINDOW + 1)
        warnings.warn(
            f"`early_stopping` can act after {earliest} trials at the earliest. Found "
            f"n_trials={n_trials}: pass more"
            + (f", or early_stopping={smaller} for shorter generations." if smaller else "."),
            UserWarning,
            stacklevel=4,
        )


class ProgressBar:
    """A bar over the trials with the time left, the size of the front and the best error.

    Parameters
    ----------
    n_trials : int
        Trials in all.
    n_done : int
        Those of earlier runs.
    objective : Objective
        The first one.
    """

    def __init__(self, n_trials: int, n_done: int, objective: Objective) -> None:
        self.objective = objective
        self.bar = tqdm(total=n_trials, initial=n_done, unit="trial", desc="ParetoSearchCV")

    def __call__(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Move the bar."""
        _, losses = feasible_losses(study)
        if len(losses):
            best = losses[:, 0].min() * (-1 if self.objective.maximised else 1)
            front = np.unique(losses[non_dominated(losses)], axis=0)
            self.bar.set_postfix(
                {"front": len(front), self.objective.name: f"{best:.4g}"}, refresh=False
            )
        self.bar.update()

    def close(self) -> None:
        """Leave the bar as it is."""
        self.bar.close()
