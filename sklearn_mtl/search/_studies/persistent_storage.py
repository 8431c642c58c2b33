"""Storages for Optuna that outlast what happens to databases and to processes."""

from __future__ import annotations

import functools
import os
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.storages.journal._file import BaseJournalFileLock
from optuna.trial import TrialState
from sqlalchemy.exc import InterfaceError, OperationalError, PendingRollbackError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
# The last is what a second query of an operation gets after the connection was lost in the first.
_AWAY = (InterfaceError, OperationalError, PendingRollbackError)


def journal_storage(path: str | Path) -> JournalStorage:
    """Open a journal, a file to which several processes of one machine write their trials.

    Parameters
    ----------
    path : str or Path
        The file; it is made if there is none.

    Returns
    -------
    storage : optuna.storages.JournalStorage

    Notes
    -----
    The lock is the system's own, which ends with the process that has it. Optuna's locks are files:
    after a process was killed with one, all others wait for half a minute.
    """
    lock = JournalFileOpenLock(str(path)) if fcntl is None else _SystemLock(Path(path))
    return JournalStorage(JournalFileBackend(str(path), lock_obj=lock))


class _SystemLock(BaseJournalFileLock):
    def __init__(self, journal: Path) -> None:
        self.journal = journal

    def acquire(self) -> bool:
        self._file = open(f"{self.journal}.lock", "ab")  # noqa: SIM115
        fcntl.flock(self._file, fcntl.LOCK_EX)
        _drop_torn_line(self.journal)
        return True

    def release(self) -> None:
        self._file.close()


def _drop_torn_line(journal: Path) -> None:
    """Cut off what a process has written of a line when it was killed, or its disk was full.

    With a further line behind it, nobody could read the journal any more.
    """
    with journal.open("rb+") as file:
        if not file.seek(0, os.SEEK_END):
            return
        file.seek(-1, os.SEEK_END)
        if file.read() != b"\n":
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)


class PersistentStorage(RDBStorage):
    """``optuna.storages.RDBStorage`` that tries again while its database is away.

    Without it a restart of the server ends every worker, and what was being trained is lost.

    Parameters
    ----------
    url : str
        As for SQLAlchemy.
    patience : float, default=600
        Seconds to wait for the database. When it is opened, where a wrong URL should show, it must
        be there.
    **options
        Arguments of ``RDBStorage``.

    Raises
    ------
    ConnectionError
        By any operation, if the database is away for longer.

    Warns
    -----
    UserWarning
        When the connection is lost.

    Notes
    -----
    Every operation of ``RDBStorage`` is one transaction. One whose commit was done while its answer
    was lost is done twice. For parameters and attributes that changes nothing, the end of a trial
    is recognised, and of a new trial a second one is left running until it is taken over.

    Examples
    --------
    >>> import optuna
    >>> from sklearn_mtl.search._studies.persistent_storage import PersistentStorage
    >>> study = optuna.create_study(storage=PersistentStorage("sqlite://"))
    >>> study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=3)
    """

    def __init__(self, url: str, *, patience: float = 600.0, **options: Any) -> None:
        self.patience = patience
        super().__init__(url, **options)

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Set the state of a trial, and its objectives.

        Parameters
        ----------
        trial_id : int
        state : optuna.trial.TrialState
        values : sequence of float or None

        Returns
        -------
        changed : bool
            False if the trial was to be begun, and another process had begun it.
        """
        tried = False

        def attempt() -> bool:
            nonlocal tried
            again, tried = tried, True
            try:
                return RDBStorage.set_trial_state_values(self, trial_id, state, values)
            except UpdateFinishedTrialError:
                # The first attempt may have been committed, and only its answer lost.
                stored = RDBStorage.get_trial(self, trial_id)
                if again and stored.state == state and (values is None or stored.values == values):
                    return True
                raise

        return _outlast(attempt, self.patience)


def _outlast(operation: Callable[[], Any], patience: float) -> Any:
    """Do an operation; while the database is away, again and again."""
    end = time.monotonic() + patience
    pause = _FIRST_PAUSE
    while True:
        try:
            return operation()
        except (StorageInternalError, *_AWAY) as error:
            cause = error.__cause__ if isinstance(error, StorageInternalError) else error
            if not isinstance(cause, _AWAY):
                raise
            # Without the statement that met it, and without advice
            reason = str(getattr(cause, "orig", cause)).partition("\n")[0]
            if time.monotonic() > end:
                raise ConnectionError(
                    f"No connection to the database for {patience:.0f} s: {reason}"
                ) from error
            if pause == _FIRST_PAUSE:
                warnings.warn(
                    f"No connection to the database, trying again for {patience:.0f} s: {reason}",
                    UserWarning,
                    stacklevel=3,
                )
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _persistent(operation: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(operation)
    def outlasting(self: PersistentStorage, *args: Any, **options: Any) -> Any:
        return _outlast(lambda: operation(self, *args, **options), self.patience)

    return outlasting


# What Optuna's cache, which stands before every RDBStorage, calls besides the method above
for _name in (
    "_create_new_trial",
    "_get_best_trial_id",
    "_get_trials",
    "_set_trial_param",
    "create_new_study",
    "delete_study",
    "get_all_studies",
    "get_study_directions",
    "get_study_id_from_name",
    "get_study_name_from_id",
    "get_study_system_attrs",
    "get_study_user_attrs",
    "get_trial",
    "get_trial_id_from_study_id_trial_number",
    "set_study_system_attr",
    "set_study_user_attr",
    "set_trial_intermediate_value",
    "set_trial_system_attr",
    "set_trial_user_attr",
):
    setattr(PersistentStorage, _name, _persistent(getattr(RDBStorage, _name)))
