"""From a table to a saved model, predictions and a page, through the command line."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.cli import main
from tests.cli.tables import N_ROWS, fit, plant, write_plant


@pytest.fixture
def table(tmp_path):
    return write_plant(tmp_path / "plant.csv")


@pytest.fixture
def model(table, tmp_path):
    folder = tmp_path / "model"
    assert fit(table, folder, "--missing", "Bad") == 0
    return folder


def test_description_of_the_model(model):
    description = json.loads((model / "model.json").read_text())
    assert description["columns"] == {
        "targets": ["feo", "strength"],
        "features": ["flow", "temperature"],
        "time": "time",
    }
    assert description["preparation"]["lags"] == 2
    assert description["split"]["rows"] == {"training": 84, "validation": 18, "test": 18}
    assert description["split"]["known_until"] == "2024-01-01 01:41:00"
    assert description["test_metrics"]["strength"]["R2"] > 0.9
    assert {"sklearn_mtl", "torch", "scikit-learn"} <= set(description["versions"])


def test_predictions_have_the_rows_of_the_table(model, tmp_path):
    new = plant().drop(columns=["feo", "strength"])  # no target is needed
    new["flow"] = new["flow"].astype(object)
    new.loc[5, "flow"] = "Bad"  # the model remembers the word for a missing value
    new = new[["temperature", "time", "flow"]]  # any order
    new.to_csv(tmp_path / "new.csv", index=False)
    assert (
        main(["predict", str(model), str(tmp_path / "new.csv"), "--out", str(tmp_path / "p.csv")])
        == 0
    )
    predicted = pd.read_csv(tmp_path / "p.csv")
    assert list(predicted.columns) == ["time", "feo_predicted", "strength_predicted"]
    assert predicted["time"].tolist() == plant()["time"].tolist()
    empty = np.flatnonzero(predicted["feo_predicted"].isna())
    assert empty.tolist() == [5, 6, 7]  # the row, and two that look back at it
    known = predicted["strength_predicted"].notna()
    assert (
        np.corrcoef(predicted["strength_predicted"][known], plant()["strength"][known])[0, 1] > 0.9
    )


def test_empty_rows_are_counted(model, tmp_path, capsys):
    new = plant()
    new.loc[5, "flow"] = np.nan
    new.to_csv(tmp_path / "new.csv", index=False)
    main(["predict", str(model), str(tmp_path / "new.csv"), "--out", str(tmp_path / "p.csv")])
    output = capsys.readouterr().out
    assert "117 predicted" in output
    assert "3 rows are empty" in output


def test_parquet_in_and_out(model, tmp_path):
    pytest.importorskip("pyarrow")
    new = plant().astype({"time": "datetime64[ns]"})
    new.to_parquet(tmp_path / "new.parquet")
    new.set_index("time").to_parquet(tmp_path / "indexed.parquet")
    for name in ("new", "indexed"):
        source, out = tmp_path / f"{name}.parquet", tmp_path / f"{name}_p.parquet"
        assert main(["predict", str(model), str(source), "--out", str(out)]) == 0
        predicted = pd.read_parquet(out)
        assert len(predicted) == N_ROWS
        assert predicted["time"].equals(new["time"])


def test_european_export(tmp_path):
    table = tmp_path / "plant.csv.gz"
    export = plant().rename(columns={"flow": "Zufluss m³"})
    export["time"] = pd.to_datetime(export["time"]).dt.strftime("%d.%m.%Y %H:%M")
    export.to_csv(table, index=False, sep=";", decimal=",", encoding="cp1252")
    format = ["--separator", ";", "--decimal", ",", "--encoding", "cp1252"]
    model = tmp_path / "model"
    assert fit(table, model, *format, "--time-format", "%d.%m.%Y %H:%M") == 0
    # The format is kept with the model.
    out = tmp_path / "p.csv"
    assert main(["predict", str(model), str(table), "--out", str(out)]) == 0
    predicted = pd.read_csv(out, sep=";", decimal=",", encoding="cp1252")
    assert predicted["feo_predicted"].dtype == float


def test_all_steps_and_a_network(table, tmp_path):
    folder = tmp_path / "model"
    options = ["--hold", "2", "--contamination", "0.1", "--max-epochs", "2", "--quiet"]
    assert fit(table, folder, *options, model="shared_bottom") == 0
    pytest.importorskip("matplotlib")
    page = tmp_path / "report.html"
    assert main(["report", str(model_of(folder)), str(table), "--out", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.count("data:image/png;base64") == 4
    assert "test part of the training table, 18 of 120 rows" in text
    assert "http" not in text  # needs no network
    description = json.loads((folder / "model.json").read_text())
    assert description["split"]["rows_excluded"] > 0


def model_of(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["model.joblib", "model.json"]
    return folder


def test_report_on_another_table_says_what_it_judges(model, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    later = plant().iloc[90:]
    later.to_csv(tmp_path / "later.csv", index=False)
    page = tmp_path / "report.html"
    assert main(["report", str(model), str(tmp_path / "later.csv"), "--out", str(page)]) == 0
    output = capsys.readouterr().out
    assert "all 30 rows of a table that is not the training table" in output
    assert "12 of them are not later than the training rows" in output


def test_without_time_column_and_without_split(table, tmp_path):
    folder = tmp_path / "model"
    words = ["fit", str(table), "--targets", "strength", "--drop", "time,feo", "--lags", "0"]
    assert (
        main([*words, "--model", "pls", "--split", "none", "--out", str(folder)]) == 2
    )  # two inputs
    assert main([*words, "--model", "ridge", "--split", "none", "--out", str(folder)]) == 0
    description = json.loads((folder / "model.json").read_text())
    assert description["test_metrics"] is None
    assert description["split"]["rows"]["training"] == N_ROWS


def test_same_seed_same_model(table, tmp_path):
    outputs = []
    for run in ("a", "b"):
        options = ["--max-epochs", "2", "--quiet", "--split", "shuffled", "--seed", "3"]
        assert fit(table, tmp_path / run, *options, model="mmoe") == 0
        out = tmp_path / f"{run}.csv"
        assert main(["predict", str(tmp_path / run), str(table), "--out", str(out)]) == 0
        outputs.append(out.read_text())
    assert outputs[0] == outputs[1]


def test_a_process_of_its_own(table, tmp_path):
    command = [sys.executable, "-m", "sklearn_mtl"]
    words = ["fit", table, "--targets", "feo", "--time", "wrong", "--out", tmp_path / "model"]
    done = subprocess.run([*command, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("sklearn-mtl fit: error:")
    assert "Traceback" not in done.stderr


def test_sru(data_home, tmp_path, capsys):
    """Measured data: fit on the older part, predict and report on the newest."""
    pytest.importorskip("matplotlib")
    table, model = data_home / "sru.csv.gz", tmp_path / "model"
    words = ["fit", str(table), "--targets", "y1_h2s,y2_so2", "--max-epochs", "3", "--quiet"]
    assert main([*words, "--model", "mmoe", "--out", str(model)]) == 0
    metrics = json.loads((model / "model.json").read_text())["test_metrics"]
    assert metrics["overall"]["R2"] > 0.5
    assert metrics["overall"]["n_labels"] == 2 * 1513
    new = pd.read_csv(table).tail(500)
    new.to_csv(tmp_path / "new.csv", index=False)
    out = tmp_path / "p.csv"
    assert main(["predict", str(model), str(tmp_path / "new.csv"), "--out", str(out)]) == 0
    assert pd.read_csv(out).notna().all(axis=None)
    capsys.readouterr()
    page = tmp_path / "report.html"
    assert main(["report", str(model), str(table), "--out", str(page)]) == 0
    # The page judges the same rows as `fit` did.
    assert f"{metrics['overall']['R2']:.4f}" in capsys.readouterr().out
