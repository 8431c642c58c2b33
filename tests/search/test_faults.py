"""Workers and databases that are killed in the middle of a search."""

import multiprocessing
import os
import time
import warnings
from collections import Counter
from itertools import cycle
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.exceptions import ExperimentalWarning
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import TrialState

from sklearn_mtl.search._persistent_storage import PersistentStorage
from sklearn_mtl.search._reclaim import (
    OWNER,
    mark_owner,
    optimize_together,
    reclaim_stale_trials,
    retry_trial,
)
from sklearn_mtl.search._sampler import PHMOEASampler
from sklearn_mtl.search._space import ConfigurationSpace
from sklearn_mtl.search._variables import Discrete
from sklearn_mtl.search.problems import HDTLZ2
from tests.search._postgres import Postgres, find_binaries

# Children of a server that has imported everything begin at once; a fork of this process, which
# may have threads, could hang.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])
PROBLEM = HDTLZ2()
COLOURS = ConfigurationSpace([Discrete(name, [0, 1, 2, 3]) for name in "abc"])
TRAINING_SECONDS = 0.1


@pytest.fixture(autouse=True)
def quiet():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(optuna.logging.INFO)


def open_study(where):
    """`where` is a URL or the path of a journal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        if "://" in str(where):
            storage = PersistentStorage(
                where,
                patience=30.0,
                heartbeat_interval=1,
                grace_period=20,
                heartbeat_stale_trial_callback=retry_trial,
            )
        else:
            # A killed process may hold the lock of the file.
            lock = JournalFileOpenLock(str(where), grace_period=4)
            storage = JournalStorage(JournalFileBackend(str(where), lock_obj=lock))
    return optuna.create_study(
        storage=storage,
        study_name="shared",
        directions=["minimize", "minimize"],
        load_if_exists=True,
    )


def n_complete(study):
    return len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)))


def write_line(path, *words):
    """Append in one system call, which a kill does not cut in two."""
    with path.open("ab", buffering=0) as file:
        file.write((" ".join(map(str, words)) + "\n").encode())


def lines(path):
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def work(where, folder, n_trials):
    """Search until the study has `n_trials` complete trials."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", UserWarning)  # of a database that is away
    study = open_study(where)
    study.sampler = PHMOEASampler(PROBLEM.space, population_size=20, n_generations=10, seed=0)

    def objective(trial):
        config = PROBLEM.space.suggest(trial)
        time.sleep(TRAINING_SECONDS)
        write_line(folder / "evaluated", trial.number, PROBLEM.space.key(config))
        return PROBLEM.evaluate(config)

    def after_trial(study, trial):
        write_line(folder / "told", trial.number, *map(repr, trial.values))
        if n_complete(study) >= n_trials:
            study.stop()

    if n_complete(study) < n_trials:
        optimize_together(study, objective, n_trials=n_trials, callbacks=[after_trial])


def search_with_kills(where, folder, n_trials, seconds, disturb=None):
    """Let two processes search, one of which is killed every some seconds; give the kills."""
    study = open_study(where)

    def start():
        worker = CONTEXT.Process(target=work, args=(where, folder, n_trials))
        worker.start()
        return worker

    workers = [start(), start()]
    kills = 0
    for i in cycle([0, 1]):
        workers[i].join(timeout=seconds)
        if n_complete(study) >= n_trials:
            break
        assert workers[i].exitcode in (None, 0)
        if disturb and n_complete(study) > n_trials / 2:
            disturb()
            disturb = None
        workers[i].kill()
        workers[i].join()
        kills += 1
        workers[i] = start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert disturb is None
    return kills


def check_nothing_lost_or_done_twice(where, folder, n_trials):
    trials = open_study(where).trials
    complete = {trial.number: trial for trial in trials if trial.state == TrialState.COMPLETE}
    # The second process may have been at its last trial when the first completed the last one.
    assert n_trials <= len(complete) <= n_trials + 1
    for number, *values in lines(folder / "told"):
        assert [repr(value) for value in complete[int(number)].values] == values

    keys = {n: PROBLEM.space.key(PROBLEM.space.from_trial(t)) for n, t in complete.items()}
    assert len(set(keys.values())) == len(keys)

    failed = [trial for trial in trials if trial.state == TrialState.FAIL]
    retries = {trial.system_attrs["failed_trial"]: trial for trial in trials if is_retry(trial)}
    retried = {n for trial in trials for n in trial.system_attrs.get("retry_history", [])}
    # Only a process that is killed between both steps of a takeover could leave one.
    assert {trial.number for trial in failed} == retried
    assert all(trial.state != TrialState.RUNNING for trial in trials)
    # A configuration was evaluated again only if the process was killed before it told the result.
    evaluated = Counter(key for _, key in lines(folder / "evaluated"))
    told = {int(number) for number, *_ in lines(folder / "told")}
    for number, key in keys.items():
        history = complete[number].system_attrs.get("retry_history", [])
        assert evaluated[key] <= 1 + len(history)
        assert not told & set(history)
    return len(retries)


def is_retry(trial):
    return "failed_trial" in trial.system_attrs


def test_killed_workers_on_a_journal(tmp_path):
    where = tmp_path / "journal"
    kills = search_with_kills(where, tmp_path, n_trials=60, seconds=1.5)
    n_retried = check_nothing_lost_or_done_twice(where, tmp_path, n_trials=60)
    assert kills >= 2 and n_retried >= 1
