"""Work of several processes on one study: who is at a trial, and trials whose process is gone."""

from __future__ import annotations

import copy
import functools
import os
import socket
import time
import warnings
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning, UpdateFinishedTrialError
from optuna.storages import RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState

# User attribute of a trial: the process that is at it
OWNER = "owner"
# A configuration that kills its process, for want of memory say, must not go round for ever.
MOST_RETRIES = 3


def reclaim_stale_trials(study: optuna.Study, older_than: float | None = None) -> list[int]:
    """Take running trials from processes that are gone, and queue them to be run again.

    A trial whose process (see `mark_owner`) was on this machine is stale as soon as that process
    has ended, and never before. Of others only the age can tell.

    Parameters
    ----------
    study : optuna.Study
    older_than : float, default=None
        Age in seconds from which a trial of another machine, or of an unknown process, is stale.
        Take more than any trial takes. None leaves them alone: databases watch them by Optuna's
        heartbeat. Machines need clocks of the same time zone.

    Returns
    -------
    numbers : list of int
        Trials that were taken. They have failed; each of them is queued as a new trial with the
        same parameters, unless it was the last of 3 retries.

    Notes
    -----
    A process that was taken for dead and is not cannot tell the result of its trial any more, so
    that the configuration has one complete trial in the end.
    """
    taken = []
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        if not _is_stale(trial, older_than):
            continue
        try:
            if not study._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL):
                continue
        except UpdateFinishedTrialError:
            continue  # another process was faster
        retry_trial(study, trial)
        taken.append(trial.number)
    return taken


def retry_trial(study: optuna.Study, trial: FrozenTrial) -> None:
    """Queue a trial again whose process was killed, at most 3 times.

    Parameters
    ----------
    study : optuna.Study
    trial : optuna.trial.FrozenTrial

    Notes
    -----
    This is ``optuna.storages.RetryHeartbeatStaleTrialCallback`` for trials with an owner, and like
    it goes into ``RDBStorage(heartbeat_stale_trial_callback=retry_trial)``.
    """
    killed = copy.deepcopy(trial)
    # Under the old owner the retry would be taken for stale at once.
    killed.user_attrs = {name: v for name, v in killed.user_attrs.items() if name != OWNER}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        RetryHeartbeatStaleTrialCallback(max_retry=MOST_RETRIES)(study, killed)


def mark_owner(trial: optuna.Trial) -> None:
    """Write down with a trial that this process is at it."""
    owner = {"machine": _machine(), "process": os.getpid(), "started": _start_of(os.getpid())}
    trial.set_user_attr(OWNER, owner)


def optimize_together(
    study: optuna.Study,
    objective: Callable[[optuna.Trial], Any],
    *,
    n_trials: int,
    older_than: float | None = None,
    timeout: float | None = None,
    n_jobs: int = 1,
    catch: tuple[type[Exception], ...] = (),
    callbacks: Sequence[Callable[[optuna.Study, FrozenTrial], None]] = (),
) -> None:
    """Run ``study.optimize`` in one of several processes, any of which may be killed.

    Trials of processes that are gone are taken over, before the first trial and after each. If a
    trial of this process was taken away, its result is dropped and the work goes on.

    Parameters
    ----------
    study : optuna.Study
    objective : callable
    n_trials : int
        Trials of this process.
    older_than : float, default=None
        As for `reclaim_stale_trials`.
    timeout : float, default=None
        Seconds after which no trial is begun.
    n_jobs : int, default=1
        Threads.
    catch : tuple of exception types, default=()
    callbacks : sequence of callable, default=()
    """
    work = _Work(objective)
    end = None if timeout is None else time.monotonic() + timeout

    def reclaim(study: optuna.Study, trial: FrozenTrial | None = None) -> None:
        reclaim_stale_trials(study, older_than)

    reclaim(study)
    while True:
        try:
            study.optimize(
                work,
                n_trials=n_trials - work.n_begun,
                timeout=None if end is None else max(0.0, end - time.monotonic()),
                n_jobs=n_jobs,
                catch=catch,
                callbacks=[reclaim, *callbacks],
            )
            return
        except (ValueError, UpdateFinishedTrialError):
            # What Optuna raises for a trial that is finished before its result is told
            if not work.lost_a_trial:
                raise
            work.lost_a_trial = False


class _Work:
    """Objective function of trials that have an owner."""

    def __init__(self, objective: Callable[[optuna.Trial], Any]) -> None:
        self.objective = objective
        self.n_begun = 0
        self.lost_a_trial = False

    def __call__(self, trial: optuna.Trial) -> Any:
        self.n_begun += 1
        mark_owner(trial)
        try:
            return self.objective(trial)
        finally:
            if trial.storage.get_trial(trial._trial_id).state.is_finished():
                self.lost_a_trial = True


def _is_stale(trial: FrozenTrial, older_than: float | None) -> bool:
    owner = trial.user_attrs.get(OWNER)
    if owner and owner["machine"] == _machine() and owner["started"] is not None:
        return _start_of(owner["process"]) != owner["started"]
    if older_than is None or trial.datetime_start is None:
        return False
    return (datetime.now() - trial.datetime_start).total_seconds() > older_than


@functools.cache
def _machine() -> str:
    """Name the realm in which process numbers mean the same: containers may share a host name."""
    realm = Path("/proc/self/ns/pid")
    return f"{socket.gethostname()} {realm.readlink() if realm.exists() else ''}".strip()


def _start_of(process: int) -> int | None:
    """Tell when a process of this machine began; None if it is not alive, or the system tells not.

    Process numbers are used again, number and beginning are not.
    """
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, began = fields[0], fields[19]
    return None if state in "ZX" else int(began)  # killed, and only not yet waited for
