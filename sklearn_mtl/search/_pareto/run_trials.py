"""The loop over trials, with everything that can end it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import optuna
from joblib import effective_n_jobs

from sklearn_mtl.search._pareto.goals import Goals
from sklearn_mtl.search._pareto.interrupts import Interrupts
from sklearn_mtl.search._pareto.progress import (
    ProgressBar,
    StopAt,
    StopWhenNothingWorks,
    StopWhenStagnant,
    is_done,
    n_recorded,
)
from sklearn_mtl.search._pareto.study import quiet_optuna
from sklearn_mtl.search._pareto.trial_evaluation import Evaluator
from sklearn_mtl.search._pareto.trial_runner import TrialRunner
from sklearn_mtl.search._pareto.workers import InProcess, WorkerProcesses
from sklearn_mtl.search._studies.optimize_together import optimize_together


class Run(NamedTuple):
    """How the trials went.

    Attributes
    ----------
    last_error : Exception or None
        What the last failed trial raised.
    interrupted : bool
        Whether Ctrl-C ended them.
    """

    last_error: Exception | None = None
    interrupted: bool = False


def run_trials(
    study: optuna.Study,
    evaluator: Evaluator,
    goals: Goals,
    *,
    n_trials: int,
    n_jobs: int | None,
    timeout: float | None,
    callbacks: Sequence[Callable[..., Any]],
    generation: int,
    raises: bool,
    shows_progress: bool,
) -> Run:
    """Run trials until the study has `n_trials` finished ones, or something ends it before.

    A space that holds no configuration that is not known yet ends it too.

    Parameters
    ----------
    study : optuna.Study
    evaluator : Evaluator
    goals : Goals
    n_trials : int
        Those of earlier runs count.
    n_jobs : int or None
    timeout : float or None
        Seconds after which no trial is begun.
    callbacks : sequence of callable
        Called after every trial with study and trial.
    generation : int
        Number of trials after which to look whether the front still gets better; 0 to not look.
    raises : bool
        Whether the first failure ends the search.
    shows_progress : bool

    Returns
    -------
    run : Run

    Raises
    ------
    Exception
        What a sampler raises that cannot propose a configuration.
    """
    n_done = n_recorded(study)
    n_configurations = evaluator.make.space.count(n_trials)
    if is_done(study, n_trials, n_configurations):
        return Run()
    n_workers = min(effective_n_jobs(n_jobs), n_trials - n_done)
    bar = ProgressBar(n_trials, n_done, goals.objectives[0]) if shows_progress else None
    interrupted = False
    with Interrupts() as interrupts, quiet_optuna():
        workers = (
            InProcess(evaluator, interrupts)
            if n_workers == 1
            else WorkerProcesses(evaluator, n_workers, interrupts)
        )
        runner = TrialRunner(
            evaluator.make.space,
            goals,
            workers,
            len(evaluator.splits),
            evaluator.learning_curve_stop,
        )
        after_trial: list[Callable[..., Any]] = [
            *([bar] if bar else []),
            *([StopWhenStagnant(generation)] if generation else []),
            StopAt(n_trials, n_configurations, runner.in_training),
            StopWhenNothingWorks(),
            *callbacks,
            lambda *_: interrupts.check(),
        ]
        try:
            optimize_together(
                study,
                runner,
                n_trials=n_trials - n_done,
                timeout=timeout,
                n_jobs=n_workers,
                catch=() if raises else (Exception,),
                callbacks=after_trial,
            )
            interrupts.check()
        except KeyboardInterrupt:
            if not any(trial.values for trial in study.get_trials(deepcopy=False)):
                raise
            interrupted = True
        finally:
            workers.close()
            if bar:
                bar.close()
    if interrupted:
        warnings.warn(
            f"The search was interrupted after {n_recorded(study)} of {n_trials} trials; what it "
            "found until then is used.",
            UserWarning,
            stacklevel=3,
        )
    if runner.sampler_error is not None:
        raise runner.sampler_error
    return Run(runner.last_error, interrupted)
