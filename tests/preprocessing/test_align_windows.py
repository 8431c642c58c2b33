"""Windows of asynchronous histories: what enters, what never does, and what is refused."""

import datetime

import numpy as np
import pandas as pd
import pyarrow
import pytest

from sklearn_mtl.preprocessing import align_windows

START = pd.Timestamp("2024-01-01")
DAY = pd.Timedelta("1D")


def history(n_rows, step, n_channels=2, *, start=START, seed=0, jitter="0s"):
    rng = np.random.default_rng(seed)
    index = pd.date_range(start, periods=n_rows, freq=step)
    limit = pd.Timedelta(jitter) / pd.Timedelta("1s")
    index = index + pd.to_timedelta(rng.uniform(-limit, limit, n_rows), unit="s")
    columns = [f"x{channel}" for channel in range(n_channels)]
    return pd.DataFrame(rng.normal(size=(n_rows, n_channels)), index=index, columns=columns)


def plant(seed=0, jitter="0s"):
    return {
        "thermal": history(3000, "1min", 3, seed=seed, jitter=jitter),
        "equipment": history(600, "5min", 2, seed=seed + 1, jitter=jitter),
        "raw": history(9, "8h", 1, start=START - pd.Timedelta("2h"), seed=seed + 2),
    }


LOOKBACK = {"thermal": "30min", "equipment": "1h", "raw": "16h"}
TIMES = START + pd.to_timedelta([1000.0, 1207.3, 2400.0, 2999.0], unit="min")


def test_windows_by_loops():
    frames = plant()
    dead_time = {"thermal": "10min", "equipment": "0s", "raw": "90min"}
    samples = align_windows(frames, TIMES, LOOKBACK, dead_time)
    assert samples.layout == {"thermal": (30, 3), "equipment": (12, 2), "raw": (2, 1)}
    for time in TIMES:
        expected = []
        for source, frame in frames.items():
            end = time - pd.Timedelta(dead_time[source])
            start = end - pd.Timedelta(LOOKBACK[source])
            window = frame[(frame.index > start) & (frame.index <= end)]
            expected.append(window.to_numpy().T.ravel())  # channel-major, time ascending
        np.testing.assert_array_equal(samples.X.loc[time], np.concatenate(expected))
    assert list(samples.X.columns[[0, 29, 30]]) == ["thermal:x0:0", "thermal:x0:29", "thermal:x1:0"]
    assert samples.X.columns[-1] == "raw:x0:1"


@pytest.mark.parametrize("seed", range(20))
def test_no_value_after_the_dead_time_enters(seed):
    """Also through irregular clocks, holes, held rows and campaigns."""
    rng = np.random.default_rng(seed)
    frames = plant(seed, jitter="25s")
    frames["thermal"] = frames["thermal"][rng.random(3000) > 0.1]
    dead_time = pd.Timedelta(rng.integers(0, 120), unit="min")
    options = {
        "lookback": LOOKBACK,
        "dead_time": dead_time,
        "max_age": [None, "2h", {"raw": "20h"}][seed % 3],
        "campaign_starts": None if seed % 2 else START + pd.to_timedelta([5, 19, 33], unit="h"),
    }
    before = align_windows(frames, TIMES, **options)
    for row, time in enumerate(TIMES):
        changed = {name: frame.copy() for name, frame in frames.items()}
        for frame in changed.values():
            frame.loc[frame.index > time - dead_time] = rng.normal(1e6, 1, size=frame.shape[1])
        after = align_windows(changed, TIMES, **options)
        pd.testing.assert_frame_equal(before.X.iloc[: row + 1], after.X.iloc[: row + 1])
        assert not before.X.iloc[row].isna().all()


def test_nothing_older_than_the_window_enters():
    frames = plant(jitter="25s")
    before = align_windows(frames, TIMES[2:], LOOKBACK)
    for source, frame in frames.items():
        frame.loc[frame.index <= TIMES[2] - pd.Timedelta(LOOKBACK[source])] = np.inf - np.inf
    after = align_windows(frames, TIMES[2:], LOOKBACK)
    pd.testing.assert_frame_equal(before.X, after.X)


def test_live_call_gives_the_row_of_the_training():
    frames = plant(jitter="20s")
    training = align_windows(frames, TIMES, LOOKBACK, "7min", time_column=True)
    now = TIMES[2]
    # All that operation has: rows up to now, and not many of them.
    recent = {
        name: frame[(frame.index <= now) & (frame.index > now - pd.Timedelta("20h"))]
        for name, frame in frames.items()
    }
    live = align_windows(recent, now, LOOKBACK, "7min", time_column=True, layout=training.layout)
    pd.testing.assert_frame_equal(live.X, training.X.loc[[now]])
    pd.testing.assert_frame_equal(live.age, training.age.loc[[now]])


