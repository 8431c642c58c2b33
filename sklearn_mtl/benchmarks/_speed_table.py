"""From the timings of the speed benchmark to ratios, and to the table that is printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

SIZE_IS = {"fit": "batch", "predict": "rows"}


def timing_table(
    kind: str,
    size: int,
    timings: pd.DataFrame,
    ours: str,
    promised: Mapping[tuple[str, int, str], float],
) -> pd.DataFrame:
    """Medians over the rounds, and the ratio of our time to every other contender's.

    Parameters
    ----------
    kind : {"fit", "predict"}
        What was timed.
    size : int
        Batch size or number of rows.
    timings : DataFrame
        One row per round; columns ``(measure, contender)``.
    ours : str
        Contender whose time is divided by that of the others.
    promised : mapping
        Largest ratios that are promised, by ``(kind, size, other)``.

    Returns
    -------
    table : DataFrame
        One row per contender; ratios are those of the CPU times, but for ``wall_ratio``.
    """
    records = []
    for name in timings["cpu"]:
        ratios = timings["cpu", ours] / timings["cpu", name]
        records.append(
            {
                "kind": kind,
                "size": size,
                "contender": name,
                "cpu_ms": timings["cpu", name].median(),
                "wall_ms": timings["wall", name].median(),
                "ratio": ratios.median(),
                "ratio_min": ratios.min(),
                "ratio_max": ratios.max(),
                "wall_ratio": (timings["wall", ours] / timings["wall", name]).median(),
                "promised": promised.get((kind, size, str(name))),
            }
        )
    return pd.DataFrame(records)


def readable(table: pd.DataFrame, ours: str) -> pd.DataFrame:
    """Texts of a table of timings, for the report."""
    return pd.DataFrame([_texts(row, ours) for row in table.to_dict("records")])


def _texts(row: dict[Any, Any], ours: str) -> dict[str, str]:
    texts = {
        "what": f"{row['kind']}, {SIZE_IS[row['kind']]} {row['size']}",
        "contender": row["contender"],
        "CPU": f"{row['cpu_ms']:.3g}",
        "wall": f"{row['wall_ms']:.3g}",
        "fixed": "" if pd.isna(row.get("fixed_cpu_ms")) else f"{row['fixed_cpu_ms']:.0f}",
    }
    if row["contender"] != ours:
        span = f"{row['ratio_min']:.2f}-{row['ratio_max']:.2f}"
        texts["ours / other"] = f"{row['ratio']:.2f} ({span})"
        texts["wall ratio"] = f"{row['wall_ratio']:.2f}"
    if not pd.isna(row["promised"]):
        verdict = "met" if row["ratio"] <= row["promised"] else "missed"
        texts["promised"] = f"<= {row['promised']} {verdict}"
    return texts
