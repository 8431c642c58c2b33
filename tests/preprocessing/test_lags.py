"""LagFeaturizer against a plain-loop transcription of its definition, and its edges."""

import pickle
import re
import warnings
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline

from sklearn_mtl.preprocessing import LagFeaturizer

CODINGS = ["levels", "differences", "differences+level"]
# How a reader takes a name apart: differences first, since they look like levels at their end.
DIFFERENCE = re.compile(r"(?P<channel>.*)\(t(?:-(\d+))?\)-(?P=channel)\(t(?:-(\d+))?\)", re.DOTALL)
LEVEL = re.compile(r"(?P<channel>.*)\(t(?:-(\d+))?\)", re.DOTALL)


def parse(name):
    match = DIFFERENCE.fullmatch(name) or LEVEL.fullmatch(name)
    channel, *steps = match.groups()
    return channel, *(int(step or 0) for step in steps)


def loop_reference(X, lags, coding, segment_of_row):
    """Eq. 19 row by row: each input at t, t-1, ..., the first value of the segment before it."""
    lags = sorted(lags, reverse=True)
    out = []
    for t in range(len(X)):
        start = min(row for row in range(len(X)) if segment_of_row[row] == segment_of_row[t])
        row = []
        for d in range(X.shape[1]):
            window = [X[max(t - lag, start), d] for lag in lags]
            if coding == "levels":
                row += window
            else:
                row += [window[j + 1] - window[j] for j in range(len(window) - 1)]
        if coding == "differences+level":
            row += [X[max(t - lags[-1], start), d] for d in range(X.shape[1])]
        out.append(row)
    return np.array(out)


def table(n=12, d=3, index=None, seed=0):
    values = np.random.default_rng(seed).normal(size=(n, d))
    return pd.DataFrame(values, columns=[f"x{k}" for k in range(d)], index=index)


def lag(X, **params):
    return LagFeaturizer(**params).fit_transform(X)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("lags", [1, 2, 9, [0, 3], (7, 2, 0, 1), range(1, 5), np.array([2, 4])])
@pytest.mark.parametrize("n", [11, 30])
def test_equals_the_loop(lags, coding, n):
    X = table(n).to_numpy()
    steps = range(lags + 1) if isinstance(lags, int) else lags
    expected = loop_reference(X, steps, coding, np.zeros(n))
    np.testing.assert_array_equal(lag(X, lags=lags, coding=coding), expected)


@pytest.mark.parametrize("coding", CODINGS)
def test_equals_the_loop_inside_segments(coding):
    labels = list("aaabccccdaaa")  # a group of one row, and a label that returns
    X = table()
    runs = np.cumsum([0, *(a != b for a, b in pairwise(labels))])
    expected = loop_reference(X.to_numpy(), range(4), coding, runs)
    out = lag(X.assign(batch=labels), lags=3, coding=coding, segment="batch")
    np.testing.assert_array_equal(out, expected)
    index = 10 * runs + np.arange(len(X))
    np.testing.assert_array_equal(lag(X.set_index(index), lags=3, coding=coding), expected)


def test_no_value_of_the_future_enters():
    X = table(30).to_numpy()
    changed = X.copy()
    changed[17:] = 1e6
    for coding in CODINGS:
        before = lag(X, lags=4, coding=coding)
        after = lag(changed, lags=4, coding=coding)
        np.testing.assert_array_equal(before[:17], after[:17])
        assert (before[17:] != after[17:]).any(axis=1).all()


def test_layout_and_names_say_the_same():
    # The value of a cell is its channel and time, so that it must equal what its name says.
    X = pd.DataFrame({"a": 100.0 + np.arange(8), "b": 200.0 + np.arange(8)})
    for coding in CODINGS:
        out = LagFeaturizer(lags=3, coding=coding).set_output(transform="pandas").fit_transform(X)
        for name in out.columns:
            channel, newer, *older = parse(name)
            expected = X[channel].iloc[7 - newer] - sum(X[channel].iloc[7 - z] for z in older)
            assert out[name].iloc[7] == expected
    assert list(lag_names(X, lags=1)) == ["a(t-1)", "a(t)", "b(t-1)", "b(t)"]
    assert list(lag_names(X, lags=2, coding="differences+level")) == [
        "a(t-1)-a(t-2)",
        "a(t)-a(t-1)",
        "b(t-1)-b(t-2)",
        "b(t)-b(t-1)",
        "a(t)",
        "b(t)",
    ]


def lag_names(X, **params):
    return LagFeaturizer(**params).fit(X).get_feature_names_out()


