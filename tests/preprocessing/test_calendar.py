"""CalendarEncoder: eq. 15, years outside the range, time zones, and the common checks on times."""

import pickle
import zoneinfo

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.utils import estimator_checks

from sklearn_mtl._sequence_layout import read_windows
from sklearn_mtl.preprocessing import CalendarEncoder

FIELDS = ["year", "month", "day", "hour", "minute", "day_of_week", "day_of_year"]


def table(n=100, seed=0, tz=None):
    """Times of 2021 to 2024 out of order."""
    seconds = np.random.default_rng(seed).integers(0, 4 * 365 * 86400, size=n)
    times = pd.Timestamp("2021-01-01") + pd.to_timedelta(seconds, unit="s")
    return pd.DataFrame({"time": times.tz_localize(tz) if tz else times})


def encode(times, **params):
    return CalendarEncoder(**params).fit_transform(pd.DatetimeIndex(times))


def angle(code):
    """Turns in [0, 1), up to rounding, of a code of one field."""
    return np.round(np.arctan2(code[:, 0], code[:, 1]) / (2 * np.pi) % 1, 9) % 1


def loop_reference(times, first_year, last_year):
    rows = []
    for time in times:
        variables = [  # tau and P of appendix B.1, then ours
            (time.year - first_year, last_year - first_year + 1),
            (time.month - 1, 12),
            (time.day - 1, 31),
            (time.hour, 24),
            (time.minute, 60),
            (time.weekday(), 7),
            (time.timetuple().tm_yday - 1, 366),
        ]
        row = []
        for tau, period in variables:
            row += [np.sin(2 * np.pi * tau / period), np.cos(2 * np.pi * tau / period)]
        rows.append(row)
    return np.array(rows)


def test_equals_equation_15():
    X = table()
    years = X["time"].dt.year
    reference = loop_reference(X["time"], years.min(), years.max())
    out = CalendarEncoder(FIELDS).fit_transform(X)
    np.testing.assert_allclose(out, reference, atol=1e-14)
    np.testing.assert_array_equal(CalendarEncoder().fit_transform(X), out[:, :8])
    np.testing.assert_array_equal(
        CalendarEncoder(["hour", "year"]).fit_transform(X)[:, 2:], out[:, :2]
    )


def test_known_places_on_the_circle():
    times = ["2024-01-01 00:00", "2024-04-08 06:00", "2024-07-16 12:00", "2024-12-31 18:00"]
    np.testing.assert_array_equal(angle(encode(times, fields=["hour"])), [0, 0.25, 0.5, 0.75])
    np.testing.assert_array_equal(
        angle(encode(times, fields=["month"])), np.round([0, 3 / 12, 6 / 12, 11 / 12], 9)
    )
    np.testing.assert_array_equal(
        angle(encode(times, fields=["day"])), np.round([0, 7 / 31, 15 / 31, 30 / 31], 9)
    )
    # 2024 began on a Monday and was a leap year.
    np.testing.assert_array_equal(angle(encode(times, fields=["day_of_week"]))[0], 0)
    np.testing.assert_array_equal(
        angle(encode(times, fields=["day_of_year"]))[[0, 3]], np.round([0, 365 / 366], 9)
    )


@pytest.mark.parametrize("field", FIELDS[1:])
def test_every_value_of_a_field_has_a_code_of_its_own(field):
    """No value shares the code of another: a period too short by one would let the ends meet."""
    times = pd.date_range("2024-01-01", "2024-12-31 23:59", freq="7min")
    values = getattr(times, field)
    codes = np.unique(encode(times, fields=[field]).round(9), axis=0)
    assert len(codes) == values.nunique()


def test_neighbours_over_the_turn_are_near():
    out = encode(["2024-01-31 23:00", "2024-02-01 00:00", "2024-02-01 01:00"], fields=["hour"])
    assert np.linalg.norm(out[0] - out[1]) == pytest.approx(np.linalg.norm(out[1] - out[2]))


def test_one_year_tells_nothing():
    out = encode(["2024-01-01", "2024-12-31"], fields=["year"])
    np.testing.assert_array_equal(out, [[0, 1], [0, 1]])


