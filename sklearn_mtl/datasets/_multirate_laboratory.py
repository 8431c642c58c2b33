"""The laboratory of the simulated plant: errors, delays, retests and its table of results."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from sklearn_mtl.datasets._recording_faults import drop_labels

ASSAYS = ["tfe", "feo", "sio2", "cao"]  # basicity is computed from two of them
ASSAY_STD = np.array([0.10, 0.12, 0.04, 0.06])  # wt%
_DECIMALS, _BASICITY_DECIMALS = 2, 3
_LATE_SHARE, _RETEST_SHARE, _DUPLICATE_SHARE = 0.04, 0.02, 0.01
_FAILED = "failed"


class Results(NamedTuple):
    """What the laboratory found.

    Attributes
    ----------
    target : DataFrame
        Final results by sampling time, NaN where there is none.
    available_at : Series
        When the final result of each sample was reported.
    table : DataFrame
        All reports in the order of reporting, results as text.
    """

    target: pd.DataFrame
    available_at: pd.Series
    table: pd.DataFrame


def analyse(
    quality: pd.DataFrame,
    noise: float,
    missing_fraction: float,
    *,
    noise_rng: np.random.Generator,
    missing_rng: np.random.Generator,
    report_rng: np.random.Generator,
) -> Results:
    """Analyse samples of a known quality.

    Parameters
    ----------
    quality : DataFrame
        True TFe, FeO, SiO2, CaO and basicity by sampling time.
    noise : float
        Factor on the laboratory's errors.
    missing_fraction : float
        Probability of each assay to fail.
    noise_rng, missing_rng, report_rng : Generator
        Sources of randomness for the errors, for the failures, and for delays and retests.

    Returns
    -------
    results : Results
    """
    errors = noise * ASSAY_STD * noise_rng.standard_normal((len(quality), len(ASSAYS)))
    assays = (quality[ASSAYS].to_numpy() + errors).round(_DECIMALS)
    assays = drop_labels(assays, missing_fraction, missing_rng)
    target = pd.DataFrame(assays, index=quality.index, columns=ASSAYS)
    target["basicity"] = (target["cao"] / target["sio2"]).round(_BASICITY_DECIMALS)

    n_samples = len(target)
    # Minutes from sampling to report: 1.5 to 4 hours, some lie over the night.
    delay = 90 + 150 * report_rng.beta(2.0, 3.0, size=n_samples)
    late = report_rng.random(n_samples) < _LATE_SHARE
    delay += np.where(late, report_rng.uniform(240, 720, size=n_samples), 0.0)
    retested = report_rng.random(n_samples) < _RETEST_SHARE
    retest_delay = delay + report_rng.uniform(120, 300, size=n_samples)
    first_report, last_report = (
        target.index + pd.to_timedelta(minutes.round(), unit="min")
        for minutes in (delay, np.where(retested, retest_delay, delay))
    )
    # What makes a retest necessary is a mix-up: the results of a sample of the day before.
    other = np.maximum(np.arange(n_samples) - report_rng.integers(1, 25, size=n_samples), 0)
    mixed_up = np.where(target.isna(), np.nan, target.to_numpy()[other])  # failed assays stay so
    reports = pd.concat(
        [
            _reports(target.index, last_report, target, np.where(retested, "retest", "")),
            _reports(
                target.index[retested],
                first_report[retested],
                pd.DataFrame(mixed_up[retested], columns=target.columns),
                np.full(retested.sum(), "implausible"),
            ),
        ]
    )
    copies = np.where(report_rng.random(len(reports)) < _DUPLICATE_SHARE, 2, 1)
    reports = reports.iloc[np.repeat(np.arange(len(reports)), copies)]
    # A retest is never reported before what it replaces.
    reports = reports.sort_values("reported", kind="stable", ignore_index=True)
    return Results(target, pd.Series(last_report, index=target.index, name="available_at"), reports)


def _reports(
    sampled: pd.Index, reported: pd.Index, target: pd.DataFrame, remark: np.ndarray
) -> pd.DataFrame:
    columns = {
        name: _as_text(values.to_numpy(), _BASICITY_DECIMALS if name == "basicity" else _DECIMALS)
        for name, values in target.items()
    }
    return pd.DataFrame({"sampled": sampled, "reported": reported, **columns, "remark": remark})


def _as_text(values: np.ndarray, decimals: int) -> list[str]:
    return [_FAILED if np.isnan(value) else f"{value:.{decimals}f}" for value in values]
