"""TMoE-P with other numbers of blocks, experts and layers: the runs of table III and Fig. 11."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from sklearn_mtl.benchmarks._contenders import network
from sklearn_mtl.benchmarks._options import effort_of, setting_of
from sklearn_mtl.benchmarks._protocols import PROTOCOLS
from sklearn_mtl.benchmarks._result_table import ResultTable
from sklearn_mtl.benchmarks._scores import metric_columns
from sklearn_mtl.estimators import TMoEPRegressor


class Experts(NamedTuple):
    """Size of TMoE-P's network; the paper's by default."""

    n_specific: int = 1
    n_shared: int = 1
    n_blocks: int = 2
    n_expert_layers: int = 3


KEYS = ("protocol", *Experts._fields, "seed", "version", "setting")


def run_grid(arguments: argparse.Namespace, sizes: Iterable[Experts], path: Path) -> pd.DataFrame:
    """Run TMoE-P in every size, protocol and seed that has no row yet.

    Parameters
    ----------
    arguments : Namespace
        With the common options, ``protocols`` and ``jobs``.
    sizes : iterable of Experts
        What is run.
    path : path
        File of the results.

    Returns
    -------
    results : DataFrame
        One row per protocol, size and seed.
    """

    def compute(job: Mapping[str, Any]) -> dict[str, float]:
        effort = effort_of(arguments)  # here, because it limits the threads of a process
        task = PROTOCOLS[job["protocol"]].load(job["seed"], None, arguments.max_rows)
        size = {name: job[name] for name in Experts._fields}
        prediction = network(TMoEPRegressor(**size))(task, job["seed"], effort)
        return metric_columns(task.target_names, task.y[task.test], prediction)

    jobs = [
        {"protocol": protocol, **size._asdict(), "seed": seed, **setting_of(arguments)}
        for protocol in arguments.protocols
        for seed in range(arguments.seeds)
        for size in sizes
    ]
    effort_of(arguments)
    return ResultTable(path, KEYS).complete(jobs, compute, arguments.jobs)
