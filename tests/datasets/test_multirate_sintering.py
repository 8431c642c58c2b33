"""The simulated plant with three rates: balance, chronology, drift, gaps, and its laboratory."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

from sklearn_mtl.datasets import _multirate_mechanism as mechanism
from sklearn_mtl.datasets import _sintering_mechanism as strand
from sklearn_mtl.datasets import make_multirate_sintering
from sklearn_mtl.datasets._multirate_fluctuations import fluctuations, low_pass
from sklearn_mtl.datasets._multirate_plant import operate
from sklearn_mtl.datasets._multirate_schedule import LEAD_IN, plan_schedule
from sklearn_mtl.preprocessing import align_windows, parse_lab

STEPS = {"raw_material": "8h", "thermal": "1min", "equipment": "5min"}
TARGETS = ["tfe", "feo", "sio2", "cao", "basicity"]
CHEMICAL = TARGETS[:4]


@pytest.fixture(scope="module")
def plant():
    return make_multirate_sintering(random_state=0)


@pytest.fixture(scope="module")
def complete():
    """The same plant with all records and exact assays."""
    return make_multirate_sintering(random_state=0, noise=0.0, missing_fraction=0.0)


@pytest.fixture(scope="module")
def lossy_and_whole():
    """One plant with many gaps, and without any."""
    return [
        make_multirate_sintering(1000, random_state=1, missing_fraction=fraction)
        for fraction in (0.1, 0.0)
    ]


@pytest.fixture(scope="module")
def operation():
    """True histories of 40 cycles, with sampling times."""
    rngs = [np.random.default_rng(seed) for seed in range(4)]
    schedule = plan_schedule(40, rngs[0])
    operation = operate(schedule, 1.0, plan_rng=rngs[1], process_rng=rngs[2], drift_rng=rngs[3])
    return operation, operation.sources["thermal"].index[schedule.samples]


def windows_of(plant, source, column):
    """Window of one column of complete records, per cycle."""
    samples = align_windows(
        {source: plant.sources[source][[column]]},
        plant.times,
        lookback=plant.lookback[source],
        dead_time=plant.dead_time,
    )
    return samples.X.to_numpy()


def test_names_units_and_rates(plant):
    assert list(plant.sources) == list(STEPS)
    for source, frame in plant.sources.items():
        assert list(plant.feature_units[source]) == list(frame.columns)
        assert list(plant.feature_descriptions[source]) == list(frame.columns)
        assert frame.index.is_monotonic_increasing
        assert frame.index.is_unique
        steps = frame.index.to_series().diff()
        assert steps.median() == pd.Timedelta(STEPS[source])
        assert set(frame.dtypes) == {np.dtype(float)}
    assert len(plant.sources["thermal"]) > 137_000
    assert plant.target_names == list(plant.target_units) == list(plant.target.columns) == TARGETS
    for name in ("target", "noise_free_target", "available_at", "startup_mask", "regime"):
        assert plant[name].index.equals(plant.times)
    assert np.isfinite(plant.noise_free_target).all(axis=None)


def test_every_window_is_complete_and_ends_before_the_last_record(complete):
    cycles = slice(0, 60)
    samples = align_windows(
        complete.sources,
        complete.times[cycles],
        lookback=complete.lookback,
        dead_time=complete.dead_time,
        targets=complete.target,
    )
    assert samples.layout == {"raw_material": (3, 22), "thermal": (180, 15), "equipment": (36, 5)}
    assert samples.X.notna().all(axis=None)
    pd.testing.assert_frame_equal(samples.y, complete.target[cycles], check_names=False)
    for frame in complete.sources.values():
        assert complete.times[0] - frame.index[0] >= pd.Timedelta(minutes=LEAD_IN)
        assert frame.index[-1] <= complete.times[-1]


def test_cycles_are_about_an_hour_apart_unless_the_plant_stands(complete):
    hours = complete.times.to_series().diff().dropna() / pd.Timedelta("1h")
    assert hours.min() >= 0.75
    assert (hours <= 1.25).mean() > 0.97
    assert hours.max() > 8


def test_same_seed_same_data_and_no_trace_in_the_global_stream():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, again, other = (make_multirate_sintering(30, random_state=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    generated = make_multirate_sintering(30, random_state=np.random.RandomState(3))
    for same in (again, generated):
        pd.testing.assert_frame_equal(first.target, same.target)
        pd.testing.assert_frame_equal(first.lab, same.lab)
        for source in STEPS:
            pd.testing.assert_frame_equal(first.sources[source], same.sources[source])
    assert not first.times.equals(other.times)
    assert not np.array_equal(first.noise_free_target, other.noise_free_target)


def test_basicity_is_the_ratio_exactly(plant):
    truth = plant.noise_free_target
    np.testing.assert_array_equal(truth["basicity"], truth["cao"] / truth["sio2"])
    reported = plant.target
    np.testing.assert_array_equal(
        reported["basicity"], (reported["cao"] / reported["sio2"]).round(3)
    )


def test_quality_is_the_documented_formula(operation):
    """One sample by plain loops over the minutes that made it."""
    operation, times = operation
    sources, materials = operation.sources, operation.materials
    quality = mechanism.sinter_quality(sources, materials, times)
    for t in (times[0], times[17], times[-1]):
        end = t - pd.Timedelta("90min")
        mass = total = 0.0
        ore = np.zeros(6)
        blend = pd.Series(0.0, index=sources["raw_material"].columns)
        hidden = pd.Series(0.0, index=materials.columns)
        for age in range(45, 180):
            moment = end - pd.Timedelta(minutes=age)
            weight = (age - 45) ** 2 * np.exp(-(age - 45) / 15)
            flows = sources["thermal"].loc[moment, mechanism.BINS].to_numpy(dtype=float)
            ore += weight * flows
            mass = weight * flows.sum()
            total += mass
            blend += mass * sources["raw_material"].loc[:moment].iloc[-1]
            hidden += mass * materials.loc[:moment].iloc[-1]
        ore, blend, hidden = ore / ore.sum(), blend / total, hidden / total

        limestone, coke = blend["limestone"] / 100, blend["coke"] / 100
        dolomite, quicklime = blend["dolomite"] / 100, blend["quicklime"] / 100
        gangue = np.array([mechanism.ORE_SIO2[i] * hidden.iloc[i] for i in range(6)])
        sio2 = sum(ore * (mechanism.ORE_SIO2 + gangue)) + 0.015 * limestone + 0.06 * coke
        iron = sum(ore * (np.array([0.645, 0.61, 0.625, 0.58, 0.655, 0.56]) - 0.7 * gangue))
        cao = sum(ore * np.array([0.001, 0.002, 0.002, 0.001, 0.004, 0.06]))
        cao += 0.53 * limestone * (1 + hidden["limestone"]) + 0.30 * dolomite + 0.85 * quicklime
        sinter = 1 - sum(ore * np.array([0.02, 0.05, 0.04, 0.10, 0.0, 0.03]))
        sinter += 0.57 * limestone + 0.54 * dolomite + 0.95 * quicklime + 0.12 * coke
        tfe, sio2, cao = 100 * iron / sinter, 100 * sio2 / sinter, 100 * cao / sinter

        fines = sum(blend[f"ore_{i + 1}_share"] * mechanism.ORE_FINES[i] for i in range(6))
        heat = late = total = 0.0
        for age in range(45):
            moment = end - pd.Timedelta(minutes=age)
            thermal = sources["thermal"].loc[moment]
            equipment = sources["equipment"].loc[:moment].iloc[-1]
            height, speed = equipment["bed_height"], equipment["strand_speed"]
            weight = (age + 1) * np.exp(-age / 12) * speed
            voids = strand.void_fraction(fines, blend["mix_moisture"])
            gas = strand.gas_velocity(
                thermal["main_suction"], height, blend["granule_diameter"], voids
            )
            position = speed * height / strand.flame_speed(gas, blend["coke"])
            peak = strand.peak_temperature(
                blend["coke"] * (1 + hidden["coke"]), blend["mix_moisture"], cao, height
            )
            peak += blend["mix_temperature"] - 45 + 0.6 * (thermal["btp_temperature"] - 400)
            peak += 0.15 * (thermal["ignition_temperature"] - 1130)
            heat += weight * peak
            late += weight * np.log1p(np.exp((position - 74) / 1.2))
            total += weight
        feo = strand.ferrous_oxide(heat / total, cao / sio2) + 0.45 * late / total
        feo += 4 * (ore[4] - 0.15) - 0.02 * (blend["fuel_fines"] - 70)
        np.testing.assert_allclose(quality.loc[t], [tfe, feo, sio2, cao, cao / sio2], rtol=1e-10)


@pytest.mark.parametrize("source", STEPS)
def test_only_the_window_matters(operation, source):
    operation, times = operation
    t = times[20]
    truth = mechanism.sinter_quality(operation.sources, operation.materials, times[[20]])
    frame = operation.sources[source]
    end = t - mechanism.DEAD_TIME
    outside = (frame.index > end) | (frame.index <= end - mechanism.LOOKBACK[source])
    assert 0 < outside.sum() < len(frame)
    for rows, same in ((outside, True), (~outside, False)):
        disturbed = frame * np.where(rows, 1.07, 1.0)[:, np.newaxis]
        sources = {**operation.sources, source: disturbed}
        quality = mechanism.sinter_quality(sources, operation.materials, times[[20]])
        assert quality.equals(truth) == same


def test_the_last_hour_decides_on_feo_and_blending_precedes_the_strand(operation):
    operation, times = operation
    truth = mechanism.sinter_quality(operation.sources, operation.materials, times)

    def change(first, last, column):
        """Change of the last sample when a record was 5 % higher at some ages."""
        thermal = operation.sources["thermal"].copy()
        end = times[-1] - mechanism.DEAD_TIME
        thermal.loc[
            end - pd.Timedelta(minutes=last) : end - pd.Timedelta(minutes=first), column
        ] *= 1.05
        sources = {**operation.sources, "thermal": thermal}
        quality = mechanism.sinter_quality(sources, operation.materials, times[[-1]])
        return (quality - truth.loc[times[[-1]]]).abs().iloc[0]

    late, early = change(0, 44, "btp_temperature"), change(45, 179, "btp_temperature")
    assert late["feo"] > 0.1
    assert (late[["tfe", "sio2", "cao"]] == 0).all()
    assert (early == 0).all()
    assert (change(0, 45, "bin_4_flow") == 0).all()
    assert (change(46, 179, "bin_4_flow") > 0).all()


def test_errors_of_the_laboratory_are_as_declared(plant, complete):
    pd.testing.assert_frame_equal(plant.noise_free_target, complete.noise_free_target)
    errors = plant.target - plant.noise_free_target
    np.testing.assert_allclose(errors.std(), plant.assay_std, rtol=0.05)
    assert (errors.mean().abs() < 4 * plant.assay_std / np.sqrt(len(errors))).all()
    rounding = (complete.target - complete.noise_free_target)[CHEMICAL].abs()
    assert rounding.max(axis=None) <= 0.005 + 1e-9
    assert (complete.assay_std == 0).all()
    assert (complete.bayes_r2 == 1).all()
    twice = make_multirate_sintering(random_state=0, noise=2.0)
    double = (twice.target - twice.noise_free_target)[CHEMICAL]
    difference = double - 2 * errors[CHEMICAL]
    assert difference.abs().max(axis=None) <= 0.015 + 1e-9


def test_bayes_r2_is_what_the_truth_scores(plant):
    for name in TARGETS:
        observed = plant.target[name].notna()
        score = r2_score(plant.target[name][observed], plant.noise_free_target[name][observed])
        assert score == pytest.approx(plant.bayes_r2[name], abs=0.01)
    assert plant.bayes_r2.between(0.9, 1).all()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_drift_grows_over_the_campaign(seed):
    still, drifting = (
        make_multirate_sintering(random_state=seed, drift=drift, missing_fraction=0.0)
        for drift in (0.0, 1.0)
    )
    assert still.times.equals(drifting.times)
    change = drifting.noise_free_target - still.noise_free_target
    third = len(change) // 3
    silica = change["sio2"]
    assert silica[:third].mean() + 0.08 < silica[-third:].mean()
    assert change["tfe"][-third:].mean() < change["tfe"][:third].mean()
    names = ["ignition_temperature", "btp_temperature"]
    ignition, btp = (
        (drifting.sources["thermal"][name] - still.sources["thermal"][name]).to_numpy()
        for name in names
    )
    assert (ignition == 0).all()
    n_last = 10 * 1440
    assert btp[-n_last:].mean() < -10 < -2 < btp[:1440].mean()


def test_regimes_shift_the_level_and_last_for_days(complete):
    regime = complete.regime
    changed = regime.ne(regime.shift()).cumsum()
    lasted = complete.times.to_series().groupby(changed.to_numpy()).agg(lambda t: t.max() - t.min())
    assert len(lasted) > 8
    assert lasted.iloc[1:-1].min() > pd.Timedelta("3.5D")
    assert lasted.max() <= pd.Timedelta("10D")
    assert set(regime) == {0, 1, 2, 3}
    basicity = complete.noise_free_target["basicity"]
    levels = basicity.groupby(regime).mean()
    within = basicity.groupby(regime).std().mean()
    assert levels.max() - levels.min() > 3 * within


@pytest.mark.parametrize("source", STEPS)
def test_gaps_are_where_they_are_said_to_be(lossy_and_whole, source):
    lossy, whole = lossy_and_whole
    recorded, all_rows, gaps = lossy.sources[source], whole.sources[source], lossy.gaps[source]
    assert len(gaps) > 0
    assert len(whole.gaps[source]) == 0
    assert all_rows.notna().all(axis=None)
    assert gaps["start"].is_monotonic_increasing
    assert (gaps["end"] - gaps["start"]).between(pd.Timedelta("1h"), pd.Timedelta("8h")).all()
    lost = np.zeros(len(all_rows), dtype=bool)
    for start, end in gaps.itertuples(index=False):
        lost |= (all_rows.index >= start) & (all_rows.index < end)
    assert 0.02 < lost.mean() < 0.10
    assert recorded.index.equals(all_rows.index[~lost])
    # What is left is what would have been recorded anyway.
    seen = recorded.notna()
    pd.testing.assert_frame_equal(recorded, all_rows[~lost].where(seen))
    assert 1 - seen.mean(axis=None) == pytest.approx(0.01, rel=0.3)


def test_missing_labels(plant, complete):
    assert complete.target.notna().all(axis=None)
    missing = plant.target.isna()
    np.testing.assert_allclose(missing[CHEMICAL].mean(), 0.02, atol=0.01)
    np.testing.assert_array_equal(missing["basicity"], missing["cao"] | missing["sio2"])


def test_startup_mask_marks_the_excursions_of_the_strand(complete):
    speeds = windows_of(complete, "equipment", "strand_speed")
    temperatures = windows_of(complete, "thermal", "ignition_temperature")
    slowest, coldest = speeds.min(axis=1), temperatures.min(axis=1)
    mask = complete.startup_mask.to_numpy()
    assert 0.01 < mask.mean() < 0.10
    steady = slowest[~mask]
    assert steady.min() > 1.5
    assert coldest[~mask].min() > 1000
    assert (slowest[mask] < 0.1).mean() > 0.4
    assert ((slowest[mask] < steady.min()) | (coldest[mask] < 1110)).mean() > 0.8
    # What was on the strand while it warmed up got too little heat.
    cold = temperatures[:, -45:].mean(axis=1) < 1000
    assert cold.sum() > 5
    feo = complete.noise_free_target["feo"]
    assert feo[cold].mean() < feo[~mask].mean() - 0.3


def test_the_laboratorys_table_leads_to_the_targets(plant):
    lab = plant.lab
    assert list(lab.columns) == ["sampled", "reported", *TARGETS, "remark"]
    assert all(isinstance(cell, str) for cell in lab[TARGETS].to_numpy().ravel())
    assert lab["reported"].is_monotonic_increasing
    assert not lab["sampled"].is_monotonic_increasing
    parsed = parse_lab(lab, time="sampled", targets=TARGETS, missing=["failed"])
    pd.testing.assert_frame_equal(
        parsed, plant.target.dropna(how="all"), check_names=False, check_freq=False
    )
    last = lab.groupby("sampled")["reported"].max()
    pd.testing.assert_series_equal(last, plant.available_at, check_names=False, check_freq=False)

    remarks = lab["remark"].value_counts()
    assert remarks["retest"] > 20
    assert lab.duplicated().sum() > 5
    retested = set(lab.loc[lab["remark"] == "retest", "sampled"])
    assert retested == set(lab.loc[lab["remark"] == "implausible", "sampled"])
    once = lab[~lab["sampled"].isin(retested)]
    hours = (once["reported"] - once["sampled"]) / pd.Timedelta("1h")
    assert hours.min() >= 1.5
    assert (hours <= 4 + 1 / 60).mean() > 0.93
    assert hours.max() > 8


def test_schedule_samples_only_what_the_strand_has_discharged():
    schedule = plan_schedule(500, np.random.default_rng(0))
    throttle = schedule.throttle
    assert len(throttle) == schedule.samples[-1] + 1
    assert schedule.samples[0] >= LEAD_IN
    assert ((throttle >= 0) & (throttle <= 1)).all()
    assert (throttle[:LEAD_IN] == 1).all()
    assert schedule.steady[:LEAD_IN].all()
    stops = np.flatnonzero(np.diff((throttle > 0).astype(int)) == -1)
    assert len(stops) > 2
    assert (throttle[schedule.samples - 90] > 0).all()
    # Temperatures follow: after half an hour they have come half of the way.
    warmth = schedule.warmth
    np.testing.assert_allclose(
        warmth[1:], warmth[:-1] + (1 - np.exp(-1 / 40)) * (throttle[1:] - warmth[:-1]), atol=1e-9
    )


def test_fluctuations_are_stationary_and_as_slow_as_asked():
    series = fluctuations(200_000, 2, 20.0, np.random.default_rng(0))
    np.testing.assert_allclose(series.std(axis=0), 1.0, atol=0.05)
    for column in series.T:
        assert np.corrcoef(column[20:], column[:-20])[0, 1] == pytest.approx(np.exp(-1), abs=0.03)
    assert abs(np.corrcoef(series.T)[0, 1]) < 0.05
    starts = np.array(
        [fluctuations(3, 1, 20.0, np.random.default_rng(seed))[0, 0] for seed in range(400)]
    )
    assert starts.std() == pytest.approx(1.0, abs=0.1)


def test_low_pass_of_a_step():
    step = np.repeat([2.0, 3.0], [50, 200])
    followed = low_pass(step, 40.0)
    np.testing.assert_allclose(followed[:50], 2.0)
    np.testing.assert_allclose(followed[50:], 3.0 - np.exp(-np.arange(1, 201) / 40.0))


@pytest.mark.parametrize("n_cycles", [2, 3])
def test_few_cycles(n_cycles):
    plant = make_multirate_sintering(n_cycles, random_state=0)
    assert plant.target.shape == (n_cycles, 5)
    assert np.isfinite(plant.noise_free_target).all(axis=None)
    samples = align_windows(
        plant.sources, plant.times, lookback=plant.lookback, dead_time=plant.dead_time
    )
    assert len(samples.X) == n_cycles


def test_extreme_parameters():
    plant = make_multirate_sintering(
        200, random_state=0, noise=0.0, drift=5.0, missing_fraction=0.9
    )
    assert np.isfinite(plant.noise_free_target).all(axis=None)
    assert plant.target["tfe"].isna().mean() == pytest.approx(0.9, abs=0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_cycles": 1}, r"`n_cycles` must be an int.*Got 1\."),
        ({"n_cycles": 10.0}, "`n_cycles`"),
        ({"noise": -0.1}, r"`noise` must be.*Got -0\.1"),
        ({"noise": np.nan}, "`noise`"),
        ({"drift": 6}, r"`drift` must be.*Got 6"),
        ({"missing_fraction": 1.0}, "`missing_fraction`"),
    ],
)
def test_wrong_parameter(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_multirate_sintering(**arguments)
