"""MultirateResampler: layouts, names, missing values, errors, and its place in a pipeline."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl._sequence_layout import read_windows
from sklearn_mtl._validation import check_features, has_infinity
from sklearn_mtl.preprocessing import LagFeaturizer, MultirateResampler
from sklearn_mtl.preprocessing import _multirate_resampler as module
from sklearn_mtl.preprocessing.resampling import OPERATORS, POOLS

# Arrays stand for the steps of one channel in many tests.
pytestmark = pytest.mark.filterwarnings("ignore:No layout is given")

LAYOUT = {"thermal": (18, 2), "raw": (3, 3), "lab": (1, 1)}
N_COLUMNS = 18 * 2 + 3 * 3 + 1
SETTINGS = [{"operator": name} for name in OPERATORS]
SETTINGS += [{"operator": "pool", "pool": name} for name in POOLS]
IDS = ["-".join(setting.values()) for setting in SETTINGS]


def rows(n=7, n_columns=N_COLUMNS, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=(n, n_columns)).astype(dtype)


def named_table(n=7, layout=None):
    names = [
        f"{source}:c{channel}:{step}"
        for source, (n_steps, n_channels) in (layout or LAYOUT).items()
        for channel in range(n_channels)
        for step in range(n_steps)
    ]
    return pd.DataFrame(rows(n, len(names)), columns=names)


def by_source(X, operator, length, layout):
    """Every channel of every source by itself."""
    out, start = [], 0
    for n_steps, n_channels in layout.values():
        for _ in range(n_channels):
            out.append(operator(X[:, start : start + n_steps], length))
            start += n_steps
    return np.hstack(out)


def operator_of(setting):
    return POOLS[setting["pool"]] if "pool" in setting else OPERATORS[setting["operator"]]


@pytest.mark.parametrize("setting", SETTINGS, ids=IDS)
@pytest.mark.parametrize("length", [2, 5, 18])
def test_each_channel_of_each_source_is_mapped_by_itself(setting, length):
    X = rows()
    resampler = MultirateResampler(**setting, length=length, layout=LAYOUT)
    expected = by_source(X, operator_of(setting), length, LAYOUT)
    np.testing.assert_allclose(resampler.fit_transform(X), expected, rtol=1e-12, atol=1e-12)
    assert resampler.layout_ == LAYOUT
    assert (resampler.seq_len_, resampler.n_channels_) == (length, 6)


def test_defaults_are_hybrid_to_twelve_steps():
    X = rows(n_columns=60)
    expected = OPERATORS["hybrid"](X, 12)
    np.testing.assert_array_equal(MultirateResampler().fit_transform(X), expected)


@pytest.mark.parametrize("pool", POOLS)
def test_pool_is_read_by_pool_only(pool):
    X = rows(n_columns=60)
    expected = MultirateResampler("linear").fit_transform(X)
    np.testing.assert_array_equal(
        MultirateResampler("linear", pool=pool).fit_transform(X), expected
    )


@pytest.mark.parametrize("setting", SETTINGS, ids=IDS)
def test_blocks_of_rows_do_not_show(setting, monkeypatch):
    X = rows(50)
    resampler = MultirateResampler(**setting, layout=LAYOUT).fit(X)
    whole = resampler.transform(X)
    for n_bytes in (1, 3 * X[0].nbytes):
        monkeypatch.setattr(module, "BLOCK_BYTES", n_bytes)
        np.testing.assert_allclose(resampler.transform(X), whole, rtol=1e-12, atol=1e-12)


def test_layout_from_names():
    X = named_table()
    resampler = MultirateResampler(length=4).fit(X)
    assert resampler.layout_ == LAYOUT
    given = MultirateResampler(length=4, layout=LAYOUT).fit(X)
    assert given.layout_ == LAYOUT
    np.testing.assert_array_equal(resampler.transform(X), given.transform(X))
    names = resampler.get_feature_names_out()
    assert names[0] == "thermal:c0:0"
    assert names[-1] == "lab:c0:3"
    read = read_windows(names)
    assert [(source, n_steps, len(c)) for source, c, n_steps in read] == [
        ("thermal", 4, 2), ("raw", 4, 3), ("lab", 4, 1),
    ]  # fmt: skip


def test_layout_from_lags():
    table = pd.DataFrame(rows(30, 2), columns=["flow", "heat"])
    lagged = LagFeaturizer(lags=7).set_output(transform="pandas").fit_transform(table)
    resampler = MultirateResampler("linear", length=2).fit(lagged)
    assert resampler.layout_ == {"": (8, 2)}
    assert resampler.get_feature_names_out().tolist() == ["flow:0", "flow:1", "heat:0", "heat:1"]
    expected = lagged[["flow(t-7)", "flow(t)", "heat(t-7)", "heat(t)"]].to_numpy()
    np.testing.assert_array_equal(resampler.transform(lagged), expected)


def test_layout_can_be_handed_on():
    X = named_table()
    layout = MultirateResampler().fit(X).layout_
    assert MultirateResampler(layout=layout).fit(X.to_numpy()).layout_ == layout
    lagged = LagFeaturizer(lags=3).set_output(transform="pandas").fit_transform(X.iloc[:, :2])
    layout = MultirateResampler().fit(lagged).layout_
    assert MultirateResampler(layout=layout).fit(lagged).layout_ == layout


@pytest.mark.parametrize("as_table", [False, True])
def test_columns_without_names_are_steps_of_one_channel(as_table):
    X = rows(5, 9)
    X = pd.DataFrame(X, columns=[f"column {k}" for k in range(9)]) if as_table else X
    with pytest.warns(UserWarning, match="all 9 columns are taken as the steps of one channel"):
        resampler = MultirateResampler(length=3).fit(X)
    assert resampler.layout_ == {"": (9, 1)}
    assert resampler.get_feature_names_out().tolist() == ["x0:0", "x0:1", "x0:2"]


def test_names_of_an_array_with_a_layout():
    resampler = MultirateResampler(length=2, layout={"a": (3, 2), "b": (1, 1)}).fit(rows(3, 7))
    expected = ["a:x0:0", "a:x0:1", "a:x1:0", "a:x1:1", "b:x0:0", "b:x0:1"]
    assert resampler.get_feature_names_out().tolist() == expected


@pytest.mark.parametrize("names", [["", " ", "ü"], ["a", "b", "c"]])
def test_odd_names_tell_of_no_windows(names):
    X = pd.DataFrame(rows(4, 3), columns=names)
    assert MultirateResampler(layout={"s": (3, 1)}).fit(X).layout_ == {"s": (3, 1)}


def test_set_output_keeps_index_and_names():
    X = named_table().set_index(pd.date_range("2026-01-01", periods=7, freq="8h"))
    out = MultirateResampler(length=5).set_output(transform="pandas").fit_transform(X)
    pd.testing.assert_index_equal(out.index, X.index)
    assert read_windows(list(out.columns))[1].channels == ("c0", "c1", "c2")


@pytest.mark.parametrize("setting", SETTINGS, ids=IDS)
def test_missing_values_stay_in_their_channel(setting):
    X = rows()
    X[2, 20] = np.nan  # thermal, second channel
    resampler = MultirateResampler(**setting, length=6, layout=LAYOUT).fit(X)
    out = resampler.transform(X)
    expected = by_source(X, operator_of(setting), 6, LAYOUT)
    np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-12)
    hit = np.argwhere(np.isnan(out))
    assert set(hit[:, 0]) <= {2}
    assert set(hit[:, 1]) <= set(range(6, 12))


@pytest.mark.parametrize("setting", SETTINGS, ids=IDS)
def test_dtype_of_the_input_is_kept(setting):
    resampler = MultirateResampler(**setting, length=4, layout=LAYOUT)
    single = rows(dtype=np.float32)
    assert resampler.fit_transform(single).dtype == np.float32
    np.testing.assert_allclose(
        resampler.transform(single), resampler.transform(single.astype(float)), atol=1e-5
    )
    whole = rows().round().astype(int)
    assert resampler.fit_transform(whole).dtype == np.float64
    np.testing.assert_array_equal(resampler.transform(whole), resampler.transform(whole * 1.0))


@pytest.mark.parametrize("setting", SETTINGS, ids=IDS)
def test_memory_order_does_not_matter(setting, tmp_path):
    X = rows(9)
    resampler = MultirateResampler(**setting, length=4, layout=LAYOUT).fit(X)
    expected = resampler.transform(X)
    strided = np.repeat(np.repeat(X, 2, axis=0), 2, axis=1)[::2, ::2]
    path = tmp_path / "X.npy"
    np.save(path, X)
    for same in (np.asfortranarray(X), strided, X[::-1][::-1], np.load(path, mmap_mode="r")):
        np.testing.assert_allclose(resampler.transform(same), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(resampler.transform(X[4:5]), expected[4:5], rtol=1e-12, atol=1e-12)


def test_output_is_a_new_contiguous_array():
    X = rows(n_columns=12)
    out = MultirateResampler("linear").fit_transform(X)  # an identity at 12 steps
    np.testing.assert_array_equal(out, X)
    assert out.flags.c_contiguous
    assert not np.shares_memory(out, X)


def test_many_channels():
    X = rows(4, 200 * 30)
    resampler = MultirateResampler("fir_lowpass", layout={"plant": (30, 200)})
    expected = OPERATORS["fir_lowpass"](X.reshape(4, 200, 30), 12).reshape(4, -1)
    np.testing.assert_allclose(resampler.fit_transform(X), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("setting", SETTINGS, ids=IDS)
def test_get_params_clone_and_pickle(setting):
    X = rows()
    resampler = MultirateResampler(**setting, length=5, layout=LAYOUT)
    assert clone(resampler).get_params() == resampler.get_params()
    out = resampler.fit_transform(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(resampler)).transform(X), out)
    assert resampler.layout == LAYOUT


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ({"a": (3, 2)}, r"describes 6 columns \(3 \* 2\), X has 12.*\(steps, channels\)"),
        ({"a": (3, 2), "b": (7, 1)}, r"describes 13 columns \(3 \* 2 \+ 7 \* 1\), X has 12"),
        ({}, r"`layout` is \{\}"),
        ({"a": (0, 5)}, r"layout\['a'\].*at least 1. Got \(0, 5\)"),
        ({"a": (-3, -4)}, "at least 1"),
        ({"a": (6.0, 2)}, "two integers"),
        ({"a": (True, 12)}, "two integers"),
        ({"a": 12}, "two integers"),
        ({"a": (12,)}, "two integers"),
        ({"a": "12"}, "two integers"),
        ({"a:b": (12, 1)}, "without a colon"),
        ({1: (12, 1)}, "named by a string"),
    ],
)
def test_wrong_layouts(layout, message):
    with pytest.raises(ValueError, match=message):
        MultirateResampler(layout=layout).fit(rows(3, 12))


@pytest.mark.parametrize(
    "layout",
    [
        {"thermal": (18, 2), "lab": (1, 1), "raw": (3, 3)},
        {"thermal": (2, 18), "raw": (3, 3), "lab": (1, 1)},
        {"hot": (18, 2), "raw": (3, 3), "lab": (1, 1)},
        {"all": (46, 1)},
    ],
)
def test_layout_must_agree_with_the_names(layout):
    with pytest.raises(ValueError, match=r"names of the columns say.*layout=None"):
        MultirateResampler(layout=layout).fit(named_table())


def test_names_must_agree_with_each_other():
    X = named_table().assign(year=2026.0)
    for layout in (None, {**LAYOUT, "year": (1, 1)}):
        with pytest.raises(ValueError, match="Pass the windows alone"):
            MultirateResampler(layout=layout).fit(X)


@pytest.mark.parametrize(
    "params",
    [
        {"operator": "nearest"},
        {"operator": "avg"},
        {"length": 1},
        {"length": 2.5},
        {"pool": "mean"},
        {"layout": "thermal"},
        {"layout": [("a", (3, 4))]},
    ],
)
def test_parameters_out_of_range(params):
    with pytest.raises(ValueError, match=f"'{next(iter(params))}' parameter"):
        MultirateResampler(**params).fit(rows(3, 12))


@pytest.mark.parametrize("infinity", [np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("operator", ["decimate_repeat", "pool"])
def test_infinity_raises_wherever_it_is(infinity, dtype, operator):
    X = rows(40, dtype=dtype)
    resampler = MultirateResampler(operator, length=2, layout=LAYOUT).fit(X)
    for row, column in [(0, 0), (39, N_COLUMNS - 1), (20, 7)]:  # the last one is never read
        bad = X.copy()
        bad[row, column] = infinity
        bad[3, 3] = np.nan
        for same in (bad, np.asfortranarray(bad), pd.DataFrame(bad)):
            with pytest.raises(ValueError, match="infinity"):
                resampler.transform(same)
        with pytest.raises(ValueError, match="infinity"):
            resampler.fit(bad)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_largest_floats_are_not_infinity(dtype):
    X = np.full((3, 8), np.finfo(dtype).max / 2, dtype)
    X[1] *= -1
    out = MultirateResampler("linear", length=4, layout={"": (8, 1)}).fit_transform(X)
    np.testing.assert_allclose(out, X[:, :4], rtol=1e-6)
    assert not has_infinity(X)
    assert not has_infinity(np.full(5, np.nan))
    assert has_infinity(np.array([np.inf, -np.inf, np.nan]))


def test_wrong_input_at_transform():
    resampler = MultirateResampler(layout=LAYOUT).fit(rows())
    with pytest.raises(ValueError, match="46 features"):
        resampler.transform(rows(n_columns=45))
    with pytest.raises(ValueError, match="0 sample"):
        resampler.transform(rows(0))
    resampler.fit(named_table())
    with pytest.raises(ValueError, match="feature names"):
        resampler.transform(named_table().iloc[:, ::-1])


def test_features_may_be_passed_on_with_infinity():
    """What the resampler asks of the check of X; all others get an error."""
    X = rows()
    resampler = MultirateResampler(layout=LAYOUT).fit(X)
    X[0, 0] = np.inf
    for same in (X, X.astype(object)):
        assert np.isinf(check_features(resampler, same, reset=False, allow_infinite=True)[0, 0])
        with pytest.raises(ValueError, match="infinity"):
            check_features(resampler, same, reset=False)


def test_grid_search_over_operators():
    X = named_table(60)
    y = X.filter(like="thermal:c0").mean(axis=1)
    grid = {
        "multirateresampler__operator": [*OPERATORS, "pool"],
        "multirateresampler__length": [3, 6],
    }
    pipeline = make_pipeline(MultirateResampler(), StandardScaler(), Ridge())
    search = GridSearchCV(pipeline, grid, cv=KFold(3), error_score="raise").fit(X, y)
    # The average of equal intervals alone loses nothing of the mean.
    assert search.best_params_["multirateresampler__operator"] == "pool"
    assert search.best_score_ > 0.95
