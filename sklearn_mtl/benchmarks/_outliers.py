"""Gross recording faults in the labels: dynamic loss weighting against the squared error.

One network (AttentionMMoERegressor), trained in three ways on simulated sintering cycles: without
faults, and with 5 % of faulty rows in training and validation part. R2 is taken over the test rows
without a fault, which are the same in both tables. A seed fixes data and network. "possible" is
the R2 of the best possible model without faults.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from sklearn_mtl.benchmarks._contenders import network
from sklearn_mtl.benchmarks._machine import describe_machine
from sklearn_mtl.benchmarks._markdown import markdown_table
from sklearn_mtl.benchmarks._options import add_run_options, effort_of, setting_of
from sklearn_mtl.benchmarks._protocols import SIZES, Task
from sklearn_mtl.benchmarks._result_table import ResultTable
from sklearn_mtl.benchmarks._scores import MEAN, mean_and_spread, r2_columns, score_columns
from sklearn_mtl.datasets import make_sintering
from sklearn_mtl.estimators import AttentionMMoERegressor
from sklearn_mtl.model_selection import chronological_split

KEYS = ("outliers", "model", "seed", "version", "setting")
SHARES = (0.0, 0.05)
N_ROWS = 2000
DLW, MSE = "DLW", "MSE, equal weights"
MODELS: dict[str, BaseEstimator] = {
    DLW: AttentionMMoERegressor(),
    "No-DLW (fixed L1 + smooth L1)": AttentionMMoERegressor(weighting="equal", weight_l1=0.5),
    MSE: AttentionMMoERegressor(loss="mse", weighting="equal"),
}
LARGEST_SHARE_LOST = 0.5  # of what the squared error loses


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    add_run_options(parser)
    parser.set_defaults(max_rows=None, seeds=5)


def run(arguments: argparse.Namespace) -> None:
    """Run what is missing, print the table and write ``outliers.csv`` and ``outliers.md``."""
    effort = effort_of(arguments)

    def compute(job: Mapping[str, Any]) -> dict[str, float]:
        n_rows = arguments.max_rows or N_ROWS
        task, clean, possible = sintering_task(n_rows, job["outliers"], job["seed"])
        prediction = network(MODELS[job["model"]])(task, job["seed"], effort)
        scores = r2_columns(task.target_names, task.y[task.test][clean], prediction[clean])
        return {**scores, "possible": possible}

    jobs = [
        {"outliers": share, "model": model, "seed": seed, **setting_of(arguments)}
        for seed in range(arguments.seeds)
        for share in SHARES
        for model in MODELS
    ]
    results = ResultTable(arguments.out / "outliers.csv", KEYS).complete(jobs, compute)
    report = "\n\n".join(
        [
            "# Outliers",
            (__doc__ or "").partition("\n\n")[2].strip(),
            f"{describe_machine()}. Mean +- standard deviation over seeds: {arguments.seeds}.",
            markdown_table(outlier_table(results)),
            verdict(results),
        ]
    )
    (arguments.out / "outliers.md").write_text(report + "\n")
    print(report)


def sintering_task(n_rows: int, share: float, seed: int) -> tuple[Task, np.ndarray, float]:
    """Simulate cycles and split them in time order.

    Parameters
    ----------
    n_rows : int
        Number of cycles.
    share : float
        Share of the rows with a fault.
    seed : int
        Seed of the simulation.

    Returns
    -------
    task : Task
    clean : ndarray of bool of shape (n_test,)
        Test rows that have no fault in the table with the most faults.
    possible : float
        R2 of the best possible model on clean labels, mean over targets.
    """
    sinter: Any = make_sintering(n_rows, random_state=seed, outlier_fraction=share)
    faultiest: Any = make_sintering(n_rows, random_state=seed, outlier_fraction=max(SHARES))
    rows = np.arange(n_rows)
    train, validation, test, *_ = chronological_split(rows, rows, SIZES)
    X, y = sinter.data.to_numpy(), sinter.target.to_numpy()
    task = Task(X, y, sinter.target_names, train, validation, test)
    return task, ~faultiest.outlier_mask[test], float(sinter.bayes_r2.mean())


def r2_lost(results: pd.DataFrame) -> pd.DataFrame:
    """Fall of the mean R2 through the faults, one row per seed, one column per model."""
    without, with_faults = (
        results[results["outliers"] == share].pivot(index="seed", columns="model", values=MEAN)
        for share in SHARES
    )
    return without - with_faults


def outlier_table(results: pd.DataFrame) -> pd.DataFrame:
    """Mean and spread of R2 for every model, without and with faults, and what was lost.

    Parameters
    ----------
    results : DataFrame
        Rows of the benchmark.

    Returns
    -------
    table : DataFrame
        One row per model.
    """
    columns = {}
    for share in SHARES:
        rows = results[results["outliers"] == share].set_index(["model", "seed"])
        for name in score_columns(rows):
            columns[f"{name}, {share:.0%} faulty"] = mean_and_spread(rows[name])
    columns["lost"] = mean_and_spread(
        r2_lost(results).melt(var_name="model").set_index("model").value
    )
    columns["possible"] = results.groupby("model")["possible"].mean().round(3)
    return pd.DataFrame(columns).loc[list(MODELS)].rename_axis("model").reset_index()


def verdict(results: pd.DataFrame) -> str:
    """Say what share of the squared error's loss of R2 remains with dynamic loss weighting."""
    lost = r2_lost(results).mean()
    return (
        f"Dynamic loss weighting loses {lost[DLW]:.4f} of R2, the squared error {lost[MSE]:.4f}: "
        f"a share of {lost[DLW] / lost[MSE]:.2f} "
        f"({'within' if lost[DLW] < LARGEST_SHARE_LOST * lost[MSE] else 'above'} the promised "
        f"{LARGEST_SHARE_LOST})."
    )
