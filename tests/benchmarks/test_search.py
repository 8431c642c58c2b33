"""The benchmark of searches on a training task."""

import argparse

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.benchmarks import _search, _search_task
from sklearn_mtl.benchmarks._result_table import ResultTable
from sklearn_mtl.benchmarks._search_task import EVALUATION_KEYS, FAILED, SRUTask, three_systems

TRIALS = pd.DataFrame(
    {
        "method": ["a", "a", "a", "b", "b"],
        "seed": 0,
        "system": "ms_bcnn",
        "nmse": [0.50, 0.505, 0.9, 0.5, 0.9],
        "test_nmse": [0.6, 0.61, 1.0, 0.6, 1.0],
        "n_parameters": [10_000, 1_000, 100, 10_000, 100],
    }
)


@pytest.fixture(autouse=True)
def small_sru(small_tables, monkeypatch):
    monkeypatch.setattr(_search_task, "fetch_sru", lambda **_: small_tables)


def test_the_front_that_dominates_has_the_larger_hypervolume_and_the_smaller_distance():
    table = _search.indicator_table(TRIALS).set_index("method")
    assert list(table.index) == ["a", "b"]
    for name in ("parameters", "log parameters"):
        volume, distance = (table[f"{kind}, {name}"].astype(float) for kind in ("HV", "IGD"))
        assert volume["a"] > volume["b"]
        assert distance["a"] == 0 < distance["b"]


def test_the_smallest_model_within_two_percent():
    table = _search.rule_table(TRIALS).set_index("method")
    assert table.loc["a", ["within 2 %", "share"]].tolist() == [1_000, 0.1]
    assert table.loc["b", "share"] == 1


def test_search(tmp_path, capsys):
    parser = argparse.ArgumentParser()
    _search.add_arguments(parser)
    options = ["--seeds", "1", "--trials", "3", "--rows", "60", "--epochs", "1"]
    options += ["--population", "2", "--methods", "PHMOEA", "NSGA-II", "--out", str(tmp_path)]
    _search.run(parser.parse_args(options))
    first = capsys.readouterr().out
    assert "PHMOEA" in first and "within 2 %" in first
    assert {"search.csv", "search.md", "search.png"} <= {file.name for file in tmp_path.iterdir()}
    evaluations = pd.read_csv(tmp_path / "search-evaluations.csv")
    _search.run(parser.parse_args(options))  # nothing is trained again
    assert len(pd.read_csv(tmp_path / "search-evaluations.csv")) == len(evaluations)
    assert capsys.readouterr().out == first


def test_a_training_that_fails_counts_as_bad(tmp_path):
    task = SRUTask(ResultTable(tmp_path / "e.csv", EVALUATION_KEYS), 60, 1, seed=0)
    config = task.space.sample(np.random.default_rng(0))
    task._targets = task._targets * np.nan  # nothing to learn from
    assert task.evaluate([config]).tolist() == [list(FAILED)]
    assert "error" in task.table()


def test_space_of_the_benchmark():
    space = three_systems(3, 0)
    assert space["system"].choices == ("ms_bcnn", "attention_mmoe", "tmoep")
    assert FAILED[0] > 1
