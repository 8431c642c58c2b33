"""Accuracy when 60 % of the labels are missing at random, beside that with full labels.

Labels are deleted per target in the training and the validation part; the test part keeps all. All
models get the same inputs. The middle part of the split stops the models that can use one: our
networks, CatBoost (MultiRMSEWithMissingValues) and boosting "validated", both of up to 1000 rounds;
MLPRegressor (256-128-32, standardised targets) holds out a tenth of its rows. Models for one target
are fitted on the rows that have it. A seed fixes split, deletion and model, the same for all.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sklearn_mtl._optional import import_optional
from sklearn_mtl.benchmarks._contenders import CONTENDERS
from sklearn_mtl.benchmarks._machine import describe_machine
from sklearn_mtl.benchmarks._markdown import markdown_table
from sklearn_mtl.benchmarks._missing_figure import plot_falls
from sklearn_mtl.benchmarks._options import add_choice, add_run_options, effort_of, setting_of
from sklearn_mtl.benchmarks._protocols import PROTOCOLS
from sklearn_mtl.benchmarks._result_table import ResultTable
from sklearn_mtl.benchmarks._scores import (
    MEAN,
    best_first,
    mean_and_spread,
    r2_columns,
    score_columns,
)

KEYS = ("protocol", "missing", "model", "seed", "version", "setting")
SHARES = (0.0, 0.6)
MODELS = (
    "MultiTaskRegressor",
    "MMoERegressor",
    "HistGradientBoosting",
    "HistGradientBoosting, validated",
    "ExtraTrees",
    "MLPRegressor",
    "CatBoost",
    "Ridge",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    add_run_options(parser)
    add_choice(parser, "--protocols", PROTOCOLS, "data sets and splits")
    add_choice(parser, "--models", MODELS, "models")


def run(arguments: argparse.Namespace) -> None:
    """Run what is missing, print the tables and write ``missing.csv``, ``.md`` and ``.png``."""
    # Better to stop now than after hours.
    for module in ("matplotlib", "catboost") if "CatBoost" in arguments.models else ("matplotlib",):
        import_optional(module, extra="bench")
    effort = effort_of(arguments)

    def compute(job: Mapping[str, Any]) -> dict[str, float]:
        task = PROTOCOLS[job["protocol"]].load(job["seed"], None, arguments.max_rows)
        task = task.with_missing_labels(job["missing"], job["seed"])
        started = time.process_time()
        prediction = CONTENDERS[job["model"]](task, job["seed"], effort)
        seconds = time.process_time() - started
        scores = r2_columns(task.target_names, task.y[task.test], prediction)
        return {**scores, "cpu_seconds": seconds}

    jobs = [
        {
            "protocol": protocol,
            "missing": share,
            "model": model,
            "seed": seed,
            **setting_of(arguments),
        }
        for protocol in arguments.protocols
        for seed in range(arguments.seeds)
        for share in SHARES
        for model in arguments.models
    ]
    results = ResultTable(arguments.out / "missing.csv", KEYS).complete(jobs, compute)
    sections = ["# Missing labels", (__doc__ or "").partition("\n\n")[2].strip()]
    sections += [f"{describe_machine()}. Mean +- standard deviation over seeds: {arguments.seeds}."]
    for protocol, rows in results.groupby("protocol", sort=False):
        sections.append(f"## {PROTOCOLS[str(protocol)].description}")
        sections.append(markdown_table(missing_label_table(rows)))
    report = "\n\n".join(sections)
    (arguments.out / "missing.md").write_text(report + "\n")
    plot_falls(results, arguments.out / "missing.png")
    print(report)


def missing_label_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean and spread of R2 with full and with missing labels, and the fall between them.

    Parameters
    ----------
    rows : DataFrame
        Results of one protocol.

    Returns
    -------
    table : DataFrame
        One row per model, the best with missing labels first.
    """
    scores = sorted(score_columns(rows), key=MEAN.__eq__)  # the mean last
    full, reduced = (
        rows[rows["missing"] == share].set_index(["model", "seed"])[scores] for share in SHARES
    )
    fall = full[MEAN] - reduced[MEAN]
    columns = {
        **{f"{name}, full": mean_and_spread(full[name]) for name in scores},
        **{f"{name}, {SHARES[1]:.0%} missing": mean_and_spread(reduced[name]) for name in scores},
        "fall of the mean": mean_and_spread(fall),
    }
    return pd.DataFrame(columns).loc[best_first(reduced[MEAN])].rename_axis("model").reset_index()
