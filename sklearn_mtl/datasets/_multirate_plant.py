"""How the simulated sinter plant runs: recipes, control of the strand, true histories."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from sklearn_mtl.datasets import _multirate_mechanism as mechanism
from sklearn_mtl.datasets import _sintering_mechanism as strand
from sklearn_mtl.datasets._multirate_fluctuations import fluctuations, low_pass
from sklearn_mtl.datasets._multirate_schedule import Schedule

ORIGIN = pd.Timestamp("2024-11-01 06:00")  # a shift begins; arbitrary otherwise
SHIFT = 480  # min
_EQUIPMENT_STEP = 5  # min
_ON_THE_WAY = 75  # min from the bins to the discharge of the strand, most of them
_LAST_ASSAY_OF_ORES = 30  # shifts ago: what the planners know of the stockpiles

# Operating regimes: how the plant runs while one ore stockpile lasts.
_REGIME_ORE_SHARES = np.array(
    [
        [0.34, 0.12, 0.18, 0.18, 0.13, 0.05],
        [0.20, 0.16, 0.14, 0.30, 0.10, 0.10],
        [0.28, 0.26, 0.12, 0.10, 0.20, 0.04],
        [0.24, 0.08, 0.30, 0.14, 0.16, 0.08],
    ]
)
_REGIME_BASICITY = np.array([1.85, 2.00, 1.80, 1.94])
_REGIME_BED_HEIGHT = np.array([700.0, 735.0, 675.0, 715.0])  # mm
_REGIME_PEAK_TEMPERATURE = np.array([1310.0, 1335.0, 1295.0, 1322.0])  # C, the operators' aim
_SHORTEST_STOCKPILE, _LONGEST_STOCKPILE = 12, 30  # shifts

_GRATE_WIDTH, _BULK_DENSITY, _ORE_IN_MIX = 4.5, 1.9, 0.62  # m, t/m3, share
_WISHED_POSITION = 72.0  # m, burn-through on a strand of 80 m


class Operation(NamedTuple):
    """True histories, before anything is recorded.

    Attributes
    ----------
    sources : dict of str to DataFrame
        ``raw_material`` per shift, ``thermal`` per minute, ``equipment`` per 5 minutes.
    materials : DataFrame
        Properties that nobody measures, per shift.
    regime : ndarray of int
        Stockpile in use, per shift.
    """

    sources: dict[str, pd.DataFrame]
    materials: pd.DataFrame
    regime: np.ndarray


def operate(
    schedule: Schedule,
    drift: float,
    *,
    plan_rng: np.random.Generator,
    process_rng: np.random.Generator,
    drift_rng: np.random.Generator,
) -> Operation:
    """Run the plant through a schedule.

    Parameters
    ----------
    schedule : Schedule
        Stops and starts.
    drift : float
        Factor on the slow drift of the materials.
    plan_rng, process_rng, drift_rng : Generator
        Sources of randomness for the shifts, for the minutes and for the drift.

    Returns
    -------
    operation : Operation
    """
    n_minutes = len(schedule.throttle)
    minutes = np.arange(n_minutes)
    n_shifts = (n_minutes - 1) // SHIFT + 1
    regime = _regimes(n_shifts, plan_rng)
    materials = _drifting_materials(n_shifts, drift, drift_rng)
    raw_material = _shift_plan(regime, materials, plan_rng)
    charged = shift_of_blend(minutes)
    thermal, equipment = _run_strand(schedule, raw_material, regime, charged, process_rng)
    raw_material.index = materials.index = _index(n_shifts, SHIFT)
    thermal.index = _index(n_minutes, 1)
    equipment = equipment.iloc[::_EQUIPMENT_STEP]
    equipment.index = _index(len(equipment), _EQUIPMENT_STEP)
    sources = {"raw_material": raw_material, "thermal": thermal, "equipment": equipment}
    return Operation(sources, materials, regime)


def shift_of_blend(minutes: np.ndarray) -> np.ndarray:
    """Shift whose recipe made what is discharged from the strand at each minute."""
    return np.maximum(minutes - _ON_THE_WAY, 0) // SHIFT


def _index(n_rows: int, step: int) -> pd.DatetimeIndex:
    return pd.date_range(ORIGIN, periods=n_rows, freq=f"{step}min", name="time")


def _regimes(n_shifts: int, rng: np.random.Generator) -> np.ndarray:
    """Regime of each shift: a stockpile lasts 4 to 10 days, then a different one is opened."""
    n_stockpiles = n_shifts // _SHORTEST_STOCKPILE + 1
    lengths = rng.integers(
        _SHORTEST_STOCKPILE, _LONGEST_STOCKPILE, size=n_stockpiles, endpoint=True
    )
    n_regimes = len(_REGIME_BASICITY)
    # Steps of 1 to n-1 modulo n reach every regime but the present one.
    steps = rng.integers(1, n_regimes, size=n_stockpiles)
    return np.repeat(np.cumsum(steps) % n_regimes, lengths)[:n_shifts]


def _drifting_materials(n_shifts: int, drift: float, rng: np.random.Generator) -> pd.DataFrame:
    """Relative deviations of silica per ore, of the limestone's lime and of the coke's heat.

    A seasonal swing, zero on the first day and largest after 90 days, plus wandering over weeks.
    """
    season = np.sin(2.0 * np.pi * np.arange(n_shifts) / (360 * 3))
    wandering = fluctuations(n_shifts, mechanism.N_ORES + 2, 36.0, rng)
    names = [*mechanism.SHARES, "limestone", "coke"]
    swing = np.array([0.035] * mechanism.N_ORES + [-0.010, 0.008])
    wander = np.array([0.020] * mechanism.N_ORES + [0.006, 0.003])
    return pd.DataFrame(drift * (season[:, None] * swing + wandering * wander), columns=names)


def _shift_plan(
    regime: np.ndarray, materials: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Raw materials per shift: assays of the mix and the recipe in force from its time on."""
    n_shifts = len(regime)
    wave = iter(fluctuations(n_shifts, mechanism.N_ORES + 10, 4.0, rng).T)
    shares = _REGIME_ORE_SHARES[regime] * np.exp(
        0.08 * np.column_stack([next(wave) for _ in range(mechanism.N_ORES)])
    )
    shares /= shares.sum(axis=1, keepdims=True)
    fines = 100.0 * shares @ mechanism.ORE_FINES
    moisture = strand.best_moisture(fines) + 0.25 * next(wave)
    days = np.arange(n_shifts) / 3.0
    # Autumn to winter, and colder in the night shift.
    mix_temperature = 45.0 + 4.0 * np.cos(2.0 * np.pi * days / 365.0)
    mix_temperature = mix_temperature + 1.5 * np.sin(2.0 * np.pi * days) + 1.5 * next(wave)
    diameter = strand.granule_diameter(fines, moisture) * np.exp(0.03 * next(wave))
    basicity = (_REGIME_BASICITY[regime] + 0.025 * next(wave)).round(2)
    dolomite = 6.0 + 0.5 * next(wave)
    quicklime = 3.0 + 0.3 * next(wave)
    bed_height = _REGIME_BED_HEIGHT[regime]
    # Coke for the regime's heat, from an average mix; limestone from the last assay of the ores.
    coke = _coke_for(_REGIME_PEAK_TEMPERATURE[regime], moisture, bed_height) + 0.05 * next(wave)
    known = materials[mechanism.SHARES].shift(_LAST_ASSAY_OF_ORES, fill_value=0.0).to_numpy()
    silica = (shares * mechanism.ORE_SIO2 * (1.0 + known)).sum(axis=1)
    limestone = mechanism.limestone_for(
        basicity,
        silica + coke / 100.0 * mechanism.COKE_SIO2,
        mechanism.lime_of_blend(shares),
        (dolomite * mechanism.DOLOMITE_CAO + quicklime * mechanism.QUICKLIME_CAO) / 100.0,
    )
    prices = np.exp(np.cumsum(rng.normal(0.0, 0.006, size=(n_shifts, 5)), axis=0))
    return pd.DataFrame(
        {
            "mix_moisture": moisture,
            "mix_temperature": mix_temperature,
            "granule_diameter": diameter,
            "coarse_fraction": 14.0 + 6.0 * (diameter - 3.1) + 0.8 * next(wave),
            "fuel_fines": 72.0 + 3.0 * next(wave),
            **dict(zip(mechanism.SHARES, 100.0 * shares.T, strict=True)),
            "limestone": limestone,
            "dolomite": dolomite,
            "quicklime": quicklime,
            "return_fines": 25.0 + 2.0 * next(wave),
            "coke": coke,
            "planned_basicity": basicity,
            "price_hematite": 105.0 * prices[:, 0],
            "price_goethite": 88.0 * prices[:, 1],
            "price_concentrate": 125.0 * prices[:, 2],
            "price_coke": 240.0 * prices[:, 3],
            "price_limestone": 22.0 * prices[:, 4],
        }
    )


