"""TMoE-P's table III: how many experts of their own, how many shared, on the sulfur recovery unit.

TMoEPRegressor with its defaults but for the numbers of experts: n_k of every target alone, n_s that
all share. Without shared experts no parameter of the network is shared, so that Pareto objective
routing has nothing to route and all targets weigh the same. "paper" is the mean that the paper
reports, beside the shuffled split only: its figures fit that split, though it does not say which it
used. Rows of that split leak: windows of 10 rows overlap, so that a test row has near copies among
the training rows. The middle part of the split stops the networks. A seed fixes split and network,
the same for all sizes.
"""

from __future__ import annotations

import argparse

import pandas as pd

from sklearn_mtl.benchmarks._expert_grid import Experts, run_grid
from sklearn_mtl.benchmarks._machine import describe_machine
from sklearn_mtl.benchmarks._markdown import markdown_table
from sklearn_mtl.benchmarks._options import add_choice, add_jobs_option, add_run_options
from sklearn_mtl.benchmarks._protocols import PROTOCOLS
from sklearn_mtl.benchmarks._published import TABLE_3
from sklearn_mtl.benchmarks._scores import MEAN, mean_and_spread, score_columns

SHUFFLED, CHRONOLOGICAL = "sru-shuffled", "sru-chronological"
SIZES = [Experts(n_specific, n_shared) for n_specific, n_shared in TABLE_3]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    add_run_options(parser)
    add_jobs_option(parser)
    add_choice(parser, "--protocols", (SHUFFLED, CHRONOLOGICAL), "splits")


def run(arguments: argparse.Namespace) -> None:
    """Run what is missing, print the tables and write ``table3.csv`` and ``table3.md``."""
    results = run_grid(arguments, SIZES, arguments.out / "table3.csv")
    sections = ["# Table III", (__doc__ or "").partition("\n\n")[2].strip()]
    sections += [f"{describe_machine()}. Mean +- standard deviation over seeds: {arguments.seeds}."]
    for protocol, rows in results.groupby("protocol", sort=False):
        sections.append(f"## {PROTOCOLS[str(protocol)].description}")
        sections.append(markdown_table(expert_table(rows, with_paper=protocol == SHUFFLED)))
    report = "\n\n".join(sections)
    (arguments.out / "table3.md").write_text(report + "\n")
    print(report)


def expert_table(rows: pd.DataFrame, *, with_paper: bool) -> pd.DataFrame:
    """R2 for every number of experts, in the paper's order.

    Parameters
    ----------
    rows : DataFrame
        Results of one protocol.
    with_paper : bool
        Whether the paper's figures stand beside ours.

    Returns
    -------
    table : DataFrame
        One row per pair of n_k and n_s.
    """
    pairs = pd.MultiIndex.from_frame(rows[["n_specific", "n_shared"]]).to_flat_index()
    by_seed = rows.assign(model=pairs).set_index(["model", "seed"])
    table = pd.DataFrame(list(TABLE_3), columns=["n_k", "n_s"])
    for k, name in enumerate(score_columns(rows)):
        texts = mean_and_spread(by_seed[name])
        table[name] = [texts.get(pair) for pair in TABLE_3]
        if with_paper and name != MEAN:
            table[f"paper {name}"] = [f"{published[k]:.4f}" for published in TABLE_3.values()]
    return table
