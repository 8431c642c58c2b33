"""Sinter chemistry as a function of asynchronous records: which history makes which sample.

A sample taken at ``t`` lay on the strand until ``t - DEAD_TIME`` and was blended before that.
Everything here is pure: the same records give the same chemistry, and no record later than
``t - DEAD_TIME`` or older than `LOOKBACK` is read. Formulas of permeability and heat are those of
``_sintering_mechanism``; the mass balance here has six ores and properties that drift.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sklearn_mtl.datasets import _sintering_mechanism as strand

DEAD_TIME = pd.Timedelta("90min")  # cooling, crushing and the way to the sampler
LOOKBACK = {
    "raw_material": pd.Timedelta("24h"),
    "thermal": pd.Timedelta("3h"),
    "equipment": pd.Timedelta("3h"),
}
TARGETS = ("tfe", "feo", "sio2", "cao", "basicity")

# Mass fractions of the dry ores: three hematites, goethite, magnetite concentrate, recycled fines.
_ORE_FE = np.array([0.645, 0.610, 0.625, 0.580, 0.655, 0.560])
ORE_SIO2 = np.array([0.032, 0.052, 0.038, 0.062, 0.066, 0.048])
_ORE_CAO = np.array([0.001, 0.002, 0.002, 0.001, 0.004, 0.060])
_ORE_IGNITION_LOSS = np.array([0.02, 0.05, 0.04, 0.10, 0.00, 0.03])
ORE_FINES = np.array([0.25, 0.40, 0.30, 0.32, 0.80, 0.35])  # share below 0.5 mm
N_ORES = len(_ORE_FE)
_MAGNETITE = 4  # brings FeO of its own
SHARES = [f"ore_{i}_share" for i in range(1, N_ORES + 1)]
BINS = [f"bin_{i}_flow" for i in range(1, N_ORES + 1)]

LIMESTONE_CAO, LIMESTONE_SIO2, _LIMESTONE_LOSS = 0.53, 0.015, 0.43
QUICKLIME_CAO, _QUICKLIME_LOSS = 0.85, 0.05
DOLOMITE_CAO, _DOLOMITE_LOSS = 0.30, 0.46
COKE_SIO2, _COKE_LOSS = 0.06, 0.88

_AGE = np.arange(180)  # min before `t - DEAD_TIME`
_ON_STRAND = 45  # min from ignition to discharge, at most


def _strand_kernel() -> np.ndarray:
    """Weight of what happened on the strand, by age: most 11 min before discharge."""
    age = _AGE[:_ON_STRAND]
    weight = (age + 1) * np.exp(-age / 12.0)
    return weight / weight.sum()


def _blend_kernel() -> np.ndarray:
    """Weight of what was blended, by age: nothing on the strand, most 30 min before ignition.

    Two stirred volumes, the mixing drums and the surge hopper, give this shape.
    """
    before = np.maximum(_AGE - _ON_STRAND, 0)
    weight = before**2 * np.exp(-before / 15.0)
    return weight / weight.sum()


STRAND_KERNEL = _strand_kernel()
BLEND_KERNEL = _blend_kernel()


def sinter_quality(
    sources: Mapping[str, pd.DataFrame], materials: pd.DataFrame, times: pd.DatetimeIndex
) -> pd.DataFrame:
    """Chemistry that an errorless laboratory would find in samples taken at given times.

    Parameters
    ----------
    sources : mapping of str to DataFrame
        True histories ``raw_material``, ``thermal`` and ``equipment``, without gaps. A value holds
        until the next one of its source.
    materials : DataFrame
        Properties that nobody measures, with the index of the raw materials: relative deviation of
        the silica of each ore, of the lime of the limestone and of the heat of the coke.
    times : DatetimeIndex
        Whole minutes.

    Returns
    -------
    quality : DataFrame of shape (n_times, 5)
        TFe, FeO, SiO2, CaO in wt% and CaO / SiO2, indexed by `times`.
    """
    moments = times.to_numpy()[:, None] - DEAD_TIME.to_timedelta64()
    moments = moments - _AGE.astype("timedelta64[m]")  # (n_times, n_ages)
    thermal_row = _row_in_force(sources["thermal"], moments)
    raw_row = _row_in_force(sources["raw_material"], moments)

    # Blend: what the bins gave and what the recipe of the hour added, weighted by mass.
    flows = sources["thermal"][BINS].to_numpy()[thermal_row]  # (n_times, n_ages, n_ores)
    weight = BLEND_KERNEL * flows.sum(axis=2)
    weight /= weight.sum(axis=1, keepdims=True)
    shares = np.einsum("a,nao->no", BLEND_KERNEL, flows)
    shares /= shares.sum(axis=1, keepdims=True)
    # Few rows of the raw materials fall into a window, so weights are summed per row first.
    blended = _blend_rows(sources["raw_material"], raw_row, weight)
    hidden = _blend_rows(materials, raw_row, weight)

    tfe, sio2, cao = mass_balance(shares, blended, hidden)
    basicity = cao / sio2
    heat, late = _burning(sources, moments, thermal_row, blended, hidden, cao)
    feo = (
        strand.ferrous_oxide(heat, basicity)
        + 0.45 * late  # residual coke keeps reducing in the cooler
        + 4.0 * (shares[:, _MAGNETITE] - 0.15)
        - 0.02 * (blended["fuel_fines"] - 70.0)  # coarse coke reduces what lies around it
    )
    columns = (tfe, feo, sio2, cao, basicity)
    return pd.DataFrame(dict(zip(TARGETS, columns, strict=True)), index=times)


def mass_balance(
    shares: np.ndarray, blended: Mapping[str, np.ndarray], hidden: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """TFe, SiO2 and CaO (wt%) of the sinter from one part of dry ore and its additions.

    Return fines have the composition of the sinter, so they leave the balance as they enter it.

    Parameters
    ----------
    shares : ndarray of shape (n_samples, n_ores)
        Mass fractions of the ores, summing to 1 in each row.
    blended : mapping of str to ndarray of shape (n_samples,)
        Limestone, dolomite, quicklime and coke, in per cent of the ore.
    hidden : mapping of str to ndarray of shape (n_samples,)
        Relative deviations of silica per ore and of the limestone's lime.

    Returns
    -------
    tfe, sio2, cao : ndarray of shape (n_samples,)
    """
    limestone, dolomite, quicklime, coke = (
        blended[name] / 100.0 for name in ("limestone", "dolomite", "quicklime", "coke")
    )
    deviation = np.column_stack([hidden[name] for name in SHARES]) * ORE_SIO2
    sio2 = (shares * (ORE_SIO2 + deviation)).sum(axis=1)
    sio2 = sio2 + limestone * LIMESTONE_SIO2 + coke * COKE_SIO2
    # Gangue displaces hematite, whose iron is 70 %.
    iron = (shares * (_ORE_FE - 0.7 * deviation)).sum(axis=1)
    cao = (
        shares @ _ORE_CAO
        + limestone * LIMESTONE_CAO * (1.0 + hidden["limestone"])
        + dolomite * DOLOMITE_CAO
        + quicklime * QUICKLIME_CAO
    )
    mass = (
        1.0
        - shares @ _ORE_IGNITION_LOSS
        + limestone * (1.0 - _LIMESTONE_LOSS)
        + dolomite * (1.0 - _DOLOMITE_LOSS)
        + quicklime * (1.0 - _QUICKLIME_LOSS)
        + coke * (1.0 - _COKE_LOSS)
    )
    return 100.0 * iron / mass, 100.0 * sio2 / mass, 100.0 * cao / mass


def limestone_for(
    basicity: np.ndarray, silica: np.ndarray, ore_lime: np.ndarray, additions: np.ndarray
) -> np.ndarray:
    """Limestone (% of ore) that meets a basicity, from mass fractions of silica and lime.

    Solves ``basicity = (lime + limestone CaO) / (silica + limestone SiO2)``; `additions` is the
    lime of dolomite and quicklime.
    """
    lime = ore_lime + additions
    return 100.0 * (basicity * silica - lime) / (LIMESTONE_CAO - basicity * LIMESTONE_SIO2)


def lime_of_blend(shares: np.ndarray) -> np.ndarray:
    """Mass fraction of lime that the ores bring."""
    return shares @ _ORE_CAO


def burn_through_position(
    *,
    suction: np.ndarray,
    bed_height: np.ndarray,
    strand_speed: np.ndarray,
    diameter: np.ndarray,
    fines: np.ndarray,
    moisture: np.ndarray,
    coke: np.ndarray,
) -> np.ndarray:
    """Place (m from the ignition) where the flame front reaches the grate."""
    voids = strand.void_fraction(fines, moisture)
    velocity = strand.gas_velocity(suction, bed_height, diameter, voids)
    return strand_speed * bed_height / strand.flame_speed(velocity, coke)


def _burning(
    sources: Mapping[str, pd.DataFrame],
    moments: np.ndarray,
    thermal_row: np.ndarray,
    blended: Mapping[str, np.ndarray],
    hidden: Mapping[str, np.ndarray],
    cao: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Heat (C) that the sample got on the strand, and penalty of a late burn-through."""
    equipment_row = _row_in_force(sources["equipment"], moments[:, :_ON_STRAND])
    bed_height, strand_speed = (
        sources["equipment"][name].to_numpy()[equipment_row]
        for name in ("bed_height", "strand_speed")
    )
    suction, ignition, btp_temperature = (
        sources["thermal"][name].to_numpy()[thermal_row[:, :_ON_STRAND]]
        for name in ("main_suction", "ignition_temperature", "btp_temperature")
    )
    material = {name: values[:, None] for name, values in blended.items()}
    fines = np.column_stack([blended[name] for name in SHARES]) @ ORE_FINES
    position = burn_through_position(
        suction=suction,
        bed_height=bed_height,
        strand_speed=strand_speed,
        diameter=material["granule_diameter"],
        fines=fines[:, None],
        moisture=material["mix_moisture"],
        coke=material["coke"],
    )
    heat = strand.peak_temperature(
        material["coke"] * (1.0 + hidden["coke"][:, None]),
        material["mix_moisture"],
        cao[:, None],
        bed_height,
    )
    heat = heat + (material["mix_temperature"] - 45.0)
    heat = heat + 0.6 * (btp_temperature - 400.0) + 0.15 * (ignition - 1130.0)
    # A standing strand burns nothing.
    weight = STRAND_KERNEL * strand_speed
    weight /= weight.sum(axis=1, keepdims=True)
    return (weight * heat).sum(axis=1), (weight * strand.unburnt(position)).sum(axis=1)


def _row_in_force(frame: pd.DataFrame, moments: np.ndarray) -> np.ndarray:
    """Position of the newest row that is not later than each moment."""
    return frame.index.to_numpy().searchsorted(moments, side="right") - 1


def _blend_rows(frame: pd.DataFrame, rows: np.ndarray, weight: np.ndarray) -> dict[str, np.ndarray]:
    """Weighted means of each column over the rows in force, one value per sample."""
    # At most two rows of the shift plan are in force within three hours.
    oldest, newest = rows[:, -1], rows[:, 0]
    share_of_newest = (weight * (rows == newest[:, None])).sum(axis=1)[:, None]
    values = frame.to_numpy()
    mean = share_of_newest * values[newest] + (1.0 - share_of_newest) * values[oldest]
    return dict(zip(frame.columns, mean.T, strict=True))
