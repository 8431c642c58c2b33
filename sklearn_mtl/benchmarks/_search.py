"""MS-BCNN's table 1 on real training tasks: searches of soft sensors with one budget.

Task `sru` is the sulfur recovery unit, `sinter` the simulated sintering cycles without recording
faults, another plant for each seed. Both are in time order: 60 % to train on, of which the newest
rows are used, 20 % to compare configurations on, 20 % to test. The objectives are NMSE on the
second part, mean over the targets, and the number of parameters. All evaluations of a search count.
A training that fails counts as bad. Two inputs of `sru` hardly move in the newest 1750 rows of its
training part, so fewer than 2000 tell nothing of what comes later.

The space holds the systems of the three papers, but not in the papers' sizes, of which the smallest
are larger than the sulfur recovery unit needs: widths begin at 2 to 4, the largest are left out,
and the rows of the past and their coding are chosen, too. Attention-MMoE does without its isolation
forest.

Objectives are scaled by the best and the worst corner of the front that all runs have together, the
number of parameters also in logarithms. Hypervolume is that up to (1.1, 1.1), IGD the mean distance
of that joint front, "models" the number of models on a run's own front. "Within 2 %" is the choice
of the rule `smallest_within`, the smallest model whose error is at most 2 % above the best of its
run: its share of the best model's parameters, and the errors of both on the test part.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from sklearn_mtl._optional import import_optional
from sklearn_mtl.benchmarks._hdtlz_cases import Search
from sklearn_mtl.benchmarks._hdtlz_searches import OPTUNA_SEARCHES, OURS, PAPER, phmoea
from sklearn_mtl.benchmarks._machine import describe_machine
from sklearn_mtl.benchmarks._markdown import markdown_table
from sklearn_mtl.benchmarks._options import add_choice, limit_threads
from sklearn_mtl.benchmarks._pymoo_rivals import PYMOO_SEARCHES
from sklearn_mtl.benchmarks._result_table import ResultTable
from sklearn_mtl.benchmarks._scores import mean_and_spread
from sklearn_mtl.benchmarks._search_figure import plot_fronts
from sklearn_mtl.benchmarks._search_task import EVALUATION_KEYS, TASKS, TrainingTask
from sklearn_mtl.search import MODES
from sklearn_mtl.search._engine.ranking import non_dominated
from sklearn_mtl.search._pareto.selection_rules import Front, best_error, smallest_within

SEARCHES: dict[str, Search] = {
    OURS: phmoea,
    # B.6 for the real task
    PAPER: partial(phmoea, settings=replace(MODES["paper"], objective_weight=0.7)),
    **OPTUNA_SEARCHES,
    **PYMOO_SEARCHES,
}
_SCALES: dict[str, Callable[[Any], Any]] = {
    "parameters": np.asarray,
    "log parameters": np.log10,
}
_CORNER = (1.1, 1.1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--out", type=Path, default=Path("benchmark_results"), help="result folder")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds (default: 3)")
    parser.add_argument("--threads", type=int, default=1, help="threads (default: 1)")
    parser.add_argument("--trials", type=int, default=300, help="evaluations (default: 300)")
    parser.add_argument("--population", type=int, default=20, help="its size (default: 20)")
    parser.add_argument("--rows", type=int, default=2000, help="training rows (default: 2000)")
    parser.add_argument("--epochs", type=int, default=5, help="of a training (default: 5)")
    add_choice(parser, "--methods", SEARCHES, "searches")
    parser.add_argument(
        "--tasks", nargs="+", choices=TASKS, default=["sru"], help="plants (default: sru)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Run what is missing, print the tables, write ``search.csv``, ``search.md``, ``search.png``.

    Every single training is kept in ``search-evaluations.csv`` and is not repeated.
    """
    limit_threads(arguments.threads)
    file = ResultTable(arguments.out / "search-evaluations.csv", EVALUATION_KEYS)
    runs = [
        _trials(arguments, file, task, method, seed)
        for task, seed, method in product(
            arguments.tasks, range(arguments.seeds), arguments.methods
        )
    ]
    trials = pd.concat(runs, ignore_index=True)
    trials.to_csv(arguments.out / "search.csv", index=False)
    sections = ["# Searches of soft sensors", (__doc__ or "").partition("\n\n")[2].strip()]
    sections += [
        f"{describe_machine()}. {arguments.trials} evaluations, {arguments.rows} training rows, "
        f"{arguments.epochs} epochs. Mean +- standard deviation over seeds: {arguments.seeds}."
    ]
    for task in arguments.tasks:
        of_task = trials[trials["task"] == task]
        sections += [f"## Task `{task}`", markdown_table(indicator_table(of_task))]
        sections += ["Smaller models within 2 %:", markdown_table(rule_table(of_task))]
    report = "\n\n".join(sections)
    (arguments.out / "search.md").write_text(report + "\n")
    print(report)
    plot_fronts(trials, arguments.out / "search.png")


