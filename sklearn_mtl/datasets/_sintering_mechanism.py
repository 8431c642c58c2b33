"""The sinter strand as formulas: mass balance, permeability, heat, burn-through, quality.

Every function is pure and works on arrays with one entry per sintering cycle. Constants are of the
size found in plants and textbooks of iron-ore sintering; they describe no particular plant.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# Mass fractions of the dry ores: hematite, goethite, high-alumina hematite, magnetite concentrate.
_ORE_FE = np.array([0.645, 0.580, 0.610, 0.655])
_ORE_SIO2 = np.array([0.035, 0.055, 0.045, 0.060])
_ORE_AL2O3 = np.array([0.015, 0.025, 0.034, 0.006])
_ORE_MGO = np.array([0.001, 0.001, 0.001, 0.005])
_ORE_IGNITION_LOSS = np.array([0.02, 0.10, 0.05, 0.00])
_ORE_FINES = np.array([0.25, 0.32, 0.40, 0.80])  # share below 0.5 mm
N_ORES = len(_ORE_FE)

_LIMESTONE_CAO, _LIMESTONE_SIO2, _LIMESTONE_LOSS = 0.53, 0.015, 0.43
_DOLOMITE_CAO, _DOLOMITE_MGO, _DOLOMITE_LOSS = 0.30, 0.20, 0.46
_COKE_ASH_SIO2, _COKE_ASH_AL2O3, _COKE_LOSS = 0.06, 0.04, 0.88


class Chemistry(NamedTuple):
    """Composition of the sinter in per cent of its mass, and its basicity CaO / SiO2."""

    tfe: np.ndarray
    sio2: np.ndarray
    cao: np.ndarray
    mgo: np.ndarray
    al2o3: np.ndarray
    basicity: np.ndarray


class Quality(NamedTuple):
    """What the laboratory would find without any error, in per cent."""

    product_yield: np.ndarray
    drum_index: np.ndarray
    rdi: np.ndarray


def sinter_chemistry(
    ore_shares: np.ndarray, coke: np.ndarray, dolomite: np.ndarray, basicity: np.ndarray
) -> Chemistry:
    """Mass balance of the blend; limestone is dosed to meet the basicity.

    Parameters
    ----------
    ore_shares : ndarray of shape (n_cycles, n_ores)
        Mass fractions of the ores, summing to 1 in each row.
    coke, dolomite : ndarray of shape (n_cycles,)
        Dosed mass per mass of ore.
    basicity : ndarray of shape (n_cycles,)
        CaO / SiO2 to be met.

    Returns
    -------
    chemistry : Chemistry
    """
    sio2 = ore_shares @ _ORE_SIO2 + coke * _COKE_ASH_SIO2
    # Basicity = (dolomite CaO + limestone CaO) / (SiO2 + limestone SiO2), solved for limestone.
    limestone = (basicity * sio2 - dolomite * _DOLOMITE_CAO) / (
        _LIMESTONE_CAO - basicity * _LIMESTONE_SIO2
    )
    sio2 = sio2 + limestone * _LIMESTONE_SIO2
    cao = dolomite * _DOLOMITE_CAO + limestone * _LIMESTONE_CAO
    mgo = ore_shares @ _ORE_MGO + dolomite * _DOLOMITE_MGO
    al2o3 = ore_shares @ _ORE_AL2O3 + coke * _COKE_ASH_AL2O3
    mass = (
        1.0
        - ore_shares @ _ORE_IGNITION_LOSS
        + limestone * (1.0 - _LIMESTONE_LOSS)
        + dolomite * (1.0 - _DOLOMITE_LOSS)
        + coke * (1.0 - _COKE_LOSS)
    )
    return Chemistry(
        tfe=100.0 * (ore_shares @ _ORE_FE) / mass,
        sio2=100.0 * sio2 / mass,
        cao=100.0 * cao / mass,
        mgo=100.0 * mgo / mass,
        al2o3=100.0 * al2o3 / mass,
        basicity=cao / sio2,
    )


def fines_of_blend(ore_shares: np.ndarray) -> np.ndarray:
    """Share of the blend below 0.5 mm, in per cent."""
    return 100.0 * (ore_shares @ _ORE_FINES)


def best_moisture(fines: np.ndarray) -> np.ndarray:
    """Moisture (%) at which fines (%) granulate best: finer blends need more water."""
    return 6.8 + 0.045 * (fines - 38.0)


def granule_diameter(fines: np.ndarray, moisture: np.ndarray) -> np.ndarray:
    """Mean diameter (mm) of the granules: largest at the best moisture, smaller for fine blends."""
    deviation = (moisture - best_moisture(fines)) / 0.8
    return 3.1 * np.exp(-0.010 * (fines - 38.0)) * (1.0 - 0.10 * np.tanh(deviation**2))


def void_fraction(fines: np.ndarray, moisture: np.ndarray) -> np.ndarray:
    """Void fraction of the bed: dry granules fall apart and wet ones deform, both close pores."""
    deviation = (moisture - best_moisture(fines)) / 0.8
    return 0.365 - 0.020 * np.tanh(deviation**2) - 0.0006 * (fines - 38.0)


def gas_velocity(
    suction: np.ndarray, bed_height: np.ndarray, diameter: np.ndarray, voids: np.ndarray
) -> np.ndarray:
    r"""Superficial gas velocity (m/s) through the bed by Ergun's equation.

    .. math:: \Delta p / H = 150 \mu \frac{(1-\epsilon)^2}{\epsilon^3 d^2} u
              + 1.75 \rho \frac{1-\epsilon}{\epsilon^3 d} u^2

    Parameters
    ----------
    suction : ndarray
        Pressure drop in kPa.
    bed_height, diameter : ndarray
        In mm.
    voids : ndarray
        Void fraction.

    Returns
    -------
    velocity : ndarray
    """
    viscosity, density = 4e-5, 0.6  # Pa s, kg/m3: hot waste gas
    flame_front = 6.0  # the melting zone resists this many times more than the cold bed
    d = diameter * 1e-3
    gradient = (suction * 1e3) / (bed_height * 1e-3)  # Pa/m
    linear = flame_front * 150.0 * viscosity * (1.0 - voids) ** 2 / (voids**3 * d**2)
    quadratic = flame_front * 1.75 * density * (1.0 - voids) / (voids**3 * d)
    return (-linear + np.sqrt(linear**2 + 4.0 * quadratic * gradient)) / (2.0 * quadratic)


def flame_speed(velocity: np.ndarray, coke: np.ndarray) -> np.ndarray:
    """Speed (mm/min) of the flame front: heat carried by gas over heat stored by solid.

    The ratio of the volumetric heat capacities of gas and bed is about 8.5e-4; more coke (%) needs
    more oxygen and slows the front.
    """
    return 60e3 * 8.5e-4 * velocity / (1.0 + 0.06 * (coke - 4.6))


def peak_temperature(
    coke: np.ndarray, moisture: np.ndarray, cao: np.ndarray, bed_height: np.ndarray
) -> np.ndarray:
    """Peak temperature (C) of the bed by the heat balance of one kilogram of mix.

    Heat in: burning coke, 28.5 MJ/kg. Heat out: evaporating water, 2.5 MJ/kg; calcining carbonates,
    3.2 MJ per kg CaO. What remains heats the mix (1.05 kJ/(kg K)), and the more so the deeper the
    bed, whose upper layers preheat the air for the lower ones. Coke, moisture and CaO in %,
    bed height in mm.
    """
    net = 28.5e3 * coke / 100.0 - 2.5e3 * moisture / 100.0 - 3.2e3 * cao / 100.0  # kJ/kg
    preheating = 1.0 + 0.75 * bed_height / 700.0
    return 25.0 + net / 1.05 * preheating


def melt_fraction(temperature: np.ndarray, basicity: np.ndarray, al2o3: np.ndarray) -> np.ndarray:
    """Share of the bed that melts and binds: lime lowers the melting range, alumina raises it."""
    melting = 1260.0 - 90.0 * (basicity - 1.9) + 35.0 * (al2o3 - 1.9)
    return 1.0 / (1.0 + np.exp(-(temperature - melting) / 40.0))


def ferrous_oxide(temperature: np.ndarray, basicity: np.ndarray) -> np.ndarray:
    """FeO (%) of the sinter: heat reduces hematite, lime binds it as ferrite first."""
    return 8.8 + 0.017 * (temperature - 1300.0) - 1.5 * (basicity - 1.9)


def unburnt(burn_through: np.ndarray) -> np.ndarray:
    """Penalty for a flame front that reaches the grate (m) near the end of an 80 m strand.

    A soft hinge, log(1 + exp(x)): nothing happens while the front arrives early, then every metre
    costs the same.
    """
    return np.logaddexp(0.0, (burn_through - 74.0) / 1.2)


def sinter_quality(
    *,
    fines: np.ndarray,
    moisture: np.ndarray,
    coke: np.ndarray,
    return_fines: np.ndarray,
    bed_height: np.ndarray,
    strand_speed: np.ndarray,
    ignition_temperature: np.ndarray,
    burn_through: np.ndarray,
    chemistry: Chemistry,
) -> Quality:
    """Quality of the sinter as a function of what the plant records.

    All three indices share peak temperature, melt fraction and FeO. Drum index has an optimum of
    FeO, the reduction degradation index improves with FeO throughout: above the optimum the two
    pull apart.

    Parameters
    ----------
    fines, moisture, coke, return_fines : ndarray
        In %.
    bed_height : ndarray
        In mm.
    strand_speed : ndarray
        In m/min.
    ignition_temperature : ndarray
        In C.
    burn_through : ndarray
        Position on the strand where the flame front reaches the grate, in m.
    chemistry : Chemistry
        Composition of the sinter.

    Returns
    -------
    quality : Quality
    """
    basicity, al2o3 = chemistry.basicity, chemistry.al2o3
    temperature = peak_temperature(coke, moisture, chemistry.cao, bed_height)
    melt = melt_fraction(temperature, basicity, al2o3)
    feo = ferrous_oxide(temperature, basicity)
    front = bed_height * strand_speed / burn_through  # mm/min, as observed on the strand
    late = unburnt(burn_through)
    wetness = moisture - best_moisture(fines)

    product_yield = (
        80.0
        + 9.0 * (melt - 0.7)
        - 1.0 * late
        + 0.010 * (bed_height - 700.0)  # a smaller share of weak top layer
        - 0.8 * ((ignition_temperature - 1130.0) / 30.0) ** 2  # too cold: raw top; too hot: sealed
        - 1.5 * wetness**2  # an uneven bed burns unevenly
        - 0.10 * (return_fines - 25.0)
    )
    drum_index = (
        78.0
        + 6.0 * (melt - 0.7)
        - 0.15 * (feo - 9.8) ** 2
        - 8.0 * (basicity - 2.05) ** 2
        - 0.8 * (al2o3 - 1.9)
        - 0.025 * (front - 22.5) ** 2  # slow: over-melted; fast: quenched, glassy bonds
        - 0.3 * late
    )
    rdi = (
        70.0
        + 1.0 * (feo - 8.6)
        + 2.5 * (chemistry.mgo - 1.8)
        - 3.0 * (al2o3 - 1.9) * (1.5 - melt)  # alumina hurts most where little melt dilutes it
        + 40.0 * (basicity - 1.86) ** 2  # weakest near 1.9, where secondary hematite abounds
        + 0.10 * (front - 22.0)
    )
    return Quality(product_yield, drum_index, rdi)
