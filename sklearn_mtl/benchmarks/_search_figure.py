"""Figure of the search benchmark: the front of every search."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sklearn_mtl._optional import import_optional
from sklearn_mtl.benchmarks._figure_style import COLOURS, tidy
from sklearn_mtl.search._engine.ranking import non_dominated


def plot_fronts(trials: pd.DataFrame, path: Path) -> None:
    """Draw error against size of the non-dominated models, a row for each task, by seeds.

    Parameters
    ----------
    trials : DataFrame
        Evaluations with ``task``, ``method``, ``seed``, ``nmse`` and ``n_parameters``.
    path : path
        Image file to write.
    """
    figure_class = import_optional("matplotlib.figure", extra="bench").Figure
    methods, tasks, seeds = (trials[name].unique() for name in ("method", "task", "seed"))
    size = (4.2 * len(seeds) + 0.6, 3.6 * len(tasks) + 0.4)
    figure = figure_class(figsize=size, layout="constrained")
    panels = figure.subplots(len(tasks), len(seeds), squeeze=False, sharex="row", sharey="row")
    for row, task in zip(panels, tasks, strict=True):
        for panel, seed in zip(row, seeds, strict=True):
            own = trials[(trials["task"] == task) & (trials["seed"] == seed)]
            for number, method in enumerate(methods):
                front = _front(own[own["method"] == method])
                style = {"color": COLOURS[number % len(COLOURS)], "markersize": 4}
                style |= {"marker": "os^Dvx*P"[number % 8], "where": "post", "label": method}
                panel.step(front["n_parameters"], front["nmse"], **style)
            panel.set(title=f"{task}, seed {seed}", xscale="log", xlabel="parameters")
            tidy(panel)
        row[0].set_ylabel("NMSE, validation part")
    panels[0, -1].legend(frameon=False, fontsize="small")
    figure.savefig(path, dpi=150)


def _front(trials: pd.DataFrame) -> pd.DataFrame:
    values = trials[["n_parameters", "nmse"]]
    front = values.iloc[non_dominated(values.to_numpy(dtype=float))]
    return front.drop_duplicates().sort_values("n_parameters")
