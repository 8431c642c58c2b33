"""When a plant stops, starts and is sampled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.signal import lfilter

LEAD_IN = 48 * 60  # min of steady running before the first sample: every window is whole
_RAMP_DOWN, _RAMP_UP = 20, 45  # min
_WARMING = 40.0  # min, time constant of the temperatures
_COLD = 0.02  # what is left of an excursion when it counts as over
# A sample is of use only if the strand has discharged for some time; the cooler empties after a
# stop.
_FIRST_SAMPLE_AFTER_START, _LAST_SAMPLE_AFTER_STOP = 150, 60  # min
_SHORTEST_CYCLE, _LONGEST_CYCLE = 45, 75  # min


class Schedule(NamedTuple):
    """One value per minute, but for `samples`.

    Attributes
    ----------
    throttle : ndarray of float
        Speed of the strand relative to normal: 0 in a stop, 1 in normal running.
    warmth : ndarray of float
        Temperatures relative to normal: they follow the throttle slowly.
    steady : ndarray of bool
        Whether neither a stop nor its start-up or shut-down is felt.
    samples : ndarray of int
        Minutes at which a sample is taken.
    """

    throttle: np.ndarray
    warmth: np.ndarray
    steady: np.ndarray
    samples: np.ndarray


def plan_schedule(n_samples: int, rng: np.random.Generator) -> Schedule:
    """Draw stops and sampling minutes; the schedule ends with the last sample.

    Stops come 1.5 days after the last one at the earliest and 5.5 days on average; two in three
    last 1 to 4 hours, the others 8 to 24.
    """
    intervals = rng.integers(_SHORTEST_CYCLE, _LONGEST_CYCLE, size=n_samples, endpoint=True)
    needed = intervals.sum()  # min in which samples may be taken
    # No run is shorter than 1.5 days, so that this many stops reach beyond the last sample.
    n_stops = int(needed // (36 * 60 - _FIRST_SAMPLE_AFTER_START)) + 2
    runs = (60 * (36 + 96 * rng.exponential(size=n_stops))).astype(int)
    short = rng.random(n_stops) < 2 / 3
    hours = np.where(short, rng.uniform(1, 4, n_stops), rng.uniform(8, 24, n_stops))
    lengths = (60 * hours).astype(int)
    begins = LEAD_IN + np.cumsum(runs) + np.cumsum(lengths) - lengths
    ends = begins + lengths

    minutes = np.arange(ends[-1])
    stop = np.searchsorted(ends, minutes, side="right")  # the present or next one
    until_stop = np.maximum(begins[stop] - minutes, 0)
    since_start = minutes - np.concatenate(([-LEAD_IN], ends))[stop]
    in_stop = np.maximum(minutes - begins[stop], 0)
    throttle = np.minimum(until_stop / _RAMP_DOWN, since_start / _RAMP_UP).clip(0.0, 1.0)
    may_sample = (in_stop < _LAST_SAMPLE_AFTER_STOP) & (since_start >= _FIRST_SAMPLE_AFTER_START)
    may_sample &= minutes >= LEAD_IN
    # The clock of the sampler runs only while samples may be taken.
    samples = np.flatnonzero(may_sample)[np.cumsum(intervals) - 1]

    throttle = throttle[: samples[-1] + 1]
    decay = np.exp(-1.0 / _WARMING)
    warmth, _ = lfilter([1.0 - decay], [1.0, -decay], throttle, zi=[decay])
    steady = (throttle == 1.0) & (warmth > 1.0 - _COLD)
    return Schedule(throttle, warmth, steady, samples)
