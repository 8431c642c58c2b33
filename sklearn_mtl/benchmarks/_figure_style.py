"""Colours and panels that the figures of the benchmarks have in common."""

from __future__ import annotations

from typing import Any

# Okabe and Ito's palette: told apart with every kind of colour vision.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#3b3b3b")


def tidy(panel: Any) -> None:
    """Give a panel a light grid and no frame."""
    panel.grid(color="#e6e6e6", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