def test_missing_times_are_rows_of_nan():
    X = table()
    X.loc[[3, 7], "time"] = pd.NaT
    out = CalendarEncoder(FIELDS).fit_transform(X)
    assert np.isnan(out[[3, 7]]).all()
    np.testing.assert_array_equal(
        np.delete(out, [3, 7], axis=0), CalendarEncoder(FIELDS).fit_transform(X.dropna())
    )


class TestYears:
    TRAINING = ("2021-05-01", "2022-05-01", "2023-05-01", "2024-05-01")
    LATER = pd.DatetimeIndex(["2020-12-31", "2021-01-01", "2024-12-31", "2025-01-01", "2030-01-01"])

    def fitted(self, **params):
        return CalendarEncoder(["year"], **params).fit(pd.DatetimeIndex(self.TRAINING))

    def test_the_range_is_that_of_the_training_rows(self):
        encoder = self.fitted()
        assert encoder.year_range_ == (2021, 2024)
        np.testing.assert_array_equal(
            angle(encoder.transform(pd.DatetimeIndex(self.TRAINING))), [0, 0.25, 0.5, 0.75]
        )

    def test_error(self):
        message = r"3 times are outside the years 2021 to 2024, first 2020-12-31.* in row 0.*clip"
        with pytest.raises(ValueError, match=message):
            self.fitted().transform(self.LATER)

    def test_clip(self):
        out = angle(self.fitted(outside="clip").transform(self.LATER))
        np.testing.assert_array_equal(out, [0, 0, 0.75, 0.75, 0.75])

    def test_extend(self):
        """The turn goes on: 2025 has the place of 2021, 2030 that of 2022, 2020 that of 2024."""
        out = angle(self.fitted(outside="extend").transform(self.LATER))
        np.testing.assert_array_equal(out, [0.75, 0, 0.75, 0, 0.25])

    def test_a_given_range(self):
        encoder = self.fitted(year_range=(2020, 2039))
        assert encoder.year_range_ == (2020, 2039)
        np.testing.assert_array_equal(
            angle(encoder.transform(self.LATER)), [0, 0.05, 0.2, 0.25, 0.5]
        )
        with pytest.raises(ValueError, match="2 times are outside the years 2022 to 2023"):
            self.fitted(year_range=(2022, 2023))
        out = self.fitted(year_range=(2022, 2023), outside="clip").transform(self.LATER)
        np.testing.assert_array_equal(angle(out), [0, 0, 0.5, 0.5, 0.5])

    def test_other_fields_know_no_range(self):
        encoder = CalendarEncoder(["hour"]).fit(pd.DatetimeIndex(self.TRAINING))
        assert encoder.year_range_ is None
        assert encoder.transform(self.LATER).shape == (5, 2)

    def test_without_a_known_time(self):
        missing = pd.DatetimeIndex([pd.NaT])
        with pytest.raises(ValueError, match="All times are missing"):
            CalendarEncoder().fit(missing)
        assert np.isnan(CalendarEncoder(year_range=(2020, 2021)).fit_transform(missing)).all()


class TestTimeZones:
    def test_wall_clock_time_is_encoded(self):
        X = table(tz="UTC")
        berlin = pd.DataFrame({"time": X["time"].dt.tz_convert("Europe/Berlin")})
        wall = pd.DataFrame({"time": berlin["time"].dt.tz_localize(None)})
        out = CalendarEncoder(FIELDS).fit_transform(berlin)
        np.testing.assert_array_equal(out, CalendarEncoder(FIELDS).fit_transform(wall))
        assert (out != CalendarEncoder(FIELDS).fit_transform(X)).any()

    def test_other_zones_are_converted_to_that_of_the_training(self):
        X = table(tz="Europe/Berlin")
        encoder = CalendarEncoder(FIELDS).fit(X)
        assert encoder.time_zone_ == X["time"].dt.tz
        shanghai = pd.DataFrame({"time": X["time"].dt.tz_convert("Asia/Shanghai")})
        np.testing.assert_array_equal(encoder.transform(shanghai), encoder.transform(X))

    @pytest.mark.parametrize("zones", [(None, "UTC"), ("UTC", None)])
    def test_with_and_without_a_zone_do_not_mix(self, zones):
        encoder = CalendarEncoder().fit(table(tz=zones[0]))
        with pytest.raises(ValueError, match=r"time zone (UTC|None).*tz_localize"):
            encoder.transform(table(tz=zones[1]))

    def test_both_hours_of_an_autumn_night(self):
        berlin = zoneinfo.ZoneInfo("Europe/Berlin")
        times = pd.date_range("2024-10-27", periods=5, freq="1h", tz=berlin)
        out = angle(CalendarEncoder(["hour"]).fit_transform(times)) * 24
        np.testing.assert_allclose(out, [0, 1, 2, 2, 3], atol=1e-7)


