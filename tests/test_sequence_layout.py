"""Names of columns tell windows."""

import pytest

from sklearn_mtl._sequence_layout import (
    SourceWindows,
    read_window_shape,
    read_windows,
    window_names,
)
from sklearn_mtl.preprocessing import LagFeaturizer


@pytest.mark.parametrize(
    "windows",
    [
        [SourceWindows("thermal", ("hood", "duct"), 3), SourceWindows("raw", ("moisture",), 1)],
        [SourceWindows("a", ("tag:with:colons", "(t)"), 2)],
        [SourceWindows("", ("flow", "level"), 4)],
        [SourceWindows("a", ("same",), 2), SourceWindows("b", ("same",), 5)],
        [SourceWindows("a", ("multi\nline", ""), 12)],
    ],
)
def test_round_trip(windows):
    assert read_windows(window_names(windows)) == windows


def test_lag_names():
    names = ["x(t-2)", "x(t-1)", "x(t)", "y(z)(t-2)", "y(z)(t-1)", "y(z)(t)"]
    assert read_windows(names) == [SourceWindows("", ("x", "y(z)"), 3)]


def test_names_of_differences():
    names = ["x(t-1)-x(t-2)", "x(t)-x(t-1)", "y-z(t-1)-y-z(t-2)", "y-z(t)-y-z(t-1)"]
    assert read_windows(names) == [SourceWindows("", ("x", "y-z"), 2)]


def test_ordinary_names_tell_nothing():
    assert read_windows(["x1", "FIC-101.PV", "a:b", "(t"]) is None


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a:x:0", "a:x:1", "hour"], "1 are not, first 'hour'"),
        (["a:x:1", "a:x:0"], "'x' are not complete and ascending in time: 1, 0"),
        (["a:x:0", "a:x:2"], "0, 2"),
        (["x(t)", "x(t-1)"], "ascending"),
        (["a:x:0", "a:y:0", "a:y:1"], "differ in their number of steps"),
        (["a:x:0", "b:x:0", "a:y:0"], "do not stand together"),
        (["a:x:0", "a:y:0", "a:x:0"], "do not stand together"),
    ],
)
def test_contradicting_names(names, message):
    with pytest.raises(ValueError, match=message):
        read_windows(names)


# Length of the windows and columns behind them

CALENDAR = ["time_hour_sin", "time_hour_cos"]


@pytest.mark.parametrize("static", [[], CALENDAR])
@pytest.mark.parametrize(
    ("names", "n_steps", "n_levels"),
    [
        (window_names([SourceWindows("a", ("x", "y"), 3), SourceWindows("b", ("z",), 3)]), 3, 0),
        (["a:x:0", "b:y:0"], 1, 0),
        (["x(t-2)", "x(t-1)", "x(t)", "y(t-2)", "y(t-1)", "y(t)"], 3, 0),
        (["x(t)", "y(t)"], 1, 0),
        (["x(t-1)-x(t-2)", "x(t)-x(t-1)"], 2, 0),
        (["x(t)-x(t-1)", "y(t)-y(t-1)", "x(t)", "y(t)"], 1, 2),
    ],
)
def test_window_shape(names, n_steps, n_levels, static):
    assert read_window_shape([*names, *static]) == (n_steps, n_levels + len(static))


@pytest.mark.parametrize("lags", [1, 2, 11])
@pytest.mark.parametrize(
    ("coding", "fewer_steps", "n_static"),
    [("levels", 0, 0), ("differences", 1, 0), ("differences+level", 1, 2)],
)
def test_window_shape_of_lagged_rows(lags, coding, fewer_steps, n_static):
    featurizer = LagFeaturizer(lags=lags, coding=coding).fit([[1.0, 2.0], [3.0, 4.0]])
    names = list(featurizer.get_feature_names_out(["x", "y(z)"]))
    assert read_window_shape(names) == (lags + 1 - fewer_steps, n_static)


@pytest.mark.parametrize("names", [[], ["x1", "FIC-101.PV"], CALENDAR])
def test_ordinary_names_tell_no_window_shape(names):
    assert read_window_shape(names) is None


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["hour", "a:x:0", "a:x:1"], "stand behind the windows. Found 'hour' before 'a:x:1'"),
        (["a:x:0", "hour", "a:y:0", "day"], "Found 'hour' before 'a:y:0'"),
        (["a:x:0", "a:x:1", "b:y:0"], r"differ in their number of steps: \{'a': 2, 'b': 1\}"),
        (["x(t-1)", "x(t)", "y(t)", "hour"], "differ in their number of steps"),
        (["a:x:1", "a:x:0", "hour"], "not complete and ascending"),
    ],
)
def test_contradicting_window_shapes(names, message):
    with pytest.raises(ValueError, match=message):
        read_window_shape(names)
