"""The command hands its options on, and names the extra that a benchmark lacks."""

import pytest

from sklearn_mtl.benchmarks import BENCHMARKS
from sklearn_mtl.cli import main

OF_THIS_TEST = """
'''Benchmark of this test.'''

def add_arguments(parser):
    parser.add_argument("--rows", type=int, default=1)

def run(arguments):
    print("rows:", arguments.rows)
"""


@pytest.fixture
def benchmark_module(tmp_path, monkeypatch):
    """A benchmark that a package outside this one could add to the table."""
    name = f"benchmark_{tmp_path.name}"  # a module is imported once per process: one per test
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(BENCHMARKS, "of_this_test", name)
    return tmp_path / f"{name}.py"


def test_options_reach_the_benchmark(benchmark_module, capsys):
    benchmark_module.write_text(OF_THIS_TEST)
    assert main(["benchmark", "of_this_test", "--rows", "7"]) == 0
    assert "rows: 7" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        main(["benchmark", "of_this_test", "--help"])
    assert stop.value.code == 0
    assert "--rows" in capsys.readouterr().out


def test_missing_extra_is_named(benchmark_module, capsys):
    benchmark_module.write_text(
        "from sklearn_mtl._optional import import_optional\n"
        "import_optional('no_such_package', extra='bench')\n"
    )
    assert main(["benchmark", "of_this_test"]) == 2
    assert 'pip install "sklearn-mtl[bench]"' in capsys.readouterr().err


def test_unknown_name():
    with pytest.raises(SystemExit) as stop:
        main(["benchmark", "no_such_benchmark"])
    assert stop.value.code == 2