class TestContainers:
    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    def test_kinds_of_input_agree(self, unit):
        X = table()
        out = CalendarEncoder(FIELDS).fit_transform(X)
        values = X["time"].to_numpy().astype(f"datetime64[{unit}]")
        series = pd.Series(values, index=np.arange(5, 105))
        for same in (values, values[:, np.newaxis], series, pd.DatetimeIndex(values)):
            np.testing.assert_array_equal(CalendarEncoder(FIELDS).fit_transform(same), out)

    def test_days_and_months_of_numpy(self):
        days = np.array(["2024-01-31", "2024-02-29"], dtype="datetime64[D]")
        np.testing.assert_array_equal(CalendarEncoder().fit_transform(days), encode(days))

    @pytest.mark.parametrize(
        ("X", "message"),
        [
            (pd.DataFrame({"time": ["2024-01-01"]}), r"must hold datetimes.*'2024-01-01'.*to_date"),
            (pd.DataFrame({"time": [45292.5]}), "must hold datetimes. Got dtype float64"),
            (pd.Series(pd.period_range("2024", periods=2, freq="M")), "must hold datetimes"),
            (np.zeros((3, 1)), "must hold datetimes"),
            (pd.concat([table(), table()], axis=1), r"Got 2 columns.*'time'"),
            (np.zeros((3, 2), dtype="datetime64[s]"), "Got 2 columns"),
            (np.zeros((3, 2, 2), dtype="datetime64[s]"), r"an array of shape \(3, 2, 2\)"),
            (["2024-01-01"], "Got <class 'list'>"),
            (pd.DatetimeIndex([]), r"0 sample\(s\)"),
        ],
    )
    def test_other_input_raises(self, X, message):
        with pytest.raises(ValueError, match=message):
            CalendarEncoder().fit(X)

    @pytest.mark.parametrize("column", ["time", ["time"]])
    def test_in_a_column_transformer(self, column):
        X = table().assign(**{"s:a:0": 1.0})
        columns = make_column_transformer(
            ("passthrough", ["s:a:0"]),
            (CalendarEncoder(["hour"]), column),
            verbose_feature_names_out=False,
        ).set_output(transform="pandas")
        out = columns.fit_transform(X)
        assert list(out.columns) == ["s:a:0", "time_hour_sin", "time_hour_cos"]
        assert out.index.equals(X.index)

    @pytest.mark.parametrize("name", ["time", "s:time:3", "time(t-1)", "Uhrzeit (örtlich)"])
    def test_names(self, name):
        X = table().set_axis([name], axis=1)
        encoder = CalendarEncoder(FIELDS).fit(X)
        assert encoder.n_features_in_ == 1
        assert list(encoder.feature_names_in_) == [name]
        names = encoder.get_feature_names_out()
        assert list(names[:4]) == [
            f"{name}_{part}" for part in ("year_sin", "year_cos", "month_sin", "month_cos")
        ]
        assert len(set(names)) == encoder.transform(X).shape[1] == 14
        assert read_windows(names) is None, "the columns must not pass as windows"

    def test_names_of_columns_without_a_name(self):
        encoder = CalendarEncoder(["hour"]).fit(table().to_numpy())
        assert not hasattr(encoder, "feature_names_in_")
        assert list(encoder.get_feature_names_out()) == ["x0_hour_sin", "x0_hour_cos"]
        assert list(encoder.get_feature_names_out(["t"])) == ["t_hour_sin", "t_hour_cos"]


