"""Ctrl-C at any moment of a search: nothing finished is lost, nothing half-trained is used."""

import os
import signal
import subprocess
import sys
import time
import warnings

import pytest
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState

from sklearn_mtl.search import ParetoSearchCV
from sklearn_mtl.search._pareto.interrupts import Interrupts
from sklearn_mtl.search._pareto.trial_records import ERROR
from sklearn_mtl.search._pareto.workers import WorkerProcesses
from tests.search.searched import Interrupted, Noisy, line

X, Y = line()


class Signalling(InMemoryStorage):
    """Send Ctrl-C at some of its operations, counted from 1."""

    n_operations = 0
    at: frozenset[int] = frozenset()

    def __getattribute__(self, name):
        value = super().__getattribute__(name)
        if callable(value) and not name.startswith("_"):
            self.n_operations += 1
            if self.n_operations in self.at:
                signal.raise_signal(signal.SIGINT)
        return value


class Stubborn(Noisy):
    """Get Ctrl-C in a training, and make something else of it."""

    interrupted: int = 0

    def fit(self, X, y, sample_weight=None):
        type(self).interrupted += 1
        if self.interrupted == 3:
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                raise ValueError("the training was broken off") from None
        return super().fit(X, y, sample_weight)


class InterruptsItself(Noisy):
    def fit(self, X, y, sample_weight=None):
        signal.raise_signal(signal.SIGINT)
        return super().fit(X, y, sample_weight)


def search(estimator=None, n_trials=4, **params):
    space = {"width": list(range(1, 9)), "shift": (0.0, 1.0)}
    params = {"sampler": "random", "random_state": 0, **params}
    return ParetoSearchCV(estimator or Noisy(), space, n_trials=n_trials, **params)


def fit(search):
    """Give the search, or None if Ctrl-C was passed on."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The search was interrupted")
            return search.fit(X, Y)
    except KeyboardInterrupt:
        return None


def operations_of_a_search():
    storage = Signalling()
    search(storage=storage, refit=False).fit(X, Y)
    return storage.n_operations


def complete(storage):
    trials = storage.get_all_trials(0) if storage.get_all_studies() else []
    return [trial for trial in trials if trial.state == TrialState.COMPLETE]


def test_ctrl_c_at_any_operation_of_the_storage():
    for operation in range(1, operations_of_a_search(), 2):
        storage = Signalling()
        storage.at = {operation}
        ended = fit(search(storage=storage, refit=False))
        assert ended is None or ended.interrupted_
        kept = complete(storage)
        if ended is not None:
            assert ended.cv_results_["trial"].tolist() == [trial.number for trial in kept]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

        again = search(storage=storage, refit=False).fit(X, Y)
        trials = storage.get_all_trials(0)
        assert {trial.state for trial in trials} <= {TrialState.COMPLETE, TrialState.FAIL}
        assert again.cv_results_["trial"].tolist()[: len(kept)] == [t.number for t in kept]
        # Also the configuration that was in training is known in the end.
        begun = [trial.params for trial in trials if trial.params]
        assert all(params in [trial.params for trial in complete(storage)] for params in begun)
        assert len(complete(storage)) == 4


def test_a_second_ctrl_c_is_always_passed_on():
    for operation in range(1, operations_of_a_search() - 4, 3):
        storage = Signalling()
        storage.at = {operation, operation + 1 + operation % 4}
        assert fit(search(storage=storage, refit=False)) is None
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_training_that_makes_an_error_of_ctrl_c_has_not_failed():
    Stubborn.interrupted = 0
    ended = fit(search(Stubborn()))
    assert ended.interrupted_ and len(ended.cv_results_["trial"]) == 2
    assert not any(ERROR in trial.user_attrs for trial in ended.study_.trials)


def test_ctrl_c_in_the_last_fit_leaves_no_half_trained_model():
    Interrupted.interrupts_at = 5
    assert fit(search(Interrupted())) is None
    ended = search(Interrupted(), refit=False).fit(X, Y)
    Interrupted.interrupts_at = 1
    with pytest.raises(KeyboardInterrupt):
        ended.select("smallest")
    assert "0 of them fitted" in repr(ended.pareto_estimators_)
    ended.select("smallest")


def test_what_was_in_training_is_the_first_of_the_search_that_goes_on(tmp_path):
    storage = str(tmp_path / "journal")
    for _ in range(5):  # longer than the retries of a configuration that kills its process
        Interrupted.interrupts_at = 3 if not os.path.exists(storage) else 1
        assert fit(search(Interrupted(), storage=storage)).interrupted_
    again = search(Interrupted(), storage=storage).fit(X, Y)
    trials = again.study_.trials
    interrupted = [trial.params for trial in trials if trial.state == TrialState.FAIL]
    assert interrupted == [trials[2].params] * 5
    assert again.cv_results_["params"][2] == trials[2].params


@pytest.mark.slow
def test_processes_leave_ctrl_c_to_their_parent():
    ended = search(InterruptsItself(), refit=False, n_jobs=2).fit(X, Y)
    assert not ended.interrupted_
    assert ended.cv_results_["state"].tolist() == ["complete"] * 4


@pytest.mark.slow
def test_a_process_that_is_killed_between_two_trials_fails_none():
    workers = WorkerProcesses(lambda config, earlier: os.getpid(), 1, Interrupts())
    try:
        first = workers({}, [])
        os.kill(first, signal.SIGKILL)
        time.sleep(1.0)  # until its end is known
        assert workers({}, []) != first
        assert workers({}, []) == workers({}, [])
    finally:
        workers.close()


SCRIPT = """
import os, sys, time
from sklearn_mtl.search import ParetoSearchCV
from tests.search.searched import Noisy, line

class Slow(Noisy):
    def fit(self, X, y):
        open(f"{sys.argv[1]}/{os.getpid()}", "w").close()
        time.sleep(600)

if __name__ == "__main__":
    ParetoSearchCV(Slow(), {"width": [1, 2, 3, 4]}, n_jobs=2).fit(*line())
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs Linux's /proc")
def test_processes_end_with_a_parent_that_is_killed(tmp_path):
    parent = subprocess.Popen([sys.executable, "-c", SCRIPT, tmp_path], stderr=subprocess.DEVNULL)
    while len(pids := os.listdir(tmp_path)) < 2:
        assert parent.poll() is None
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 30
    while any(os.path.exists(f"/proc/{pid}") for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)
