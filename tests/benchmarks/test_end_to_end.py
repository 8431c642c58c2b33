"""Every benchmark runs on a tiny setting, writes its files and repeats no finished run."""

from importlib import import_module

import pandas as pd
import pytest

from sklearn_mtl.benchmarks import (
    BENCHMARKS,
    _accuracy,
    _expert_grid,
    _missing,
    _ms_bcnn_speed,
    _outliers,
    _por,
    _por_speed,
    _sensitivity,
    _speed,
    _table2,
    _table3,
)
from sklearn_mtl.benchmarks._weighting_rules import FIXED, PUBLISHED

QUICK = ("--seeds", "1", "--max-epochs", "2", "--max-rows", "150")


def computed_again(*args):
    raise AssertionError("a finished run was repeated")


def test_speed(run_benchmark, capsys, monkeypatch):
    monkeypatch.setattr(_ms_bcnn_speed, "ROWS_PREDICTED", {1: 2, 130: 1})
    options = ("--rounds", "1", "--epochs", "2", "--rows", "60", "--resampled-rows", "5")
    options += ("--ms-bcnn-rows", "40")
    out = run_benchmark(_speed, *options, "--batch-sizes", "32", "64")
    ms_bcnn = pd.read_csv(out / "speed-ms-bcnn.csv")
    assert ms_bcnn.groupby(["kind", "size"])["ratio"].count().to_dict() == {
        **{("fit", 32): 2, ("fit", 128): 2},
        **{("predict", 1): 2, ("predict", 130): 2},
    }
    assert len(pd.read_csv(out / "speed-resampling.csv")) == 2 * 11  # dtypes, operators and copies
    table = pd.read_csv(out / "speed.csv")
    assert (table[table["kind"] == "fit"]["size"].unique() == [32, 64]).all()
    assert (out / "speed.md").read_text() == capsys.readouterr().out
    assert "threads=1" in (out / "speed.md").read_text()


def test_speed_needs_a_long_fit(run_benchmark):
    with pytest.raises(ValueError, match=r"`--epochs` must be larger than 1\. Got 1\."):
        run_benchmark(_speed, "--epochs", "1")


def test_missing(run_benchmark, small_tables, monkeypatch):
    pytest.importorskip("matplotlib")
    options = (*QUICK, "--models", "MMoERegressor", "Ridge")
    out = run_benchmark(_missing, *options)
    assert {"missing.csv", "missing.md", "missing.png"} == {file.name for file in out.iterdir()}
    results = pd.read_csv(out / "missing.csv")
    assert len(results) == 3 * 2 * 2  # protocols, shares, models
    report = (out / "missing.md").read_text()
    assert report.count("fall of the mean") == 3

    monkeypatch.setattr(_missing, "CONTENDERS", {})
    run_benchmark(_missing, *options)
    assert (out / "missing.md").read_text() == report


def test_missing_runs_what_is_asked_for(run_benchmark, small_tables):
    pytest.importorskip("matplotlib")
    out = run_benchmark(_missing, *QUICK, "--models", "Ridge", "--protocols", "gas-turbine")
    results = pd.read_csv(out / "missing.csv")
    assert set(results["protocol"]) == {"gas-turbine"}
    assert results["missing"].tolist() == [0.0, 0.6]


def test_accuracy(run_benchmark, small_tables, monkeypatch):
    options = (*QUICK, "--models", "Ridge", "last laboratory value", "interpolation in time")
    out = run_benchmark(_accuracy, *options)
    results = pd.read_csv(out / "accuracy.csv")
    assert len(results) == 5  # interpolation in time stands beside the shuffled split only
    report = (out / "accuracy.md").read_text()
    assert report.count("| interpolation in time ") == 1
    assert "R2 y1 at knots" in report

    monkeypatch.setattr(_accuracy, "scores_of", computed_again)
    run_benchmark(_accuracy, *options)
    assert (out / "accuracy.md").read_text() == report


def test_outliers(run_benchmark, monkeypatch):
    out = run_benchmark(_outliers, *QUICK)
    assert len(pd.read_csv(out / "outliers.csv")) == 2 * len(_outliers.MODELS)
    report = (out / "outliers.md").read_text()
    assert "of R2, the squared error" in report

    monkeypatch.setattr(_outliers, "sintering_task", computed_again)
    run_benchmark(_outliers, *QUICK)
    assert (out / "outliers.md").read_text() == report


def test_outlier_tables_are_judged_on_the_same_rows():
    (clean_task, clean, _), (faulty_task, same, _) = (
        _outliers.sintering_task(200, share, 0) for share in _outliers.SHARES
    )
    assert (clean == same).all()
    test = clean_task.test[clean]
    assert (clean_task.y[test] == faulty_task.y[test]).all()
    assert (clean_task.y != faulty_task.y).any()