class TestCommon:
    """The checks of scikit-learn that assume numbers, on times; the others as they are."""

    @pytest.mark.parametrize(
        "check",
        [
            "check_estimator_cloneable",
            "check_estimator_tags_renamed",
            "check_valid_tag_types",
            "check_estimator_repr",
            "check_no_attributes_set_in_init",
            "check_do_not_raise_errors_in_init_or_set_params",
            "check_mixin_order",
            "check_get_params_invariance",
            "check_set_params",
        ],
    )
    def test_checks_without_data(self, check):
        getattr(estimator_checks, check)("CalendarEncoder", CalendarEncoder())

    def test_defaults_are_constructible(self):
        estimator_checks.check_parameters_default_constructible(
            "CalendarEncoder", CalendarEncoder()
        )

    def test_not_fitted(self):
        with pytest.raises(NotFittedError):
            CalendarEncoder().transform(table())
        with pytest.raises(NotFittedError):
            CalendarEncoder().get_feature_names_out()

    def test_fit_returns_self_and_keeps_parameters_and_input(self):
        X = table()
        before = X.copy()
        encoder = CalendarEncoder(fields=["hour", "year"], outside="clip")
        params = encoder.get_params()
        assert encoder.fit(X, None) is encoder
        encoder.transform(X)
        assert encoder.get_params() == params
        pd.testing.assert_frame_equal(X, before)

    def test_read_only_memory_and_dtype(self):
        values = table()["time"].to_numpy().copy()
        values.flags.writeable = False
        assert CalendarEncoder().fit_transform(values).dtype == np.float64

    def test_other_names_or_no_names_at_transform(self):
        encoder = CalendarEncoder().fit(table())
        with pytest.raises(ValueError, match="feature names should match"):
            encoder.transform(table().rename(columns={"time": "end"}))
        with pytest.warns(UserWarning, match="does not have valid feature names"):
            encoder.transform(table().to_numpy())

    def test_fitting_again_forgets(self):
        X, later = table(), table() + pd.DateOffset(years=20)
        encoder = CalendarEncoder().fit(later)
        np.testing.assert_array_equal(
            encoder.fit_transform(X), CalendarEncoder().fit(X).transform(X)
        )

    def test_rows_are_independent(self):
        X = table()
        encoder = CalendarEncoder(FIELDS).fit(X)
        out = encoder.transform(X)
        order = np.random.default_rng(0).permutation(len(X))
        np.testing.assert_array_equal(encoder.transform(X.iloc[order]), out[order])
        for row in (0, 50, 99):
            np.testing.assert_array_equal(encoder.transform(X.iloc[[row]]), out[[row]])

    def test_one_row(self):
        assert CalendarEncoder().fit_transform(table(1)).shape == (1, 8)

    @pytest.mark.parametrize("tz", [None, "Europe/Berlin"])
    def test_clone_and_pickle(self, tz):
        X = table(tz=tz)
        encoder = CalendarEncoder().fit(X)
        out = encoder.transform(X)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(encoder)).transform(X), out)
        np.testing.assert_array_equal(clone(encoder).fit(X).transform(X), out)

    def test_pandas_output(self):
        X = table().set_index(np.arange(7, 107))
        out = CalendarEncoder().set_output(transform="pandas").fit_transform(X)
        assert out.index.equals(X.index)
        np.testing.assert_array_equal(out, CalendarEncoder().fit_transform(X))

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"fields": "hour"}, "'fields' parameter"),
            ({"fields": []}, r"distinct names out of \['year', 'month'.*Got \[\]"),
            ({"fields": ["hour", "hour"]}, "distinct names"),
            ({"fields": ["hours"]}, r"Got \['hours'\]"),
            ({"year_range": "all"}, "'year_range' parameter"),
            ({"year_range": (2025, 2020)}, r"two whole years.*Got \(2025, 2020\)"),
            ({"year_range": (2020,)}, r"Got \(2020,\)"),
            ({"year_range": (2020.5, 2025)}, "two whole years"),
            ({"outside": "wrap"}, "'outside' parameter"),
        ],
    )
    def test_wrong_parameters_are_named(self, params, message):
        with pytest.raises(ValueError, match=message):
            CalendarEncoder(**params).fit(table())
