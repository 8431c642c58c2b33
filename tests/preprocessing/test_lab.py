"""Tables of a laboratory: limits, retests, remarks, order."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.preprocessing import parse_lab

TIMES = pd.to_datetime(["2024-03-01 06:00", "2024-03-01 14:00", "2024-03-01 22:00"])


def column(cells, **options):
    """Results of one target, in the order of the cells."""
    times = pd.date_range("2024-01-01", periods=len(cells), freq="h")
    lab = parse_lab(pd.DataFrame({"y": cells}, index=times), **options)
    return lab["y"].reindex(times).tolist()


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("0.52", 0.52),
        (" 0.52 ", 0.52),
        (0.52, 0.52),
        ("-3", -3.0),
        ("+3.", 3.0),
        (".5", 0.5),
        ("1e-3", 1e-3),
        ("2.5E+4", 2.5e4),
        ("<0.01", 0.005),
        ("< 0.01", 0.005),
        ("<= 0.01", 0.005),
        ("≤0.01", 0.005),
        (">5", 5.0),
        ("≥ 5", 5.0),
        ("", np.nan),
        ("nan", np.nan),
        (None, np.nan),
    ],
)
def test_cells(cell, value):
    np.testing.assert_equal(column([cell, "1"]), [value, 1.0])


@pytest.mark.parametrize(
    ("censored", "below", "above"),
    [("half", 0.01, 5), ("limit", 0.02, 5), ("zero", 0, 5), ("missing", np.nan, np.nan)],
)
def test_limits(censored, below, above):
    found = column(["<0.02", ">5", "1"], censored=censored)
    np.testing.assert_equal(found, [below, above, 1])


def test_decimal_commas():
    assert column(["1,25", "<0,02", "3"], decimal=",") == [1.25, 0.01, 3]
    with pytest.raises(ValueError, match=r"'1,25' \(1x, first in row 0\).*\n?.*decimal=','"):
        column(["1,25", "3"])
    with pytest.raises(ValueError, match=r"1\.25"):
        column(["1.25", "3"], decimal=",")


def test_words_are_listed_by_column():
    table = pd.DataFrame(
        {"H2S": ["n.d.", "1", "n.d."], "SO2": ["2", "0.5 retest", "Bad"]}, index=TIMES
    )
    with pytest.raises(ValueError, match="no results") as caught:
        parse_lab(table)
    message = str(caught.value)
    assert "column 'H2S': 'n.d.' (2x, first in row 0)" in message
    assert "'0.5 retest' (1x, first in row 1), 'Bad' (1x, first in row 2)" in message
    assert "missing=['n.d.', '0.5 retest', 'Bad']" in message
    lab = parse_lab(table, missing=["n.d.", "Bad"], remarks="strip")
    np.testing.assert_equal(lab.to_numpy(), [[np.nan, 2], [1, 0.5]])


def test_remarks():
    cells = ["0.5 retest", "0.5*", "filter changed", "12:30", "1"]
    np.testing.assert_equal(column(cells, remarks="strip"), [0.5, 0.5, np.nan, 12.0, 1])
    np.testing.assert_equal(column(cells, remarks="missing"), [np.nan] * 4 + [1])


def test_retests():
    table = pd.DataFrame(
        {"FeO": [8.0, 8.6, np.nan], "SiO2": [5.0, np.nan, 5.5]}, index=TIMES[[1, 1, 0]]
    )
    expected = {
        "last": [[np.nan, 5.5], [8.6, 5.0]],  # a retest replaces what it measured only
        "first": [[np.nan, 5.5], [8.0, 5.0]],
        "mean": [[np.nan, 5.5], [8.3, 5.0]],
    }
    for retests, values in expected.items():
        lab = parse_lab(table, retests=retests)
        assert list(lab.index) == list(TIMES[:2])
        np.testing.assert_allclose(lab, values)
    with pytest.raises(ValueError, match=r"1 samples have several results.*2024-03-01 14:00"):
        parse_lab(table, retests="error")


def test_rows_in_any_order_and_samples_without_result():
    table = pd.DataFrame({"sampled": TIMES[[2, 0, 1]].astype(str), "y": ["3", "1", None]})
    lab = parse_lab(table, "sampled")
    assert lab.index.equals(TIMES[[0, 2]].rename("sampled"))
    assert lab["y"].tolist() == [1, 3]


def test_one_row_per_result():
    table = pd.DataFrame(
        {
            "sampled": TIMES[[0, 0, 1, 1, 1, 2]],
            "component": ["FeO", "SiO2", "FeO", "FeO ", "Cl", "SiO2"],
            "value": ["8.1", "<0.2", "8.4", "8.5", "?", "5.1"],
        }
    )
    options = {"analyte": "component", "result": "value"}
    with pytest.raises(ValueError, match="column 'value': '\\?'"):
        parse_lab(table, "sampled", **options)
    lab = parse_lab(table, "sampled", ["SiO2", "FeO"], missing=["?"], **options)
    assert list(lab) == ["SiO2", "FeO"]
    np.testing.assert_allclose(lab, [[0.1, 8.1], [np.nan, 8.5], [5.1, np.nan]])
    with pytest.raises(ValueError, match="analyte 'MgO'"):
        parse_lab(table, "sampled", ["MgO"], missing=["?"], **options)
    with pytest.raises(ValueError, match="go together"):
        parse_lab(table, "sampled", analyte="component")


def test_zones_stay():
    lab = parse_lab(pd.DataFrame({"y": [1.0, 2.0]}, index=TIMES[:2].tz_localize("Europe/Berlin")))
    assert str(lab.index.tz) == "Europe/Berlin"


def test_the_table_is_left_as_it_is():
    table = pd.DataFrame({"sampled": TIMES.astype(str), "y": ["<1", "2", "3"]})
    kept = table.copy()
    parse_lab(table, "sampled")
    pd.testing.assert_frame_equal(table, kept)


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        (pd.DataFrame({"y": [1.0]}), {}, "parse_lab\\(table, time='sampled'\\)"),
        (pd.DataFrame({"y": [1.0]}), {"time": "sampled"}, "no column 'sampled'. It has"),
        (pd.DataFrame({"y": [1.0]}, index=TIMES[:1]), {"targets": ["z"]}, "no column 'z'"),
        (
            pd.DataFrame({"t": ["2024-01-05", "01.02.2024"], "y": [1.0, 2.0]}),
            {"time": "t"},
            "Column 't' has no readable time in 1 rows, first in row 1: '01.02.2024'",
        ),
        (pd.DataFrame({"t": [20240105], "y": [1.0]}), {"time": "t"}, "no readable time"),
        (pd.DataFrame({"y": [np.inf]}, index=TIMES[:1]), {}, "'y' is infinite in row 0"),
        (pd.DataFrame({"y": [None]}, index=TIMES[:1]), {}, "No row has a result"),
        (pd.DataFrame({"y": [1.0]}, index=TIMES[:1]), {"censored": "lod"}, "'censored'"),
        (pd.DataFrame({"y": [1.0]}, index=TIMES[:1]), {"missing": "n.d."}, "'missing'"),
    ],
)
def test_what_is_refused(table, options, message):
    with pytest.raises(ValueError, match=message):
        parse_lab(table, **options)
