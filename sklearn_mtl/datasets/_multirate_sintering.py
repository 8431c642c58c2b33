"""Simulated sinter plant with sources at three rates and a slow, late laboratory."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch, check_random_state

from sklearn_mtl._validation import Interval
from sklearn_mtl.datasets import _multirate_mechanism as mechanism
from sklearn_mtl.datasets._multirate_laboratory import ASSAY_STD, ASSAYS, analyse
from sklearn_mtl.datasets._multirate_plant import operate, shift_of_blend
from sklearn_mtl.datasets._multirate_records import lose_records, read_instruments
from sklearn_mtl.datasets._multirate_schedule import plan_schedule

_ORES = range(1, mechanism.N_ORES + 1)
# source: {name: (unit, description)}
_FEATURES = {
    "raw_material": {
        "mix_moisture": ("%", "water in the mix"),
        "mix_temperature": ("C", "temperature of the mix"),
        "granule_diameter": ("mm", "mean diameter of the granulated mix"),
        "coarse_fraction": ("%", "share of the mix above 5 mm"),
        "fuel_fines": ("%", "share of the coke breeze below 3 mm"),
        **{f"ore_{i}_share": ("%", f"planned share of ore {i} in the blend") for i in _ORES},
        "limestone": ("%", "limestone per mass of ore blend"),
        "dolomite": ("%", "dolomite per mass of ore blend"),
        "quicklime": ("%", "quicklime per mass of ore blend"),
        "return_fines": ("%", "returned sinter fines per mass of ore blend"),
        "coke": ("%", "coke breeze per mass of ore blend"),
        "planned_basicity": ("1", "CaO / SiO2 that the recipe aims at"),
        "price_hematite": ("USD/t", "price indicator, without influence"),
        "price_goethite": ("USD/t", "price indicator, without influence"),
        "price_concentrate": ("USD/t", "price indicator, without influence"),
        "price_coke": ("USD/t", "price indicator, without influence"),
        "price_limestone": ("USD/t", "price indicator, without influence"),
    },
    "thermal": {
        "ignition_temperature": ("C", "temperature of the ignition hood"),
        "exhaust_gas_temperature": ("C", "temperature of the waste gas in the main duct"),
        "btp_temperature": ("C", "temperature of the waste gas at the burn-through point"),
        "furnace_suction": ("Pa", "pressure of the ignition hood below the ambient one"),
        "main_suction": ("kPa", "pressure of the main duct below the ambient one"),
        "gas_pressure": ("kPa", "pressure of the fuel gas"),
        "air_pressure": ("kPa", "pressure of the combustion air"),
        "gas_flow": ("m3/h", "fuel gas of the ignition hood"),
        "air_flow": ("m3/h", "combustion air of the ignition hood"),
        **{f"bin_{i}_flow": ("t/h", f"scale of the bin of ore {i}") for i in _ORES},
    },
    "equipment": {
        "bed_height": ("mm", "thickness of the sinter bed"),
        "strand_speed": ("m/min", "speed of the sinter strand"),
        "plate_feeder_speed": ("m/min", "speed of the plate feeder below the cooler"),
        "product_weight": ("t/h", "scale of the finished sinter"),
        "production": ("t", "finished sinter since the shift began"),
    },
}
_TARGET_UNITS = {"tfe": "wt%", "feo": "wt%", "sio2": "wt%", "cao": "wt%", "basicity": "1"}
_ALLOWED = {
    "n_cycles": Interval(Integral, 2, None, closed="left"),
    "noise": Interval(Real, 0, np.inf, closed="left"),
    "drift": Interval(Real, 0, 5, closed="both"),
    "missing_fraction": Interval(Real, 0, 1, closed="left"),
}

_DESCRIPTION = """\
Simulated iron-ore sintering, asynchronous sources
--------------------------------------------------
Three sources at their own rates: raw material per 8 h shift, thermal state per minute, equipment
per 5 minutes. About once an hour a sample of the sinter is taken; the laboratory reports TFe, FeO,
SiO2, CaO and basicity 1.5 to 4 hours later, at times much later. A sample taken at t has passed
the sources before t - dead_time; what made it lies within `lookback` before that.

