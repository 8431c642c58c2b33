"""Figures with one panel per target, and the colours that all displays share.

Figures are made as objects, never through ``pyplot``: a library must not touch the figures, the
backend or the settings of its user. Own axes (from ``pyplot`` or elsewhere) can always be passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl._optional import import_optional

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette: told apart with every kind of colour vision.
MEASURED = "#3b3b3b"
PREDICTED = "#0072b2"
REFERENCE = "#d55e00"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#3b3b3b")


def new_figure(n_panels: int, *, columns: int, panel: tuple[float, float]) -> tuple[Figure, list]:
    """Make a figure with a grid of panels of `panel` inches; unused cells stay empty."""
    figure_module = import_optional("matplotlib.figure", extra="plot")
    columns = min(columns, n_panels)
    rows = -(-n_panels // columns)
    figure = figure_module.Figure(
        figsize=(panel[0] * columns, panel[1] * rows), layout="constrained"
    )
    axes = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for unused in axes[n_panels:]:
        unused.remove()
    return figure, axes[:n_panels]


def panels(
    n_panels: int,
    axes: Any,
    *,
    panel: tuple[float, float],
    columns: int,
) -> tuple[Figure, list[Axes]]:
    """Return the axes to draw on: the given ones, one per panel, or those of a new figure."""
    if axes is None:
        figure, given = new_figure(n_panels, columns=columns, panel=panel)
    else:
        given = list(np.ravel(np.asarray(axes, dtype=object)))
        if len(given) != n_panels:
            raise ValueError(f"`axes` must hold {n_panels} axes. Got {len(given)}.")
        figure = given[0].figure
    for ax in given:
        ax.grid(color="#e6e6e6", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.spines[["top", "right"]].set_visible(False)
    return figure, given


def axis_label(text: str, unit: str | None) -> str:
    """Put the unit behind a label, where one is known."""
    return f"{text} [{unit}]" if unit else text