def _trials(
    arguments: argparse.Namespace, file: ResultTable, name: str, method: str, seed: int
) -> pd.DataFrame:
    """Give the evaluations of one run, those that are in the file and those that are missing."""
    with tqdm(total=arguments.trials, desc=f"{name}, {method}, seed {seed}", unit="run") as bar:
        task = TrainingTask(name, file, arguments.rows, arguments.epochs, seed, bar)
        SEARCHES[method](task, arguments.population, arguments.trials, seed)
    # pymoo finishes its last generation
    return task.table().head(arguments.trials).assign(method=method)


def indicator_table(trials: pd.DataFrame) -> pd.DataFrame:
    """Measure the front of every run, with plain and with logarithmic numbers of parameters.

    Parameters
    ----------
    trials : DataFrame
        Evaluations of one task with ``method``, ``seed``, ``nmse`` and ``n_parameters``.

    Returns
    -------
    table : DataFrame
        A row for every method, the best hypervolume with logarithms first.
    """
    by_run = trials.groupby(["method", "seed"])
    n_models = {run: len(front(rows["nmse"], rows["n_parameters"])) for run, rows in by_run}
    columns = {"best NMSE": by_run["nmse"].min(), "models": pd.Series(n_models)}
    volume = import_optional("pymoo.indicators.hv", extra="bench").HV(ref_point=_CORNER)
    distance = import_optional("pymoo.indicators.igd", extra="bench").IGD
    for name, scale in _SCALES.items():
        fronts = {run: front(rows["nmse"], scale(rows["n_parameters"])) for run, rows in by_run}
        joint = front(*np.concatenate(list(fronts.values())).T)
        low, span = joint.min(axis=0), np.ptp(joint, axis=0)
        span[span == 0] = 1.0
        scaled = {run: (values - low) / span for run, values in fronts.items()}
        to_joint = distance((joint - low) / span)
        columns[f"HV, {name}"] = pd.Series({run: volume(own) for run, own in scaled.items()})
        columns[f"IGD, {name}"] = pd.Series({run: to_joint(own) for run, own in scaled.items()})
    by_seed = pd.DataFrame(columns).rename_axis(["model", "seed"])
    digits = {name: 1 if name == "models" else 4 for name in by_seed}
    table = pd.DataFrame({name: mean_and_spread(by_seed[name], digits[name]) for name in by_seed})
    order = by_seed["HV, log parameters"].groupby("model").mean().sort_values(ascending=False)
    return table.loc[order.index].rename_axis("method").reset_index()


def front(nmse: pd.Series, size: pd.Series) -> np.ndarray:
    """Give the different non-dominated pairs of error and size."""
    values = np.column_stack([nmse, size])
    return np.unique(values[non_dominated(values)], axis=0)


def rule_table(trials: pd.DataFrame) -> pd.DataFrame:
    """Tell what the smallest model within 2 % of the best error saves, and costs on new rows.

    Parameters
    ----------
    trials : DataFrame
        As for `indicator_table`, with ``system`` and ``test_nmse``.

    Returns
    -------
    table : DataFrame
        A row for every run.
    """
    rows = []
    for _, run in trials.groupby(["method", "seed"], sort=False):
        models = Front(run[["nmse", "n_parameters"]].to_numpy(), size=1)
        best, small = run.iloc[best_error(models)], run.iloc[smallest_within(models)]
        rows.append(
            {
                "method": best["method"],
                "seed": best["seed"],
                "best NMSE": best["nmse"],
                "parameters": int(best["n_parameters"]),
                "system": best["system"],
                "within 2 %": int(small["n_parameters"]),
                "share": small["n_parameters"] / best["n_parameters"],
                "test NMSE of best": best["test_nmse"],
                "test NMSE within 2 %": small["test_nmse"],
            }
        )
    return pd.DataFrame(rows).round(4)
