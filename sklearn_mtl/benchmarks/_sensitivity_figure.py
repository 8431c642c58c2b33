"""Figure of the sensitivity benchmark: RMSE and R2 over each size of the network."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sklearn_mtl._optional import import_optional
from sklearn_mtl.benchmarks._figure_style import COLOURS, tidy
from sklearn_mtl.benchmarks._scores import MEAN

LABELS = {
    "n_e": "experts $n_e$",
    "n_b": "blocks $n_b$",
    "n_l": "layers of an expert $n_l$",
}


def plot_sensitivity(varied: pd.DataFrame, title: str, path: Path) -> None:
    """Draw mean and standard deviation of both metrics, one column of panels per parameter.

    Parameters
    ----------
    varied : DataFrame
        Results of one protocol with ``parameter`` and ``value``.
    title : str
        Name of the protocol.
    path : path
        Image file to write.
    """
    figure_class = import_optional("matplotlib.figure", extra="bench").Figure
    figure = figure_class(figsize=(10, 5.5), layout="constrained")
    panels = figure.subplots(2, len(LABELS), sharex="col", sharey="row")
    for column, (parameter, label) in enumerate(LABELS.items()):
        by_value = varied[varied["parameter"] == parameter].groupby("value")
        for metric, panel in zip(("RMSE", "R2"), panels[:, column], strict=True):
            names = [n for n in map(str, varied) if n.startswith(f"{metric} ") and n != MEAN]
            for name, colour in zip(names, COLOURS, strict=False):
                mean, spread = by_value[name].mean(), by_value[name].std().fillna(0)
                panel.errorbar(
                    mean.index,
                    mean,
                    yerr=spread,
                    marker="o",
                    capsize=3,
                    color=colour,
                    label=name.removeprefix(f"{metric} "),
                )
            tidy(panel)
        panels[1, column].set_xlabel(label)
        panels[1, column].locator_params(axis="x", integer=True)
    panels[0, 0].set_ylabel("RMSE")
    panels[1, 0].set_ylabel("R²")
    figure.suptitle(title, fontsize=10)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.savefig(path, dpi=150)
