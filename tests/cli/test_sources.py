"""Several sources and a laboratory: from files to predictions for now."""

import json
import shutil

import joblib
import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.cli import main
from sklearn_mtl.cli._source_files import read_lab
from sklearn_mtl.cli._table import TableFormat, read_table
from sklearn_mtl.preprocessing import align_windows
from tests.cli import sources, tables
from tests.cli.sources import N_SAMPLES, files, fit, predict

PREDICTED = ["feo_predicted", "sio2_predicted"]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fitted")
    sources.write(folder)
    assert fit(folder) == 0
    return folder


@pytest.fixture
def folder(fitted, tmp_path):
    """A copy of the files and the model, to be changed."""
    shutil.copytree(fitted, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_description_of_the_model(fitted):
    description = json.loads((fitted / "model" / "model.json").read_text())
    thermal, shift = description["several_sources"]["sources"]
    assert thermal == {
        "name": "thermal",
        "time": "timestamp",
        "features": ["flow", "temperature"],
        "lookback": "00:30:00",
        "dead_time": "00:10:00",
        "n_steps": 30,
        "max_age": None,
    }
    assert (shift["name"], shift["time"], shift["n_steps"]) == ("shift", "start", 2)
    assert description["several_sources"]["lab_time"] == "sampled"
    assert description["table"]["rows"] == N_SAMPLES  # the retest is no sample of its own
    assert description["split"]["rows"] == {"training": 42, "validation": 9, "test": 9}
    assert description["preparation"]["operator"] == "hybrid"
    assert description["test_metrics"]["sio2"]["R2"] > 0.9


def test_what_fit_says(folder, capsys):
    early = sources.lab().iloc[[0]].assign(sampled="2023-12-31 23:00")
    sources.write(folder, lab=pd.concat([sources.lab(), early]))
    assert fit(folder, "--force") == 0
    output = capsys.readouterr().out
    assert "600 rows, one per 00:01:00; windows of 30 steps of 2 inputs" in output
    assert "7 rows, one per 02:00:00; windows of 2 steps of 1 inputs" in output
    assert output.count("complete in 100.0% of the samples") == 2
    assert "61 samples, targets feo (60 labels), sio2 (61 labels)" in output
    assert "1 of them left out" in output


def test_now_is_the_prediction_of_the_training_row(fitted):
    frames = {
        "thermal": sources.thermal().set_index("timestamp"),
        "shift": sources.shift().set_index("start"),
    }
    time = pd.Timestamp("2024-01-01 05:15")  # of a sample
    X = align_windows(
        frames, [time], lookback={"thermal": "30min", "shift": "4h"}, dead_time="10min"
    ).X
    expected = joblib.load(fitted / "model" / "model.joblib").predict(X)
    now = predict(fitted, "--now", str(time))
    assert now["time"].tolist() == [time]
    np.testing.assert_allclose(now[PREDICTED], expected, rtol=1e-12)
    assert now[["thermal_age_minutes", "shift_age_minutes"]].to_numpy().tolist() == [[10, 75]]


def test_rows_after_now_are_not_looked_at(folder):
    now = "2024-01-01 05:15"
    before = predict(folder, "--now", now)
    fast, shift = sources.thermal(), sources.shift()
    fast.loc[fast["timestamp"] > "2024-01-01 05:05", ["flow", "temperature"]] = 1e6
    shift.loc[shift["start"] > "2024-01-01 05:05", "moisture"] = 1e6
    sources.write(folder, fast=fast, shift=shift)
    pd.testing.assert_frame_equal(predict(folder, "--now", now), before)
    fast.loc[fast["timestamp"] == "2024-01-01 05:05", "flow"] = 1e6  # the newest row that counts
    sources.write(folder, fast=fast, shift=shift)
    assert (predict(folder, "--now", now)[PREDICTED] != before[PREDICTED]).all(axis=None)


def test_the_newest_time_of_all_sources(folder, capsys):
    assert predict(folder, "--now")["time"].tolist() == [pd.Timestamp("2024-01-01 09:59")]
    assert "1 row at 2024-01-01 09:59:00, the newest time" in capsys.readouterr().out


def test_short_histories_are_enough_for_now(folder):
    """A history of 45 minutes tells no layout; that of the training is used."""
    expected = predict(folder, "--now")
    sources.write(folder, fast=sources.thermal().tail(45), shift=sources.shift().tail(3))
    pd.testing.assert_frame_equal(predict(folder, "--now"), expected)


def test_a_historian_of_changes(tmp_path, capsys):
    """A set point that is stored when it changes stands until the next change."""
    shift = sources.shift()
    changes = shift.iloc[[0, 1, 4]]
    held = shift.assign(moisture=shift["moisture"].iloc[[0, 1, 1, 1, 4, 4, 4]].to_numpy())
    lookback = ("--lookback", "thermal=30min,shift=2h")
    for name, table, options in (
        ("changes", changes, ("--max-age", "shift=7h")),
        ("held", held, ()),
    ):
        (tmp_path / name).mkdir()
        sources.write(tmp_path / name, shift=table)
        assert fit(tmp_path / name, *lookback, *options) == 0
        assert "complete in 100.0%" in capsys.readouterr().out
    pd.testing.assert_frame_equal(
        predict(tmp_path / "changes", "--every", "1h")[PREDICTED],
        predict(tmp_path / "held", "--every", "1h")[PREDICTED],
    )


def test_one_lookback_for_all_holds_the_slow_source(tmp_path, capsys):
    """One row per two hours: half an hour holds it seldom, the recipe in force holds always."""
    sources.write(tmp_path)
    assert fit(tmp_path, "--lookback", "30min") == 0
    said = capsys.readouterr().out
    assert "windows of 1 steps of 1 inputs, a row stands for up to 03:00:00, complete in" in said
    assert said.count("complete in 100.0%") == 2
    description = json.loads((tmp_path / "model" / "model.json").read_text())
    shift = description["several_sources"]["sources"][1]
    assert (shift["n_steps"], shift["max_age"]) == (1, "03:00:00")
    assert predict(tmp_path, "--now")[PREDICTED].notna().all(axis=None)


def test_grid(folder, monkeypatch):
    grid = predict(folder, "--every", "2h")
    hours = [f"2024-01-01 0{hour}:00" for hour in (2, 4, 6, 8)]
    assert grid["time"].astype(str).str[:16].tolist() == hours
    for row, hour in enumerate(hours):
        now = predict(folder, "--now", hour)
        pd.testing.assert_frame_equal(now, grid.iloc[[row]].reset_index(drop=True))
    monkeypatch.setattr("sklearn_mtl.cli._predict_sources._CHUNK", 1)  # one row at a time
    pd.testing.assert_frame_equal(predict(folder, "--every", "2h"), grid)


@pytest.mark.parametrize(
    ("changes", "now", "expected"),
    [
        ({}, "2024-01-01 10:15", "thermal (FOLDER/fast.csv) is too old for 1 row"),
        ({}, "2024-01-01 00:15", "thermal (FOLDER/fast.csv) is too short for 1 row"),
        ({"shift": sources.shift().tail(1)}, "2024-01-01 08:15", "shift (FOLDER/shift.csv) is too"),
        (
            {"fast": sources.thermal().assign(flow=np.nan)},
            "2024-01-01 08:15",
            "thermal (FOLDER/fast.csv) has holes in the windows of 1 row (--max-gap of fit fills "
            "short ones); cells are missing in flow",
        ),
    ],
)
def test_empty_predictions_are_explained(folder, capsys, changes, now, expected):
    sources.write(folder, **changes)
    assert predict(folder, "--now", now)[PREDICTED].isna().all(axis=None)
    captured = capsys.readouterr()
    assert "1 row at" in captured.out
    assert "0 predicted" in captured.out
    assert expected.replace("FOLDER", str(folder)) in captured.out
    assert not captured.err


def test_planned_rows_are_suspected(folder, capsys):
    """A recipe that is written ahead makes `--now` a time that the others do not know."""
    planned = sources.shift().iloc[[-1]].assign(start=pd.Timestamp("2024-01-01 16:00"))
    sources.write(folder, shift=pd.concat([sources.shift(), planned]))
    assert predict(folder, "--now")[PREDICTED].isna().all(axis=None)
    assert "runs ahead, to 2024-01-01 16:00:00: if it holds planned rows" in capsys.readouterr().out


def test_columns_in_any_order_and_further_ones(folder):
    expected = predict(folder, "--now")
    fast = sources.thermal().assign(new="word")[["new", "temperature", "flow", "timestamp"]]
    sources.write(folder, fast=fast)
    pd.testing.assert_frame_equal(predict(folder, "--now"), expected)


@pytest.mark.parametrize(
    ("below_limit", "feo"), [("half", 0.25), ("limit", 0.5), ("zero", 0.0), ("missing", np.nan)]
)
def test_laboratory(fitted, below_limit, feo):
    table = read_table(fitted / "lab.csv", TableFormat(missing=("failed",)))
    results = read_lab(table, "sampled", ["feo", "sio2"], below_limit)
    assert results.index.is_monotonic_increasing
    assert len(results) == N_SAMPLES
    np.testing.assert_equal(results["feo"].iloc[5], feo)
    assert np.isnan(results["feo"].iloc[8])
    assert results["feo"].iloc[-4] == 8.888  # the retest


def test_all_steps_and_a_network(folder, capsys):
    pytest.importorskip("matplotlib")
    fast = sources.thermal()
    fast.loc[200:201, "flow"] = np.nan
    sources.write(folder, fast=fast)
    options = ["--max-gap", "3", "--operator", "pool", "--pool", "max", "--length", "4"]
    options += ["--calendar", "hour,day_of_week", "--contamination", "0.1", "--drop", "moisture"]
    # Dropping all inputs of a source is an error that says so.
    assert fit(folder, *options, "--force") == 2
    assert 'no column of the source "shift" is left' in capsys.readouterr().err
    options = [*options[:-2], "--max-epochs", "2", "--quiet", "--force"]
    assert fit(folder, *options, model="mmoe") == 0
    pipeline = joblib.load(folder / "model" / "model.joblib")
    assert list(pipeline.named_steps) == ["windows", "filter", "scale", "model"]
    names = list(pipeline[0].get_feature_names_out())
    assert names[:4] == [f"thermal:flow:{step}" for step in range(4)]
    assert names[-4:-2] == ["time_hour_sin", "time_hour_cos"]
    assert len(names) == 3 * 4 + 2 * 2
    in_the_middle = "2024-01-01 03:45"  # of its window is the hole
    assert predict(folder, "--now", in_the_middle)[PREDICTED].notna().all(axis=None)
    page = folder / "report.html"
    words = ["report", str(folder / "model"), *files(folder, with_lab=True), "--out", str(page)]
    assert main(words) == 0
    text = page.read_text(encoding="utf-8")
    assert "test part of the training files, 9 of 60 rows" in text
    assert "thermal: 00:30:00 in 30 steps, dead time 00:10:00" in text
    assert "to 4 steps by pool (max)" in text
    fast.loc[200:203, "flow"] = np.nan  # longer than --max-gap
    sources.write(folder, fast=fast)
    assert predict(folder, "--now", in_the_middle)[PREDICTED].isna().all(axis=None)


def test_report_on_other_files_says_what_it_judges(folder, capsys):
    pytest.importorskip("matplotlib")
    sources.write(folder, lab=sources.lab().head(20))
    words = ["report", str(folder / "model"), *files(folder, with_lab=True)]
    assert main([*words, "--out", str(folder / "report.html")]) == 0
    output = capsys.readouterr().out
    assert "all 20 rows of files that are not those of the training" in output
    assert "11 of them are not later than the training rows" in output


def test_european_export(tmp_path):
    format = {"index": False, "sep": ";", "decimal": ",", "encoding": "cp1252"}
    when = "%d.%m.%Y %H:%M"
    for name, table, time in (
        ("fast", sources.thermal(), "timestamp"),
        ("shift", sources.shift(), "start"),
        ("lab", sources.lab(), "sampled"),
    ):
        table[time] = pd.to_datetime(table[time]).dt.strftime(when)
        if name == "lab":
            table["feo"] = table["feo"].str.replace(".", ",")
        table.rename(columns={"flow": "Zufluss m³"}).to_csv(tmp_path / f"{name}.csv", **format)
    options = ["--separator", ";", "--decimal", ",", "--encoding", "cp1252", "--time-format", when]
    assert fit(tmp_path, *options) == 0
    outputs = []
    for number, now in enumerate(("01.01.2024 05:15", "2024-01-01 05:15")):
        out = tmp_path / f"{number}.csv"
        words = ["predict", str(tmp_path / "model"), *files(tmp_path), "--out", str(out)]
        assert main([*words, "--now", now]) == 0
        outputs.append(pd.read_csv(out, sep=";", decimal=",", encoding="cp1252"))
    assert outputs[0]["time"].tolist() == ["01.01.2024 05:15"]
    assert outputs[0]["feo_predicted"].dtype == float
    pd.testing.assert_frame_equal(*outputs)


def test_offsets_from_utc(tmp_path, capsys):
    fast, shift, lab = sources.thermal(), sources.shift(), sources.lab()
    fast["timestamp"] = fast["timestamp"].dt.tz_localize("+01:00")
    lab["sampled"] = pd.to_datetime(lab["sampled"]).dt.tz_localize("+01:00").dt.tz_convert("UTC")
    sources.write(tmp_path, fast=fast, shift=shift, lab=lab)
    assert fit(tmp_path) == 2
    assert "shift.csv have none" in capsys.readouterr().err
    shift["start"] = shift["start"].dt.tz_localize("+01:00")
    sources.write(tmp_path, fast=fast, shift=shift, lab=lab)
    assert fit(tmp_path) == 0
    by_hour = predict(tmp_path, "--every", "1h").set_index("time")
    now = predict(tmp_path, "--now", "2024-01-01T04:00Z").set_index("time")
    assert now.index[0] in by_hour.index
    assert now.iloc[0].equals(by_hour.loc[now.index[0]])
    words = ["predict", str(tmp_path / "model"), *files(tmp_path), "--out", str(tmp_path / "x.csv")]
    assert main([*words, "--now", "2024-01-01 05:00"]) == 2
    assert "--now have none" in capsys.readouterr().err


def test_parquet(folder):
    pytest.importorskip("pyarrow")
    expected = predict(folder, "--now")
    sources.thermal().set_index("timestamp").to_parquet(folder / "fast.parquet")
    words = ["--source", f"thermal={folder / 'fast.parquet'}", *files(folder)[2:], "--now"]
    out = folder / "p.parquet"
    assert main(["predict", str(folder / "model"), *words, "--out", str(out)]) == 0
    found = pd.read_parquet(out)
    assert found["time"].dtype.kind == "M"
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_a_model_of_the_first_layout_still_loads(tmp_path):
    table = tables.write_plant(tmp_path / "plant.csv")
    assert tables.fit(table, tmp_path / "model") == 0
    path = tmp_path / "model" / "model.json"
    description = json.loads(path.read_text())
    path.write_text(json.dumps({**description, "layout": 1}))
    # The table may stand behind an option.
    assert (
        main(["predict", str(tmp_path / "model"), "--out", str(tmp_path / "p.csv"), str(table)])
        == 0
    )


FAST, SHIFT, LAB = sources.thermal(), sources.shift(), sources.lab()
FAULTY_FILES = {
    "words": (
        {"fast": FAST.astype({"flow": object}).replace({"flow": {FAST["flow"][3]: "Bad"}})},
        ["fast.csv", 'column "flow": "Bad" (line 5)', '--missing "failed,Bad"'],
    ),
    "words in two files": (
        {
            "fast": FAST.astype({"flow": object}).replace({"flow": {FAST["flow"][3]: "Bad"}}),
            "shift": SHIFT.astype({"moisture": object}).replace({"moisture": {7.4: "?"}}),
        },
        ['column "flow": "Bad" (line 5)', 'column "moisture": "?" (line 4)'],
    ),
    "words in the laboratory": (
        {"lab": LAB.replace({"feo": {"<0.5": "trace"}})},
        ["lab.csv", 'column "feo": "trace" (line 56)', '--missing "failed,trace"'],
    ),
    "rows out of order": (
        {"fast": FAST.iloc[[1, 0, *range(2, 600)]]},
        ["fast.csv", "line 3: 2024-01-01 00:00:00 after 2024-01-01 00:01:00", "Sort"],
    ),
    "no time": (
        {"shift": SHIFT[["moisture", "start"]]},
        ["shift.csv", 'time column "moisture": it holds numbers', "--time shift=COLUMN"],
    ),
    "no time in the laboratory": (
        {"lab": LAB[["remark", "sampled", "feo", "sio2"]].assign(remark="ok")},
        ["lab.csv", "no readable time", '"ok"', "--lab-time COLUMN"],
    ),
    "column without values": (
        {"shift": SHIFT.assign(dead=np.nan)},
        ["shift.csv", "shift:dead", '--drop "shift:dead"'],
    ),
    "one time": ({"shift": SHIFT.head(1)}, ['"shift" has one time only']),
    "other year": (
        {"lab": LAB.assign(sampled=LAB["sampled"].str.replace("2024", "2023"))},
        ["samples are from 2023-01-01 00:45:00", "filled from 2024-01-01 00:38", "years"],
    ),
    "never complete": (
        {"fast": FAST.assign(flow=FAST["flow"].where(FAST.index % 4 == 0))},
        ["no sample has complete windows", "thermal (", "0.0% of the samples", "--max-gap"],
    ),
    "a target as an input": (
        {"fast": FAST.assign(feo=8.0)},
        ['"thermal:feo" is called like a target', '--drop "thermal:feo"'],
    ),
}


@pytest.mark.parametrize(("changes", "expected"), FAULTY_FILES.values(), ids=FAULTY_FILES)
def test_faulty_files(tmp_path, capsys, changes, expected):
    sources.write(tmp_path, **changes)
    assert fit(tmp_path) == 2
    message = capsys.readouterr().err
    assert "Traceback" not in message
    for part in expected:
        assert part in message
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--lookback", "3"], "--lookback: 3 needs a unit: 3min, 3h or 3d"),
        (["--lookback", "soon"], '--lookback: "soon" is no duration'),
        (["--lookback", "thermal=3h"], '--lookback: the source "shift" has none'),
        (["--lookback", "thermal=3h,raw=3h"], 'no source "raw". The sources are: "thermal", "sh'),
        (["--lookback", "thermal=3h,3h"], 'NAME=VALUE for each source, not "3h"'),
        (["--lookback", "thermal=3h,thermal=4h"], '"thermal" is named twice'),
        (["--lookback", "0h"], "must be above zero"),
        (["--lookback", "2d"], 'longer than the history of "thermal"'),
        (["--dead-time=-5min"], "must not be negative"),
        (["--time", "thermal=stamp"], 'column "stamp" is missing. Did you mean "timestamp"?'),
        (["--time", "timestamp"], "shift.csv, header (asked for by --time)"),
        (["--lab-time", "time"], 'lab.csv, header: column "time" is missing'),
        (["--targets", "FeO"], 'Did you mean "feo"'),
        (["--targets", "remark"], 'take them out of --targets: "remark"'),
        (["--drop", "Flow"], '--drop: no source has an input column "Flow". Did you mean "flow"'),
        (["--drop", "shift:flow"], 'no source has an input column "shift:flow"'),
        (["--features", "flow"], 'no column of the source "shift" is left as an input'),
        (["--features", "flow,moisture", "--drop", "thermal:flow"], '"thermal:flow" stands in'),
        (["--pool", "max"], "--operator pool"),
        (["--lags", "3"], "--lags is not for several sources: --lookback says"),
        (["--hold", "3"], "--max-gap"),
        (["--coding", "levels"], "--operator"),
        (["--source", "shift=other.csv"], 'are both called "shift"'),
        (["plant.csv"], "plant.csv stands beside --source"),
        (["--source", "absent.csv"], "absent.csv: there is no such file"),
    ],
)
def test_wrong_options_of_fit(fitted, tmp_path, capsys, options, expected):
    assert fit(fitted, "--out", str(tmp_path / "model"), *options) == 2
    assert expected in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "nothing to fit to"),
        (["--lab", "lab.csv"], "nothing to fit to"),
        (["--source", "fast.csv"], "several sources need --lab"),
        (["--source", "fast.csv", "--lab", "lab.csv"], "several sources need --lookback"),
        (["plant.csv", "--lab", "lab.csv"], "--lab is not for a table"),
        (["plant.csv", "--lookback", "3h"], "--lookback is not for a table: --lags says"),
        (["plant.csv", "--max-gap", "3"], "--max-gap is not for a table: --hold fills"),
    ],
)
def test_neither_or_both(tmp_path, capsys, words, expected):
    assert main(["fit", *words, "--targets", "a", "--out", str(tmp_path / "model")]) == 2
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--source", "=fast.csv"],
        ["--source", "thermal="],
        ["--source", "a:b=fast.csv"],
        ["--calendar", "year"],
        ["--length", "1"],
        ["--below-limit", "double"],
    ],
)
def test_options_out_of_range(fitted, options):
    with pytest.raises(SystemExit) as stop:
        fit(fitted, *options)
    assert stop.value.code == 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["fast.csv"], "fitted to several sources, and takes no table but --source thermal=FILE"),
        ([], "takes no table but --source thermal=FILE --source shift=FILE"),
        (["--source", "thermal=FILE", "--now"], 'the source "shift" is missing'),
        (
            ["--source", "FILE", "--source", "thermal=FILE", "--now"],
            'there is no source "fast"; the source "shift" is missing',
        ),
        (["ALL"], "must be told when to predict: --now"),
        (["ALL", "--now", "tomorrow"], '--now: "tomorrow" is no time'),
        (["ALL", "--every", "10"], "--every: 10 needs a unit"),
        (["ALL", "--every", "40d"], "no multiple of 40d"),
    ],
)
def test_wrong_options_of_predict(fitted, tmp_path, capsys, words, expected):
    filled = []
    for word in words:
        filled += (
            files(fitted) if word == "ALL" else [word.replace("FILE", str(fitted / "fast.csv"))]
        )
    out = tmp_path / "p.csv"
    assert main(["predict", str(fitted / "model"), *filled, "--out", str(out)]) == 2
    assert expected in capsys.readouterr().err
    assert not out.exists()


