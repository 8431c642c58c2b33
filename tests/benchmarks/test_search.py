"""The benchmark of searches on a training task."""

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.benchmarks import _search, _search_task
from sklearn_mtl.benchmarks._result_table import ResultTable
from sklearn_mtl.benchmarks._search_task import EVALUATION_KEYS, FAILED, TrainingTask, three_systems
from sklearn_mtl.search import Discrete, attention_mmoe_space, msbcnn_space, tmoep_space

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


SINTER = _search_task.TASKS["sinter"]


@pytest.fixture(autouse=True)
def small_plants(small_tables, monkeypatch):
    inputs, targets = small_tables
    monkeypatch.setitem(_search_task.TASKS, "sru", lambda _: (inputs, targets))
    monkeypatch.setitem(_search_task.TASKS, "sinter", lambda seed: (inputs, targets * (1 + seed)))


@pytest.fixture
def make_task(tmp_path):
    def make(name="sru", seed=0):
        file = ResultTable(tmp_path / "evaluations.csv", EVALUATION_KEYS)
        return TrainingTask(name, file, n_rows=60, max_epochs=1, seed=seed)

    return make


def test_the_front_that_dominates_has_the_larger_hypervolume_and_the_smaller_distance():
    table = _search.indicator_table(TRIALS).set_index("method")
    assert list(table.index) == ["a", "b"]
    assert list(table["models"]) == ["3.0", "2.0"]
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
    options = ["--seeds", "1", "--trials", "2", "--rows", "60", "--epochs", "1"]
    options += ["--population", "2", "--methods", "PHMOEA", "NSGA-II", "--out", str(tmp_path)]
    options += ["--tasks", "sru", "sinter"]
    _search.run(parser.parse_args(options))
    first = capsys.readouterr().out
    assert "PHMOEA" in first and "within 2 %" in first
    assert first.index("Task `sru`") < first.index("Task `sinter`")
    assert {"search.csv", "search.md", "search.png"} <= {file.name for file in tmp_path.iterdir()}
    trials = pd.read_csv(tmp_path / "search.csv")
    assert trials.groupby(["task", "method"]).size().tolist() == [2] * 4
    evaluations = pd.read_csv(tmp_path / "search-evaluations.csv")
    _search.run(parser.parse_args(options))  # nothing is trained again
    assert len(pd.read_csv(tmp_path / "search-evaluations.csv")) == len(evaluations)
    assert capsys.readouterr().out == first


def test_a_training_that_fails_counts_as_bad(make_task):
    task = make_task()
    config = task.space.sample(np.random.default_rng(0))
    task._targets = task._targets * np.nan  # nothing to learn from
    assert task.evaluate([config]).tolist() == [list(FAILED)]
    assert "error" in task.table()


def test_an_evaluation_is_found_again_by_its_task_and_seed_only(make_task, tmp_path):
    config = make_task().space.sample(np.random.default_rng(0))
    runs = [make_task(name, seed) for name, seed in [("sru", 0), ("sinter", 0), ("sru", 1)]]
    values = [run.evaluate([config]).tolist() for run in runs]
    assert make_task("sinter").evaluate([config]).tolist() == values[1]  # read from the file
    stored = pd.read_csv(tmp_path / "evaluations.csv")
    assert stored["task"].tolist() == ["sru", "sinter", "sru"]
    assert stored["seed"].tolist() == [0, 0, 1]


@pytest.mark.parametrize("system", ["ms_bcnn", "attention_mmoe", "tmoep"])
def test_every_system_can_be_small(system, make_task):
    task = make_task()
    first = {variable.name: _first_choice(variable) for variable in task.space.variables}
    config = task.space.check({**first, "system": system})
    task.evaluate([config])
    row = task.table().iloc[0]
    assert row["system"] == system
    assert 0 < row["n_parameters"] < 1000
    assert np.isfinite(row["nmse"]) and row["nmse"] < FAILED[0]


def _first_choice(variable):
    return variable.choices[0] if isinstance(variable, Discrete) else variable.low


def test_the_benchmark_changes_no_loss_and_no_learning_rate_of_the_papers():
    space = three_systems(3, 0)
    assert space["system"].choices == ("ms_bcnn", "attention_mmoe", "tmoep")
    papers = {"ms_bcnn": msbcnn_space(), "attention_mmoe": attention_mmoe_space()}
    for system, paper in {**papers, "tmoep": tmoep_space()}.items():
        for name in {"learning_rate", "loss", "weight_l1"} & set(paper.names):
            own = replace(space[f"{system}__{name}"], name=name, when=None)
            assert own == paper[name]


def test_simulated_sinter_is_another_plant_for_each_seed():
    (inputs, targets), (others, _) = SINTER(0), SINTER(1)
    assert targets.shape == (10_000, 3)
    assert not targets.isna().any(axis=None)
    assert not np.allclose(inputs, others)
    assert SINTER(0)[0].equals(inputs)