def test_a_dead_source_is_nan_in_operation_and_its_age_tells():
    frames = plant()
    layout = align_windows(frames, TIMES, LOOKBACK).layout
    now = TIMES[-1]
    frames["thermal"] = frames["thermal"].loc[: now - pd.Timedelta("5h")]
    frames["equipment"] = frames["equipment"].iloc[:0]  # a query of a dead source
    live = align_windows(frames, now, LOOKBACK, layout=layout)
    assert live.X.filter(like="thermal").isna().all(axis=None)
    assert live.X.filter(like="raw").notna().all(axis=None)
    assert live.X.filter(like="equipment").isna().all(axis=None)
    assert live.age.loc[now, "thermal"] == pd.Timedelta("5h")
    assert pd.isna(live.age.loc[now, "equipment"])


def test_a_source_that_starts_later_gives_short_windows():
    frames = plant()
    frames["thermal"] = frames["thermal"].loc[TIMES[0] - pd.Timedelta("9min") :]
    windows = align_windows(frames, TIMES, LOOKBACK).X.filter(like="thermal:x0")
    np.testing.assert_array_equal(windows.iloc[0].isna(), np.arange(30) < 20)
    assert windows.iloc[1:].notna().all(axis=None)
    early = align_windows(frames, [START, TIMES[1]], LOOKBACK)
    assert early.X.filter(like="thermal").iloc[0].isna().all()
    assert pd.isna(early.age.loc[START, "thermal"])


def test_a_missing_cell_stays_missing():
    frames = plant()
    frames["thermal"].loc[TIMES[0], "x1"] = np.nan
    row = align_windows(frames, TIMES, LOOKBACK).X.iloc[0]
    assert list(row.index[row.isna()]) == ["thermal:x1:29"]


def test_a_historian_of_changes_needs_a_longer_age():
    changes = pd.DataFrame({"setpoint": [1.0, 2.0]}, index=[START, START + pd.Timedelta("10h")])
    times = START + pd.to_timedelta([9, 11], unit="h")
    layout = {"setpoints": (4, 1)}
    short = align_windows({"setpoints": changes}, times, "2h", layout=layout).X
    assert short.iloc[0].isna().all()
    held = align_windows({"setpoints": changes}, times, "2h", layout=layout, max_age="12h").X
    np.testing.assert_array_equal(held, [[1, 1, 1, 1], [1, 2, 2, 2]])
    # Its usual step tells nothing about the windows that are wanted.
    assert align_windows({"s": changes}, times, "2h", max_age="12h").layout == {"s": (1, 1)}
    assert align_windows({"s": changes[:1]}, times, "2h", max_age="12h").layout == {"s": (1, 1)}


def test_one_lookback_for_sources_of_which_one_is_slower():
    frames = plant()
    lab_times = START + pd.to_timedelta(np.arange(4, 48, 0.5), unit="h")
    with pytest.warns(UserWarning, match=r"'raw' is 0 days 03:00:00, but its usual step is .*8:00"):
        samples = align_windows(frames, lab_times, "3h", "30min")
    assert samples.layout == {"thermal": (180, 3), "equipment": (36, 2), "raw": (1, 1)}
    age = samples.age["raw"]
    in_window = (age < pd.Timedelta("3h30min")).to_numpy()
    np.testing.assert_array_equal(samples.X["raw:x0:0"].notna(), in_window)
    assert 0.2 < in_window.mean() < 0.6
    held = align_windows(frames, lab_times, "3h", "30min", max_age={"raw": "8h"})
    assert held.X["raw:x0:0"].notna().all()
    np.testing.assert_array_equal(held.X["raw:x0:0"][in_window], samples.X["raw:x0:0"][in_window])


def test_a_campaign_ends_the_past():
    frames = {"thermal": history(600, "1min", 1)}
    change = START + pd.Timedelta("300min")
    times = change + pd.to_timedelta([-1, 0, 4, 20], unit="min")
    X = align_windows(frames, times, "10min", campaign_starts=[change]).X
    np.testing.assert_array_equal(X.isna().sum(axis=1), [0, 9, 5, 0])
    # With transport, the material of a sample belongs to the campaign in which it passed.
    X = align_windows(frames, times, "10min", "5min", campaign_starts=[change]).X
    np.testing.assert_array_equal(X.isna().sum(axis=1), [0, 0, 0, 0])


