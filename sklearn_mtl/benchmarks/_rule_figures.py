"""Figures of the weighting-rule benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mtl._optional import import_optional
from sklearn_mtl.benchmarks._figure_style import COLOURS, tidy
from sklearn_mtl.benchmarks._intervals import Difference
from sklearn_mtl.benchmarks._weighting_rules import EQUAL, FAMILY, PUBLISHED


def plot_training(
    histories: Mapping[str, Sequence[pd.DataFrame]],
    target_names: Sequence[str],
    title: str,
    path: Path,
) -> None:
    """Draw R2 of the validation part over the epochs, a panel per target (the paper's Fig. 7).

    Parameters
    ----------
    histories : mapping of rule to sequence of DataFrame
        One history per seed; lines end where training stopped.
    target_names : sequence of str
        Names of the targets.
    title : str
        Name of the task.
    path : path
        Image file to write.
    """
    figure = _figure(5.0 * len(target_names), 4.0, title)
    panels = figure.subplots(1, len(target_names), squeeze=False)[0]
    for panel, name in zip(panels, target_names, strict=True):
        column = f"valid_R2_{name}"
        for (rule, runs), colour in zip(histories.items(), COLOURS, strict=False):
            _draw_runs(panel, runs, column, color=colour, label=rule)
        # The first epochs would squeeze all others.
        settled = [run[column].iloc[len(run) // 3 :] for runs in histories.values() for run in runs]
        low, high = min(map(min, settled)), max(map(max, settled))
        margin = 0.05 * (high - low) or 0.01
        panel.set_ylim(low - margin, high + margin)
        panel.set(title=name, xlabel="epoch")
        tidy(panel)
    panels[0].set_ylabel("R² of the validation part")
    _legend_below(figure, panels[0])
    figure.savefig(path, dpi=150)


def plot_weights(
    histories: Sequence[pd.DataFrame], target_names: Sequence[str], title: str, path: Path
) -> None:
    """Draw weights and losses of the targets over the epochs (the paper's Fig. 8).

    Parameters
    ----------
    histories : sequence of DataFrame
        One history per seed of one rule.
    target_names : sequence of str
        Names of the targets.
    title : str
        Name of the task.
    path : path
        Image file to write.
    """
    figure = _figure(10.0, 4.0, f"{PUBLISHED}: {title}")
    weights, losses = figure.subplots(1, 2)
    for name, colour in zip(target_names, COLOURS, strict=False):
        _draw_runs(weights, histories, f"weight_{name}", color=colour, label=name)
        _draw_runs(losses, histories, f"valid_loss_{name}", color=colour)
        _draw_runs(losses, histories, f"train_loss_{name}", color=colour, linestyle="--")
    weights.set(title="weight", xlabel="epoch", ylim=(0, 1))
    losses.set(title="loss (training dashed, validation solid)", xlabel="epoch", yscale="log")
    ticker = import_optional("matplotlib.ticker", extra="bench")
    losses.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    losses.yaxis.set_major_formatter("{x:g}")
    losses.yaxis.set_minor_locator(ticker.NullLocator())
    tidy(weights)
    tidy(losses)
    _legend_below(figure, weights)
    figure.savefig(path, dpi=150)


def plot_networks(rows: pd.DataFrame, target_names: Sequence[str], title: str, path: Path) -> None:
    """Draw R2 of every network with and without routing (the paper's Fig. 10).

    Parameters
    ----------
    rows : DataFrame
        Results of one task under the two rules.
    target_names : sequence of str
        Names of the targets.
    title : str
        Name of the task.
    path : path
        Image file to write.
    """
    figure = _figure(4.5 * len(target_names), 3.5, title)
    panels = figure.subplots(1, len(target_names), squeeze=False)[0]
    networks = list(rows["network"].unique())
    for panel, name in zip(panels, target_names, strict=True):
        for rule, colour, shift in ((EQUAL, COLOURS[0], -0.12), (PUBLISHED, COLOURS[1], 0.12)):
            scores = rows[rows["rule"] == rule].groupby("network")[f"R2 {name}"]
            panel.errorbar(
                np.arange(len(networks)) + shift,
                scores.mean()[networks],
                yerr=scores.std().fillna(0)[networks],
                fmt="o",
                capsize=3,
                color=colour,
                label=rule,
            )
        panel.set(title=name, xticks=range(len(networks)), xticklabels=networks)
        panel.set_xlim(-0.5, len(networks) - 0.5)
        tidy(panel)
    panels[0].set_ylabel("R² of the test part")
    _legend_below(figure, panels[0])
    figure.savefig(path, dpi=150)


def plot_differences(differences: Mapping[str, Mapping[str, Difference]], path: Path) -> None:
    """Draw the difference in R2 to equal weights with its intervals, a panel per task.

    Parameters
    ----------
    differences : mapping of task to mapping of rule to Difference
        The rules are the same in all tasks.
    path : path
        Image file to write.
    """
    n_columns = min(2, len(differences))
    n_rows = -(-len(differences) // n_columns)
    rules = list(next(iter(differences.values())))[::-1]
    height = 0.28 * len(rules) + 0.8
    figure = _figure(1.5 + 4.5 * n_columns, n_rows * height + 0.5, None)
    panels = figure.subplots(n_rows, n_columns, squeeze=False, sharey=True).ravel()
    for panel in panels[len(differences) :]:
        panel.remove()
    for panel, (task, of_task) in zip(panels, differences.items(), strict=False):
        panel.axvline(0, color="#3b3b3b", linewidth=1)
        for position, rule in enumerate(rules):
            found = of_task[rule]
            colour = COLOURS[1] if rule.startswith(FAMILY) else COLOURS[0]
            for bounds, shift, style in (
                (found.over_rows, 0.12, {"linewidth": 1.8, "label": "over test rows"}),
                (found.over_seeds, -0.12, {"linewidth": 0.9, "label": "over seeds"}),
            ):
                panel.plot(bounds, [position + shift] * 2, color=colour, **style)
            panel.plot(found.mean, position, "o", color=colour, markersize=4)
        panel.set(title=task, yticks=range(len(rules)), yticklabels=rules)
        panel.title.set_fontsize(10)
        panel.set_ylim(-0.6, len(rules) - 0.4)
        panel.locator_params(axis="x", nbins=6)
        tidy(panel)
    handles = panels[0].get_legend_handles_labels()[0][:2]
    figure.legend(
        handles=handles,
        title="R² less that of equal weights, mean over targets and seeds; 95 % interval",
        loc="outside lower center",
        ncols=2,
        frameon=False,
    )
    figure.savefig(path, dpi=150)


def _figure(width: float, height: float, title: str | None) -> Any:
    figure_class = import_optional("matplotlib.figure", extra="bench").Figure
    figure = figure_class(figsize=(width, height), layout="constrained")
    if title is not None:
        figure.suptitle(title, fontsize=10)
    return figure


def _draw_runs(panel: Any, runs: Sequence[pd.DataFrame], column: str, **style: Any) -> None:
    """Draw every run thinly, and their mean over the epochs that all of them reached."""
    values = pd.concat([run.set_index("epoch")[column] for run in runs], axis=1)
    thin = {key: value for key, value in style.items() if key != "label"}
    panel.plot(values.index, values, linewidth=0.6, alpha=0.4, **thin)
    panel.plot(values.dropna().mean(axis=1), linewidth=2, **style)


def _legend_below(figure: Any, panel: Any) -> None:
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