@pytest.mark.parametrize(
    "channel", ["flow of air", "Füllstand (m³)", "a-b", "x(t-1)", "x(t-1)-x(t-2)", "(", "a\nb", ""]
)
@pytest.mark.parametrize("coding", CODINGS)
def test_odd_names_are_read_back(channel, coding):
    X = table(5, 1).set_axis([channel], axis=1)
    parsed = [parse(name) for name in lag_names(X, lags=2, coding=coding)]
    assert {name for name, *_ in parsed} == {channel}
    differences = [(channel, 1, 2), (channel, 0, 1)]
    levels = [(channel, 2), (channel, 1), (channel, 0)]
    expected = {
        "levels": levels,
        "differences": differences,
        "differences+level": [*differences, (channel, 0)],
    }
    assert parsed == expected[coding]


def test_names_of_arrays_and_wrong_names():
    lags = LagFeaturizer(lags=1).fit(table().to_numpy())
    assert list(lags.get_feature_names_out()[:2]) == ["x0(t-1)", "x0(t)"]
    assert list(lags.get_feature_names_out(["u", "v", "w"])[:2]) == ["u(t-1)", "u(t)"]
    with pytest.raises(ValueError, match="not equal to feature_names_in_"):
        LagFeaturizer().fit(table()).get_feature_names_out(["u", "v", "w"])


@pytest.mark.parametrize(
    "index",
    [
        [0, 1, 2, 3, 10, 11, 12, 13, 14, 20, 21, 22],
        pd.RangeIndex(13).delete(4),
        pd.date_range("2024-01-01", periods=40, freq="min")[[*range(5), *range(9, 16)]],
        pd.date_range("2024-03-30 20:00", periods=40, freq="h", tz="Europe/Rome").delete(5)[:12],
        pd.period_range("2024-01", periods=13, freq="M").delete(6),
        pd.timedelta_range("0s", periods=13, freq="s").delete(6),
        np.delete(np.arange(13, dtype=np.uint8), 6),
        np.delete(np.arange(13) / 10, 6).round(1) * 16,
    ],
    ids=["int", "range", "minutes", "time zone", "months", "timedelta", "uint8", "float"],
)
def test_a_jump_of_the_index_starts_a_segment(index):
    X = table(12, 1, index=index)
    steps = np.diff(ordinals(X.index))
    starts = np.r_[True, steps > 1.5 * np.median(steps)]
    assert starts.sum() > 1
    out = lag(X, lags=1)
    np.testing.assert_array_equal(out[starts, 0], X.to_numpy()[starts, 0])
    np.testing.assert_array_equal(out[~starts, 0], X["x0"].shift(1)[~starts])


def ordinals(index):
    return index.asi8 if hasattr(index, "asi8") else index.to_numpy().astype(float)


def test_summer_time_is_no_jump():
    hours = pd.date_range("2024-10-26", periods=60, freq="h", tz="Europe/Rome")
    X = table(60, index=hours)
    np.testing.assert_array_equal(lag(X), lag(X.to_numpy()))


def test_jitter_is_no_jump():
    rng = np.random.default_rng(0)
    times = pd.date_range("2024-01-01", periods=60, freq="min")
    jitter = pd.to_timedelta(rng.uniform(-12, 12, size=60), unit="s")
    X = table(60, index=times + jitter)
    np.testing.assert_array_equal(lag(X), lag(X.to_numpy()))


def test_the_usual_step_is_that_of_the_training_rows():
    X = table(20, index=pd.date_range("2024-01-01", periods=20, freq="min"))
    featurizer = LagFeaturizer(lags=1, coding="differences").fit(X)
    far_apart = X.iloc[[3, 9]]  # the jump is the only step there is
    np.testing.assert_array_equal(featurizer.transform(far_apart)[1], 0)
    seconds = far_apart.set_axis(far_apart.index.as_unit("s"))
    np.testing.assert_array_equal(featurizer.transform(seconds)[1], 0)


def test_a_fold_with_a_hole_has_no_false_window():
    X = table(50)
    train, _ = list(KFold(5).split(X))[2]
    out = lag(X.iloc[train], lags=3, coding="differences")
    after_hole = np.flatnonzero(np.diff(train) > 1)[0] + 1
    np.testing.assert_array_equal(out[after_hole], 0)
    whole = lag(X, lags=3, coding="differences")[train]
    np.testing.assert_array_equal(out[after_hole + 3 :], whole[after_hole + 3 :])


