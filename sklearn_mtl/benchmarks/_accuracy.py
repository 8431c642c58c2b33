"""Accuracy on the sulfur recovery unit, shuffled and in time order, default parameters.

All models get the same inputs; the middle part of the split stops the networks. Two references
need no inputs: the last laboratory value, taken to be known ten rows later, and, beside the
shuffled split, interpolation between the nearest training rows in time, which measures how much
that split leaks. Most labels of this table lie on straight lines between fewer measured ones:
"at knots" is the R2 over the test rows where a target bends, thus was measured. A seed fixes
split and model, the same for all.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mtl.benchmarks._contenders import CONTENDERS, Contender
from sklearn_mtl.benchmarks._machine import describe_machine
from sklearn_mtl.benchmarks._markdown import markdown_table
from sklearn_mtl.benchmarks._options import add_choice, add_run_options, effort_of, setting_of
from sklearn_mtl.benchmarks._protocols import PROTOCOLS, Task
from sklearn_mtl.benchmarks._references import interpolated_in_time, last_laboratory_value
from sklearn_mtl.benchmarks._result_table import ResultTable
from sklearn_mtl.benchmarks._scores import (
    MEAN,
    best_first,
    mean_and_spread,
    r2_columns,
    score_columns,
)

KEYS = ("protocol", "model", "seed", "version", "setting")
INTERPOLATION = "interpolation in time"
MODELS: dict[str, Contender] = {
    **{
        name: CONTENDERS[name]
        for name in (
            "MultiTaskRegressor",
            "MMoERegressor",
            "BMoERegressor",
            "AttentionMMoERegressor",
            "SharedBottomRegressor",
            "HistGradientBoosting",
            "PLS",
            "Ridge",
        )
    },
    "last laboratory value": last_laboratory_value,
    INTERPOLATION: interpolated_in_time,
}
SHUFFLED, CHRONOLOGICAL = "sru-shuffled", "sru-chronological"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    add_run_options(parser)
    add_choice(parser, "--protocols", (SHUFFLED, CHRONOLOGICAL), "splits")
    add_choice(parser, "--models", MODELS, "models")


def run(arguments: argparse.Namespace) -> None:
    """Run what is missing, print the tables and write ``accuracy.csv`` and ``accuracy.md``."""
    effort = effort_of(arguments)

    def compute(job: Mapping[str, Any]) -> dict[str, float]:
        task = PROTOCOLS[job["protocol"]].load(job["seed"], None, arguments.max_rows)
        started = time.process_time()
        prediction = MODELS[job["model"]](task, job["seed"], effort)
        seconds = time.process_time() - started
        return {**scores_of(task, prediction), "cpu_seconds": seconds}

    jobs = [
        {"protocol": protocol, "model": model, "seed": seed, **setting_of(arguments)}
        for protocol in arguments.protocols
        for seed in range(arguments.seeds)
        for model in arguments.models
        if protocol == SHUFFLED or model != INTERPOLATION
    ]
    results = ResultTable(arguments.out / "accuracy.csv", KEYS).complete(jobs, compute)
    sections = ["# Accuracy", (__doc__ or "").partition("\n\n")[2].strip()]
    sections += [f"{describe_machine()}. Mean +- standard deviation over seeds: {arguments.seeds}."]
    for protocol, rows in results.groupby("protocol", sort=False):
        sections.append(f"## {PROTOCOLS[str(protocol)].description}")
        sections.append(markdown_table(accuracy_table(rows)))
    report = "\n\n".join(sections)
    (arguments.out / "accuracy.md").write_text(report + "\n")
    print(report)


def scores_of(task: Task, prediction: np.ndarray) -> dict[str, float]:
    """R2 of every target and their mean, over all test rows and over those at knots.

    Parameters
    ----------
    task : Task
        A task with knots.
    prediction : ndarray of shape (n_test, n_targets)
        Predictions of its test rows.

    Returns
    -------
    scores : dict of str to float
    """
    y, knots = task.y[task.test], task.knots
    assert knots is not None
    everywhere = r2_columns(task.target_names, y, prediction)
    at_knots = np.where(knots[task.test], y, np.nan)
    scores = r2_columns(task.target_names, at_knots, prediction)
    return {**everywhere, **{f"{name} at knots": score for name, score in scores.items()}}


def accuracy_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean and spread of every score, and the CPU time of fit and predict.

    Parameters
    ----------
    rows : DataFrame
        Results of one protocol.

    Returns
    -------
    table : DataFrame
        One row per model, the best first.
    """
    by_seed = rows.set_index(["model", "seed"])
    columns = {name: mean_and_spread(by_seed[name]) for name in score_columns(rows)}
    columns["CPU s"] = by_seed["cpu_seconds"].groupby("model").mean().round(1)
    return pd.DataFrame(columns).loc[best_first(by_seed[MEAN])].rename_axis("model").reset_index()
