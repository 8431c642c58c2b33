"""PHMOEA's tables 6 and 9: searches on hierarchical synthetic problems, and on small budgets.

H-DTLZ2 and H-DTLZ7 with 10 variables and 8 switches, coupling 0.1, chain and tree. In the shifted
cases, which are ours, a variable that is switched off is not at its optimum, 0.3 away. IGD is the
mean distance of 2,000 points of the true front to the set, HV the hypervolume up to (1.1, 1.1) on
raw objectives; the best possible HV is 0.4246 and 0.5591. Both are pymoo's and taken of the
non-dominated points of a set. pymoo's and Optuna's searches have their own default settings.

"PHMOEA, paper" is the published algorithm with the published settings, "PHMOEA" our default mode.
Own sets are the populations that the algorithms hold in the end. Chosen sets, of the same size, are
taken from all evaluations of a run as `select_front` does it, for rivals too: "spread" for IGD,
"hypervolume" for HV, "balanced" for both. With small budgets all evaluations count; a run is told
of the largest budget and read at each.

Cells are mean +- standard deviation over seeds (worst seed) and the mark of Wilcoxon's rank-sum
test at 0.05, not corrected for the number of comparisons: + better than the reference, - worse, =
no difference shown. Stars mark the best mean. CPU times contain the evaluations.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sklearn_mtl._version import __version__
from sklearn_mtl.benchmarks._hdtlz_cases import CASES
from sklearn_mtl.benchmarks._hdtlz_figure import plot_trajectories
from sklearn_mtl.benchmarks._hdtlz_runs import (
    INDICATORS,
    POPULATION,
    checkpoints_of,
    column,
    run_to_budgets,
    run_to_sets,
)
from sklearn_mtl.benchmarks._hdtlz_searches import (
    ABLATIONS,
    OPTUNA_SEARCHES,
    OURS,
    PAPER,
    SEARCHES,
    WITH_POPULATION,
    WITHOUT_POPULATION_SIZE,
)
from sklearn_mtl.benchmarks._hdtlz_tables import case_table, cost_table, tally
from sklearn_mtl.benchmarks._machine import describe_machine
from sklearn_mtl.benchmarks._markdown import markdown_table
from sklearn_mtl.benchmarks._options import add_choice, add_jobs_option
from sklearn_mtl.benchmarks._result_table import ResultTable

SETS_PART, BUDGETS_PART = "sets", "budgets"
SETS_KEYS = ("case", "method", "population", "evaluations", "seed", "version")
BUDGETS_KEYS = ("case", "method", "population", "budgets", "seed", "version")
OWN_SETS = {indicator: column(indicator, POPULATION) for indicator in INDICATORS}
CHOSEN_SETS = {
    name: name for name in ("IGD spread", "HV hypervolume", "IGD balanced", "HV balanced")
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--out", type=Path, default=Path("benchmark_results"), help="result folder")
    parser.add_argument("--seeds", type=int, default=20, help="number of seeds (default: 20)")
    parser.add_argument("--first-seed", type=int, default=0, help="the first (default: 0)")
    add_jobs_option(parser)
    add_choice(parser, "--parts", (SETS_PART, BUDGETS_PART), "tables")
    add_choice(parser, "--cases", CASES, "problems")
    add_choice(parser, "--methods", SEARCHES, "searches")
    parser.add_argument("--population", type=int, default=100, help="size of sets (default: 100)")
    parser.add_argument("--evaluations", type=int, default=10_000, help="for sets (default: 10000)")
    parser.add_argument(
        "--budgets",
        type=int,
        nargs="+",
        default=[300, 500, 1000, 1500],
        help="small budgets (default: 300 500 1000 1500)",
    )
    parser.add_argument(
        "--budget-populations",
        type=int,
        nargs="+",
        default=[20, 50],
        help="population sizes with small budgets (default: 20 50)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Run what is missing, print the tables and write them with their figures.

    Files: ``hdtlz.csv``, ``hdtlz-budgets.csv``, ``hdtlz.md``, and ``hdtlz.png``,
    ``hdtlz-ablations.png``, ``hdtlz-budgets.png`` with IGD over the evaluations.
    """
    arguments.out.mkdir(parents=True, exist_ok=True)
    sections = ["# Searches on H-DTLZ2 and H-DTLZ7"]
    sections += [(__doc__ or "").partition("\n\n")[2].strip()]
    sections += [f"{describe_machine()}. Seeds: {arguments.seeds}, from {arguments.first_seed} on."]
    if SETS_PART in arguments.parts:
        sections += _sets_sections(arguments)
    if BUDGETS_PART in arguments.parts:
        sections += _budgets_sections(arguments)
    report = "\n\n".join(sections)
    (arguments.out / "hdtlz.md").write_text(report + "\n")
    print(report)


