"""Tables of a finished search: all trials in scikit-learn's form, and the front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.ma import MaskedArray
from scipy.stats import rankdata

from sklearn_mtl.search._engine.ranking import non_dominated, ranks
from sklearn_mtl.search._pareto.goals import Goals
from sklearn_mtl.search._pareto.objectives import Objective
from sklearn_mtl.search._pareto.trial_records import TrialRecord


def results_table(
    records: Sequence[TrialRecord],
    goals: Goals,
    n_splits: int,
    error_score: float,
) -> dict[str, Any]:
    """Give all trials as ``cv_results_``.

    Parameters
    ----------
    records : sequence of TrialRecord
    goals : Goals
    n_splits : int
    error_score : float
        Stands for what a trial did not reach.

    Returns
    -------
    results : dict of str to array
    """
    results: dict[str, Any] = {}
    for kind in ("fit", "score"):
        times = np.full((len(records), n_splits), error_score)
        for row, record in enumerate(records):
            if record.state == "complete" and record.evaluation is not None:
                times[row] = getattr(record.evaluation, f"{kind}_times")
        results[f"mean_{kind}_time"] = times.mean(axis=1)
        results[f"std_{kind}_time"] = times.std(axis=1)
    for name in dict.fromkeys(name for record in records for name in record.config):
        column: MaskedArray = MaskedArray(np.empty(len(records), dtype=object), mask=True)
        for row, record in enumerate(records):
            if name in record.config:
                column[row] = record.config[name]
        results[f"param_{name}"] = column
    results["params"] = [dict(record.config) for record in records]
    for name in [objective.name for objective in goals.measured]:
        values = np.full((len(records), n_splits), error_score)
        for row, record in enumerate(records):
            if record.state == "complete" and record.evaluation is not None:
                values[row] = record.evaluation.values[name]
        for split in range(n_splits):
            results[f"split{split}_test_{name}"] = values[:, split]
        results[f"mean_test_{name}"] = values.mean(axis=1)
        results[f"std_test_{name}"] = values.std(axis=1)
    results["rank_test_score"] = _ranks(records, goals.objectives)
    results["trial"] = np.array([record.number for record in records], dtype=int)
    results["state"] = np.array([record.state for record in records], dtype=object)
    results["feasible"] = np.array([record.feasible for record in records], dtype=bool)
    results["error"] = np.array([record.error for record in records], dtype=object)
    return results


def front_rows(records: Sequence[TrialRecord], objectives: Sequence[Objective]) -> list[int]:
    """Find the trials on the front, the best by the first objective first.

    Parameters
    ----------
    records : sequence of TrialRecord
    objectives : sequence of Objective

    Returns
    -------
    rows : list of int
        Positions in `records`; of trials with equal objectives the first only.
    """
    feasible = np.array([i for i, record in enumerate(records) if record.feasible], dtype=int)
    losses = losses_of([records[i] for i in feasible], objectives)
    front = non_dominated(losses)
    _, first = np.unique(losses[front], axis=0, return_index=True)  # sorted by the first objective
    return feasible[front[first]].tolist()


def losses_of(records: Sequence[TrialRecord], objectives: Sequence[Objective]) -> np.ndarray:
    """Objectives of complete trials, with the signs turned of those that are maximised."""
    losses = [
        [
            (-1 if objective.maximised else 1) * record.evaluation.mean(objective.name)
            for objective in objectives
        ]
        for record in records
        if record.evaluation is not None
    ]
    return np.array(losses, dtype=float).reshape(len(records), len(objectives))


def front_frame(records: Sequence[TrialRecord], measured: Sequence[Objective]) -> pd.DataFrame:
    """Give the trials of the front with their configurations, measurements and numbers.

    Parameters
    ----------
    records : sequence of TrialRecord
        Complete trials.
    measured : sequence of Objective

    Returns
    -------
    front : DataFrame
        The values of a parameter are those of the configurations, NaN where it does not count.
    """
    columns: dict[str, Any] = {}
    for name in dict.fromkeys(name for record in records for name in record.config):
        columns[name] = _column([record.config.get(name, np.nan) for record in records])
    for objective in measured:
        columns[objective.name] = [
            record.evaluation.mean(objective.name)
            for record in records
            if record.evaluation is not None
        ]
    columns["trial"] = [record.number for record in records]
    return pd.DataFrame(columns)


def _column(values: Sequence[Any]) -> pd.Series:
    """Make a column that keeps every value as it is: pandas turns 3 into 3.0 next to NaN."""
    kind, *others = {type(value) for value in values}
    is_plain = kind in (bool, int, float, str) or issubclass(kind, np.number | np.bool_)
    return pd.Series(values, dtype=None if is_plain and not others else object)


def _ranks(records: Sequence[TrialRecord], objectives: Sequence[Objective]) -> np.ndarray:
    """Rank by domination from 1; then by violated constraints; then what failed or was pruned."""
    rank = np.zeros(len(records), dtype=np.int32)
    feasible = np.array([i for i, r in enumerate(records) if r.feasible], dtype=int)
    rank[feasible] = 1 + ranks(losses_of([records[i] for i in feasible], objectives))
    outside = np.array(
        [i for i, r in enumerate(records) if r.state == "complete" and not r.feasible], dtype=int
    )
    violations = [records[i].violation for i in outside]
    rank[outside] = rank.max(initial=0) + rankdata(violations, method="dense")
    rank[rank == 0] = rank.max(initial=0) + 1
    return rank
