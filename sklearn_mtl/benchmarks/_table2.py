"""Models of TMoE-P's table II on the sulfur recovery unit: RMSE, MAE and R2 of both targets.

All models get the same inputs and default parameters (PLS: 20 components); the middle part of the
split stops the networks. "paper" is the mean that the paper reports, beside the shuffled split
only: its figures fit that split, though it does not say which it used. Rows of that split leak:
windows of 10 rows overlap, so that a test row has near copies among the training rows, and
interpolation between the training rows in time, without any input, beats every model. Of the two
references without inputs, the last laboratory value is taken to be known ten rows later. Most
labels of this table lie on straight lines between fewer measured ones: "at knots" is the R2 over
the test rows where a target bends, thus was measured. A seed fixes split and model, the same for
all models.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mtl.benchmarks._contenders import (
    CONTENDERS,
    Contender,
    network_per_target,
)
from sklearn_mtl.benchmarks._machine import describe_machine
from sklearn_mtl.benchmarks._markdown import markdown_table
from sklearn_mtl.benchmarks._options import (
    add_choice,
    add_jobs_option,
    add_run_options,
    effort_of,
    setting_of,
)
from sklearn_mtl.benchmarks._protocols import PROTOCOLS
from sklearn_mtl.benchmarks._published import TABLE_2
from sklearn_mtl.benchmarks._references import interpolated_in_time, last_laboratory_value
from sklearn_mtl.benchmarks._result_table import ResultTable
from sklearn_mtl.benchmarks._scores import (
    MEAN,
    best_first,
    mean_and_spread,
    metric_columns,
    r2_columns,
)
from sklearn_mtl.estimators import SharedBottomRegressor

KEYS = ("protocol", "model", "seed", "version", "setting")
SHUFFLED, CHRONOLOGICAL = "sru-shuffled", "sru-chronological"
INTERPOLATION = "interpolation in time"
METRICS = {"R2": 3, "RMSE": 4, "MAE": 4}  # and their decimal places


@dataclass(frozen=True)
class Row:
    """One model of the table.

    Attributes
    ----------
    contender : callable
        The model.
    published : str or None
        Its row in the paper's table; None if it has none there.
    """

    contender: Contender
    published: str | None = None


ROWS: dict[str, Row] = {
    "PLS": Row(CONTENDERS["PLS"], "ST PLSR"),
    "SharedBottomRegressor per target": Row(network_per_target(SharedBottomRegressor())),
    "SharedBottomRegressor": Row(CONTENDERS["SharedBottomRegressor"]),
    "MMoERegressor": Row(CONTENDERS["MMoERegressor"], "MT MMoE"),
    "BMoERegressor": Row(CONTENDERS["BMoERegressor"], "MT BMoE"),
    "PLERegressor": Row(CONTENDERS["PLERegressor"], "MT PLE"),
    "TMoEPRegressor": Row(CONTENDERS["TMoEPRegressor"], "MT TMoE-P"),
    "AttentionMMoERegressor": Row(CONTENDERS["AttentionMMoERegressor"]),
    "MultiTaskRegressor": Row(CONTENDERS["MultiTaskRegressor"]),
    "Ridge": Row(CONTENDERS["Ridge"]),
    "last laboratory value": Row(last_laboratory_value),
    INTERPOLATION: Row(interpolated_in_time),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    add_run_options(parser)
    add_jobs_option(parser)
    add_choice(parser, "--protocols", (SHUFFLED, CHRONOLOGICAL), "splits")
    add_choice(parser, "--models", ROWS, "models")


def run(arguments: argparse.Namespace) -> None:
    """Run what is missing, print the tables and write ``table2.csv`` and ``table2.md``."""

    def compute(job: Mapping[str, Any]) -> dict[str, float]:
        effort = effort_of(arguments)  # here, because it limits the threads of a process
        task = PROTOCOLS[job["protocol"]].load(job["seed"], None, arguments.max_rows)
        started = time.process_time()
        prediction = ROWS[job["model"]].contender(task, job["seed"], effort)
        seconds = time.process_time() - started
        y, knots = task.y[task.test], task.knots
        assert knots is not None
        at_knots = r2_columns(task.target_names, np.where(knots[task.test], y, np.nan), prediction)
        return {
            **metric_columns(task.target_names, y, prediction),
            **{f"{name} at knots": score for name, score in at_knots.items()},
            "cpu_seconds": seconds,
        }

    jobs = [
        {"protocol": protocol, "model": model, "seed": seed, **setting_of(arguments)}
        for protocol in arguments.protocols
        for seed in range(arguments.seeds)
        for model in arguments.models
        if protocol == SHUFFLED or model != INTERPOLATION
    ]
    effort_of(arguments)
    results = ResultTable(arguments.out / "table2.csv", KEYS).complete(
        jobs, compute, arguments.jobs
    )
    sections = ["# Table II", (__doc__ or "").partition("\n\n")[2].strip()]
    sections += [f"{describe_machine()}. Mean +- standard deviation over seeds: {arguments.seeds}."]
    for protocol, rows in results.groupby("protocol", sort=False):
        sections.append(f"## {PROTOCOLS[str(protocol)].description}")
        for metric in METRICS:
            sections.append(f"### {metric}")
            sections.append(markdown_table(metric_table(rows, metric, protocol == SHUFFLED)))
    report = "\n\n".join(sections)
    (arguments.out / "table2.md").write_text(report + "\n")
    print(report)


def metric_table(rows: pd.DataFrame, metric: str, with_paper: bool) -> pd.DataFrame:
    """One metric of every model and target.

    Parameters
    ----------
    rows : DataFrame
        Results of one protocol.
    metric : {"R2", "RMSE", "MAE"}
        What is shown.
    with_paper : bool
        Whether the paper's figures stand beside ours.

    Returns
    -------
    table : DataFrame
        One row per model, the one with the best R2 first.
    """
    by_seed = rows.set_index(["model", "seed"])
    names = [name for name in map(str, by_seed) if name.startswith(f"{metric} ")]
    everywhere = [name for name in names if name != MEAN and not name.endswith(" at knots")]
    rest = [name for name in names if name not in everywhere]
    columns: dict[str, pd.Series] = {}
    for k, name in enumerate(everywhere):
        columns[name] = mean_and_spread(by_seed[name], METRICS[metric])
        if with_paper:
            columns[f"paper {name}"] = pd.Series(
                {
                    model: f"{getattr(TABLE_2[row.published], metric)[k]:.4f}"
                    for model, row in ROWS.items()
                    if row.published is not None
                },
                dtype=object,
            )
    columns |= {name: mean_and_spread(by_seed[name], METRICS[metric]) for name in rest}
    columns["CPU s"] = by_seed["cpu_seconds"].groupby("model").mean().round(1)
    return pd.DataFrame(columns).loc[best_first(by_seed[MEAN])].rename_axis("model").reset_index()
