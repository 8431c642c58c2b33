"""Figure of the search benchmark: how IGD falls with the evaluations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import pandas as pd

from sklearn_mtl._optional import import_optional
from sklearn_mtl.benchmarks._figure_style import COLOURS, tidy
from sklearn_mtl.benchmarks._hdtlz_runs import column

_PANELS_A_ROW = 4


def plot_trajectories(results: pd.DataFrame, checkpoints: Sequence[int], path: Path) -> None:
    """Draw the mean IGD of every method over the evaluations, one panel a case.

    Parameters
    ----------
    results : DataFrame
        Rows of the benchmark with columns ``case`` and ``label``.
    checkpoints : sequence of int
        Numbers of evaluations to draw.
    path : path
        Image file to write.
    """
    figure_class = import_optional("matplotlib.figure", extra="bench").Figure
    cases, labels = results["case"].unique(), results["label"].unique()
    n_columns = min(_PANELS_A_ROW, len(cases))
    n_rows = -(-len(cases) // n_columns)
    figure = figure_class(figsize=(3.4 * n_columns + 1, 3 * n_rows + 1), layout="constrained")
    panels = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for panel in panels[len(cases) :]:
        panel.remove()
    columns = [column("IGD", checkpoint) for checkpoint in checkpoints]
    for panel, case in zip(panels, cases, strict=False):
        means = results[results["case"] == case].groupby("label")[columns].mean()
        # After one round of the colours the lines are dashed.
        dashes = (n >= len(COLOURS) for n in range(len(labels)))
        for label, colour, dashed in zip(labels, cycle(COLOURS), dashes, strict=False):
            style = "--" if dashed else "-"
            panel.plot(checkpoints, means.loc[label], style, color=colour, label=label)
        panel.set(title=case, xlabel="evaluations", yscale="log")
        tidy(panel)
    figure.supylabel("IGD, mean over seeds")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(path, dpi=150)