def test_table2(run_benchmark, small_tables, monkeypatch):
    models = ("PLS", "SharedBottomRegressor per target", "TMoEPRegressor", "interpolation in time")
    options = (*QUICK, "--models", *models)
    out = run_benchmark(_table2, *options)
    results = pd.read_csv(out / "table2.csv")
    # Interpolation in time stands beside the shuffled split only.
    assert len(results) == 2 * len(models) - 1
    assert {"RMSE y1", "MAE y2", "R2 y1", "R2 mean at knots"} <= set(results)
    report = (out / "table2.md").read_text()
    assert report.count("paper R2 y1") == 1  # the paper's figures too

    monkeypatch.setattr(_table2, "metric_columns", computed_again)
    run_benchmark(_table2, *options)
    assert (out / "table2.md").read_text() == report


def test_table3(run_benchmark, small_tables, monkeypatch):
    options = (*QUICK, "--protocols", "sru-shuffled")
    out = run_benchmark(_table3, *options)
    results = pd.read_csv(out / "table3.csv")
    assert results[["n_specific", "n_shared"]].drop_duplicates().shape == (12, 2)
    report = (out / "table3.md").read_text()
    assert report.count("0.8845") == 1

    monkeypatch.setattr(_expert_grid, "network", computed_again)
    run_benchmark(_table3, *options)
    assert (out / "table3.md").read_text() == report


def test_sensitivity(run_benchmark, small_tables):
    pytest.importorskip("matplotlib")
    out = run_benchmark(_sensitivity, *QUICK, "--protocols", "sru-chronological")
    assert {file.name for file in out.iterdir()} == {
        "sensitivity.csv",
        "sensitivity.md",
        "sensitivity-sru-chronological.png",
    }
    assert len(pd.read_csv(out / "sensitivity.csv")) == 12  # the middle is run once
    report = (out / "sensitivity.md").read_text()
    assert report.count("| n_e = ") == report.count("| n_l = ") == 5
    assert report.count("| n_b = ") == 4


def test_por(run_benchmark, small_tables, monkeypatch):
    pytest.importorskip("matplotlib")
    options = (*QUICK, "--seeds", "2", "--rules", FIXED)
    options += ("--protocols", "sru-shuffled", "flotation-chronological")
    out = run_benchmark(_por, *options)
    tuning, results = pd.read_csv(out / "por-tuning.csv"), pd.read_csv(out / "por.csv")
    # Two tasks with three learning rates for two rules and three times as many for the fixed one,
    # and two more networks on one of the tasks.
    assert len(tuning) == 2 * (3 + 3 + 9) + 2 * 2 * 3
    assert len(results) == 2 * (2 * 3 + 2 * 2)
    assert not set(tuning["seed"]) & set(results["seed"])
    assert len(list((out / "por-runs").iterdir())) == 2 * len(results)
    assert {file.name for file in out.glob("*.png")} == {
        "por-differences.png",
        "por-networks-sru-shuffled.png",
        "por-training-sru-shuffled.png",
        "por-weights-sru-shuffled.png",
    }
    report = (out / "por.md").read_text()
    assert report.count("help? Of 2 tasks") == 1

    monkeypatch.setattr(_por, "fit_rule", computed_again)
    run_benchmark(_por, *options)
    assert (out / "por.md").read_text() == report


@pytest.mark.slow
def test_por_in_processes_gives_the_same(run_benchmark, tmp_path):
    pytest.importorskip("matplotlib")
    options = ("--seeds", "1", "--max-rows", "60", "--max-epochs", "1", "--rules", PUBLISHED)
    options += ("--protocols", "sintering-shuffled")
    tables = []
    for jobs in ("1", "2"):
        folder = run_benchmark(_por, *options, "--jobs", jobs)
        table = pd.read_csv(folder / "por.csv").drop(columns="cpu_seconds")
        tables += [table.sort_values(["rule", "seed"], ignore_index=True)]
        folder.rename(tmp_path / f"with {jobs} jobs")
    pd.testing.assert_frame_equal(*tables)


def test_por_speed(run_benchmark, capsys):
    pytest.importorskip("torchjd")
    out = run_benchmark(
        _por_speed,
        *("--rounds", "1", "--batch-sizes", "8", "--targets", "2", "--many", "2", "3"),
        *("--rows", "40"),
    )
    table = pd.read_csv(out / "por-speed.csv")
    assert set(table["network"]) == {"MMoE", "OMoE"}
    of_reference = table[table["rule"].isin(["equal", "hand-written loop, equal"])]
    assert (of_reference["ratio"] == 1).all()
    assert (table["ratio_min"] <= table["ratio_max"]).all()
    assert (out / "por-speed.md").read_text() == capsys.readouterr().out
    assert len(pd.read_csv(out / "por-speed-targets.csv")) == 2


@pytest.mark.parametrize("name", sorted(BENCHMARKS))
def test_benchmark_is_dispatched_and_explained(name):
    module = import_module(BENCHMARKS[name])
    assert module.__doc__
    assert callable(module.run)
    assert callable(module.add_arguments)
