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
    cells = ["0.5 retest", "0.5*", "5 %", "<0.2 mg", "0.5 - retest", "filter changed", "1"]
    expected = [0.5, 0.5, 5, 0.1, 0.5, np.nan, 1]
    np.testing.assert_equal(column(cells, remarks="strip"), expected)
    np.testing.assert_equal(column(cells, remarks="missing"), [np.nan] * 6 + [1])


@pytest.mark.parametrize(
    "cell",
    ["1 000", "1_000", "1/2", "1-2", "12:30", "0x10", "1e5,5", "1.234,5", "0,5*", "<-10"],
)
def test_what_goes_on_like_a_number_is_no_remark(cell):
    with pytest.raises(ValueError, match="no results"):
        column([cell, "1"], remarks="strip")
    np.testing.assert_equal(column([cell, "1"], remarks="missing"), [np.nan, 1])


@pytest.mark.parametrize("remarks", ["error", "strip"])
@pytest.mark.parametrize("cell", [pd.Timestamp("2024-05-01"), "2024-05-01"])
def test_a_time_is_no_result(cell, remarks):
    with pytest.raises(ValueError, match=r"no results.*\n.*2024-05-01"):
        column([cell, "1"], remarks=remarks)


@pytest.mark.parametrize("cells", [[True, 0.5], pd.array([True, False])])
def test_yes_and_no_are_no_results(cells):
    with pytest.raises(ValueError, match="'True'"):
        column(cells)


def test_numbers_are_not_read_as_text():
    """A spreadsheet of a country with decimal commas holds numbers beside texts."""
    cells = [1.5, 2, "<0,01", "3,5", np.float32(0.5)]
    assert column(cells, decimal=",") == [1.5, 2, 0.005, 3.5, 0.5]


def test_codes_for_missing():
    expected = [np.nan, 1.0, np.nan]
    np.testing.assert_equal(column([-999.0, 1, "n.d."], missing=["-999", " n.d. "]), expected)
    np.testing.assert_equal(column([-999, 1, None], missing=["-999"]), expected)
    np.testing.assert_equal(column(["-999", "1", "-999.0"], missing=["-999", "-999.0"]), expected)


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


def test_retests_by_time_of_reporting():
    """Exports are often newest first."""
    table = pd.DataFrame(
        {
            "sampled": TIMES[[1, 1, 0]],
            "reported": ["2024-03-01 20:00", "2024-03-01 17:00", "2024-03-01 08:00"],
            "y": [8.6, 8.0, 7.0],
        }
    )
    for rows in (table, table.iloc[::-1]):
        lab = parse_lab(rows, "sampled", reported="reported")
        assert list(lab) == ["y"]
        np.testing.assert_array_equal(lab["y"], [7.0, 8.6])
    assert parse_lab(table, "sampled", ["y"])["y"].tolist() == [7.0, 8.0]
    wrong = table.assign(y=[8.6, "?", 7.0])
    with pytest.raises(ValueError, match=r"'\?' \(1x, first in row 1\)"):
        parse_lab(wrong, "sampled", reported="reported")
    with pytest.raises(ValueError, match="Column 'reported' has no readable time"):
        parse_lab(table.assign(reported="?"), "sampled", reported="reported")


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
    assert list(parse_lab(table, "sampled", missing=["?"], **options)) == ["FeO", "SiO2"]
    # Words of other analytes are nobody's concern.
    lab = parse_lab(table, "sampled", np.array(["SiO2", "FeO"]), **options)
    assert list(lab) == ["SiO2", "FeO"]
    np.testing.assert_allclose(lab, [[0.1, 8.1], [np.nan, 8.5], [5.1, np.nan]])
    with pytest.raises(ValueError, match="analyte 'MgO'"):
        parse_lab(table, "sampled", ["MgO"], missing=["?"], **options)
    with pytest.raises(ValueError, match="go together"):
        parse_lab(table, "sampled", analyte="component")


def test_many_results_of_many_analytes():
    table = pd.DataFrame(
        {
            "t": np.repeat(pd.date_range("2024-01-01", periods=1000, freq="h"), 300),
            "what": [f"a{k}" for k in range(300)] * 1000,
            "value": np.arange(300_000.0),
        }
    )
    lab = parse_lab(table, "t", analyte="what", result="value")
    np.testing.assert_array_equal(lab, np.arange(300_000.0).reshape(1000, 300))


def test_offsets_become_utc():
    times = ["2024-10-27 02:30+02:00", "2024-10-27 02:30+01:00"]
    lab = parse_lab(pd.DataFrame({"t": times, "y": [1, 2]}), "t")
    assert list(lab.index) == list(pd.to_datetime(["2024-10-27 00:30Z", "2024-10-27 01:30Z"]))


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
        (pd.DataFrame([[1.0, 2.0]], TIMES[:1], ["y", "y"]), {}, "two columns called 'y'"),
        (pd.DataFrame([[1.0, 2.0]], TIMES[:1], [3, "3"]), {}, "two columns called '3'"),
        (pd.DataFrame({"y": [1.0]}, index=TIMES[:1]), {"censored": "lod"}, "'censored'"),
        (pd.DataFrame({"y": [1.0]}, index=TIMES[:1]), {"missing": "n.d."}, "'missing'"),
    ],
)
def test_what_is_refused(table, options, message):
    with pytest.raises(ValueError, match=message):
        parse_lab(table, **options)
