"""The simulated sinter data: one truth per seed, faults on top of it, and a known limit."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl.datasets import _sintering_mechanism as mechanism
from sklearn_mtl.datasets import make_sintering


def test_shapes_names_and_units():
    sinter = make_sintering(50, random_state=0)
    assert sinter.data.shape == (50, 17)
    assert sinter.target.shape == (50, 3)
    assert list(sinter.frame.columns) == sinter.feature_names + sinter.target_names
    assert list(sinter.feature_units) == list(sinter.feature_descriptions) == sinter.feature_names
    assert list(sinter.target_units) == sinter.target_names
    assert np.isfinite(sinter.frame.to_numpy()).all()
    X, y = make_sintering(50, random_state=0, return_X_y=True)
    pd.testing.assert_frame_equal(X, sinter.data)
    pd.testing.assert_frame_equal(y, sinter.target)


def test_same_seed_same_data_and_no_trace_in_the_global_stream():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    first, again = make_sintering(80, random_state=3), make_sintering(80, random_state=3)
    pd.testing.assert_frame_equal(first.frame, again.frame)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert not first.frame.equals(make_sintering(80, random_state=4).frame)
    generator = np.random.RandomState(3)
    pd.testing.assert_frame_equal(make_sintering(80, random_state=generator).frame, first.frame)
    assert not make_sintering(80, random_state=generator).frame.equals(first.frame)


def test_faults_and_gaps_leave_the_clean_data_alone():
    clean = make_sintering(400, random_state=1, outlier_fraction=0.0)
    dirty = make_sintering(400, random_state=1, outlier_fraction=0.1, missing_fraction=0.3)
    pd.testing.assert_frame_equal(clean.noise_free_target, dirty.noise_free_target)
    pd.testing.assert_series_equal(clean.bayes_r2, dirty.bayes_r2)
    kept = ~dirty.outlier_mask
    pd.testing.assert_frame_equal(clean.data[kept], dirty.data[kept])
    observed = dirty.target[kept].notna()
    pd.testing.assert_frame_equal(
        clean.target[kept].where(observed), dirty.target[kept].where(observed)
    )


def test_every_outlier_row_has_a_gross_label_and_some_a_gross_input():
    clean = make_sintering(1000, random_state=1, outlier_fraction=0.0)
    dirty = make_sintering(1000, random_state=1, outlier_fraction=0.05)
    assert not clean.outlier_mask.any()
    assert dirty.outlier_mask.sum() == 50
    for part, some_or_all in (("target", np.all), ("data", np.any)):
        size = ((dirty[part] - clean[part]).abs() / clean[part].std(ddof=0)).to_numpy()
        assert (size[~dirty.outlier_mask] == 0).all()
        changed = size[dirty.outlier_mask]
        assert some_or_all((changed > 0).any(axis=1))
        assert changed[changed > 0].min() >= 5 - 1e-6
        assert changed.max() <= 15 + 1e-6


def test_missing_labels_are_nested_and_only_labels():
    some = make_sintering(1000, random_state=1, missing_fraction=0.2)
    more = make_sintering(1000, random_state=1, missing_fraction=0.5)
    assert some.data.notna().all(axis=None)
    np.testing.assert_allclose(some.target.isna().mean(), 0.2, atol=0.05)
    assert (more.target.isna() | ~some.target.isna()).all(axis=None)


def test_noise_free_target_is_a_function_of_the_recorded_inputs():
    sinter = make_sintering(200, random_state=2, outlier_fraction=0.0)
    X = sinter.data
    quality = mechanism.sinter_quality(
        fines=X["fines"],
        moisture=X["moisture"],
        coke=X["coke"],
        return_fines=X["return_fines"],
        bed_height=X["bed_height"],
        strand_speed=X["strand_speed"],
        ignition_temperature=X["ignition_temperature"],
        burn_through=X["burn_through_position"],
        chemistry=mechanism.Chemistry(*(X[name] for name in mechanism.Chemistry._fields)),
    )
    np.testing.assert_allclose(np.column_stack(quality), sinter.noise_free_target, rtol=1e-12)


def test_noise_scales_the_same_errors():
    exact = make_sintering(300, random_state=2, outlier_fraction=0.0, noise=0.0)
    once = make_sintering(300, random_state=2, outlier_fraction=0.0)
    twice = make_sintering(300, random_state=2, outlier_fraction=0.0, noise=2.0)
    pd.testing.assert_frame_equal(exact.target, exact.noise_free_target)
    assert (exact.bayes_r2 == 1).all()
    np.testing.assert_allclose(
        twice.target - exact.target, 2 * (once.target - exact.target), atol=1e-9
    )


def test_bayes_r2_is_what_the_truth_scores():
    sinter = make_sintering(20_000, random_state=0, outlier_fraction=0.0)
    scores = r2_score(sinter.target, sinter.noise_free_target, multioutput="raw_values")
    np.testing.assert_allclose(scores, sinter.bayes_r2, atol=2e-3)


def test_label_errors_are_correlated_in_time():
    sinter = make_sintering(20_000, random_state=0, outlier_fraction=0.0)
    errors = sinter.target - sinter.noise_free_target
    for name in sinter.target_names:
        assert errors[name].autocorr(1) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_difficulty(seed):
    """Linear models fall clearly short, boosting comes close to the limit, none passes it."""
    sinter = make_sintering(1500, random_state=seed, outlier_fraction=0.0)
    assert sinter.bayes_r2.between(0.95, 0.99).all()
    rows = np.random.default_rng(seed).permutation(1500)
    train, test = rows[:1000], rows[1000:]
    X = sinter.data.to_numpy()
    for name in sinter.target_names:
        y = sinter.target[name].to_numpy()
        linear = make_pipeline(StandardScaler(), Ridge()).fit(X[train], y[train])
        boosting = HistGradientBoostingRegressor(random_state=0).fit(X[train], y[train])
        linear_r2, boosting_r2 = (
            r2_score(y[test], model.predict(X[test])) for model in (linear, boosting)
        )
        assert 0.55 < linear_r2 < 0.88, name
        assert linear_r2 + 0.04 < boosting_r2 < sinter.bayes_r2[name] + 0.01, name


def test_mass_balance_meets_the_basicity():
    shares = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]])
    basicity = np.array([1.8, 2.1])
    chemistry = mechanism.sinter_chemistry(shares, np.full(2, 0.045), np.full(2, 0.07), basicity)
    np.testing.assert_allclose(chemistry.basicity, basicity, rtol=1e-12)
    np.testing.assert_allclose(chemistry.cao, chemistry.sio2 * basicity, rtol=1e-12)
    # Iron as Fe2O3 and the other oxides make up almost all of the sinter.
    oxides = chemistry.tfe * 1.4297 + chemistry.sio2 + chemistry.cao + chemistry.mgo
    assert ((oxides + chemistry.al2o3 > 93) & (oxides + chemistry.al2o3 < 104)).all()


def test_ergun_gas_velocity_satisfies_its_equation_and_its_directions():
    def velocity(suction=14.0, height=700.0, diameter=3.0, voids=0.36):
        return mechanism.gas_velocity(*map(np.array, (suction, height, diameter, voids)))

    u, d, e = velocity(), 3e-3, 0.36
    gradient = 6 * (150 * 4e-5 * (1 - e) ** 2 / (e**3 * d**2) * u)
    gradient += 6 * (1.75 * 0.6 * (1 - e) / (e**3 * d) * u**2)
    assert gradient == pytest.approx(14e3 / 0.7)
    assert velocity(suction=15.0) > u > velocity(height=800.0)
    assert velocity(diameter=3.5) > u > velocity(voids=0.33)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 1}, r"`n_samples` must be an int.*Got 1\."),
        ({"n_samples": 10.0}, "`n_samples`"),
        ({"outlier_fraction": 1.5}, "`outlier_fraction` must be.*1.5"),
        ({"missing_fraction": 1.0}, "`missing_fraction`"),
        ({"noise": -0.1}, "`noise`"),
        ({"noise": np.nan}, "`noise`"),
    ],
)
def test_wrong_parameter(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_sintering(**arguments)


@pytest.mark.parametrize("n_samples", [2, 3])
def test_few_cycles(n_samples):
    sinter = make_sintering(n_samples, random_state=0, outlier_fraction=1.0)
    assert sinter.outlier_mask.all()
    assert np.isfinite(sinter.frame.to_numpy()).all()
