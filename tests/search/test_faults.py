"""Workers and databases that are killed in the middle of a search."""

import multiprocessing
import os
import shutil
import subprocess
import sys
import time
import warnings
from collections import Counter

import optuna
import pytest
from optuna.exceptions import (
    ExperimentalWarning,
    StorageInternalError,
    UpdateFinishedTrialError,
)
from optuna.trial import TrialState
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from sklearn_mtl.search import ConfigurationSpace, Discrete
from sklearn_mtl.search._studies.optimize_together import _Work, optimize_together
from sklearn_mtl.search._studies.owners import OWNER, mark_owner
from sklearn_mtl.search._studies.persistent_storage import PersistentStorage, journal_storage
from sklearn_mtl.search._studies.reclaim import BEAT, SILENT_BEATS, Watch
from sklearn_mtl.search._studies.sampler import PHMOEASampler
from sklearn_mtl.search.problems import HDTLZ2
from tests.search._postgres import Postgres, find_binaries

# Children of a server that has imported everything begin at once; a fork of this process, which
# may have threads, could hang.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])
PROBLEM = HDTLZ2(n=5)
COLOURS = ConfigurationSpace([Discrete(name, [0, 1, 2, 3]) for name in "abc"])


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
            storage = PersistentStorage(where, patience=30.0)
        else:
            storage = journal_storage(where)
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


