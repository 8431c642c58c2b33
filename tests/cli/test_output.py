"""Outputs appear whole or not at all, and nothing of the user's is lost."""

import pytest

from sklearn_mtl.cli import main
from sklearn_mtl.cli._output import new_file, new_folder
from tests.cli.tables import fit, write_plant


@pytest.fixture
def table(tmp_path):
    return write_plant(tmp_path / "plant.csv")


def test_a_failed_file_leaves_the_old_one(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), new_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_folder_leaves_the_old_one(tmp_path):
    path = tmp_path / "model"
    path.mkdir()
    (path / "model.json").write_text("old")
    with pytest.raises(RuntimeError), new_folder(path) as temporary:
        (temporary / "model.json").write_text("half")
        raise RuntimeError
    assert (path / "model.json").read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_folder_replaces_the_old_one_whole(tmp_path):
    path = tmp_path / "model"
    path.mkdir()
    (path / "old").touch()
    with new_folder(path) as temporary:
        (temporary / "new").touch()
    assert [entry.name for entry in path.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_overwritten_without_force(table, tmp_path, capsys):
    model, out = tmp_path / "model", tmp_path / "p.csv"
    predict = ["predict", str(model), str(table), "--out", str(out)]
    assert fit(table, model) == 0
    assert main(predict) == 0
    capsys.readouterr()
    assert fit(table, model) == 2
    assert "--force" in capsys.readouterr().err
    assert main(predict) == 2
    assert "--force" in capsys.readouterr().err
    assert fit(table, model, "--force") == 0
    assert main([*predict, "--force"]) == 0


def test_force_never_replaces_a_folder_with_other_files(table, tmp_path, capsys):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "precious.csv").touch()
    assert fit(table, folder, "--force") == 2
    assert "precious.csv" in capsys.readouterr().err
    assert (folder / "precious.csv").exists()


def test_a_failed_fit_keeps_the_old_model(table, tmp_path):
    model = tmp_path / "model"
    assert fit(table, model) == 0
    before = (model / "model.joblib").read_bytes()
    table.write_text(table.read_text().replace("70", "Bad", 1))
    assert fit(table, model, "--force") == 2
    assert (model / "model.joblib").read_bytes() == before


@pytest.mark.parametrize("command", ["predict", "report"])
def test_a_failed_run_leaves_no_file(table, tmp_path, capsys, command):
    model, out = tmp_path / "model", tmp_path / "out.csv"
    assert fit(table, model) == 0
    table.write_text(table.read_text().replace("flow", "flow_1"))
    assert main([command, str(model), str(table), "--out", str(out)]) == 2
    assert 'column "flow" is missing. Did you mean "flow_1"?' in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "plant.csv"]


def test_out_in_an_absent_folder(table, tmp_path, capsys):
    assert fit(table, tmp_path / "absent" / "model") == 2
    assert "does not exist" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, "{}", "[", '{"layout": 99}'])
def test_no_saved_model(table, tmp_path, capsys, content):
    folder = tmp_path / "model"
    folder.mkdir()
    if content is not None:
        (folder / "model.json").write_text(content)
    out = tmp_path / "p.csv"
    assert main(["predict", str(folder), str(table), "--out", str(out)]) == 2
    assert "no saved model" in capsys.readouterr().err
    assert not out.exists()