def test_targets_availability_and_age():
    frames = plant()
    lab = pd.DataFrame({"FeO": [8.0, np.nan, 9.0]}, index=TIMES[[2, 0, 1]])
    samples = align_windows(frames, TIMES, LOOKBACK, "10min", lab, result_delay="2h")
    np.testing.assert_array_equal(samples.y["FeO"], [np.nan, 9, 8, np.nan])
    assert samples.X.index.equals(samples.y.index) and samples.X.index.equals(TIMES)
    assert (samples.available_at == TIMES + pd.Timedelta("2h")).all()
    assert samples.age.loc[TIMES[0], "thermal"] == pd.Timedelta("10min")
    assert samples.age.loc[TIMES[0], "equipment"] == pd.Timedelta("10min")
    by_target = align_windows(frames, TIMES, LOOKBACK, targets=lab, result_delay={"FeO": "1D"})
    assert (by_target.available_at["FeO"] == TIMES + pd.Timedelta("1D")).all()
    delays = pd.Series(pd.to_timedelta(["1h", "5h"]), index=TIMES[[0, 2]])
    late = align_windows(frames, TIMES, LOOKBACK, targets=lab, result_delay=delays).available_at
    assert late.iloc[2] == TIMES[2] + pd.Timedelta("5h")
    assert late.isna().tolist() == [False, True, False, True]


def test_a_series_is_one_target():
    lab = pd.Series([1.0, 2.0], index=TIMES[:2], name="H2S")
    assert list(align_windows(plant(), lab.index, LOOKBACK, targets=lab).y) == ["H2S"]


def test_rows_come_in_the_order_of_the_times():
    frames = plant()
    forwards = align_windows(frames, TIMES, LOOKBACK)
    backwards = align_windows(frames, TIMES[::-1], LOOKBACK)
    pd.testing.assert_frame_equal(forwards.X, backwards.X.iloc[::-1])
    twice = align_windows(frames, TIMES[[1, 1]], LOOKBACK).X
    np.testing.assert_array_equal(twice.iloc[0], twice.iloc[1])


@pytest.mark.parametrize(
    "now",
    [
        "2024-01-02 03:00",
        pd.Timestamp("2024-01-02 03:00"),
        datetime.datetime(2024, 1, 2, 3),
        np.datetime64("2024-01-02T03:00"),
        ["2024-01-02 03:00"],
        pd.Series(pd.to_datetime(["2024-01-02 03:00"]), index=["a"]),
        np.array(["2024-01-02T03:00"], dtype="datetime64[m]"),
    ],
)
def test_kinds_of_times(now):
    X = align_windows(plant(), now, LOOKBACK).X
    assert list(X.index) == [pd.Timestamp("2024-01-02 03:00")]
    assert X.notna().all(axis=None)


def test_zones_are_compared_in_utc():
    frames = plant()
    naive = align_windows(frames, TIMES, LOOKBACK, time_column=True)
    zones = ["UTC", "Europe/Berlin", "America/New_York"]
    zoned = {
        name: frame.tz_localize("UTC").tz_convert(zone)
        for (name, frame), zone in zip(frames.items(), zones, strict=True)
    }
    times = TIMES.tz_localize("UTC").tz_convert("Asia/Kolkata")
    samples = align_windows(zoned, times, LOOKBACK, time_column=True)
    np.testing.assert_array_equal(samples.X.iloc[:, 1:], naive.X.iloc[:, 1:])
    assert str(samples.X["time"].dt.tz) == "Asia/Kolkata"


def test_summer_time_ends_inside_a_window():
    index = pd.date_range("2024-10-27 00:00", periods=300, freq="min", tz="Europe/Berlin")
    frames = {"thermal": pd.DataFrame({"x": np.arange(300.0)}, index=index)}
    X = align_windows(frames, index[[200]], "3h").X  # the hour from two to three comes twice
    np.testing.assert_array_equal(X.iloc[0], np.arange(21.0, 201.0))
    with pytest.raises(ValueError, match=r"'thermal' is not in time order: row 180 .*tz_localize"):
        align_windows({"thermal": frames["thermal"].tz_localize(None)}, "2024-10-27 03:00", "3h")