def _coke_for(temperature: np.ndarray, moisture: np.ndarray, bed_height: np.ndarray) -> np.ndarray:
    """Coke (%) that heats a mix with 9.5 % CaO to a peak temperature (C)."""
    at_zero, at_one = (
        strand.peak_temperature(np.array(coke), moisture, np.array(9.5), bed_height)
        for coke in (0.0, 1.0)
    )
    return (temperature - at_zero) / (at_one - at_zero)


def _run_strand(
    schedule: Schedule,
    raw_material: pd.DataFrame,
    regime: np.ndarray,
    charged: np.ndarray,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Thermal records and equipment, both per minute; `charged` is the shift on the strand."""
    n_minutes = len(charged)
    throttle, warmth = schedule.throttle, schedule.warmth
    quick = iter(fluctuations(n_minutes, 6, 30.0, rng).T)
    slow = iter(fluctuations(n_minutes, mechanism.N_ORES + 6, 180.0, rng).T)
    material = {name: values.to_numpy()[charged] for name, values in raw_material.items()}

    bed_height = low_pass(_REGIME_BED_HEIGHT[regime][charged], 30.0) + 10.0 * next(slow)
    suction = 2.0 + throttle * (12.0 + 0.6 * next(slow))  # the fans idle in a stop
    ignition = 1130.0 + 20.0 * next(quick)
    # Operators follow the burn-through that the permeability suggests, late and imperfectly.
    place = {
        "suction": suction,
        "bed_height": bed_height,
        "diameter": material["granule_diameter"],
        "fines": np.column_stack([material[name] for name in mechanism.SHARES])
        @ mechanism.ORE_FINES,
        "moisture": material["mix_moisture"],
        "coke": material["coke"],
    }
    at_one = mechanism.burn_through_position(strand_speed=np.ones(n_minutes), **place)
    wished = low_pass(_WISHED_POSITION / at_one, 60.0) * np.exp(0.025 * next(slow))
    strand_speed = throttle * wished
    position = strand_speed * at_one

    heat = strand.peak_temperature(
        material["coke"], material["mix_moisture"], np.array(9.5), bed_height
    )
    anomaly = next(quick)  # false air, segregation, gas quality
    btp = 400.0 + 0.35 * (heat - 1310.0) - 5.0 * (position - _WISHED_POSITION) + 28.0 * anomaly
    exhaust = 120.0 + 0.06 * (heat - 1310.0) - 2.0 * (position - _WISHED_POSITION)
    exhaust = exhaust + 3.0 * anomaly + 5.0 * next(slow)
    gas_flow = throttle * (2400.0 + 4.0 * (ignition - 1130.0) + 60.0 * next(quick))

    mix = throttle * wished * bed_height * 1e-3 * _GRATE_WIDTH * _BULK_DENSITY * 60.0  # t/h
    shares = np.column_stack([material[name] for name in mechanism.SHARES]) / 100.0
    wander = np.column_stack([next(slow) for _ in range(mechanism.N_ORES)])
    shares = shares * np.exp(0.06 * wander)
    flows = (_ORE_IN_MIX * mix)[:, None] * shares / shares.sum(axis=1, keepdims=True)
    thermal = pd.DataFrame(
        {
            "ignition_temperature": _cooling(ignition, warmth),
            "exhaust_gas_temperature": _cooling(exhaust, warmth),
            "btp_temperature": _cooling(btp, warmth),
            "furnace_suction": 25.0 * throttle + 3.0 * next(quick),
            "main_suction": suction,
            "gas_pressure": 9.0 + 0.4 * next(slow),
            "air_pressure": 6.5 + 0.2 * next(quick),
            "gas_flow": gas_flow,
            "air_flow": 5.2 * gas_flow * np.exp(0.02 * next(quick)),
            **dict(zip(mechanism.BINS, flows.T, strict=True)),
        }
    )
    product = low_pass(0.78 * mix, 30.0) * np.exp(0.015 * next(slow))
    equipment = pd.DataFrame(
        {
            "bed_height": bed_height,
            "strand_speed": strand_speed,
            "plate_feeder_speed": low_pass(strand_speed, 10.0) * 0.62,
            "product_weight": product,
            "production": _shift_counter(product / 60.0),
        }
    )
    return thermal, equipment


def _cooling(temperature: np.ndarray, warmth: np.ndarray) -> np.ndarray:
    """Temperature (C) of something that cools to the ambient 20 C in a stop."""
    return 20.0 + warmth * (temperature - 20.0)


def _shift_counter(tonnes: np.ndarray) -> np.ndarray:
    """Sum that starts from zero with every shift."""
    total = np.cumsum(tonnes)
    first = np.arange(len(tonnes)) // SHIFT * SHIFT
    return total - total[first] + tonnes[first]
