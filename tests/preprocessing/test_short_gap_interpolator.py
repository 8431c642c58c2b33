"""ShortGapInterpolator: straight inside short gaps, silent elsewhere, bounded look-ahead."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from sklearn_mtl._sequence_layout import SourceWindows, window_names
from sklearn_mtl.preprocessing import LagFeaturizer, ShortGapInterpolator

# Arrays stand for the steps of one channel in many tests.
pytestmark = pytest.mark.filterwarnings("ignore:No layout is given")


def holes(n=60, d=5, share=0.5, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    X[rng.random((n, d)) < share] = np.nan
    return X


def loop_reference(series, max_gap, *, hold_ends=False):
    out = series.copy()
    t = 0
    while t < len(series):
        if not np.isnan(series[t]):
            t += 1
            continue
        end = t
        while end < len(series) and np.isnan(series[end]):
            end += 1
        if t > 0 and end < len(series) and end - t <= max_gap:
            for place in range(t, end):
                share = (place - (t - 1)) / (end - (t - 1))
                out[place] = (1 - share) * series[t - 1] + share * series[end]
        elif hold_ends and end - t <= max_gap and end - t < len(series):
            out[t:end] = series[end] if t == 0 else series[t - 1]
        t = end
    return out


WINDOWS = [
    SourceWindows("thermal", ("burn through", "Füllstand"), 12),
    SourceWindows("raw", ("a",), 5),
]


def windows(n=40, seed=0, share=0.4):
    names = window_names(WINDOWS)
    return pd.DataFrame(holes(n, len(names), share, seed), columns=names)


@pytest.mark.parametrize("max_gap", [1, 2, 3, 1000])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9, 1.0])
def test_rows_equal_the_loop(max_gap, share):
    X = holes(share=share)
    reference = np.column_stack([loop_reference(channel, max_gap) for channel in X.T])
    out = ShortGapInterpolator(max_gap).fit_transform(X)
    np.testing.assert_allclose(out, reference, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("max_gap", [1, 3])
def test_steps_equal_the_loop_in_each_window_of_each_row(max_gap):
    X = windows()
    out = ShortGapInterpolator(max_gap, along="steps").fit_transform(X)
    start = 0
    for _, channels, n_steps in WINDOWS:
        for _ in channels:
            block = slice(start, start + n_steps)
            reference = [
                loop_reference(row[block], max_gap, hold_ends=True) for row in X.to_numpy()
            ]
            np.testing.assert_allclose(out[:, block], reference, rtol=1e-13, atol=1e-15)
            start += n_steps
    assert start == X.shape[1]


def test_long_gaps_are_left_whole():
    """A limit that fills the first samples of a long gap, as in pandas, would fail here."""
    flow = np.array([[0.0], *[[np.nan]] * 4, [5.0]])
    np.testing.assert_array_equal(ShortGapInterpolator(3).fit_transform(flow), flow)
    np.testing.assert_allclose(ShortGapInterpolator(4).fit_transform(flow).ravel(), range(6))


def test_nothing_is_extrapolated_at_the_borders_of_a_table():
    X = np.array([[np.nan, np.nan, 1.0, np.nan, 3.0, np.nan]]).T
    out = ShortGapInterpolator(3).fit_transform(X).ravel()
    np.testing.assert_array_equal(out, [np.nan, np.nan, 1, 2, 3, np.nan])


def test_short_gaps_at_the_ends_of_a_window_take_the_value_beside_them():
    gap = [np.nan] * 3
    X = pd.DataFrame([[*gap[:2], 1, np.nan, 3, np.nan], [*gap, 5, *gap[:2]], [np.nan] * 6])
    X.columns = [f"x:{step}" for step in range(6)]
    out = ShortGapInterpolator(2, along="steps").fit_transform(X)
    np.testing.assert_array_equal(out, [[1, 1, 1, 2, 3, 3], [*gap, 5, 5, 5], [np.nan] * 6])


def test_borders_of_channels_and_rows_are_borders():
    """The last step of one channel and the first of the next stand side by side in memory."""
    X = pd.DataFrame([[1, np.nan, np.nan, 4], [np.nan, 2, 3, np.nan]], dtype=float)
    X.columns = ["s:a:0", "s:a:1", "s:b:0", "s:b:1"]
    out = ShortGapInterpolator(10, along="steps").fit_transform(X)
    np.testing.assert_array_equal(out, [[1, 1, 4, 4], [2, 2, 3, 3]])


@pytest.mark.parametrize("along", ["rows", "steps"])
def test_a_constant_stays_constant_and_known_values_stay(along):
    X = holes()
    known = ~np.isnan(X)
    interpolator = ShortGapInterpolator(4, along=along)
    np.testing.assert_array_equal(interpolator.fit_transform(X)[known], X[known])
    constant = np.where(known, 0.1, np.nan)
    out = interpolator.fit_transform(constant)
    assert set(out[~np.isnan(out)]) == {0.1}


def test_steps_read_no_other_row():
    X = windows()
    interpolator = ShortGapInterpolator(3, along="steps").fit(X)
    out = interpolator.transform(X)
    order = np.random.default_rng(1).permutation(len(X))
    np.testing.assert_array_equal(interpolator.transform(X.iloc[order]), out[order])
    for row in (0, 17, 39):
        np.testing.assert_array_equal(interpolator.transform(X.iloc[[row]])[0], out[row])


@pytest.mark.parametrize("max_gap", [1, 3, 6])
def test_rows_look_ahead_no_further_than_the_open_gap(max_gap):
    """What comes after row t changes cells of gaps open at t only, and those no older than that."""
    X = holes(200, 3, share=0.6)
    interpolator = ShortGapInterpolator(max_gap).fit(X)
    out = interpolator.transform(X)
    n_looks = 0
    for t in range(20, 180, 7):
        changed = X.copy()
        changed[t + 1 :] = holes(200, 3, share=0.2, seed=t)[t + 1 :]
        other = interpolator.transform(changed)[: t + 1]
        is_open = np.isnan(X[: t + 1])[::-1].cumprod(axis=0)[::-1].astype(bool)
        differs = (out[: t + 1] != other) & ~(np.isnan(out[: t + 1]) & np.isnan(other))
        assert not differs[~is_open].any()
        assert not differs[: t + 1 - max_gap].any()
        n_looks += differs.sum()
    assert n_looks, "the look-ahead that the documentation speaks of"


def test_the_newest_gap_stays_open_in_operation():
    X = holes(share=0.4)
    interpolator = ShortGapInterpolator(3).fit(X)
    live = np.array([interpolator.transform(X[: t + 1])[-1] for t in range(len(X))])
    np.testing.assert_array_equal(live, X)


def test_lag_names_are_read():
    X = pd.DataFrame(holes(20, 2, share=0.3), columns=["flow", "x(t)"])
    steps = make_pipeline(LagFeaturizer(lags=4), ShortGapInterpolator(2, along="steps")).set_output(
        transform="pandas"
    )
    out = steps.fit_transform(X)
    lagged = steps[0].transform(X)
    assert list(out.columns) == list(lagged.columns)
    assert [tuple(source) for source in steps[1].windows_] == [("", ("flow", "x(t)"), 5)]
    windows = lagged.to_numpy().reshape(-1, 5)
    reference = [loop_reference(window, 2, hold_ends=True) for window in windows]
    np.testing.assert_allclose(out.to_numpy().reshape(-1, 5), reference)


def test_columns_without_names_are_steps_of_one_channel():
    X = holes(10, 30)
    with pytest.warns(UserWarning, match="all 30 columns are taken as the steps of one channel"):
        out = ShortGapInterpolator(2, along="steps").fit_transform(X)
    reference = [loop_reference(row, 2, hold_ends=True) for row in X]
    np.testing.assert_allclose(out, reference, rtol=1e-13, atol=1e-15)


def test_tags_are_not_steps():
    """Between the flow and the temperature of a row there is nothing to interpolate."""
    X = pd.DataFrame(holes(10, 3), columns=["flow", "temperature", "speed"])
    with pytest.warns(UserWarning, match="no column name tells of windows"):
        ShortGapInterpolator(along="steps").fit(X)
    mixed = windows().assign(time_hour_sin=0.0)
    with pytest.raises(ValueError, match=r"first 'time_hour_sin'.*ColumnTransformer"):
        ShortGapInterpolator(along="steps").fit(mixed)


@pytest.mark.parametrize("along", ["rows", "steps"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_memory_and_order(along, dtype):
    X = holes().astype(dtype)
    before = X.copy()
    X.flags.writeable = False
    interpolator = ShortGapInterpolator(along=along)
    out = interpolator.fit_transform(X)
    assert out.dtype == dtype
    assert out.flags.c_contiguous
    assert not np.shares_memory(out, X)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(interpolator.transform(np.asfortranarray(X)), out)
    np.testing.assert_array_equal(interpolator.transform(np.repeat(X, 2, axis=1)[:, ::2]), out)


@pytest.mark.parametrize("along", ["rows", "steps"])
def test_names_and_index_stay(along):
    X = windows().set_index(pd.date_range("2024", periods=40, freq="8h"))
    out = ShortGapInterpolator(along=along).set_output(transform="pandas").fit_transform(X)
    assert list(out.columns) == list(X.columns)
    assert out.index.equals(X.index)


@pytest.mark.parametrize("along", ["rows", "steps"])
def test_clone_and_pickle(along):
    X = windows()
    interpolator = ShortGapInterpolator(2, along=along).fit(X)
    out = interpolator.transform(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(interpolator)).transform(X), out)
    np.testing.assert_array_equal(clone(interpolator).fit(X).transform(X), out)


@pytest.mark.parametrize(
    ("params", "name"),
    [({"max_gap": 0}, "max_gap"), ({"max_gap": 1.5}, "max_gap"), ({"along": "time"}, "along")],
)
def test_wrong_parameters_are_named(params, name):
    with pytest.raises(ValueError, match=f"'{name}' parameter"):
        ShortGapInterpolator(**params).fit(holes())


def test_infinite_values_raise():
    with pytest.raises(ValueError, match="infinity"):
        ShortGapInterpolator().fit([[np.inf]])
