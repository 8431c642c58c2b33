"""Does Pareto objective routing (POR) help? Weighting rules compared on one network.

The network is OMoE (TMoEPRegressor): two blocks, one expert of every target's own, one shared. MMoE
and SharedBottom stand beside it on the sulfur recovery unit. "POR-published" takes the weights of
every step alone; "POR-default", as ParetoObjectiveRouting does, their moving average with
smoothing 0.5, "POR-smoothed" with 0.9; "floor" leaves every target a weight of at least 0.2. The
other variants are not smoothed.

Every rule is tuned on the validation part, with a seed of its own: the learning rate, and for the
fixed rule also the weights, equal or one target three times the others. The setting with the best
R2 there is then run with the seeds that are reported. Test rows are the same for every seed and no
part of the tuning. A seed fixes the network and, in shuffled splits, which other rows are for
training and which for validation: the same for all rules. The validation part stops the networks.
The gas turbine is thinned and epochs are limited, so that all runs take about two hours of one
core.

"less equal" is the difference in R2 to equal weights, mean over targets and seeds, with two 95 %
intervals: "rows" is a paired block bootstrap of the test rows, the same blocks for both rules, all
seeds and targets; "seeds" is a paired t-interval. A win has both above zero, a loss both below.
They are not widened for the number of comparisons. Rows of shuffled splits leak where inputs reach
into the past or drift slowly: a test row has near copies among the training rows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mtl._optional import import_optional
from sklearn_mtl.benchmarks._contenders import Effort
from sklearn_mtl.benchmarks._intervals import Difference, r2_difference
from sklearn_mtl.benchmarks._machine import describe_machine
from sklearn_mtl.benchmarks._markdown import markdown_table
from sklearn_mtl.benchmarks._options import (
    add_choice,
    add_jobs_option,
    add_run_options,
    effort_of,
    setting_of,
)
from sklearn_mtl.benchmarks._protocols import Task
from sklearn_mtl.benchmarks._result_table import ResultTable
from sklearn_mtl.benchmarks._rule_figures import (
    plot_differences,
    plot_networks,
    plot_training,
    plot_weights,
)
from sklearn_mtl.benchmarks._rule_runs import (
    NETWORKS,
    OMOE,
    evaluate,
    fit_rule,
    validation_score,
)
from sklearn_mtl.benchmarks._rule_tables import (
    network_table,
    overall_table,
    rule_table,
    verdict,
    weight_table,
)
from sklearn_mtl.benchmarks._rule_tasks import RULE_TASKS
from sklearn_mtl.benchmarks._run_folder import RunFolder
from sklearn_mtl.benchmarks._scores import MEAN
from sklearn_mtl.benchmarks._tuning import TUNING_SEED, Cell, chosen_candidates
from sklearn_mtl.benchmarks._weighting_rules import (
    DEFAULT,
    EQUAL,
    FAMILY,
    LEARNING_RATES,
    PUBLISHED,
    RULE_NAMES,
    RULES,
    UPGRAD,
    Candidate,
    candidates,
)

KEYS = (*Cell._fields, "candidate", "seed", "version", "setting")
WEIGHTS_CAPTION = (
    "Shares of the targets in the weights, and of the steps that collapsed: in these a target had "
    "the smallest weight it may have."
)
PAPER_TASKS = ("sru-shuffled", "sru-chronological")  # those with all networks and pictures


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    add_run_options(parser)
    parser.set_defaults(seeds=5)
    add_jobs_option(parser)
    add_choice(parser, "--protocols", RULE_TASKS, "data sets and splits")
    add_choice(parser, "--rules", RULE_NAMES, f"rules besides {EQUAL} and {PUBLISHED}")


def run(arguments: argparse.Namespace) -> None:
    """Run what is missing, print the tables and write ``por.csv``, ``por.md`` and figures.

    Beside them lie ``por-tuning.csv`` and, in ``por-runs``, history and predictions of every run.
    """
    # Better to stop now than after hours.
    import_optional("matplotlib", extra="bench")
    rules = [name for name in RULE_NAMES if name in {EQUAL, PUBLISHED, *arguments.rules}]
    if UPGRAD in rules:
        RULES[UPGRAD]().initialize()  # needs the extra
    effort_of(arguments)
    tasks = {
        name: RULE_TASKS[name].load(0, None, arguments.max_rows) for name in arguments.protocols
    }
    chosen = tune(arguments, tasks, cells_of(arguments.protocols, rules))
    folder = RunFolder(arguments.out / "por-runs", KEYS)
    results = test(arguments, chosen, folder)
    write_report(arguments, results, folder, tasks)


def cells_of(protocols: list[str], rules: list[str]) -> list[Cell]:
    """Everything that is tuned and tested: all rules on OMoE, two on the other networks."""
    cells = [Cell(protocol, OMOE, rule) for protocol in protocols for rule in rules]
    return cells + [
        Cell(protocol, network, rule)
        for protocol in protocols
        if protocol in PAPER_TASKS
        for network in NETWORKS
        if network != OMOE
        for rule in (EQUAL, PUBLISHED)
    ]


def tune(
    arguments: argparse.Namespace, tasks: Mapping[str, Task], cells: list[Cell]
) -> dict[Cell, Candidate]:
    """Choose the setting of every cell by the validation part.

    Parameters
    ----------
    arguments : Namespace
        Options of the benchmark.
    tasks : mapping of str to Task
        Tasks by name; only their number of targets is used.
    cells : list of Cell
        What is tuned.

    Returns
    -------
    chosen : dict of Cell to Candidate
    """
    offered = {
        cell: {str(c): c for c in candidates(cell.rule, len(tasks[cell.protocol].target_names))}
        for cell in cells
    }

    def compute(job: Mapping[str, Any]) -> dict[str, float]:
        cell = Cell.of(job)
        task, effort = _task_and_effort(job, arguments)
        candidate = offered[cell][job["candidate"]]
        model = fit_rule(task, cell.network, cell.rule, candidate, job["seed"], effort)
        return {"validation R2": validation_score(task, model)}

    jobs = [
        {**cell._asdict(), "candidate": text, "seed": TUNING_SEED, **setting_of(arguments)}
        for cell, texts in offered.items()
        for text in texts
    ]
    table = ResultTable(arguments.out / "por-tuning.csv", KEYS)
    chosen = chosen_candidates(table.complete(jobs, compute, arguments.jobs))
    return {cell: offered[cell][chosen[cell]] for cell in cells}


def test(
    arguments: argparse.Namespace, chosen: Mapping[Cell, Candidate], folder: RunFolder
) -> pd.DataFrame:
    """Run every cell with its chosen setting and the seeds that are reported.

    Parameters
    ----------
    arguments : Namespace
        Options of the benchmark.
    chosen : mapping of Cell to Candidate
        From :func:`tune`.
    folder : RunFolder
        Where histories and predictions go.

    Returns
    -------
    results : DataFrame
        One row per cell and seed.
    """

    def compute(job: Mapping[str, Any]) -> dict[str, float]:
        cell = Cell.of(job)
        task, effort = _task_and_effort(job, arguments)
        started = time.process_time()
        model = fit_rule(task, cell.network, cell.rule, chosen[cell], job["seed"], effort)
        seconds = time.process_time() - started
        evaluation = evaluate(task, model)
        folder.save(job, evaluation.history, evaluation.prediction)
        return {**evaluation.columns, "epochs": model.n_iter_, "cpu_seconds": seconds}

    jobs = [
        {**cell._asdict(), "candidate": str(candidate), "seed": seed, **setting_of(arguments)}
        for cell, candidate in chosen.items()
        for seed in range(arguments.seeds)
    ]
    return ResultTable(arguments.out / "por.csv", KEYS).complete(jobs, compute, arguments.jobs)


def _task_and_effort(job: Mapping[str, Any], arguments: argparse.Namespace) -> tuple[Task, Effort]:
    """Load what a run works on; in the process that runs, whose threads are limited here."""
    limits = effort_of(arguments)
    rule_task = RULE_TASKS[job["protocol"]]
    effort = Effort(limits.max_epochs or rule_task.max_epochs, threads=limits.threads)
    return rule_task.load(job["seed"], None, arguments.max_rows), effort


def write_report(
    arguments: argparse.Namespace,
    results: pd.DataFrame,
    folder: RunFolder,
    tasks: Mapping[str, Task],
) -> None:
    """Print the tables, write them to ``por.md`` and draw the figures.

    Parameters
    ----------
    arguments : Namespace
        Options of the benchmark.
    results : DataFrame
        From :func:`test`.
    folder : RunFolder
        Histories and predictions of the runs.
    tasks : mapping of str to Task
        Tasks by name, for the labels of their test rows.
    """
    out = arguments.out
    omoe = results[results["network"] == OMOE]
    scores = omoe.pivot_table(index="protocol", columns="rule", values=MEAN, sort=False)
    differences: dict[str, dict[str, Difference]] = {}
    details: list[str] = []
    for protocol, task in tasks.items():
        description = RULE_TASKS[protocol].description
        rows = omoe[omoe["protocol"] == protocol]
        differences[protocol] = less_equal_weights(rows, task.y[task.test], folder)
        details += [f"## {description}", markdown_table(rule_table(rows, differences[protocol]))]
        routed = rows[rows["rule"].str.startswith(FAMILY)]
        details += [WEIGHTS_CAPTION, markdown_table(weight_table(routed))]
        if protocol in PAPER_TASKS:
            all_networks = results[
                (results["protocol"] == protocol) & results["rule"].isin([EQUAL, PUBLISHED])
            ]
            details += ["The same rules on other networks:"]
            details += [markdown_table(network_table(all_networks))]
            histories = {
                rule: folder.histories(rows[rows["rule"] == rule])
                for rule in (EQUAL, PUBLISHED, DEFAULT)
                if rule in set(rows["rule"])
            }
            names = task.target_names
            plot_training(histories, names, description, out / f"por-training-{protocol}.png")
            plot_weights(
                histories[PUBLISHED], names, description, out / f"por-weights-{protocol}.png"
            )
            plot_networks(all_networks, names, description, out / f"por-networks-{protocol}.png")
    plot_differences(differences, out / "por-differences.png")
    report = "\n\n".join(
        [
            "# Pareto objective routing",
            (__doc__ or "").strip(),
            f"{describe_machine()}. Mean +- standard deviation over seeds: {arguments.seeds}. "
            f"Largest number of epochs: {epochs_of(arguments)}. Learning rates to choose from: "
            f"{', '.join(f'{rate:g}' for rate in LEARNING_RATES)}.",
            "## All tasks",
            *(
                verdict(rule, scores, differences)
                for rule in (PUBLISHED, DEFAULT)
                if rule in scores
            ),
            markdown_table(overall_table(scores, differences)),
            *details,
        ]
    )
    (out / "por.md").write_text(report + "\n")
    print(report)


def less_equal_weights(
    rows: pd.DataFrame, y: np.ndarray, folder: RunFolder
) -> dict[str, Difference]:
    """Difference of every rule's R2 to that of equal weights.

    Parameters
    ----------
    rows : DataFrame
        Results of one task and network, the same seeds for all rules.
    y : ndarray of shape (n_test, n_targets)
        Labels of the test rows.
    folder : RunFolder
        Predictions of the runs.

    Returns
    -------
    differences : dict of str to Difference
        By rule, in the order of `rows`.
    """
    by_seed = rows.sort_values("seed")
    predictions = {
        rule: folder.predictions(by_seed[by_seed["rule"] == rule]) for rule in rows["rule"].unique()
    }
    equal = predictions.pop(EQUAL)
    return {rule: r2_difference(y, found, equal) for rule, found in predictions.items()}


def epochs_of(arguments: argparse.Namespace) -> str:
    """Say how long the networks of every task were trained at most."""
    return ", ".join(
        f"{name} {arguments.max_epochs or RULE_TASKS[name].max_epochs}"
        for name in arguments.protocols
    )
