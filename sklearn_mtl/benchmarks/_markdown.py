"""Result tables as Markdown."""

from __future__ import annotations

import pandas as pd


def markdown_table(frame: pd.DataFrame) -> str:
    """Write a table of texts and numbers as Markdown, without its index.

    Parameters
    ----------
    frame : DataFrame
        Cells are written by ``str``; a missing one stays empty.

    Returns
    -------
    text : str
        Lines of equal width, so that it reads well in a terminal too.
    """
    rows = [[str(name) for name in frame.columns]]
    rows += [["" if pd.isna(cell) else str(cell) for cell in row] for row in frame.to_numpy()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
