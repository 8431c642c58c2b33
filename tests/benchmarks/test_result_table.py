"""Finished runs are kept, skipped and told apart."""

import time

import pandas as pd
import pytest

from sklearn_mtl.benchmarks._result_table import ResultTable

JOBS = [{"model": "a", "share": 0.6, "seed": 0}, {"model": "a", "share": 0.6, "seed": 1}]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "results" / "table.csv"


def table_at(path):
    return ResultTable(path, ("model", "share", "seed"))


def test_only_missing_runs_are_computed(path):
    computed = []

    def compute(job):
        computed.append(job["seed"])
        return {"score": 1.0}

    table_at(path).complete(JOBS[:1], compute)
    rows = table_at(path).complete(JOBS, compute)
    assert computed == [0, 1]
    assert rows["seed"].tolist() == [0, 1]


def test_a_failed_run_leaves_the_finished_ones(path):
    def compute(job):
        if job["seed"] == 1:
            raise RuntimeError("out of memory")
        return {"score": 1.0}

    with pytest.raises(RuntimeError):
        table_at(path).complete(JOBS, compute)
    assert len(table_at(path).frame) == 1
    assert [file.name for file in path.parent.iterdir()] == ["table.csv"]


def test_rows_of_other_runs_stay_in_the_file_but_not_in_the_answer(path):
    table_at(path).complete(JOBS, lambda job: {"score": 1.0})
    rows = table_at(path).complete(JOBS[1:], lambda job: {"score": 2.0})
    assert len(rows) == 1
    assert len(table_at(path).frame) == 2


def test_runs_may_have_different_scores(path):
    rows = table_at(path).complete(JOBS, lambda job: {f"score {job['seed']}": 1.0})
    assert rows[["score 0", "score 1"]].isna().to_numpy().tolist() == [[False, True], [True, False]]


def test_rows_come_in_the_order_of_the_jobs(path):
    table_at(path).complete(JOBS[1:], lambda job: {"score": 1.0})
    rows = table_at(path).complete(JOBS, lambda job: {"score": 1.0})
    assert rows["seed"].tolist() == [0, 1]
    assert table_at(path).frame["seed"].tolist() == [1, 0]


def test_processes_change_nothing(path, tmp_path):
    def compute(job):
        return {"score": job["seed"] / 3}

    expected = table_at(path).complete(JOBS, compute)
    other = tmp_path / "other.csv"
    pd.testing.assert_frame_equal(table_at(other).complete(JOBS, compute, n_jobs=2), expected)


def test_a_run_that_fails_in_a_process_leaves_the_finished_ones(path):
    def compute(job):
        if job["seed"] == 1:
            while not path.exists():  # the other run's row
                time.sleep(0.01)
            raise RuntimeError("out of memory")
        return {"score": 1.0}

    with pytest.raises(RuntimeError, match="out of memory"):
        table_at(path).complete(JOBS, compute, n_jobs=2)
    assert table_at(path).frame["seed"].tolist() == [0]