def test_arrow_tables():
    frames = plant()
    tables = {
        name: pyarrow.Table.from_pandas(frame.rename_axis("when").reset_index())
        for name, frame in frames.items()
    }
    expected = align_windows(frames, TIMES, LOOKBACK).X
    pd.testing.assert_frame_equal(align_windows(tables, TIMES, LOOKBACK).X, expected)
    with pytest.raises(ValueError, match="Source 'thermal' must have one column of times"):
        align_windows({"thermal": tables["thermal"].drop_columns("when")}, TIMES, "1h")


def test_dtypes():
    frames = plant()
    small = {name: frame.astype(np.float32) for name, frame in frames.items()}
    assert set(align_windows(small, TIMES, LOOKBACK).X.dtypes) == {np.dtype(np.float32)}
    small["raw"] = pd.DataFrame(
        {"x0": pd.array([1, None, 3, 4, 5, 6, 7, 8, 9], dtype="Int64")}, index=frames["raw"].index
    )
    X = align_windows(small, TIMES, LOOKBACK).X
    assert set(X.dtypes) == {np.dtype(np.float64)}
    np.testing.assert_array_equal(X["raw:x0:0"].iloc[:2], [np.nan, np.nan])
    assert X["raw:x0:0"].iloc[2:].notna().all()


def test_the_histories_are_left_as_they_are():
    frames = plant()
    kept = {name: frame.copy() for name, frame in frames.items()}
    X = align_windows(frames, TIMES, LOOKBACK).X
    X.iloc[:, :] = 0
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(frame, kept[name])


def with_cell(frames, cell):
    frames["thermal"] = frames["thermal"].astype(object)
    frames["thermal"].iloc[7, 1] = cell
    return frames


def at(source, **changes):
    frames = plant()
    frame = frames[source]
    frames[source] = frame.set_axis(changes["index"](frame.index)) if changes else frame
    return frames