Ore stockpiles change every 4 to 10 days, materials and instruments drift, the strand stops and
starts, the logger fails, samples are mixed up and analysed again. `noise_free_target` holds the
truth. Names follow the groups of the paper that introduced MS-BCNN, whose data are not public; no
plant was measured. docs/simulated_sintering.md tells the mechanism.
"""


def make_multirate_sintering(
    n_cycles: int = 2283,
    *,
    random_state: int | np.random.RandomState | None = None,
    noise: float = 1.0,
    drift: float = 1.0,
    missing_fraction: float = 0.02,
) -> Bunch:
    r"""Simulate a sinter plant: three sources at different rates, five targets, a late laboratory.

    For everything that a soft sensor on asynchronous records has to cope with: alignment, dead
    time, gaps, starts and stops, drift, missing and late laboratory results. The truth behind the
    labels is returned too.

    Parameters
    ----------
    n_cycles : int, default=2283
        Number of samples of the laboratory, at least 2. They are 45 to 75 minutes apart, but for
        stops; 2283 take about 100 days.
    random_state : int, RandomState instance or None, default=None
        Pass an int for reproducible data. With the same int, `noise` and `missing_fraction` leave
        the plant as it is, and `drift` leaves the schedule and the recipes' wishes.
    noise : float, default=1.0
        Factor on the laboratory's errors; 0 gives labels that are exact but for rounding.
    drift : float, default=1.0
        Factor on the slow changes of materials and instruments, at most 5; 0 gives a plant whose
        relations stay the same (its regimes still change).
    missing_fraction : float, default=0.02
        Probability of each assay to fail, below 1. The sources lose half of this share of their
        time in outages of 1 to 8 hours, and a tenth of it in single cells. 0 gives complete data.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        With the attributes

        sources : dict of str to DataFrame
            ``raw_material`` (22 columns, every 8 h), ``thermal`` (15, every minute) and
            ``equipment`` (5, every 5 minutes), as recorded, each with a DatetimeIndex. A row of
            ``raw_material`` holds from its time on. History begins 48 h before the first cycle.
        times : DatetimeIndex of shape (n_cycles,)
            When the samples were taken.
        target : DataFrame of shape (n_cycles, 5)
            Final results of the laboratory by sampling time, NaN where an assay failed. Basicity is
            computed from the reported CaO and SiO2.
        noise_free_target : DataFrame of shape (n_cycles, 5)
            Truth: CaO / SiO2 is the basicity exactly.
        available_at : Series of shape (n_cycles,)
            When the final result of each sample was reported.
        lab : DataFrame
            Table of the laboratory as exported, in the order of reporting: ``sampled``,
            ``reported``, the targets as text, ``remark``. Mixed-up samples stand there twice, the
            retest last; some rows are repeated; a failed assay reads ``"failed"``.
        startup_mask : Series of shape (n_cycles,)
            True where a stop, start-up or shut-down lies in the 3 hours that made the sample.
        regime : Series of shape (n_cycles,)
            Ore stockpile, 0 to 3, in use when the sample was blended.
        gaps : dict of str to DataFrame
            ``start`` and ``end`` of the outages of each source.
        dead_time : Timedelta
            From the strand to the sample.
        lookback : dict of str to Timedelta
            Per source, how far before ``t - dead_time`` the sample at t was made.
        feature_units, feature_descriptions : dict of str to dict of str to str
            By source and column.
        target_names : list of str
            Column names of ``target``.
        target_units : dict of str to str
            Unit of each target.
        assay_std : Series of length 5
            Standard deviation of the laboratory's errors.
        bayes_r2 : Series of length 5
            R² of the truth on the labels, which no model surpasses; see Notes.
        DESCR : str
            Description.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    See Also
    --------
    sklearn_mtl.preprocessing.align_windows : Cuts the windows that made each sample.
    sklearn_mtl.preprocessing.parse_lab : Reads the laboratory's table.

    Notes
    -----
    Chemistry is a mass balance of what the bins gave, with the recipe's additions; FeO follows heat
    and burn-through on the strand, that is bed height, speed, suction and temperatures of the last
    45 minutes before the sample left it, and coke blended up to three hours before. All weights
    are in the page on the simulated sinter data.

    The truth is a function of the *true* records and of the materials' hidden properties. With the
    variance :math:`\sigma^2` of the laboratory's errors, no model exceeds

    .. math:: R^2 = \frac{\mathrm{Var}(f)}{\mathrm{Var}(f) + \sigma^2}

    of the labels; errors of the sensors, and with drift the hidden properties, keep a model below
    that.

    References
    ----------
    .. [1] Y. Zhao, S. Yang and X. Wang, "Auto-Configured Networks for Multi-Scale Multi-Output
       Time-Series Forecasting", arXiv:2604.07610, section 5.1 and appendix B.1.

    Examples
    --------
    >>> from sklearn_mtl.datasets import make_multirate_sintering
    >>> from sklearn_mtl.preprocessing import align_windows
    >>> plant = make_multirate_sintering(n_cycles=50, random_state=0)
    >>> {name: frame.shape[1] for name, frame in plant.sources.items()}
    {'raw_material': 22, 'thermal': 15, 'equipment': 5}
    >>> samples = align_windows(
    ...     plant.sources,
    ...     plant.times,
    ...     lookback=plant.lookback,
    ...     dead_time=plant.dead_time,
    ...     targets=plant.target,
    ... )
    >>> samples.layout
    {'raw_material': (3, 22), 'thermal': (180, 15), 'equipment': (36, 5)}
    """
    _check_parameters(
        n_cycles=n_cycles, noise=noise, drift=drift, missing_fraction=missing_fraction
    )
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    # One stream per purpose, so that noise and gaps leave the plant as it is.
    (
        schedule_rng,
        plan_rng,
        process_rng,
        material_rng,
        sensor_rng,
        instrument_rng,
        gap_rng,
        assay_rng,
        failure_rng,
        report_rng,
    ) = (np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(10))
    schedule = plan_schedule(n_cycles, schedule_rng)
    operation = operate(
        schedule, drift, plan_rng=plan_rng, process_rng=process_rng, drift_rng=material_rng
    )
    times = pd.DatetimeIndex(operation.sources["thermal"].index[schedule.samples])
    quality = mechanism.sinter_quality(operation.sources, operation.materials, times)
    results = analyse(
        quality,
        noise,
        missing_fraction,
        noise_rng=assay_rng,
        missing_rng=failure_rng,
        report_rng=report_rng,
    )
    sources, gaps = {}, {}
    readings = read_instruments(
        operation.sources, drift, noise_rng=sensor_rng, drift_rng=instrument_rng
    )
    for name, frame in readings.items():
        sources[name], gaps[name] = lose_records(frame, missing_fraction, gap_rng)

    discharged = schedule.samples - mechanism.DEAD_TIME // pd.Timedelta(minutes=1)
    assay_std = noise * _error_std(quality)
    signal_variance = quality.var(ddof=0)
    return Bunch(
        sources=sources,
        times=times,
        target=results.target,
        noise_free_target=quality,
        available_at=results.available_at,
        lab=results.table,
        startup_mask=pd.Series(
            _any_unsteady(schedule.steady, discharged), index=times, name="startup_mask"
        ),
        regime=pd.Series(operation.regime[shift_of_blend(discharged)], index=times, name="regime"),
        gaps=gaps,
        dead_time=mechanism.DEAD_TIME,
        lookback=dict(mechanism.LOOKBACK),
        feature_units=_described(0),
        feature_descriptions=_described(1),
        target_names=list(_TARGET_UNITS),
        target_units=dict(_TARGET_UNITS),
        assay_std=assay_std,
        bayes_r2=signal_variance / (signal_variance + assay_std**2),
        DESCR=_DESCRIPTION,
    )


def _check_parameters(**parameters: Any) -> None:
    for name, value in parameters.items():
        if not _ALLOWED[name].is_satisfied_by(value):
            raise ValueError(f"`{name}` must be {_ALLOWED[name]}. Got {value!r}.")


def _error_std(quality: pd.DataFrame) -> pd.Series:
    """Return the standard deviation of each label's error, for the ratio by propagation."""
    std = pd.Series(ASSAY_STD, index=ASSAYS)
    relative_variance = (std["cao"] / quality["cao"]) ** 2 + (std["sio2"] / quality["sio2"]) ** 2
    std["basicity"] = np.sqrt((quality["basicity"] ** 2 * relative_variance).mean())
    return std


def _any_unsteady(steady: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Whether any of the minutes that made each sample was not steady."""
    n_unsteady = np.concatenate(([0], np.cumsum(~steady)))
    window = mechanism.LOOKBACK["thermal"] // pd.Timedelta(minutes=1)
    return n_unsteady[ends + 1] > n_unsteady[ends + 1 - window]


def _described(part: int) -> dict[str, dict[str, str]]:
    return {
        source: {name: texts[part] for name, texts in columns.items()}
        for source, columns in _FEATURES.items()
    }
