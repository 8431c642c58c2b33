"""The loop over trials in one of several processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from sklearn_mtl.search._studies.owners import mark_owner
from sklearn_mtl.search._studies.reclaim import Watch, queue_again


def optimize_together(
    study: optuna.Study,
    objective: Callable[[optuna.Trial], Any],
    *,
    n_trials: int,
    timeout: float | None = None,
    n_jobs: int = 1,
    catch: tuple[type[Exception], ...] = (),
    callbacks: Sequence[Callable[[optuna.Study, FrozenTrial], None]] = (),
) -> None:
    """Run ``study.optimize`` in one of several processes, any of which may be killed.

    Trials of processes that are gone are taken over (see `Watch`), and a trial in which Ctrl-C
    strikes is queued to be run again. If a trial of this process was taken away, its result is
    dropped and the work goes on.

    Parameters
    ----------
    study : optuna.Study
    objective : callable
    n_trials : int
        Trials of this process that were not taken away.
    timeout : float, default=None
        Seconds after which no trial is begun.
    n_jobs : int, default=1
        Threads.
    catch : tuple of exception types, default=()
    callbacks : sequence of callable, default=()
    """
    end = None if timeout is None else time.monotonic() + timeout
    with Watch(study) as watch:
        work = _Work(objective, watch)
        watch.reclaim()
        while True:
            try:
                study.optimize(
                    work,
                    n_trials=n_trials - len(work.ended),
                    timeout=None if end is None else max(0.0, end - time.monotonic()),
                    n_jobs=n_jobs,
                    catch=catch,
                    callbacks=[watch, *callbacks],
                )
                return
            except (ValueError, UpdateFinishedTrialError):
                # What Optuna raises for a trial that is finished before its result is told
                if not work.lost_a_trial:
                    raise
                work.lost_a_trial = False
            except KeyboardInterrupt:
                for trial in map(study._storage.get_trial, work.interrupted):
                    if trial.state == TrialState.FAIL:  # else it is taken over as of a dead process
                        queue_again(study, trial)
                raise


class _Work:
    """Objective function of trials that have an owner."""

    def __init__(self, objective: Callable[[optuna.Trial], Any], watch: Watch) -> None:
        self.objective = objective
        self.watch = watch
        self.ended: list[int] = []  # ids of trials
        self.interrupted: list[int] = []
        self.lost_a_trial = False

    def __call__(self, trial: optuna.Trial) -> Any:
        trial_id = trial._trial_id
        self.watch.running.add(trial_id)
        try:
            mark_owner(trial)
            return self.objective(trial)
        except KeyboardInterrupt:
            self.interrupted.append(trial_id)
            raise
        finally:
            self.watch.running.discard(trial_id)
            if trial.storage.get_trial(trial_id).state.is_finished():
                self.lost_a_trial = True
            else:
                self.ended.append(trial_id)
