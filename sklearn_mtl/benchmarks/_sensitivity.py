"""Sensitivity of TMoE-P to its size (Fig. 11) on the sulfur recovery unit.

TMoEPRegressor with its defaults but for one size at a time: n_e experts of every target and as
many shared ones, n_b blocks, n_l layers of an expert. Rows of the shuffled split leak: windows of
10 rows overlap, so that a test row has near copies among the training rows. The middle part of the
split stops the networks. A seed fixes split and network, the same for all sizes.
"""

from __future__ import annotations

import argparse

import pandas as pd

from sklearn_mtl._optional import import_optional
from sklearn_mtl.benchmarks._expert_grid import Experts, run_grid
from sklearn_mtl.benchmarks._machine import describe_machine
from sklearn_mtl.benchmarks._markdown import markdown_table
from sklearn_mtl.benchmarks._options import add_choice, add_jobs_option, add_run_options
from sklearn_mtl.benchmarks._protocols import PROTOCOLS
from sklearn_mtl.benchmarks._scores import MEAN, mean_and_spread
from sklearn_mtl.benchmarks._sensitivity_figure import plot_sensitivity

# Name of the paper: {its value: size}
VARIED: dict[str, dict[int, Experts]] = {
    "n_e": {n: Experts(n_specific=n, n_shared=n) for n in range(1, 6)},
    "n_b": {n: Experts(n_blocks=n) for n in range(1, 5)},
    "n_l": {n: Experts(n_expert_layers=n) for n in range(1, 6)},
}
SIZES = list(dict.fromkeys(size for sizes in VARIED.values() for size in sizes.values()))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    add_run_options(parser)
    add_jobs_option(parser)
    add_choice(parser, "--protocols", ("sru-shuffled", "sru-chronological"), "splits")


def run(arguments: argparse.Namespace) -> None:
    """Run what is missing, print the tables and write ``sensitivity.csv``, ``.md`` and figures."""
    import_optional("matplotlib", extra="bench")  # better to stop now than after hours
    results = run_grid(arguments, SIZES, arguments.out / "sensitivity.csv")
    sections = ["# Sensitivity", (__doc__ or "").partition("\n\n")[2].strip()]
    sections += [f"{describe_machine()}. Mean +- standard deviation over seeds: {arguments.seeds}."]
    for protocol, rows in results.groupby("protocol", sort=False):
        varied = by_parameter(rows)
        sections.append(f"## {PROTOCOLS[str(protocol)].description}")
        sections.append(markdown_table(sensitivity_table(varied)))
        figure = arguments.out / f"sensitivity-{protocol}.png"
        plot_sensitivity(varied, PROTOCOLS[str(protocol)].description, figure)
    report = "\n\n".join(sections)
    (arguments.out / "sensitivity.md").write_text(report + "\n")
    print(report)


def by_parameter(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of every parameter's values; the size in the middle is one of each.

    Parameters
    ----------
    rows : DataFrame
        Results of one protocol.

    Returns
    -------
    varied : DataFrame
        The same columns, after ``parameter`` and ``value``.
    """
    sizes = [Experts(*size) for size in rows[list(Experts._fields)].itertuples(index=False)]
    parts = []
    for parameter, values in VARIED.items():
        for value, wanted in values.items():
            part = rows[[size == wanted for size in sizes]].copy()
            part.insert(0, "value", value)
            part.insert(0, "parameter", parameter)
            parts.append(part)
    return pd.concat(parts, ignore_index=True)


def sensitivity_table(varied: pd.DataFrame) -> pd.DataFrame:
    """Mean and spread of RMSE and R2 for every value of every parameter.

    Parameters
    ----------
    varied : DataFrame
        From :func:`by_parameter`.

    Returns
    -------
    table : DataFrame
        One row per parameter and value.
    """
    labels = varied["parameter"] + " = " + varied["value"].astype(str)
    by_seed = varied.assign(model=labels).set_index("model")
    names = [
        (name, digits)
        for metric, digits in (("RMSE", 4), ("R2", 3))
        for name in map(str, varied)
        if name.startswith(f"{metric} ") and name != MEAN
    ]
    table = pd.DataFrame({name: mean_and_spread(by_seed[name], digits) for name, digits in names})
    return table.loc[labels.unique()].rename_axis("parameter").reset_index()
