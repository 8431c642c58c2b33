"""Figure of the missing-label benchmark: where every model falls to."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sklearn_mtl._optional import import_optional
from sklearn_mtl.benchmarks._contenders import OURS

LOWEST_SHOWN = -0.1  # a worse R2 is drawn at the edge


def plot_falls(results: pd.DataFrame, path: Path) -> None:
    """Draw the mean R2 of every model with full and with missing labels, one panel a protocol.

    Parameters
    ----------
    results : DataFrame
        Rows of the benchmark.
    path : path
        Image file to write.
    """
    figure_class = import_optional("matplotlib.figure", extra="bench").Figure
    protocols = list(results["protocol"].unique())
    figure = figure_class(figsize=(4.2 * len(protocols) + 1.5, 4), layout="constrained")
    panels = figure.subplots(1, len(protocols), squeeze=False)[0]
    for panel, protocol in zip(panels, protocols, strict=True):
        rows = results[results["protocol"] == protocol]
        means = rows.pivot_table(index="model", columns="missing", values="R2 mean")
        means = means.sort_values(means.columns[-1])
        shown = means.clip(lower=LOWEST_SHOWN)
        heights = range(len(means))
        colours = ["tab:blue" if model in OURS else "tab:gray" for model in means.index]
        panel.hlines(heights, shown.iloc[:, -1], shown.iloc[:, 0], colors=colours)
        panel.scatter(shown.iloc[:, 0], heights, facecolors="white", edgecolors=colours, zorder=3)
        panel.scatter(shown.iloc[:, -1], heights, color=colours, zorder=3)
        panel.set(title=protocol, yticks=list(heights), yticklabels=means.index)
    figure.supxlabel("R², mean over targets and seeds (open: full labels, filled: labels missing)")
    figure.savefig(path, dpi=150)