def _seeds(arguments: argparse.Namespace) -> range:
    return range(arguments.first_seed, arguments.first_seed + arguments.seeds)


def _sets_sections(arguments: argparse.Namespace) -> list[str]:
    """Compare sets of one size after many evaluations."""
    size, n_evaluations = arguments.population, arguments.evaluations

    def compute(job: Mapping[str, Any]) -> dict[str, float]:
        return run_to_sets(job["case"], job["method"], size, n_evaluations, job["seed"])

    methods = [name for name in arguments.methods if name not in OPTUNA_SEARCHES]
    jobs = [
        {
            "case": case,
            "method": method,
            "population": size,
            "evaluations": n_evaluations,
            "seed": seed,
            "version": __version__,
        }
        for case in arguments.cases
        for seed in _seeds(arguments)
        for method in methods
    ]
    if not jobs:
        return []
    table = ResultTable(arguments.out / "hdtlz.csv", SETS_KEYS)
    results = table.complete(jobs, compute, arguments.jobs)
    results["label"] = results["method"]
    for name, drawn in {"hdtlz": WITH_POPULATION, "hdtlz-ablations": [PAPER, *ABLATIONS]}.items():
        rows = results[results["method"].isin(drawn)]
        if len(rows):
            path = arguments.out / f"{name}.png"
            plot_trajectories(rows, checkpoints_of(n_evaluations), path)
    return [
        f"## Sets of {size} after {n_evaluations} evaluations",
        *_summary(results, OWN_SETS, PAPER, "own sets"),
        *_summary(results, CHOSEN_SETS, OURS, "chosen sets"),
        "### Cost",
        markdown_table(cost_table(results)),
        *_case_sections(results, OWN_SETS, PAPER, "own sets"),
        *_case_sections(results, CHOSEN_SETS, OURS, "chosen sets"),
    ]


def _budgets_sections(arguments: argparse.Namespace) -> list[str]:
    """Compare all that is found within small budgets."""
    budgets = sorted(set(arguments.budgets))

    def compute(job: Mapping[str, Any]) -> dict[str, float]:
        return run_to_budgets(job["case"], job["method"], job["population"], budgets, job["seed"])

    jobs = [
        {
            "case": case,
            "method": method,
            "population": size,
            "budgets": " ".join(map(str, budgets)),
            "seed": seed,
            "version": __version__,
        }
        for case in arguments.cases
        for seed in _seeds(arguments)
        for method in arguments.methods
        for size in ([0] if method == WITHOUT_POPULATION_SIZE else arguments.budget_populations)
    ]
    if not jobs:
        return []
    table = ResultTable(arguments.out / "hdtlz-budgets.csv", BUDGETS_KEYS)
    results = table.complete(jobs, compute, arguments.jobs)
    results["label"] = [
        f"{method}, N = {size}" if size else method
        for method, size in zip(results["method"], results["population"], strict=True)
    ]
    plot_trajectories(results, budgets, arguments.out / "hdtlz-budgets.png")
    reference = f"{OURS}, N = {arguments.budget_populations[0]}"
    shown = {
        indicator: {f"after {budget}": column(indicator, budget) for budget in budgets}
        for indicator in INDICATORS
    }
    sections = ["## Small budgets, all evaluations kept"]
    for indicator, columns in shown.items():
        sections += _summary(results, columns, reference, indicator)
    sections += ["### Cost", markdown_table(cost_table(results))]
    for indicator, columns in shown.items():
        sections += _case_sections(results, columns, reference, indicator)
    return sections


def _summary(
    results: pd.DataFrame, columns: Mapping[str, str], reference: str, what: str
) -> list[str]:
    counts = tally(results, columns, reference)
    if counts.empty:
        return []
    heading = f"### Cases in which others are better / equal / worse than {reference}: {what}"
    return [heading, markdown_table(counts)]


def _case_sections(
    results: pd.DataFrame, columns: Mapping[str, str], reference: str, what: str
) -> list[str]:
    sections = []
    for case, rows in results.groupby("case", sort=False):
        sections.append(f"### {case}: {what}, marks against {reference}")
        sections.append(markdown_table(case_table(rows, columns, reference)))
    return sections