def test_changed_columns(folder, capsys):
    sources.write(folder, fast=sources.thermal().rename(columns={"flow": "Flow"}))
    words = ["predict", str(folder / "model"), *files(folder), "--out", str(folder / "new.csv")]
    assert main([*words, "--now"]) == 2
    assert (
        'fast.csv, header: column "flow" is missing. Did you mean "Flow"' in capsys.readouterr().err
    )


def test_sources_for_a_model_of_one_table(tmp_path, capsys):
    table, model = tables.write_plant(tmp_path / "plant.csv"), tmp_path / "model"
    assert tables.fit(table, model) == 0
    out = ["--out", str(tmp_path / "p.csv")]
    assert main(["predict", str(model), "--source", str(table), "--now", *out]) == 2
    assert "was fitted to one table" in capsys.readouterr().err
    assert main(["predict", str(model), str(table), "--now", "--out", str(tmp_path / "p.csv")]) == 2
    assert "--now is for models of several sources" in capsys.readouterr().err
    assert main(["report", str(model), str(table), "--lab", "lab.csv", *out]) == 2
    assert "--lab is for models of several sources" in capsys.readouterr().err


def test_the_laboratory_is_needed_for_a_report(fitted, tmp_path, capsys):
    words = ["report", str(fitted / "model"), *files(fitted), "--out", str(tmp_path / "r.html")]
    assert main(words) == 2
    assert "--lab lab.csv" in capsys.readouterr().err
