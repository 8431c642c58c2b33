"""Asynchronous histories as tasks: windows at one length, a calendar, two splits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from sklearn_mtl.benchmarks._protocols import Task
from sklearn_mtl.datasets import fetch_flotation, make_multirate_sintering
from sklearn_mtl.model_selection import chronological_split
from sklearn_mtl.preprocessing import (
    CalendarEncoder,
    MultirateResampler,
    ShortGapInterpolator,
    align_windows,
)

SIZES = (0.7, 0.15, 0.15)
LENGTH = 12  # x3 of the exemplar configuration
CALENDAR = ("year", "month", "day", "hour")
N_CALENDAR = 2 * len(CALENDAR)
_MAX_GAP = 10  # steps
_SLOWEST_STRAND = 1.0  # m/min; what stands or starts is no steady state
_FLOTATION_DELAY = "2h"  # until a result is known; the plant does not state it


@dataclass(frozen=True)
class MultirateTask:
    """A task with what only asynchronous records have.

    Attributes
    ----------
    task : Task
        Windows of all sources at `LENGTH` steps, then the calendar columns.
    known : ndarray of shape (n_samples, n_targets)
        Newest result of the laboratory that is known at the time of each sample; NaN before one.
    truth : ndarray of shape (n_samples, n_targets) or None
        Targets without the laboratory's error, where that is known.
    """

    task: Task
    known: np.ndarray
    truth: np.ndarray | None = None


def newest_known(results: pd.DataFrame, available_at: pd.Series) -> np.ndarray:
    """For each sample the values of the newest sample whose results are known at its time.

    Parameters
    ----------
    results : DataFrame
        Results by sample time, ascending; NaN where a target failed.
    available_at : Series
        When the results of each sample are known.

    Returns
    -------
    known : ndarray of shape (n_samples, n_targets)
    """
    reported = np.argsort(available_at.to_numpy(), kind="stable")
    n_known = np.searchsorted(available_at.to_numpy()[reported], results.index, side="right")
    known = np.full(results.shape, np.nan)
    for column, values in enumerate(results.to_numpy().T):
        # Sample numbers in the order of reporting; one without a result is never the newest.
        numbers = np.where(np.isnan(values[reported]), -1, reported)
        newest = np.maximum.accumulate(np.r_[-1, numbers])[n_known]
        known[:, column] = np.where(newest >= 0, values[newest], np.nan)
    return known


def load_sinter(
    seed: int, data_home: Any, max_rows: int | None, *, shuffled: bool
) -> MultirateTask:
    """Simulate a plant of its own for each seed; samples of stops and starts are left out."""
    plant: Any = make_multirate_sintering(max_rows or 2283, random_state=seed)
    samples = align_windows(
        plant.sources,
        plant.times,
        plant.lookback,
        plant.dead_time,
        plant.target,
        time_column=True,
    )
    speed = samples.X.filter(regex="^equipment:strand_speed:").min(axis=1)
    return _task(
        samples.X,
        plant.target,
        plant.available_at,
        steady=(speed >= _SLOWEST_STRAND).to_numpy(),
        truth=plant.noise_free_target.to_numpy(),
        seed=seed,
        shuffled=shuffled,
    )


def load_flotation(
    seed: int, data_home: Any, max_rows: int | None, *, shuffled: bool
) -> MultirateTask:
    """Hourly sensors and feed assays where they change; the data are the same for every seed."""
    inputs, targets = fetch_flotation(data_home=data_home, return_X_y=True)
    inputs, targets = inputs[:max_rows], targets[:max_rows]
    assays = inputs.filter(like="feed")
    samples = align_windows(
        {
            "sensors": inputs.drop(columns=assays.columns),
            "feed": assays[assays.ne(assays.shift()).any(axis=1)],
        },
        targets.index,
        lookback={"sensors": "12h", "feed": "27h"},
        max_age={"feed": "3D"},
        targets=targets,
        result_delay=_FLOTATION_DELAY,
        time_column=True,
    )
    return _task(samples.X, targets, samples.available_at, seed=seed, shuffled=shuffled)


def _task(
    X: pd.DataFrame,
    targets: pd.DataFrame,
    available_at: pd.Series,
    *,
    seed: int,
    shuffled: bool,
    steady: np.ndarray | None = None,
    truth: np.ndarray | None = None,
) -> MultirateTask:
    """Bring the windows to one length, drop incomplete samples, split the rest 70:15:15."""
    windows = make_pipeline(
        ShortGapInterpolator(_MAX_GAP, along="steps"), MultirateResampler("hybrid", LENGTH)
    ).set_output(transform="pandas")
    prepared = windows.fit_transform(X.drop(columns="time")).to_numpy()
    kept = ~np.isnan(prepared).any(axis=1) & targets.notna().any(axis=1).to_numpy()
    if steady is not None:
        kept &= steady
    order = np.arange(np.count_nonzero(kept))
    if shuffled:
        order = np.random.default_rng(seed).permutation(order)
    train, validation, test, *_ = chronological_split(order, order, SIZES)
    times = X.loc[kept, ["time"]]
    calendar = CalendarEncoder(CALENDAR, outside="clip").fit(times.iloc[train])
    task = Task(
        np.hstack([prepared[kept], calendar.transform(times)]),
        targets.to_numpy()[kept],
        list(targets.columns),
        train,
        validation,
        test,
    )
    known = newest_known(targets, available_at)[kept]
    return MultirateTask(task, known, None if truth is None else truth[kept])


@dataclass(frozen=True)
class MultirateProtocol:
    """Data and split, with a description for the heading of a table.

    Attributes
    ----------
    description : str
        Data, inputs and split.
    load : callable
        From ``(seed, data_home, max_rows)`` to a :class:`MultirateTask`.
    """

    description: str
    load: Callable[[int, Any, int | None], MultirateTask]


_SINTER = "Simulated sintering, another plant for each seed, windows of 24 h, 3 h and 3 h"
_FLOTATION = "Flotation, windows of 12 h and 27 h"
MULTIRATE_PROTOCOLS = {
    "sinter-chronological": MultirateProtocol(
        f"{_SINTER}, in time order, 70:15:15", partial(load_sinter, shuffled=False)
    ),
    "sinter-shuffled": MultirateProtocol(
        f"{_SINTER}, rows shuffled, 70:15:15 (overlapping windows leak)",
        partial(load_sinter, shuffled=True),
    ),
    "flotation-chronological": MultirateProtocol(
        f"{_FLOTATION}, in time order, 70:15:15", partial(load_flotation, shuffled=False)
    ),
    "flotation-shuffled": MultirateProtocol(
        f"{_FLOTATION}, rows shuffled, 70:15:15 (overlapping windows leak)",
        partial(load_flotation, shuffled=True),
    ),
}
