"""Simulated sintering cycles with known truth: what paper A measured, as data anyone can make."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch, check_random_state

from sklearn_mtl.datasets import _sintering_mechanism as mechanism
from sklearn_mtl.datasets._recording_faults import add_gross_faults, drop_labels

# name: (unit, description)
_FEATURES = {
    "granule_diameter": ("mm", "mean diameter of the granulated mix"),
    "fines": ("%", "share of the ore blend below 0.5 mm"),
    "moisture": ("%", "water in the mix"),
    "coke": ("%", "coke breeze per mass of ore blend"),
    "return_fines": ("%", "share of returned sinter fines in the mix"),
    "bed_height": ("mm", "thickness of the sinter bed"),
    "strand_speed": ("m/min", "speed of the sinter strand"),
    "ignition_temperature": ("C", "temperature of the ignition hood"),
    "suction": ("kPa", "pressure drop over the bed"),
    "flue_gas_temperature": ("C", "temperature of the waste gas in the main duct"),
    "burn_through_position": ("m", "where the flame front reaches the grate, from the ignition"),
    "tfe": ("%", "total iron of the sinter"),
    "sio2": ("%", "silica of the sinter"),
    "cao": ("%", "lime of the sinter"),
    "mgo": ("%", "magnesia of the sinter"),
    "al2o3": ("%", "alumina of the sinter"),
    "basicity": ("1", "CaO / SiO2 of the sinter"),
}
# name: (unit, standard deviation of the laboratory's error)
_TARGETS = {
    "product_yield": ("%", 0.30),
    "drum_index": ("%", 0.20),
    "rdi_plus_3_15": ("%", 0.25),
}
_NOISE_CORRELATION = 0.5  # of the laboratory's errors of successive cycles
_DRIFT_CORRELATION = 0.9  # of the plant's own fluctuations
_MEAN_CYCLES_PER_REGIME = 40

# Operating regimes: how the plant runs while one ore stockpile lasts.
_REGIME_ORE_SHARES = np.array(
    [
        [0.45, 0.25, 0.15, 0.15],
        [0.25, 0.45, 0.10, 0.20],
        [0.30, 0.15, 0.40, 0.15],
        [0.40, 0.15, 0.10, 0.35],
    ]
)
_REGIME_BASICITY = np.array([1.85, 2.05, 1.78, 2.00])
_REGIME_BED_HEIGHT = np.array([700.0, 740.0, 670.0, 715.0])  # mm
_REGIME_PEAK_TEMPERATURE = np.array([1300.0, 1340.0, 1270.0, 1310.0])  # C, what the operators aim at


def make_sintering(
    n_samples: int = 1000,
    *,
    random_state: int | np.random.RandomState | None = None,
    outlier_fraction: float = 0.05,
    missing_fraction: float = 0.0,
    noise: float = 1.0,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.DataFrame]:
    """Simulate sintering cycles: 17 inputs, three quality indices, gross outliers.
    """
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    # One stream per purpose, so that faults and gaps leave the clean data as they are.
    process_rng, noise_rng, fault_rng, gap_rng = (
        np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(4)
    )
    data, noise_free = simulate_cycles(n_samples, process_rng)
    noise_std = noise * np.array([std for _, std in _TARGETS.values()])
    errors = noise_std * autoregression(n_samples, len(_TARGETS), _NOISE_CORRELATION, noise_rng)
    records = add_gross_faults(
        data.to_numpy(), noise_free.to_numpy() + errors, outlier_fraction, fault_rng
    )
    return records, data, noise_free, noise_std


def simulate_cycles(
    n_samples: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run the strand and return the inputs and the quality without laboratory errors."""
    regime = _regimes(n_samples, rng)
    drift = iter(autoregression(n_samples, 16, _DRIFT_CORRELATION, rng).T)

    # Blend: the stockpile's recipe, unevenly reclaimed.
    shares = _REGIME_ORE_SHARES[regime] * np.exp(
        0.10 * np.column_stack([next(drift) for _ in range(mechanism.N_ORES)])
    )
    shares /= shares.sum(axis=1, keepdims=True)
    fines = mechanism.fines_of_blend(shares)
    moisture = mechanism.best_moisture(fines) + 0.30 * next(drift)
    diameter = mechanism.granule_diameter(fines, moisture) * np.exp(0.03 * next(drift))
    bed_height = _REGIME_BED_HEIGHT[regime] + 15.0 * next(drift)
    basicity = _REGIME_BASICITY[regime] + 0.06 * next(drift)
    dolomite = 0.070 + 0.010 * next(drift)
    return_fines = 25.0 + 2.5 * next(drift)

    # Operators dose the coke for the regime's heat, from an average mix.
    aim = _REGIME_PEAK_TEMPERATURE[regime]
    coke = _coke_for(aim, bed_height) + 0.12 * next(drift)
    chemistry = mechanism.sinter_chemistry(shares, coke / 100.0, dolomite, basicity)

    # Strand speed follows the burn-through time that the permeability suggests, imperfectly.
    suction = 14.0 + 0.7 * next(drift)
    voids = mechanism.void_fraction(fines, moisture)
    velocity = mechanism.gas_velocity(suction, bed_height, diameter, voids)
    burn_through_time = bed_height / mechanism.flame_speed(velocity, coke)  # min
    strand_speed = 72.0 / burn_through_time * np.exp(0.02 * next(drift))
    burn_through = strand_speed * burn_through_time * np.exp(0.02 * next(drift))

    temperature = mechanism.peak_temperature(coke, moisture, chemistry.cao, bed_height)
    ignition_temperature = 1130.0 + 5.0 * (suction - 14.0) + 22.0 * next(drift)
    # False air cools the waste gas and tells nothing about the sinter.
    flue_gas = 115.0 + 0.08 * (temperature - 1300.0) - 3.0 * (burn_through - 72.0)
    flue_gas = flue_gas + 6.0 * next(drift)
    quality = mechanism.sinter_quality(
        fines=fines,
        moisture=moisture,
        coke=coke,
        return_fines=return_fines,
        bed_height=bed_height,
        strand_speed=strand_speed,
        ignition_temperature=ignition_temperature,
        burn_through=burn_through,
        chemistry=chemistry,
    )
    data = pd.DataFrame(
        {
            "granule_diameter": diameter,
            "fines": fines,
            "moisture": moisture,
            "coke": coke,
            "return_fines": return_fines,
            "bed_height": bed_height,
            "strand_speed": strand_speed,
            "ignition_temperature": ignition_temperature,
            "suction": suction,
            "flue_gas_temperature": flue_gas,
            "burn_through_position": burn_through,
            **chemistry._asdict(),
        },
        columns=list(_FEATURES),
    )
    return data, pd.DataFrame(dict(zip(_TARGETS, quality, strict=True)))


