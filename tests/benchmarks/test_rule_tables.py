"""Tables and sentences from hand-made results."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.benchmarks._intervals import Difference
from sklearn_mtl.benchmarks._published import TABLE_2, TABLE_3
from sklearn_mtl.benchmarks._rule_runs import weight_columns
from sklearn_mtl.benchmarks._rule_tables import overall_table, rule_table, verdict, weight_table
from sklearn_mtl.benchmarks._sensitivity import SIZES, by_parameter
from sklearn_mtl.benchmarks._table2 import metric_table
from sklearn_mtl.benchmarks._table3 import expert_table

WIN = Difference(0.1, (0.05, 0.15), (0.01, 0.19))
LOSS = Difference(-0.1, (-0.15, -0.05), (-0.19, -0.01))
UNSURE = Difference(0.1, (0.05, 0.15), (-0.01, 0.21))
SINGLE_SEED = Difference(0.1, (0.05, 0.15), (np.nan, np.nan))


def test_a_verdict_takes_both_intervals():
    verdicts = [difference.verdict for difference in (WIN, LOSS, UNSURE, SINGLE_SEED)]
    assert verdicts == ["win", "loss", "tie", "tie"]


def test_rule_table():
    rows = pd.DataFrame(
        {
            "rule": ["equal", "equal", "POR", "POR"],
            "seed": [0, 1, 0, 1],
            "candidate": ["lr 1", "lr 1", "lr 2", "lr 2"],
            "R2 mean": [0.5, 0.7, 0.6, 0.8],
            "R2 a": [0.5, 0.7, 0.6, 0.8],
            "cpu_seconds": [1.0, 2.0, 3.0, 4.0],
        }
    )
    table = rule_table(rows, {"POR": WIN}).set_index("rule")
    assert table.index.tolist() == ["POR", "equal"]
    assert table.columns[:2].tolist() == ["R2 a", "R2 mean"]
    assert table.loc["POR", "R2 mean"] == "0.700 +- 0.141"
    assert table.loc["POR", "less equal"] == "+0.1000"
    assert table.loc["POR", "95 %, rows"] == "+0.0500 to +0.1500"
    assert table.loc["POR", "95 %, seeds"] == "+0.0100 to +0.1900"
    assert table.loc["POR", "seeds better"] == "2 of 2"
    assert table["tuned"].tolist() == ["lr 2", "lr 1"]
    assert table["CPU s"].tolist() == [3.5, 1.5]
    assert table.loc["equal", ["less equal", "seeds better"]].isna().all()


SCORES = pd.DataFrame(
    {"equal": [0.5, 0.5, 0.5], "POR": [0.6, 0.4, 0.6], "DWA": [0.7, 0.7, 0.55]},
    index=["a", "b", "c"],
)
DIFFERENCES = {
    "a": {"POR": WIN, "DWA": WIN},
    "b": {"POR": LOSS, "DWA": WIN},
    "c": {"POR": UNSURE, "DWA": UNSURE},
}


def test_overall_table():
    table = overall_table(SCORES, DIFFERENCES).set_index("rule")
    assert table.index.tolist() == ["DWA", "POR", "equal"]
    assert table["mean rank"].tolist() == ["1.33", "2.00", "2.67"]
    assert table.loc["POR", "wins / ties / losses"] == "1 / 1 / 1"
    assert table.loc["POR", "largest loss"] == "-0.1000"
    assert table.loc["DWA", "wins / ties / losses"] == "2 / 1 / 0"


def test_verdict_names_the_rules_that_are_better():
    text = verdict("POR", SCORES, DIFFERENCES)
    assert "Of 3 tasks it wins 1 against equal weights, loses 1, and cannot be told" in text
    assert "+0.0333" in text
    assert "Its mean rank among 3 rules is 2.00. Ahead of it: DWA (1.33)." in text


def test_weights_are_shares_of_quarters():
    history = pd.DataFrame({"weight_a": [2.0] * 2 + [1.0] * 6, "weight_b": [0.0] * 2 + [1.0] * 6})
    columns = weight_columns(["a", "b"], history)
    assert columns["weight first a"] == 1
    assert columns["weight last a"] == columns["weight last b"] == 0.5
    assert "collapsed" not in columns

    rows = pd.DataFrame([{"rule": "POR", **columns, "collapsed": 0.25, "weight first x": np.nan}])
    table = weight_table(rows)
    assert table.columns.tolist() == [
        "rule",
        "a, first quarter",
        "b, first quarter",
        "a, last quarter",
        "b, last quarter",
        "steps collapsed",
    ]
    assert table["steps collapsed"].tolist() == ["25%"]


def test_table2_sets_the_papers_figures_beside_ours():
    rows = pd.DataFrame(
        {
            "model": ["TMoEPRegressor", "Ridge"],
            "seed": 0,
            "R2 y1": [0.9, 0.6],
            "R2 y2": [0.8, 0.7],
            "R2 mean": [0.85, 0.65],
            "RMSE y1": [0.01, 0.02],
            "RMSE y2": [0.03, 0.04],
            "cpu_seconds": 1.0,
        }
    )
    table = metric_table(rows, "R2", with_paper=True).set_index("model")
    assert table.columns.tolist() == [
        "R2 y1",
        "paper R2 y1",
        "R2 y2",
        "paper R2 y2",
        "R2 mean",
        "CPU s",
    ]
    assert table.loc["TMoEPRegressor", ["paper R2 y1", "paper R2 y2"]].tolist() == [
        "0.8845",
        "0.8626",
    ]
    assert table.loc["Ridge", ["paper R2 y1", "paper R2 y2"]].isna().all()
    errors = metric_table(rows, "RMSE", with_paper=False)
    assert errors.columns.tolist() == ["model", "RMSE y1", "RMSE y2", "CPU s"]
    assert errors.loc[0, "RMSE y1"] == "0.0100"


def test_table3_keeps_the_papers_order():
    rows = pd.DataFrame([size._asdict() for size in SIZES if size.n_blocks == 2])
    rows = rows[rows["n_expert_layers"] == 3].assign(seed=0, **{"R2 y1": 0.9, "R2 mean": 0.8})
    table = expert_table(rows, with_paper=True).set_index(["n_k", "n_s"])
    assert list(table.index) == list(TABLE_3)
    assert table.loc[(1, 1)].tolist() == ["0.900", "0.8845", "0.800"]
    assert table["R2 y1"].notna().sum() == 4  # the sizes of the sensitivity study among them


def test_the_middle_size_stands_under_every_parameter():
    rows = pd.DataFrame([size._asdict() for size in SIZES])
    varied = by_parameter(rows)
    assert varied.groupby("parameter").size().to_dict() == {"n_b": 4, "n_e": 5, "n_l": 5}
    middle = varied[(varied["n_blocks"] == 2) & (varied["n_expert_layers"] == 3)]
    assert middle.query("n_specific == 1")["parameter"].tolist() == ["n_e", "n_b", "n_l"]


@pytest.mark.parametrize("name", TABLE_2)
def test_published_rows_agree_with_themselves(name):
    """A mistyped digit would show in the spread of the labels that RMSE and R2 imply."""
    row = TABLE_2[name]
    for k, known_spread in enumerate((0.053, 0.0569)):
        assert row.MAE[k] < row.RMSE[k]
        implied = row.RMSE[k] / np.sqrt(1 - row.R2[k])
        # The paper's averages over runs do not obey the identity exactly.
        assert implied == pytest.approx(known_spread, rel=0.2)