def work(where, folder, n_trials, training_seconds):
    """Search until the study has `n_trials` complete trials."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", UserWarning)  # of a database that is away
    while True:
        try:
            study = open_study(where)
            break
        except (OperationalError, StorageInternalError):  # begun while the database is away
            time.sleep(0.2)
    study.sampler = PHMOEASampler(PROBLEM.space, population_size=20, n_generations=10, seed=0)

    def objective(trial):
        config = PROBLEM.space.suggest(trial)
        time.sleep(training_seconds)
        write_line(folder / "evaluated", trial.number, PROBLEM.space.key(config))
        return PROBLEM.evaluate(config)

    def after_trial(study, trial):
        write_line(folder / "told", trial.number, *map(repr, trial.values))
        if n_complete(study) >= n_trials:
            study.stop()

    if n_complete(study) < n_trials:
        optimize_together(study, objective, n_trials=n_trials, callbacks=[after_trial])


def trials_between_kills(number):
    return lambda n_done, kills: n_done >= number * (kills + 1)


def seconds_between_kills(seconds):
    start = time.monotonic()
    return lambda n_done, kills: time.monotonic() - start >= seconds * (kills + 1)


def has_a_trial(study, process):
    running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    return process.pid in {t.user_attrs.get(OWNER, {}).get("process") for t in running}


def search_with_kills(where, folder, n_trials, training_seconds, is_due, disturb=None):
    """Let two processes search, and kill one of them whenever that is due; give the kills.

    The first, third, ... one is killed in a trial, the others wherever they are.
    """
    study = open_study(where)

    def start():
        arguments = (where, folder, n_trials, training_seconds)
        worker = CONTEXT.Process(target=work, args=arguments)
        worker.start()
        return worker

    workers = [start(), start()]
    kills = 0
    try:
        while (n_done := n_complete(study)) < n_trials:
            for worker in workers:
                worker.join(timeout=0.05)
                assert worker.exitcode in (None, 0)
            victim = workers[kills % 2]
            if not is_due(n_done, kills) or not (kills % 2 or has_a_trial(study, victim)):
                continue
            if disturb and n_done > n_trials / 3:
                disturb()
                disturb = None
            victim.kill()
            victim.join()
            workers[kills % 2] = start()
            kills += 1
        for worker in workers:
            worker.join(timeout=30)
            assert worker.exitcode == 0
    finally:
        for worker in workers:
            worker.kill()
    assert disturb is None
    return kills


def check_nothing_lost_or_done_twice(where, folder, n_trials):
    """Check the trials of such a search; give the number of those that were tried again."""
    trials = open_study(where).trials
    complete = {trial.number: trial for trial in trials if trial.state == TrialState.COMPLETE}
    # The second process may have been at its last trial when the first completed the last one.
    assert n_trials <= len(complete) <= n_trials + 1
    told = {int(number): values for number, *values in lines(folder / "told")}
    for number, values in told.items():
        assert [repr(value) for value in complete[number].values] == values

    keys = {n: PROBLEM.space.key(PROBLEM.space.from_trial(t)) for n, t in complete.items()}
    assert len(set(keys.values())) == len(keys)

    retries = [trial.system_attrs.get("retry_history", []) for trial in trials]
    failed = {trial.number for trial in trials if trial.state == TrialState.FAIL}
    unqueued = failed - {number for history in retries for number in history}
    # One that was killed three times, or whose taker was killed before it was queued
    assert len([number for number in unqueued if len(retries[number]) < 3]) <= 1
    # A process that is killed between making a trial and marking it leaves an empty one.
    assert not any(t.params or t.user_attrs for t in trials if t.state == TrialState.RUNNING)

    # A configuration is evaluated again only if its process was killed before it told the result.
    evaluated = Counter(key for _, key in lines(folder / "evaluated"))
    for number, key in keys.items():
        assert evaluated[key] <= 1 + len(retries[number])
        assert not set(told) & set(retries[number])
    return sum(len(history) > 0 for history in retries)


def check_search_with_kills(where, folder, n_trials, training_seconds, is_due, disturb=None):
    kills = search_with_kills(where, folder, n_trials, training_seconds, is_due, disturb)
    n_retried = check_nothing_lost_or_done_twice(where, folder, n_trials)
    assert kills >= 2 and n_retried >= 1


def test_killed_workers_on_a_journal(tmp_path):
    check_search_with_kills(tmp_path / "journal", tmp_path, 40, 0.1, trials_between_kills(8))


@pytest.mark.slow
def test_killed_workers_on_a_journal_in_a_long_search(tmp_path):
    check_search_with_kills(tmp_path / "journal", tmp_path, 200, 1.0, seconds_between_kills(20))


@pytest.fixture(scope="module")
def postgres():
    pytest.importorskip("psycopg", reason="install sklearn-mtl[postgresql]")
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("install a PostgreSQL server, on Debian: apt-get install postgresql")
    with Postgres(binaries) as server:
        yield server


def new_study(postgres):
    """Forget the study of the test before."""
    study = open_study(postgres.url)
    if study.trials:
        optuna.delete_study(study_name=study.study_name, storage=study._storage)
        study = open_study(postgres.url)
    return study


@pytest.mark.filterwarnings("ignore:No connection to the database")
def test_killed_workers_and_a_restart_of_postgresql(postgres, tmp_path):
    new_study(postgres)
    due = trials_between_kills(6)
    check_search_with_kills(postgres.url, tmp_path, 24, 0.1, due, lambda: postgres.restart(1.0))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:No connection to the database")
def test_killed_workers_and_a_restart_of_postgresql_in_a_long_search(postgres, tmp_path):
    new_study(postgres)
    due = seconds_between_kills(20)
    check_search_with_kills(postgres.url, tmp_path, 200, 1.0, due, lambda: postgres.restart(4.0))


@pytest.mark.filterwarnings("ignore:No connection to the database")
def test_trial_goes_on_after_a_restart_of_postgresql(postgres):
    study = new_study(postgres)
    study.sampler = PHMOEASampler(PROBLEM.space, seed=0)

    def objective(trial):
        config = PROBLEM.space.suggest(trial)
        if trial.number == 1:
            postgres.restart(0.5)
        trial.set_user_attr("after the restart", True)
        return PROBLEM.evaluate(config)

    study.optimize(objective, n_trials=3)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 3


def test_database_that_stays_away_is_an_error(tmp_path):
    folder = tmp_path / "database"
    folder.mkdir()
    storage = PersistentStorage(f"sqlite:///{folder / 'file'}", patience=0.3)
    study = optuna.create_study(storage=storage)
    storage.engine.dispose()
    shutil.rmtree(folder)
    with pytest.warns(UserWarning, match="No connection"), pytest.raises(ConnectionError):
        study.ask()


def test_error_that_is_not_of_the_connection_is_raised_at_once():
    storage = PersistentStorage("sqlite://")
    with pytest.raises(KeyError):
        storage.get_study_name_from_id(7)
    study = optuna.create_study(storage=storage)
    trial = study.ask()
    study.tell(trial, 1.0)
    with pytest.raises(UpdateFinishedTrialError):
        storage.set_trial_state_values(trial._trial_id, TrialState.COMPLETE, [1.0])


@pytest.mark.filterwarnings("ignore:No connection to the database")
def test_end_of_a_trial_whose_answer_was_lost():
    """The connection breaks after the commit."""
    lost = []

    class LosingSession(Session):
        def commit(self):
            super().commit()
            if not lost:
                lost.append("answer")
                raise OperationalError("commit", None, Exception("server closed the connection"))

    storage = PersistentStorage("sqlite://")
    study = optuna.create_study(storage=storage)
    trial = study.ask()
    storage.scoped_session = scoped_session(sessionmaker(storage.engine, class_=LosingSession))
    assert storage.set_trial_state_values(trial._trial_id, TrialState.COMPLETE, [1.5])
    assert lost and study.trials[0].value == 1.5


def explore(where, n_trials):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = open_study(where)
    study.sampler = PHMOEASampler(COLOURS, population_size=5, seed=0)

    def objective(trial):
        config = COLOURS.suggest(trial)
        return config["a"] + config["b"], config["c"] - config["a"]

    study.optimize(objective, n_trials=n_trials)


def test_processes_never_meet_at_a_configuration(tmp_path):
    where = tmp_path / "journal"
    open_study(where)
    workers = [CONTEXT.Process(target=explore, args=(where, 20)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    trials = open_study(where).trials
    assert len({COLOURS.key(COLOURS.from_trial(trial)) for trial in trials}) == 60


def trial_of_dead_process(study):
    """A running trial of a process that has ended without telling."""
    trial = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
    mark_owner(trial)
    ended = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = dict(trial.user_attrs[OWNER], process=ended.pid)
    with open(f"/proc/{ended.pid}/stat") as file:
        owner["started"] = int(file.read().rpartition(")")[2].split()[19])
    trial.set_user_attr(OWNER, owner)
    ended.kill()
    return trial, ended


@pytest.fixture
def study(tmp_path):
    return optuna.create_study(storage=journal_storage(tmp_path / "journal"))


linux = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs Linux's /proc")


@linux
@pytest.mark.parametrize("waited_for", [False, True])
def test_trial_of_a_dead_process_of_this_machine_is_taken_at_once(study, waited_for):
    trial, ended = trial_of_dead_process(study)
    time.sleep(0.2)
    if waited_for:
        ended.wait()
    assert Watch(study).reclaim() == [trial.number]
    assert Watch(study).reclaim() == []
    ended.wait()
    again = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
    assert study.trials[trial.number].state == TrialState.FAIL
    assert again.params == trial.params
    assert OWNER not in again.user_attrs
    assert Watch(study).reclaim() == []


@linux
def test_number_of_a_process_that_was_used_again(study):
    trial = study.ask()
    mark_owner(trial)
    trial.set_user_attr(OWNER, dict(trial.user_attrs[OWNER], started=1))
    assert Watch(study).reclaim() == [trial.number]


@linux
def test_live_process_of_this_machine_keeps_its_trial_without_a_beat(study):
    mark_owner(study.ask())
    watch = Watch(study)
    for _ in range(2 * SILENT_BEATS):
        watch.beat()
    assert study.trials[0].state == TrialState.RUNNING


def ask_elsewhere(study):
    """A running trial of a process of another machine."""
    trial = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
    mark_owner(trial)
    trial.set_user_attr(OWNER, dict(trial.user_attrs[OWNER], machine="elsewhere"))
    return trial


def state_after(watch, n_beats):
    for _ in range(n_beats):
        watch.beat()
    return watch.study.trials[0].state


@pytest.mark.parametrize("ask", [ask_elsewhere, optuna.Study.ask])
def test_trial_of_a_process_elsewhere_or_unknown_is_taken_after_its_silence(study, ask):
    ask(study)
    watch = Watch(study)
    # The first beat only hears of the trial, whatever its age.
    assert state_after(watch, SILENT_BEATS) == TrialState.RUNNING
    assert state_after(watch, 1) == TrialState.FAIL
    assert [trial.state for trial in study.trials] == [TrialState.FAIL, TrialState.WAITING]
    assert study.trials[0].params == study.trials[1].params


def test_trial_that_is_heard_of_is_left_alone(study):
    other, watch = Watch(study), Watch(study)
    other.running.add(ask_elsewhere(study)._trial_id)
    for _ in range(3):
        other.beat()
        assert state_after(watch, SILENT_BEATS) == TrialState.RUNNING
    other.running.clear()
    assert state_after(watch, 1) == TrialState.FAIL


def test_watch_beats_by_itself(study):
    ask_elsewhere(study)
    with Watch(study, seconds=0.005):
        while study.trials[0].state == TrialState.RUNNING:
            time.sleep(0.01)
    n_trials = len(study.trials)
    ask_elsewhere(study)
    time.sleep(0.1)
    assert len(study.trials) == n_trials, "none after its end"


def test_own_trial_is_heard_of_while_it_runs(study):
    watch = Watch(study)

    def objective(trial):
        watch.beat()
        first = study.trials[0].system_attrs[BEAT]
        watch.beat()
        assert study.trials[0].system_attrs[BEAT] != first
        return 0.0

    study.optimize(_Work(objective, watch), n_trials=1)
    assert not watch.running


def test_configuration_that_kills_its_process_does_not_go_round_for_ever(study):
    for _ in range(4):
        trial = ask_elsewhere(study)
        watch = Watch(study)
        while study.trials[trial.number].state == TrialState.RUNNING:
            watch.beat()
    first, *retries = study.trials
    assert all(trial.params == first.params for trial in retries)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL] * 4


def test_retry_of_a_trial_that_was_killed_before_its_parameters_were_stored(study):
    study = optuna.create_study(
        storage=study._storage,
        directions=["minimize"] * 2,
        sampler=PHMOEASampler(PROBLEM.space, seed=0),
    )
    trial = study.ask()
    proposed = trial.relative_params
    assert state_after(Watch(study), SILENT_BEATS + 1) == TrialState.FAIL
    study.sampler = PHMOEASampler(PROBLEM.space, seed=1)
    assert PROBLEM.space.to_trial(PROBLEM.space.suggest(study.ask())) == proposed


def test_work_goes_on_after_a_trial_was_taken_away(study):
    def objective(trial):
        if trial.number == 1:
            study._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
        return trial.suggest_float("x", 0, 1)

    optimize_together(study, objective, n_trials=4)
    states = [trial.state for trial in study.trials]
    assert states == [TrialState.COMPLETE, TrialState.FAIL, *[TrialState.COMPLETE] * 3]


def test_interrupted_trial_is_queued_again_any_number_of_times(study):
    def objective(trial):
        trial.suggest_float("x", 0, 1)
        raise KeyboardInterrupt

    for _ in range(6):
        with pytest.raises(KeyboardInterrupt):
            optimize_together(study, objective, n_trials=3)
    *ended, queued = study.trials
    assert [trial.state for trial in ended] == [TrialState.FAIL] * 6
    assert queued.state == TrialState.WAITING
    assert {trial.params["x"] for trial in study.trials} == {queued.params["x"]}


def test_journal_whose_last_line_is_torn(tmp_path):
    """A process was killed, or the disk was full, in the middle of a line."""
    where = tmp_path / "journal"
    open_study(where).ask()
    whole = where.read_bytes()
    for cut in (1, 5, len(whole.splitlines(keepends=True)[-1]) - 1):
        where.write_bytes(whole[:-cut])
        study = open_study(where)
        study.ask()
        study.ask()
        again = open_study(where)
        assert [trial.number for trial in again.trials] == list(range(len(study.trials)))
        assert len(again.trials) >= 2


def test_error_of_the_objective_ends_the_work_or_is_caught(study):
    def objective(trial):
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        optimize_together(study, objective, n_trials=3)
    optimize_together(study, objective, n_trials=3, catch=(ValueError,))
    assert [trial.state for trial in study.trials] == [TrialState.FAIL] * 4
