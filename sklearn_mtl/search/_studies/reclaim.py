"""Trials whose process is gone: noticed, taken over and queued to be run again."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from sklearn_mtl.search._studies.owners import is_gone

BEAT_SECONDS = 30.0
# A trial whose process has not been heard of for so many beats is taken over.
SILENT_BEATS = 10
# A configuration that kills its process, for want of memory say, must not go round for ever.
MOST_RETRIES = 3
# System attribute of a running trial: a number that its process changes at every beat
BEAT = "beat"
# System attributes of Optuna's own RetryHeartbeatStaleTrialCallback
_FIRST, _HISTORY = "failed_trial", "retry_history"


class Watch:
    """Take over the trials of processes that are gone; a context manager.

    Of a process of this machine the system tells whether it is alive: its trial is taken over as
    soon as it has ended, and never before. Processes elsewhere, which work under a watch of their
    own, are known by their beat: a trial is taken over when its beat stood still for 10 beats of
    ours, that is five minutes. So is one that was begun by a process that died before it put its
    name to it.

    Parameters
    ----------
    study : optuna.Study
        In a storage of any kind.
    seconds : float, default=30.0
        Time between two beats; the same for all processes of a study.

    Attributes
    ----------
    running : set of int
        Ids of the trials that this process is at, to be kept by those who run them.

    Notes
    -----
    Beats are counted, and no times are compared: the clocks of the machines do not matter, nor does
    a database that is away for a while, as neither side counts on without it.

    A process that was taken for dead and is not, as its machine slept, cannot tell the result of
    its trial any more, so that a configuration has one complete trial in the end.
    """

    def __init__(self, study: optuna.Study, seconds: float = BEAT_SECONDS) -> None:
        self.study = study
        self.seconds = seconds
        self.running: set[int] = set()
        self._n_beats = 0
        # Of running trials, by id: their beat, and how many of ours there were since it changed
        self._heard: dict[int, tuple[int | None, int]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join(timeout=1.0)  # it may be waiting for a database that is away

    def __call__(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Take over trials after every one of ours: a callback of Optuna."""
        self.reclaim()

    def _beat_on(self) -> None:
        while not self._ended.wait(self.seconds):
            self.beat()
        self.study._storage.remove_session()

    def beat(self) -> None:
        """Be heard, listen to the others, and take over what is due."""
        self._n_beats += 1
        for trial_id in tuple(self.running):
            with suppress(UpdateFinishedTrialError):  # it may just have ended
                self.study._storage.set_trial_system_attr(trial_id, BEAT, self._n_beats)
        heard = {}
        for trial in self._unfinished():
            beat = trial.system_attrs.get(BEAT)
            before, silence = self._heard.get(trial._trial_id, (beat, -1))
            heard[trial._trial_id] = beat, silence + 1 if beat == before else 0
        self._heard = heard
        self.reclaim()

    def reclaim(self) -> list[int]:
        """Take over trials, and queue them to be run again.

        Returns
        -------
        numbers : list of int
            Trials that were taken over. They have failed; each of them is queued as a new trial
            with the same parameters, unless it was the last of 3 retries.
        """
        taken = []
        for trial in self._unfinished():
            gone = is_gone(trial)
            if gone is None:
                _, silence = self._heard.get(trial._trial_id, (None, 0))
                gone = silence >= SILENT_BEATS
            if gone and self._take(trial):
                taken.append(trial.number)
        return taken

    def _unfinished(self) -> list[FrozenTrial]:
        return self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))

    def _take(self, trial: FrozenTrial) -> bool:
        try:
            if not self.study._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL):
                return False
        except UpdateFinishedTrialError:
            return False  # another process was faster
        history = [*trial.system_attrs.get(_HISTORY, []), trial.number]
        if len(history) <= MOST_RETRIES:
            queue_again(self.study, trial, {_FIRST: history[0], _HISTORY: history})
        return True


def queue_again(
    study: optuna.Study, trial: FrozenTrial, attributes: dict[str, Any] | None = None
) -> None:
    """Queue a trial that has no result as a new one with the same parameters.

    Parameters
    ----------
    study : optuna.Study
    trial : optuna.trial.FrozenTrial
    attributes : dict, default=None
        System attributes to change.
    """
    study.add_trial(
        optuna.create_trial(
            state=TrialState.WAITING,
            params=trial.params,
            distributions=trial.distributions,
            # What the sampler proposed is among them, if it was not stored as parameters yet.
            system_attrs={**trial.system_attrs, **(attributes or {})},
        )
    )