def _coke_for(temperature: np.ndarray, bed_height: np.ndarray) -> np.ndarray:
    """Coke (%) that heats an average mix (7 % moisture, 10 % CaO) to a peak temperature (C)."""
    at_zero, at_one = (
        mechanism.peak_temperature(np.array(coke), np.array(7.0), np.array(10.0), bed_height)
        for coke in (0.0, 1.0)
    )
    return (temperature - at_zero) / (at_one - at_zero)


def _regimes(n_samples: int, rng: np.random.Generator) -> np.ndarray:
    """Regime of each cycle: it lasts a geometric time, then another one is drawn."""
    changes = rng.random(n_samples) < 1.0 / _MEAN_CYCLES_PER_REGIME
    n_regimes = len(_REGIME_BASICITY)
    # A step of 1 to n-1 modulo n reaches every regime but the present one.
    steps = np.where(changes, rng.integers(1, n_regimes, size=n_samples), 0)
    return (rng.integers(n_regimes) + np.cumsum(steps)) % n_regimes


def autoregression(
    n_samples: int, n_series: int, correlation: float, rng: np.random.Generator
) -> np.ndarray:
    """Stationary AR(1) series of mean 0 and variance 1, one per column."""
    innovations = rng.standard_normal((n_samples, n_series))
    innovations[1:] *= np.sqrt(1.0 - correlation**2)
    series = innovations
    for t in range(1, n_samples):
        series[t] += correlation * series[t - 1]
    return series