def test_arrays_and_segment_none_are_one_segment():
    X = table(12, index=[*range(6), *range(50, 56)])
    expected = loop_reference(X.to_numpy(), range(4), "levels", np.zeros(12))
    np.testing.assert_array_equal(lag(X.to_numpy(), lags=3), expected)
    np.testing.assert_array_equal(lag(X, lags=3, segment=None), expected)
    shuffled = X.sample(frac=1, random_state=0)
    assert lag(shuffled, lags=3, segment=None).shape == (12, 12)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ([0, 1, 2, 2], "repeats at row 3: 2 is followed by 2"),
        ([0, 1, 3, 2], "goes back at row 3: 3 is followed by 2"),
        (np.array([0, 1, 3, 2], dtype=np.uint8), "goes back at row 3"),
        ([3, 2, 1, 0], "goes back at row 1"),
        (pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-02", "2024-01-03"]), "repeats"),
        (pd.to_datetime(["2024-01-01", None, "2024-01-02", "2024-01-03"]), "1 missing"),
        ([0.0, 1.0, np.nan, 3.0], "1 missing"),
        (list("abcd"), "DatetimeIndex or a numeric index"),
        (pd.MultiIndex.from_product([[0, 1], [0, 1]]), "DatetimeIndex or a numeric index"),
    ],
)
def test_an_index_without_order_raises(index, message):
    X = table(4, index=index)
    with pytest.raises(ValueError, match=message):
        LagFeaturizer(lags=1).fit(X)
    fitted = LagFeaturizer(lags=1).fit(table(4))
    with pytest.raises(ValueError, match=r"segment=None"):
        fitted.transform(X)


def test_segment_column_is_dropped_and_known():
    X = table(6).assign(batch=["a", "a", "b", "b", "b", "c"])
    lags = LagFeaturizer(lags=1, segment="batch").fit(X)
    assert list(lags.feature_names_in_) == list(X.columns)
    assert lags.n_features_in_ == 4
    assert not any("batch" in name for name in lags.get_feature_names_out())
    assert lags.transform(X).shape == (6, 6)
    categorical = X.astype({"batch": "category"})
    np.testing.assert_array_equal(lags.transform(X), lags.transform(categorical))


def test_segment_column_errors():
    X = table(4)
    with pytest.raises(
        ValueError, match=r"segment='batch' needs a DataFrame.*\['x0', 'x1', 'x2'\]"
    ):
        LagFeaturizer(segment="batch").fit(X)
    with pytest.raises(ValueError, match="Got a ndarray"):
        LagFeaturizer(segment="batch").fit(X.to_numpy())
    with pytest.raises(ValueError, match="'batch' is missing in 1 rows, first in row 2"):
        LagFeaturizer(segment="batch").fit(X.assign(batch=["a", "a", None, "b"]))


def test_exclude_marks_rows_with_an_incomplete_window():
    X = table(12, index=[*range(5), *range(10, 17)])
    warm_up = np.isin(np.arange(12), [0, 1, 2, 5, 6, 7])
    for coding in CODINGS:
        edge = lag(X, lags=3, coding=coding)
        out = lag(X, lags=3, coding=coding, history="exclude")
        assert np.isnan(out[warm_up]).all()
        np.testing.assert_array_equal(out[~warm_up], edge[~warm_up])


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("n_new", [1, 2, 20])
@pytest.mark.parametrize("as_array", [False, True])
def test_carry_continues_the_series(coding, n_new, as_array):
    X = table(40)
    X = X.to_numpy() if as_array else X
    train, new = X[:20], X[20 : 20 + n_new]
    lags = LagFeaturizer(lags=5, coding=coding, history="carry")
    whole = lag(X, lags=5, coding=coding)
    np.testing.assert_array_equal(lags.fit_transform(train), whole[:20])
    for _ in range(2):  # transform does not move what is remembered
        np.testing.assert_array_equal(lags.transform(new), whole[20 : 20 + n_new])


def test_carry_sees_a_gap_to_the_training_rows():
    X = table(20)
    lags = LagFeaturizer(lags=1, history="carry").fit(X.iloc[:10])
    one_late_row = X.iloc[[15]]
    np.testing.assert_array_equal(lags.transform(one_late_row)[:, ::2], one_late_row)


def test_carry_with_a_segment_column():
    X = table(8).assign(batch=list("aaabbbcc"))
    lags = LagFeaturizer(lags=2, segment="batch", history="carry").fit(X[:5])
    whole = lag(X, lags=2, segment="batch")
    np.testing.assert_array_equal(lags.transform(X[5:]), whole[5:])


