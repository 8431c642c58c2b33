"""Simulated sintering cycles with known truth: regimes, drift, laboratory errors and faults."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch, check_random_state

from sklearn_mtl._validation import Interval
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
    "rdi_plus_3_15": ("%", 0.22),
}
_ALLOWED = {
    "n_samples": Interval(Integral, 2, None, closed="left"),
    "outlier_fraction": Interval(Real, 0, 1, closed="both"),
    "missing_fraction": Interval(Real, 0, 1, closed="left"),
    "noise": Interval(Real, 0, np.inf, closed="left"),
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
_REGIME_PEAK_TEMPERATURE = np.array(
    [1320.0, 1350.0, 1290.0, 1330.0]
)  # C, what the operators aim at

_DESCRIPTION = """\
Simulated iron-ore sintering
----------------------------
One row is one sintering cycle, in time order. Inputs: granularity and moisture of the mix, coke,
ignition, suction, bed, strand speed, waste gas, burn-through point and chemistry. Targets: product
yield, drum index and RDI+3.15 (reduction degradation index, share above 3.15 mm), all in per cent.

The ore stockpile changes between four regimes, everything fluctuates slowly around its regime, and
some records are grossly wrong (`outlier_mask`). `noise_free_target` holds the truth and `bayes_r2`
the share of the clean labels' variance that the inputs determine. No plant was measured: the
constants are of the size found in textbooks.
"""


def make_sintering(
    n_samples: int = 1000,
    *,
    random_state: int | np.random.RandomState | None = None,
    outlier_fraction: float = 0.05,
    missing_fraction: float = 0.0,
    noise: float = 1.0,
    return_X_y: bool = False,
) -> Bunch | tuple[pd.DataFrame, pd.DataFrame]:
    r"""Simulate sintering cycles: 17 inputs, three quality indices, gross recording faults.

    A strand with four operating regimes is simulated from formulas: ore-blend mass balance,
    permeability by Ergun's equation, heat balance of coke and moisture, burn-through point. The
    truth behind the labels is returned too, so that a model can be judged against the possible.
    Rows are in time order; regimes last 40 cycles on average.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of cycles, at least 2.
    random_state : int, RandomState instance or None, default=None
        Pass an int for reproducible data. With the same int, the clean inputs, the noise-free
        targets and the laboratory's errors do not depend on `outlier_fraction` and
        `missing_fraction`.
    outlier_fraction : float, default=0.05
        Share of the rows with gross recording faults. Each such row has at least one label that is
        5 to 15 standard deviations off, and often inputs that are.
    missing_fraction : float, default=0.0
        Probability of each label to be missing (NaN), below 1.
    noise : float, default=1.0
        Factor on the laboratory's errors; 0 gives exact labels.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : DataFrame of shape (n_samples, 17)
            Inputs as recorded, faults included.
        target : DataFrame of shape (n_samples, 3)
            Product yield, drum index and RDI+3.15 as recorded.
        frame : DataFrame of shape (n_samples, 20)
            Both.
        feature_names, target_names : list of str
            Column names of ``data`` and ``target``.
        feature_units, target_units : dict of str to str
            Unit of each column.
        feature_descriptions : dict of str to str
            What each input is.
        outlier_mask : ndarray of shape (n_samples,)
            True for rows with a fault.
        noise_free_target : DataFrame of shape (n_samples, 3)
            Targets without laboratory error and faults: a function of the row's clean inputs.
        bayes_r2 : Series of length 3
            R² that the best possible model reaches on clean labels; see Notes.
        DESCR : str
            Description.

    (data, target) : tuple of DataFrame
        If `return_X_y` is true.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    See Also
    --------
    sklearn_mtl.preprocessing.IsolationForestFilter : Finds rows with gross faults.

    Notes
    -----
    A label is the noise-free target plus a laboratory error of variance :math:`\sigma^2` that
    follows a first-order autoregression in time (correlation 0.5 between cycles). From the inputs
    of its own row nothing is known about the error, so no model explains more than

    .. math:: R^2_{Bayes} = \frac{\mathrm{Var}(f)}{\mathrm{Var}(f) + \sigma^2}

    of the labels without faults, where Var(f) is the variance of the noise-free target in this
    sample. A model that also sees neighbouring labels may exceed it.

    All targets share peak temperature, melt fraction and FeO. Above an FeO of 9.8 % the drum index
    falls while RDI+3.15 still rises, so the tasks conflict there. The list of inputs follows the
    groups of [1]_ (granularity, moisture, thermal parameters, bed thickness, chemistry), whose data
    are not public; the mechanism is this package's own.

    References
    ----------
    .. [1] The paper that introduced Attention-MMoE-DLW (Attention Multi-gate Mixture-of-Experts
       with Dynamic Loss Weighting), section "Data description".

    Examples
    --------
    >>> from sklearn_mtl.datasets import make_sintering
    >>> sinter = make_sintering(n_samples=500, random_state=0)
    >>> sinter.data.shape, sinter.target.shape
    ((500, 17), (500, 3))
    >>> int(sinter.outlier_mask.sum())
    25
    >>> sinter.bayes_r2.round(2).to_dict()
    {'product_yield': 0.97, 'drum_index': 0.98, 'rdi_plus_3_15': 0.96}
    """
    _check_parameters(
        n_samples=n_samples,
        outlier_fraction=outlier_fraction,
        missing_fraction=missing_fraction,
        noise=noise,
    )
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    # One stream per purpose, so that faults and gaps leave the clean data as they are.
    process_rng, noise_rng, fault_rng, gap_rng = (
        np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(4)
    )
    clean, noise_free = simulate_cycles(n_samples, process_rng)
    noise_std = noise * np.array([std for _, std in _TARGETS.values()])
    errors = noise_std * autoregression(n_samples, len(_TARGETS), _NOISE_CORRELATION, noise_rng)
    records = add_gross_faults(
        clean.to_numpy(), noise_free.to_numpy() + errors, outlier_fraction, fault_rng
    )
    data = pd.DataFrame(records.data, columns=clean.columns)
    target = pd.DataFrame(
        drop_labels(records.target, missing_fraction, gap_rng), columns=noise_free.columns
    )
    if return_X_y:
        return data, target
    signal_variance = noise_free.var(ddof=0)
    return Bunch(
        data=data,
        target=target,
        frame=pd.concat([data, target], axis=1),
        feature_names=list(_FEATURES),
        target_names=list(_TARGETS),
        feature_units={name: unit for name, (unit, _) in _FEATURES.items()},
        target_units={name: unit for name, (unit, _) in _TARGETS.items()},
        feature_descriptions={name: text for name, (_, text) in _FEATURES.items()},
        outlier_mask=records.outlier_mask,
        noise_free_target=noise_free,
        bayes_r2=signal_variance / (signal_variance + noise_std**2),
        DESCR=_DESCRIPTION,
    )


def _check_parameters(**parameters: Any) -> None:
    for name, value in parameters.items():
        if not _ALLOWED[name].is_satisfied_by(value):
            raise ValueError(f"`{name}` must be {_ALLOWED[name]}. Got {value!r}.")


def simulate_cycles(n_samples: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
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
    """Coke (%) that heats an average mix (7 % moisture, 9.3 % CaO) to a peak temperature (C)."""
    at_zero, at_one = (
        mechanism.peak_temperature(np.array(coke), np.array(7.0), np.array(9.3), bed_height)
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