@pytest.mark.parametrize(
    ("frames", "options", "message"),
    [
        (at("thermal", index=lambda i: i[::-1]), {}, "'thermal' is not in time order: row 1 "),
        (at("raw", index=lambda i: range(len(i))), {}, r"'raw' .*set_index\(.time.\)"),
        (at("raw", index=lambda i: i.where(i != i[3])), {}, "'raw' has no time in row 3"),
        (with_cell(plant(), "Bad"), {}, r"'thermal', column 'x1', row 7 \(2024.*'Bad' is no num"),
        (with_cell(plant(), "1,5"), {}, "'1,5' is no number"),
        (with_cell(plant(), "1.5"), {}, "'1.5' is no number"),
        (with_cell(plant(), np.inf), {}, r"'thermal', column 'x1', row 7 .* infinite"),
        ({"thermal": plant()["thermal"].iloc[:0]}, {}, "'thermal' is empty: 0 rows"),
        ({"thermal": plant()["thermal"][[]]}, {}, "'thermal' is empty: 3000 rows, 0 columns"),
        ({"thermal": plant()["thermal"].set_axis(list("aab"), axis=1)}, {}, "called 'a'"),
        ({"a:b": plant()["thermal"]}, {}, "without a colon"),
        ({}, {}, "at least one source"),
        (plant(), {"lookback": {"thermal": "1h", "equipment": "1h"}}, "lacks the source 'raw'"),
        (plant(), {"lookback": {"hood": "1h"}}, "unknown source 'hood'. The sources are"),
        (plant(), {"dead_time": {"hood": "1h"}}, "`dead_time` names an unknown source 'hood'"),
        (plant(), {"lookback": "90D"}, "'thermal' is 90 days .* longer than its history of 2 days"),
        (plant(), {"lookback": "0s"}, "The window of source 'thermal' is empty"),
        (plant(), {"dead_time": "-5min"}, "`dead_time` of source 'thermal' must not be negative"),
        (plant(), {"max_age": "-5min"}, "`max_age` of source 'thermal' must not be negative"),
        (plant(), {"lookback": "soon"}, "'soon' is no duration"),
        (plant(), {"lookback": None}, "`lookback` must be a duration"),
        (plant(), {"dead_time": None}, "`dead_time` must be a duration"),
        (plant(), {"campaign_starts": [pd.NaT]}, "`campaign_starts` has no time in row 0"),
        (plant(), {"times": ["2024-01-01+01:00", "2024-07-01+02:00"]}, "utc=True"),
        (plant(), {"layout": {"thermal": (3.0, 3)}}, r"`layout\['thermal'\]` must be"),
        (plant(), {"layout": {"thermal": 3}}, r"`layout\['thermal'\]` must be"),
        (with_cell(plant(), START), {}, r"'thermal', column 'x1', row 7 .* is no number"),
        (
            {"thermal": plant()["thermal"].astype("timedelta64[s]")},
            {},
            "'thermal', column 'x0', row 0 .* is no number",
        ),
        ({"thermal": plant()["thermal"] * 1j}, {}, "'thermal', column 'x0', row 0 .* is no num"),
        (
            {"s": pd.DataFrame({"x": [1.0]}, index=np.array(["9999-12-31"], "datetime64[s]"))},
            {},
            "'s' has times outside of the years 1678 to 2261",
        ),
        (plant(), {"result_delay": pd.Series([90.0], TIMES[:1])}, "must hold timedeltas"),
        (
            plant(),
            {"result_delay": pd.Series(pd.to_timedelta(["-2h"]), TIMES[:1])},
            "must not be negative",
        ),
        (
            plant(),
            {"result_delay": pd.Series(pd.to_timedelta(["2h"]), TIMES[:1] - DAY)},
            "`result_delay` and `times` have no time in common",
        ),
        (
            plant(),
            {"result_delay": pd.Series(pd.to_timedelta(["2h"]), TIMES[:1].tz_localize("UTC"))},
            "`result_delay` are with a time zone",
        ),
        (plant(), {"result_delay": "-1h"}, "`result_delay` must not be negative"),
        (plant(), {"times": ["2034-01-01"]}, "No window of source 'thermal' .*2024-01-01.*2033-12"),
        (plant(), {"times": []}, "`times` is empty"),
        (plant(), {"times": [1, 2]}, "must be datetimes, not numbers"),
        (plant(), {"times": [START, pd.NaT]}, "no time in row 1"),
        (plant(), {"times": TIMES.tz_localize("UTC")}, "source 'thermal' are without a time zone"),
        (plant(), {"layout": {"thermal": (3, 3)}}, "`layout` is about the sources"),
        (
            plant(),
            {"layout": {"thermal": (3, 2), "equipment": (1, 2), "raw": (1, 1)}},
            "'thermal' 2 channels, its table has 3: x0, x1, x2",
        ),
        (
            {"raw": plant()["raw"].iloc[:1]},
            {"lookback": "8h"},
            "'raw' has one time only, which tells no rate",
        ),
        (plant(), {"targets": pd.DataFrame({"y": [1.0]})}, "parse_lab"),
        (
            plant(),
            {"targets": pd.DataFrame({"y": [1.0, 2.0]}, index=TIMES[[0, 0]])},
            "several rows for 2024-01-01 16:40:00",
        ),
        (
            plant(),
            {"targets": pd.DataFrame({"y": [1.0]}, index=[START])},
            "no time in common",
        ),
        (
            plant(),
            {"targets": pd.Series([1.0], TIMES[:1], name="y"), "result_delay": {"z": "1h"}},
            "unknown target 'z'",
        ),
    ],
)
def test_what_is_refused(frames, options, message):
    arguments = {"times": TIMES, "lookback": LOOKBACK, **options}
    if set(frames) != set(LOOKBACK) and "lookback" not in options:
        arguments["lookback"] = "1h"
    with pytest.raises(ValueError, match=message):
        align_windows(frames, **arguments)


def test_kinds_of_durations():
    frames = {"thermal": plant()["thermal"]}
    expected = align_windows(frames, TIMES, "3min", "10min").X
    for lookback in (pd.Timedelta("3min"), datetime.timedelta(minutes=3), np.timedelta64(3, "m")):
        pd.testing.assert_frame_equal(align_windows(frames, TIMES, lookback, "10min").X, expected)


def test_no_change_of_campaign_is_none():
    frames = plant()
    expected = align_windows(frames, TIMES, LOOKBACK).X
    none = align_windows(frames, TIMES, LOOKBACK, campaign_starts=[]).X
    pd.testing.assert_frame_equal(none, expected)


@pytest.mark.parametrize("lookback", [3, 3.0, np.int64(3), "3", " 30 "])
def test_a_number_has_no_unit(lookback):
    with pytest.raises(TypeError, match="needs a unit"):
        align_windows(plant(), TIMES, lookback)


@pytest.mark.parametrize("frames", [[1], {"thermal": 3}, {"thermal": plant()["thermal"]["x0"]}])
def test_what_is_no_table(frames):
    with pytest.raises(TypeError, match="table"):
        align_windows(frames, TIMES, "1h")


def test_two_hundred_channels_one_sample():
    frames = {"spectra": history(100, "75s", 200)}
    samples = align_windows(frames, frames["spectra"].index[[50]], "10min")
    assert samples.layout == {"spectra": (8, 200)}
    assert samples.X.notna().all(axis=None)
