"""The demo: all models beside the best possible, and one page."""

import pandas as pd
import pytest

from sklearn_mtl.cli import main
from sklearn_mtl.cli._demo import last_known_value


def test_demo(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert main(["demo", "--quick", "--out", str(tmp_path / "demo"), "--seed", "1"]) == 0
    output = capsys.readouterr().out
    for row in (
        "MultiTaskRegressor",
        "Attention-MMoE-DLW",
        "Ridge per target",
        "PLS per target",
        "Boosting per target",
        "Last laboratory value",
        "Best possible (Bayes)",
        "chronological",
        "seed 1",
    ):
        assert row in output
    assert [path.name for path in (tmp_path / "demo").iterdir()] == ["report.html"]
    page = (tmp_path / "demo" / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64") == 4
    assert "Best possible (Bayes)" in page


def test_the_last_value_never_knows_its_own_row():
    y = pd.DataFrame({"feo": [8.0, None, 9.0, None, 10.0]})
    assert last_known_value(y)["feo"].tolist()[1:] == [8.0, 8.0, 9.0, 9.0]