def test_carry_refuses_rows_that_do_not_follow():
    X = table(20)
    lags = LagFeaturizer(lags=2, history="carry").fit(X.iloc[5:15])
    for earlier in (X.iloc[:5], X.iloc[14:]):
        with pytest.raises(ValueError, match="end at index 14"):
            lags.transform(earlier)
    with (
        pytest.raises(ValueError, match="in fit and transform, or in neither"),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # scikit-learn's about missing names
        lags.transform(X.to_numpy()[15:])
    dated = X.set_index(pd.date_range("2024", periods=20))
    with pytest.raises(ValueError, match="DatetimeIndex or a numeric index"):
        lags.transform(dated)


def test_refit_without_carry_forgets():
    X = table(20).to_numpy()
    lags = LagFeaturizer(lags=2, history="carry").fit(X)
    lags.set_params(history="edge").fit(X)
    np.testing.assert_array_equal(lags.transform(X), lag(X, lags=2))


@pytest.mark.parametrize("history", ["edge", "exclude"])
def test_fewer_rows_than_lags_warns(history):
    X = table(30).to_numpy()
    lags = LagFeaturizer(lags=9, coding="differences", history=history).fit(X)
    with pytest.warns(UserWarning, match=r"1 rows are too few for lags up to 9"):
        lone = lags.transform(X[:1])
    np.testing.assert_array_equal(lone, 0 if history == "edge" else np.nan)
    with pytest.warns(UserWarning, match="9 rows"):
        lags.transform(X[:9])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lags.transform(X[:10])
        LagFeaturizer(history="carry").fit(X).transform(X[:1])
        LagFeaturizer(lags=0).fit(X).transform(X[:1])


def test_nan_propagates_cell_by_cell():
    X = table(12).to_numpy(copy=True)
    X[4, 1] = X[0, 0] = np.nan
    out = lag(X, lags=2)
    missing = {(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0), (4, 5), (5, 4), (6, 3)}
    assert set(zip(*np.nonzero(np.isnan(out)), strict=True)) == missing


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.uint8, bool])
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("history", ["edge", "carry", "exclude"])
def test_dtype(dtype, coding, history):
    X = (table(20) > 0).astype(dtype)
    lags = LagFeaturizer(lags=2, coding=coding, history=history)
    expected = np.float32 if dtype is np.float32 else np.float64
    assert lags.fit_transform(X).dtype == expected
    X.index += 20
    assert lags.transform(X).dtype == expected


@pytest.mark.parametrize("scale", [1e-300, 1e-10, 1e10, 1e300])
def test_scale_is_kept(scale):
    X = table(20).to_numpy()
    for coding in CODINGS:
        scaled = lag(X * scale, lags=3, coding=coding)
        np.testing.assert_allclose(scaled / scale, lag(X, lags=3, coding=coding), atol=1e-12)


def test_constant_columns():
    X = np.full((15, 2), 7.5)
    np.testing.assert_array_equal(lag(X, coding="differences"), np.zeros((15, 18)))
    np.testing.assert_array_equal(lag(X), np.full((15, 20), 7.5))


def test_memory_is_not_written_to():
    X = np.asfortranarray(table(20).to_numpy())[::2]
    X.flags.writeable = False
    before = X.copy()
    out = lag(X, lags=2, history="exclude")
    np.testing.assert_array_equal(X, before)
    assert not np.shares_memory(out, X)
    np.testing.assert_array_equal(out, lag(before.copy(), lags=2, history="exclude"))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"lags": -1}, "'lags' parameter"),
        ({"lags": 2.5}, "'lags' parameter"),
        ({"lags": []}, r"`lags` must be.*Got \[\]"),
        ({"lags": [0, 1, 1]}, "distinct"),
        ({"lags": [-1, 0]}, "at least 0"),
        ({"lags": [0.5, 1]}, r"Got \[0.5, 1\]"),
        ({"lags": [[0, 1]]}, "`lags` must be"),
        ({"lags": 0, "coding": "differences"}, "needs at least two"),
        ({"lags": [3], "coding": "differences+level"}, r"Got lags=\[3\]"),
        ({"coding": "diff"}, "'coding' parameter"),
        ({"history": "drop"}, "'history' parameter"),
        ({"segment": 3}, "'segment' parameter"),
    ],
)
def test_wrong_parameters_are_named(params, message):
    with pytest.raises(ValueError, match=message):
        LagFeaturizer(**params).fit(table())


def test_infinite_values_raise():
    X = table(12)
    X.iloc[3, 0] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        LagFeaturizer().fit(X)
    with pytest.raises(ValueError, match="infinity"):
        LagFeaturizer(segment="batch").fit(X.assign(batch="a"))


def test_clone_pickle_and_set_output():
    X = table(30)
    lags = LagFeaturizer(lags=[0, 2], history="carry", coding="differences+level")
    lags.set_output(transform="pandas").fit(X[:20])
    out = lags.transform(X[20:])
    assert list(out.index) == list(X.index[20:])
    assert list(out.columns) == list(lags.get_feature_names_out())
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(lags)).transform(X[20:]), out)
    pd.testing.assert_frame_equal(clone(lags).fit(X[:20]).transform(X[20:]), out)


def test_grid_search_over_a_pipeline():
    X = table(60)
    y = X["x0"].shift(2).fillna(0)
    search = GridSearchCV(
        make_pipeline(LagFeaturizer(), Ridge(1e-6)), {"lagfeaturizer__lags": [1, 3]}, cv=KFold(3)
    ).fit(X, y)
    assert search.best_params_ == {"lagfeaturizer__lags": 3}
    assert search.best_score_ > 0.8
