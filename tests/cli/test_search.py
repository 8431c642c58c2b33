"""From a table to the front of models, one of them saved, through the command line."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.trial import TrialState

from sklearn_mtl.cli import main
from sklearn_mtl.cli._preparation import TablePreparation
from sklearn_mtl.cli._search import _MODELS, searched_rows
from sklearn_mtl.cli._search_output import write_tables
from sklearn_mtl.cli._search_spaces import make_space
from sklearn_mtl.cli._table import TableFormat
from sklearn_mtl.cli._training import split_rows
from sklearn_mtl.search import ConfigurationSpace, Discrete
from sklearn_mtl.search._studies.persistent_storage import PersistentStorage, journal_storage
from tests.cli import sources
from tests.cli.tables import N_ROWS, plant, write_plant
from tests.search._postgres import Postgres, find_binaries
from tests.search.searched import X, Y, noisy

ROLES = ["--targets", "feo,strength", "--time", "time", "--lags", "2"]
CHEAP = ["--model", "shared_bottom", "--max-epochs", "1", "--quiet"]


@pytest.fixture
def table(tmp_path):
    return write_plant(tmp_path / "plant.csv")


def words_of_search(table, out, *options, trials=4):
    words = ["search", table, *ROLES, *CHEAP, "--trials", trials, "--out", out, *options]
    return list(map(str, words))


def search(table, out, *options, trials=4):
    return main(words_of_search(table, out, *options, trials=trials))


def test_what_is_written(table, tmp_path, capsys):
    out = tmp_path / "found"
    assert search(table, out, "--select", "smallest", trials=6) == 0
    told = capsys.readouterr().out
    files = {"front.csv", "model.joblib", "model.json", "trials.csv"}
    assert {path.name for path in out.iterdir()} - {"front.png"} == files

    front, trials = pd.read_csv(out / "front.csv"), pd.read_csv(out / "trials.csv")
    assert trials["trial"].tolist() == list(range(6))
    assert front["nmse"].is_monotonic_increasing and front["nmse"].is_unique
    assert front["n_parameters"].is_monotonic_decreasing and front["n_parameters"].is_unique
    assert front["nmse"].iloc[0] == trials["mean_test_nmse"].min()
    assert front["n_parameters"].iloc[-1] == trials["mean_test_n_parameters"].min()
    assert set(front["trial"]) <= set(trials["trial"])
    assert "best_error" in front["selected by"].iloc[0]
    assert "smallest within 2 %" in told

    # The smallest is the one saved.
    description = json.loads((out / "model.json").read_text())
    assert description["search"]["trial"] == front["trial"].iloc[-1]
    assert description["search"]["validation"]["n_parameters"] == front["n_parameters"].iloc[-1]
    model = joblib.load(out / "model.joblib")[-1]
    assert model.n_parameters_ == front["n_parameters"].iloc[-1]
    assert model.hidden_dim == description["search"]["settings"]["hidden_dim"]
    assert description["split"]["rows"] == {"training": 84, "validation": 18, "test": 18}


def test_tables_tell_none_from_what_does_not_count(tmp_path):
    """They are written as the data are, with decimal commas."""

    def wideness(model, X, y):
        return model.width

    space = ConfigurationSpace(
        [
            Discrete("width", [1, 2, 3]),
            Discrete("random_state", [None, 3], {"width": [1, 2]}),
            Discrete("shift", [0, 0.5, 1.5]),
        ]
    )
    searched = noisy(space=space, n_trials=15, objectives=[wideness, "n_parameters"]).fit(X, Y)
    format = TableFormat(separator=";", decimal=",")
    write_tables(searched, tmp_path, format, front="front.csv", trials="trials.csv")
    configs = dict(zip(searched.cv_results_["trial"], searched.cv_results_["params"], strict=True))
    texts = set()
    for name, prefix in (("front.csv", ""), ("trials.csv", "param_")):
        table = pd.read_csv(tmp_path / name, sep=";", dtype=str, keep_default_na=False)
        assert len(table) == (3 if name == "front.csv" else 15)
        for _, row in table.iterrows():
            config = configs[int(row["trial"])]
            expected = [str(config.get(name, "")).replace(".", ",") for name in space.names]
            assert [row[prefix + name] for name in space.names] == expected
            texts.update(expected)
    assert texts == {"1", "2", "3", "None", "", "0", "0,5", "1,5"}


def test_the_model_predicts_and_is_reported_on_the_rows_of_the_test(table, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    out, predicted = tmp_path / "found", tmp_path / "p.csv"
    assert search(table, out) == 0
    assert main(["predict", str(out), str(table), "--out", str(predicted)]) == 0
    assert pd.read_csv(predicted)["feo_predicted"].notna().all()
    capsys.readouterr()
    assert main(["report", str(out), str(table), "--out", str(tmp_path / "r.html")]) == 0
    metrics = json.loads((out / "model.json").read_text())["test_metrics"]
    told = capsys.readouterr().out
    assert "test part of the training table, 18 of 120 rows" in told
    assert f"{metrics['overall']['R2']:.4f}" in told


def test_no_trial_sees_the_test_part(table, tmp_path):
    assert search(table, tmp_path / "a") == 0
    changed = plant()
    changed.loc[N_ROWS - 18 :, ["feo", "strength"]] = -1000.0
    changed.loc[N_ROWS - 18 :, "flow"] += 1000.0
    changed.to_csv(table, index=False)
    assert search(table, tmp_path / "b") == 0
    fronts = [(tmp_path / run / "front.csv").read_text() for run in "ab"]
    assert fronts[0] == fronts[1]


def test_the_same_storage_goes_on(table, tmp_path):
    storage = ["--storage", tmp_path / "search.log"]
    assert search(table, tmp_path / "found", *storage, trials=3) == 0
    before = pd.read_csv(tmp_path / "found" / "trials.csv")
    assert search(table, tmp_path / "found", *storage, "--force", trials=5) == 0
    after = pd.read_csv(tmp_path / "found" / "trials.csv")
    assert len(after) == 5
    measured = ["param_hidden_dim", "mean_test_nmse", "mean_fit_time"]
    pd.testing.assert_frame_equal(before[measured], after[measured].head(3))


def test_a_storage_of_another_search_is_refused(table, tmp_path, capsys):
    storage = ["--storage", f"sqlite:///{tmp_path}/search.db"]
    assert search(table, tmp_path / "a", *storage, trials=1) == 0
    assert search(table, tmp_path / "b", *storage, "--targets", "feo", trials=1) == 2
    error = capsys.readouterr().err
    assert "made for other data" in error and "choose another --study" in error
    assert not (tmp_path / "b").exists()
    more = ["--targets", "feo", "--drop", "strength", "--study", "feo"]
    assert search(table, tmp_path / "b", *storage, *more, trials=1) == 0


def test_a_table_is_no_storage(table, tmp_path, capsys):
    before = table.read_bytes()
    assert search(table, tmp_path / "found", "--storage", table) == 2
    assert "no journal of a search" in capsys.readouterr().err
    assert table.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--objectives", "mse,size"], "'size' is no objective"),
        (["--objectives", "mse,mae,r2,fit_time"], "one to three objectives"),
        (["--constraint", "n_parameters 5"], "'n_parameters 5' is no constraint"),
        (["--constraint", "n_parameters <= 5"], "None of the 2 complete trials keeps"),
        (["--timeout", "10"], "--timeout: 10 needs a unit"),
        (["--tolerance", "0.1"], "--tolerance is not for --select knee"),
        (["--storage", "absent/search.log"], "folder of the journal"),
        (["--storage", "nosql://user:secret@host/x"], "database nosql://user:***@host/x cannot"),
        (["--targets", "fe0"], 'Did you mean "feo"?'),
    ],
)
def test_mistakes(table, tmp_path, capsys, options, message):
    assert search(table, tmp_path / "found", *options, trials=2) == 2
    error = capsys.readouterr().err
    assert error.startswith("sklearn-mtl search: error:")
    assert message in error
    assert "secret" not in error
    assert [path.name for path in tmp_path.iterdir()] == ["plant.csv"]


def test_labels_are_needed_where_trials_are_compared(table, tmp_path, capsys):
    data = plant()
    data.loc[84:101, "feo"] = np.nan
    data.to_csv(table, index=False)
    assert search(table, tmp_path / "found") == 2
    assert 'the target "feo" has no label in the validation part' in capsys.readouterr().err


def test_missing_inputs_and_labels_and_one_target(table, tmp_path):
    """A row of the validation part that no model answers is left out, and no trial fails."""
    data = plant()
    data.loc[[10, 90], "flow"] = np.nan
    data.to_csv(table, index=False)
    assert search(table, tmp_path / "found", "--targets", "feo", "--drop", "strength") == 0
    trials = pd.read_csv(tmp_path / "found" / "trials.csv")
    assert (trials["state"] == "complete").all()


def test_rows_that_are_compared():
    X = pd.DataFrame({"flow": np.arange(120.0)})
    X.iloc[[90, 91]] = np.nan
    preparation = TablePreparation(lags=0)
    parts = split_rows(120, "chronological", seed=0)
    training, compared, known = searched_rows(X, parts, preparation, "mmoe")
    np.testing.assert_array_equal(training, parts.training)
    np.testing.assert_array_equal(compared, np.setdiff1d(parts.validation, [90, 91]))
    np.testing.assert_array_equal(known, np.arange(102))
    # Without a split the newest fifth serves to compare, and all rows to fit the selected model.
    parts = split_rows(120, "none", seed=0)
    training, compared, known = searched_rows(X, parts, preparation, "mmoe")
    np.testing.assert_array_equal(training, np.arange(96))
    np.testing.assert_array_equal(compared, np.arange(96, 120))
    np.testing.assert_array_equal(known, np.arange(120))


@pytest.mark.parametrize("split", ["shuffled", "none"])
def test_other_splits(table, tmp_path, split):
    assert search(table, tmp_path / "found", "--split", split, trials=2) == 0
    description = json.loads((tmp_path / "found" / "model.json").read_text())
    assert (description["test_metrics"] is None) == (split == "none")


@pytest.mark.parametrize("name", _MODELS)
def test_every_space_makes_pipelines_that_fit(name):
    rng = np.random.default_rng(0)
    data = plant()
    y = data[["feo", "strength"]]
    preparation = TablePreparation(lags=4, contamination=0.1)
    X = data[["flow", "temperature"]]
    for _, step in preparation.causal_steps():
        X = step.fit_transform(X)
    space = make_space(name, preparation, windows={}, max_epochs=1)
    pipeline = space.build(space.sample(rng))
    assert pipeline.fit(X, y).predict(X).shape == (N_ROWS, 2)
    assert pipeline[-1].max_epochs == 1


def test_levels_behind_differences_are_not_resampled():
    X = plant()[["flow", "temperature"]]
    preparation = TablePreparation(lags=4)
    for _, step in preparation.causal_steps():
        X = step.fit_transform(X)
    space = make_space("ms_bcnn", preparation, windows={"length": 8, "operator": "linear"})
    assert "length" not in space.names and "pool" not in space.names
    step = space.build(space.sample(np.random.default_rng(0)))["resample"]
    resampled = step.fit_transform(X)
    assert resampled.shape[1] == 2 * 8 + 2
    assert resampled.columns[-2:].tolist() == ["flow", "temperature"]
    np.testing.assert_array_equal(resampled["flow"], X["flow(t)"])


def test_an_ensemble_size_that_is_given_is_not_searched():
    space = make_space("multi_task", TablePreparation(), windows={}, ensemble_size=3)
    assert "ensemble_size" not in space.names
    assert space.build(space.sample(np.random.default_rng(0)))["model"].ensemble_size == 3


def test_several_sources(tmp_path):
    sources.write(tmp_path)
    files = sources.files(tmp_path, with_lab=True)
    words = ["search", *files, "--targets", "feo,sio2", "--missing", "failed"]
    words += ["--lookback", sources.LOOKBACK, "--dead-time", sources.DEAD_TIME]
    words += ["--model", "ms_bcnn", "--length", "12", "--max-epochs", "1", "--trials", "2"]
    out = tmp_path / "found"
    assert main([*words, "--quiet", "--out", str(out)]) == 0
    trials = pd.read_csv(out / "trials.csv")
    assert (trials["state"] == "complete").all()
    assert "param_operator" in trials and "param_length" not in trials


@contextlib.contextmanager
def running_search(table, out, *options):
    words = words_of_search(table, out, *options, trials=500)
    with subprocess.Popen(
        [sys.executable, "-m", "sklearn_mtl", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def worker_processes(process):
    """Numbers of the processes that a search trains in."""
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    children = [child for task in tasks for child in (task / "children").read_text().split()]
    return [int(n) for n in children if "LokyProcess" in Path(f"/proc/{n}/cmdline").read_text()]


def complete_trials(storage):
    with contextlib.suppress(KeyError):  # not begun yet
        trials = optuna.load_study(study_name="search", storage=storage).trials
        return [trial for trial in trials if trial.state == TrialState.COMPLETE]
    return []


def wait_for_trials(process, storage, n_trials):
    while len(complete_trials(storage)) < n_trials:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


def check_that_all_were_trained_once(storage):
    """Also what was in training when it was ended has a result."""
    complete = [trial.params for trial in complete_trials(storage)]
    assert all(complete.count(params) == 1 for params in complete)
    trials = optuna.load_study(study_name="search", storage=storage).trials
    assert all(trial.params in complete for trial in trials if trial.params)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "code", "n_workers"),
    [(signal.SIGINT, 130, 1), (signal.SIGINT, 130, 2), (signal.SIGKILL, -signal.SIGKILL, 2)],
)
def test_a_search_that_is_ended_goes_on(table, tmp_path, sent, code, n_workers):
    """Ctrl-C saves what was found, a kill nothing; both lose no trial, wherever they strike."""
    out, journal = tmp_path / "found", tmp_path / "search.log"
    stored = ["--storage", journal, "--workers", n_workers]
    storage = journal_storage(journal)
    with running_search(table, out, *stored) as process:
        wait_for_trials(process, storage, 2)
        os.killpg(process.pid, sent)
        told, warned = process.communicate()
    assert process.returncode == code, warned
    assert out.exists() == (sent == signal.SIGINT)
    if out.exists():
        assert "Go on with the same command and --force." in told
        assert "interrupted after" in warned
    before = complete_trials(storage)
    n_trials = len(before) + 3
    assert search(table, out, *stored, "--force", trials=n_trials) == 0
    found = pd.read_csv(out / "trials.csv").set_index("trial")
    assert len(found) in (n_trials, n_trials + n_workers - 1)
    assert (found["state"] == "complete").all()
    for trial in before:
        assert found.loc[trial.number, "mean_test_nmse"] == pytest.approx(trial.values[0])
    check_that_all_were_trained_once(storage)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
@pytest.mark.filterwarnings("ignore:No connection to the database")
def test_a_search_on_postgresql_outlasts_everything(table, tmp_path):
    """Its worker is killed, the server restarted, the command itself killed and given again."""
    pytest.importorskip("psycopg", reason="install sklearn-mtl[postgresql]")
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("install a PostgreSQL server, on Debian: apt-get install postgresql")
    with Postgres(binaries) as server:
        stored = ["--storage", server.url, "--workers", 2]
        storage = PersistentStorage(server.url)
        with running_search(table, tmp_path / "found", *stored) as process:
            wait_for_trials(process, storage, 4)
            worker, _ = worker_processes(process)
            os.kill(worker, signal.SIGKILL)
            wait_for_trials(process, storage, 8)
            server.restart(2.0)
            wait_for_trials(process, storage, 12)
        n_trials = len(complete_trials(storage)) + 3
        assert search(table, tmp_path / "found", *stored, trials=n_trials) == 0
        assert len(complete_trials(storage)) in (n_trials, n_trials + 1)
        check_that_all_were_trained_once(storage)
        storage.engine.dispose()


def test_help(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["search", "--help"])
    assert stop.value.code == 0
    told = capsys.readouterr().out
    assert "sklearn-mtl search" in told.split("examples:")[1]
    for name in _MODELS:
        assert f"{name}:" in told
