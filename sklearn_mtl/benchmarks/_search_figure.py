"""Figure of the search benchmark: the front of every search."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sklearn_mtl._optional import import_optional
from sklearn_mtl.benchmarks._figure_style import COLOURS, tidy
from sklearn_mtl.search._engine.ranking import non_dominated


def plot_fronts(trials: pd.DataFrame, path: Path) -> None:
    """Draw error against size of the non-dominated models, a panel for each seed.

    Parameters
    ----------
    trials : DataFrame
        Evaluations with ``method``, ``seed``, ``nmse`` and ``n_parameters``.
    path : path
        Image file to write.
    """
    figure_class = import_optional("matplotlib.figure", extra="bench").Figure
    methods, seeds = trials["method"].unique(), trials["seed"].unique()
    figure = figure_class(figsize=(4.2 * len(seeds) + 0.6, 4), layout="constrained")
    panels = figure.subplots(1, len(seeds), squeeze=False, sharex=True, sharey=True)[0]
    for panel, seed in zip(panels, seeds, strict=True):
        for number, method in enumerate(methods):
            of_run = (trials["method"] == method) & (trials["seed"] == seed)
            values = trials.loc[of_run, ["n_parameters", "nmse"]]
            front = values.iloc[non_dominated(values.to_numpy(dtype=float))]
            front = front.drop_duplicates().sort_values("n_parameters")
            colour = COLOURS[number % len(COLOURS)]
            style = {"color": colour, "marker": "os^Dvx*P"[number % 8], "markersize": 4}
            panel.step(front["n_parameters"], front["nmse"], where="post", label=method, **style)
        panel.set(title=f"seed {seed}", xscale="log", xlabel="parameters")
        tidy(panel)
    panels[0].set_ylabel("NMSE, validation part")
    panels[-1].legend(frameon=False, fontsize="small")
    figure.savefig(path, dpi=150)
