"""What the data logger of the simulated plant keeps: noise, aging instruments, outages."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sklearn_mtl.datasets._multirate_fluctuations import fluctuations
from sklearn_mtl.datasets._multirate_mechanism import BINS
from sklearn_mtl.datasets._recording_faults import drop_labels

# Standard deviation of the reading, in the unit of the column. Recipes and prices are known.
_NOISE = {
    "mix_moisture": 0.08,
    "mix_temperature": 0.5,
    "granule_diameter": 0.03,
    "coarse_fraction": 0.3,
    "fuel_fines": 0.8,
    "ignition_temperature": 4.0,
    "exhaust_gas_temperature": 1.0,
    "btp_temperature": 4.0,
    "furnace_suction": 0.8,
    "main_suction": 0.08,
    "gas_pressure": 0.05,
    "air_pressure": 0.05,
    "bed_height": 2.0,
}
# Standard deviation relative to the reading: what stands still reads zero.
_RELATIVE_NOISE = {
    **dict.fromkeys(BINS, 0.015),
    "gas_flow": 0.01,
    "air_flow": 0.01,
    "strand_speed": 0.003,
    "plate_feeder_speed": 0.003,
    "product_weight": 0.01,
}
_MINUTES_PER_DAY = 1440.0
_SHORTEST_OUTAGE, _LONGEST_OUTAGE = 60, 480  # min


def read_instruments(
    sources: Mapping[str, pd.DataFrame],
    drift: float,
    *,
    noise_rng: np.random.Generator,
    drift_rng: np.random.Generator,
) -> dict[str, pd.DataFrame]:
    """Return the sources as their instruments show them.

    The thermocouple at the burn-through point ages and reads 20 C too little in the end, half of
    it after six weeks; the scales of the bins wander by about 1 % over weeks.
    """
    readings = {name: _add_noise(frame, noise_rng) for name, frame in sources.items()}
    thermal = readings["thermal"]
    days = np.arange(len(thermal)) / _MINUTES_PER_DAY
    thermal["btp_temperature"] -= drift * 20.0 * (1.0 - 0.5 ** (days / 42.0))
    wander = fluctuations(len(thermal), len(BINS), 20.0 * _MINUTES_PER_DAY, drift_rng)
    thermal[BINS] *= 1.0 + drift * 0.01 * wander
    return readings


def _add_noise(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    columns = {}
    for name, values in frame.items():
        if name in _NOISE:
            values = values + _NOISE[name] * rng.standard_normal(len(frame))
        elif name in _RELATIVE_NOISE:
            values = values * (1.0 + _RELATIVE_NOISE[name] * rng.standard_normal(len(frame)))
        columns[name] = values
    return pd.DataFrame(columns, index=frame.index)


def lose_records(
    frame: pd.DataFrame, fraction: float, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take out rows in outages of the logger and single cells.

    Parameters
    ----------
    frame : DataFrame
        Complete table with a regular DatetimeIndex.
    fraction : float
        Half of this share of the time lies in outages of 1 to 8 hours; a tenth of it is the
        probability of each other cell to be NaN.
    rng : Generator
        Source of randomness.

    Returns
    -------
    recorded : DataFrame
        The rows that are left.
    outages : DataFrame
        ``start`` and ``end`` of the outages, in time order: no row from the start on and before the
        end.
    """
    begin, end = frame.index[0], frame.index[-1]
    minutes = int((end - begin) / pd.Timedelta(minutes=1)) + 1
    mean_length = (_SHORTEST_OUTAGE + _LONGEST_OUTAGE) / 2.0
    n_outages = rng.poisson(fraction / 2.0 * minutes / mean_length)
    starts = np.sort(rng.integers(minutes, size=n_outages))
    lengths = rng.integers(_SHORTEST_OUTAGE, _LONGEST_OUTAGE, size=n_outages, endpoint=True)
    outages = pd.DataFrame(
        {
            "start": begin + pd.to_timedelta(starts, unit="min"),
            "end": begin + pd.to_timedelta(starts + lengths, unit="min"),
        }
    )
    # A row is lost if more outages have begun than ended.
    times = frame.index
    begun = outages["start"].to_numpy().searchsorted(times, side="right")
    ended = np.sort(outages["end"].to_numpy()).searchsorted(times, side="right")
    cells = drop_labels(frame.to_numpy(), fraction / 10.0, rng)
    recorded = pd.DataFrame(cells, index=times, columns=frame.columns)
    return recorded[begun == ended], outages
