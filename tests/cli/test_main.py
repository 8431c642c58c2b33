"""Help that teaches, versions, exit codes."""

import pytest

from sklearn_mtl import __version__
from sklearn_mtl.cli import main


@pytest.mark.parametrize("command", ["demo", "fit", "predict", "report", "search", "benchmark"])
def test_help_of_each_command_has_examples(capsys, command):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert f"sklearn-mtl {command}" in capsys.readouterr().out.split("examples:")[1]


def test_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert __version__ in capsys.readouterr().out


def test_a_command_is_required():
    with pytest.raises(SystemExit) as stop:
        main([])
    assert stop.value.code == 2
