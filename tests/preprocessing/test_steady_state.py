"""SteadyStateFilter: bounds, trailing deviation, settling; causal, robust to level and spikes."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from sklearn_mtl import PerTargetRegressor
from sklearn_mtl.preprocessing import LagFeaturizer, SteadyStateFilter
from sklearn_mtl.preprocessing._steady_state import rolling_std


def plant(n=200, seed=0):
    """A strand that runs at 1.5, stands in rows 80 to 99, and starts by a ramp of five rows."""
    rng = np.random.default_rng(seed)
    speed = np.full(n, 1.5) + 0.01 * rng.normal(size=n)
    speed[80:100] = 0
    speed[100:105] = [0.3, 0.6, 0.9, 1.2, 1.5]
    return pd.DataFrame(
        {"strand_speed": speed, "temperature": 400 + rng.normal(size=n), "moisture": rng.random(n)},
        index=pd.date_range("2024", periods=n, freq="1min"),
    )


def excluded(filter_, X):
    out = np.asarray(filter_.fit_transform(X))
    is_excluded = np.isnan(out).all(axis=1)
    np.testing.assert_array_equal(out[~is_excluded], np.asarray(X)[~is_excluded])
    np.testing.assert_array_equal(is_excluded, ~filter_.steady_mask_)
    return set(np.flatnonzero(is_excluded))


def loop_mask(values, low, high, limit, window, settling):
    """One tag by plain loops; a limit of None is none."""
    states = []
    for t, value in enumerate(values):
        past = [v for v in values[max(t - window + 1, 0) : t + 1] if not np.isnan(v)]
        std = np.std(past, ddof=1) if len(past) >= 2 else np.nan
        if (not np.isnan(value) and not low <= value <= high) or (limit and std > limit):
            states.append("off")
        elif np.isnan(value) or (limit and np.isnan(std)):
            states.append("unknown")
        else:
            states.append("steady")
    return [
        state == "steady" and "off" not in states[max(t - settling, 0) : t]
        for t, state in enumerate(states)
    ]


@pytest.mark.parametrize("window", [2, 3, 7, 8, 50, 1000])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.95, 1.0])
def test_rolling_std_is_that_of_the_known_values_of_a_window(window, share):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3))
    X[rng.random(X.shape) < share] = np.nan
    expected = np.full(X.shape, np.nan)
    for row, column in np.ndindex(X.shape):
        known = X[max(0, row - window + 1) : row + 1, column]
        known = known[~np.isnan(known)]
        if len(known) > 1:
            expected[row, column] = known.std(ddof=1)
    np.testing.assert_allclose(rolling_std(X, window), expected, rtol=1e-10, atol=1e-14)


def test_rolling_std_at_a_high_level():
    """Squares of the values, or sums over them, would leave no digit."""
    deviations = 1e-3 * np.random.default_rng(0).normal(size=(500, 1))
    X = 1e9 + deviations
    std = rolling_std(X, 10)
    # 1e9 is stored to 1.2e-7, a ten-thousandth of the deviation.
    np.testing.assert_allclose(std, rolling_std(X - 1e9, 10), rtol=1e-3)
    np.testing.assert_allclose(std, rolling_std(deviations, 10), rtol=1e-3)


def test_rolling_std_forgets_a_spike():
    X = 1e-2 * np.random.default_rng(0).normal(size=(100, 1))
    X[50] = 1e12
    std = rolling_std(X, 10)
    assert (std[50:60] > 1e11).all()
    np.testing.assert_allclose(std[60:, 0], [X[t - 9 : t + 1].std(ddof=1) for t in range(60, 100)])


@pytest.mark.parametrize("value", [0.1, 1e9, 1 / 3, -7e-5])
def test_rolling_std_of_a_constant_is_zero(value):
    assert (rolling_std(np.full((40, 1), value), 7)[1:] == 0).all()


def test_bounds():
    X = plant()
    assert excluded(SteadyStateFilter({"strand_speed": (1.1, None)}), X) == set(range(80, 103))
    assert excluded(SteadyStateFilter({"strand_speed": (None, 1.1)}), X) == {
        *range(80),
        *range(103, 200),
    }
    exact = pd.DataFrame({"v": [1.0, 2.0, 3.0, 0.999, 3.001]})
    assert excluded(SteadyStateFilter({"v": (1, 3)}), exact) == {3, 4}


def test_settling_counts_from_the_end_of_the_excursion():
    X = plant()
    bounds = {"strand_speed": (1.1, None)}
    for settling in (1, 7, 1000):
        found = excluded(SteadyStateFilter(bounds, settling=settling), X)
        assert found == set(range(80, min(103 + settling, 200)))


def test_deviation_looks_at_the_last_rows():
    X = plant()
    steady = SteadyStateFilter(max_std={"strand_speed": 0.05}, window=10)
    # The stop is in the windows of rows 80 to 88, the ramp in those of rows 100 to 112. Between
    # them the strand stands, steadily: that is for bounds. Nothing is known of the first row.
    assert excluded(steady, X) == {0, *range(80, 89), *range(100, 113)}


def test_the_limit_itself_is_steady():
    X = np.array([[0.0], [2.0], [0.0]])
    root = float(np.sqrt(2))
    assert excluded(SteadyStateFilter(max_std={0: root}, window=2), X) == {0}
    with pytest.raises(ValueError, match="No row is steady"):
        SteadyStateFilter(max_std={0: np.nextafter(root, 0)}, window=2).fit(X)


@pytest.mark.parametrize("window", [2, 5, 16])
@pytest.mark.parametrize("settling", [0, 1, 4])
@pytest.mark.parametrize("limit", [None, 0.9])
def test_equals_the_loop(window, settling, limit):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(300, 2)) * np.repeat(rng.choice([0.3, 1.0], 30), 10)[:, np.newaxis]
    X[rng.random(X.shape) < 0.1] = np.nan
    steady = SteadyStateFilter(
        {0: (-1, 1.2), 1: (None, 1.5)},
        None if limit is None else {0: limit},
        window=window,
        settling=settling,
    ).fit(X)
    masks = [
        loop_mask(X[:, 0], -1, 1.2, limit, window, 0),
        loop_mask(X[:, 1], -np.inf, 1.5, None, window, 0),
    ]
    if settling == 0:
        np.testing.assert_array_equal(steady.steady_mask_, np.all(masks, axis=0))
    one = SteadyStateFilter(
        {0: (-1, 1.2)}, limit and {0: limit}, window=window, settling=settling
    ).fit(X)
    np.testing.assert_array_equal(
        one.steady_mask_, loop_mask(X[:, 0], -1, 1.2, limit, window, settling)
    )


def test_an_excursion_of_any_tag_settles_all():
    X = np.ones((10, 2))
    X[2, 0], X[4, 1] = 5, 5
    assert excluded(SteadyStateFilter({0: (0, 2), 1: (0, 2)}, settling=2), X) == {2, 3, 4, 5, 6}


def test_a_missing_value_excludes_its_row_only():
    X = plant()
    X.iloc[30, 0] = np.nan
    X.iloc[40, 1] = np.nan  # not monitored: the row is none of this filter's business
    steady = SteadyStateFilter({"strand_speed": (1.1, None)}, {"strand_speed": 1.0}, settling=5)
    out = steady.fit_transform(X)
    assert steady.steady_mask_[[29, 30, 31, 40]].tolist() == [True, False, True, True]
    np.testing.assert_array_equal(out[40], X.to_numpy()[40])


def test_no_value_of_the_future_enters():
    X = plant()
    changed = X.copy()
    changed.iloc[60:] = 99
    steady = SteadyStateFilter({"strand_speed": (1, 2)}, {"temperature": 3}, settling=3).fit(X)
    np.testing.assert_array_equal(steady.transform(X)[:60], steady.transform(changed)[:60])


def test_the_documented_past_is_enough_for_the_newest_row():
    X = plant()
    steady = SteadyStateFilter(max_std={"strand_speed": 0.1}, window=6, settling=4).fit(X)
    out = steady.transform(X)
    for t in range(9, 200):
        np.testing.assert_array_equal(steady.transform(X.iloc[t - 9 : t + 1])[-1], out[t])


def test_too_little_past_warns():
    X = plant()
    steady = SteadyStateFilter({"strand_speed": (1, 2)}, {"strand_speed": 0.1}, settling=2).fit(X)
    with pytest.warns(UserWarning, match="1 rows are too few.*Pass the 11 rows before"):
        assert np.isnan(steady.transform(X.iloc[[5]])).all()


def test_a_lone_row_is_enough_for_bounds(recwarn):
    X = plant()
    steady = SteadyStateFilter({"strand_speed": (1, 2)}).fit(X)
    np.testing.assert_array_equal(steady.transform(X.iloc[[5]]), X.iloc[[5]])
    assert np.isnan(steady.transform(X.iloc[[85]])).all()
    assert not recwarn.list


def test_transform_marks_or_passes():
    X = plant()
    bounds = {"strand_speed": (1, 2)}
    marking = SteadyStateFilter(bounds)
    np.testing.assert_array_equal(marking.fit_transform(X), marking.transform(X))
    passing = SteadyStateFilter(bounds, on_transform="pass")
    np.testing.assert_array_equal(passing.fit_transform(X), marking.transform(X))
    np.testing.assert_array_equal(passing.transform(X), X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_memory_and_limits_in_the_precision_of_the_data(dtype):
    X = np.array([[0.7], [0.8], [0.75]], dtype=dtype)  # 0.7 is less in float32, 0.8 more
    X.flags.writeable = False
    before = X.copy()
    out = SteadyStateFilter({0: (0.7, 0.8)}).fit_transform(X)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out, before)
    assert excluded(SteadyStateFilter({0: (None, 0.75)}), X) == {1}
    np.testing.assert_array_equal(X, before)


def test_names_and_index_stay():
    X = plant()
    steady = SteadyStateFilter({"strand_speed": (1, 2)}).set_output(transform="pandas")
    out = steady.fit_transform(X)
    assert list(out.columns) == list(X.columns)
    assert out.index.equals(X.index)


def test_positions_work_with_and_without_names():
    X = plant()
    named = SteadyStateFilter({"temperature": (399, None)}).fit(X)
    placed = SteadyStateFilter({1: (399, None)})
    np.testing.assert_array_equal(placed.fit(X).steady_mask_, named.steady_mask_)
    np.testing.assert_array_equal(placed.fit(X.to_numpy()).steady_mask_, named.steady_mask_)


def test_clone_and_pickle():
    X = plant()
    steady = SteadyStateFilter({"strand_speed": (1, None)}, {"temperature": 2.0}).fit(X)
    out = steady.transform(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(steady)).transform(X), out)
    np.testing.assert_array_equal(clone(steady).fit(X).transform(X), out)


def test_excluded_rows_are_in_no_window_and_no_training():
    X = plant()
    steps = make_pipeline(
        SteadyStateFilter({"strand_speed": (1.1, None)}),
        LagFeaturizer(lags=2),
        PerTargetRegressor(Ridge()),
    ).set_output(transform="pandas")
    y = np.where(np.arange(200) < 80, 1.0, 2.0)
    y[80:105] = 1e6  # must not be seen: the windows of rows 80 to 104 touch the stop
    with pytest.warns(UserWarning, match="25 of 200 rows"):
        predicted = steps.fit(X, y).predict(X)
    assert np.isnan(predicted).sum() == 25
    assert np.nanmax(predicted) < 5


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "Nothing tells what steady means: bounds=None, max_std=None"),
        ({"bounds": {}}, "Nothing tells what steady means"),
        ({"bounds": [(1, 2)]}, "'bounds' parameter"),
        ({"max_std": 0.1}, "'max_std' parameter"),
        ({"bounds": {0: (1, 2)}, "window": 1}, "'window' parameter"),
        ({"bounds": {0: (1, 2)}, "settling": -1}, "'settling' parameter"),
        ({"bounds": {0: (1, 2)}, "on_transform": "drop"}, "'on_transform' parameter"),
        ({"bounds": {0: (2, 1)}}, r"low <= high.*Got \(2, 1\) for the tag 0"),
        ({"bounds": {0: (None, None)}}, r"Got \(None, None\)"),
        ({"bounds": {0: (np.nan, 1)}}, r"Got \(nan, 1\)"),
        ({"bounds": {0: 1.2}}, r"must be a pair .* Got 1.2"),
        ({"bounds": {0: ("low", 1)}}, r"must be a pair"),
        ({"max_std": {0: 0}}, "finite number above 0. Got 0"),
        ({"max_std": {0: None}}, "finite number above 0. Got None"),
        ({"bounds": {"strand_sped": (1, 2)}}, r"'strand_sped'.*Alike: \['strand_speed'\]"),
        ({"max_std": {"xyz": 1}}, r"`max_std` names the tag 'xyz'.*Columns: \['strand_speed'"),
        ({"bounds": {3: (1, 2)}}, "names the tag 3, which is not a column"),
        ({"bounds": {-1: (1, 2)}}, "names the tag -1"),
        ({"bounds": {0: (0, 9), "strand_speed": (1, 2)}}, "limits column 0 twice"),
    ],
)
def test_wrong_parameters_are_named(params, message):
    with pytest.raises(ValueError, match=message):
        SteadyStateFilter(**params).fit(plant())


def test_names_need_a_table_with_names():
    with pytest.raises(ValueError, match=r"columns have no names.*position from 0 to 2"):
        SteadyStateFilter({"strand_speed": (1, 2)}).fit(plant().to_numpy())


def test_limits_in_other_units_show_the_range_of_the_data():
    with pytest.raises(
        ValueError, match=r"No row is steady.*n_samples=200.*strand_speed: 0 to 1\."
    ):
        SteadyStateFilter({"strand_speed": (60, 120)}).fit(plant())
