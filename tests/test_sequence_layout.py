"""Names of columns tell windows."""

import pytest

from sklearn_mtl._sequence_layout import SourceWindows, read_windows, window_names


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
