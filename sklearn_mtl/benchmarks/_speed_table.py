"""From the timings of the speed benchmark to ratios, and to the table that is printed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sklearn_mtl.benchmarks._fit_contenders import BEST_LOOP, OURS, PLAIN_LOOP, SKORCH

BARE_MODULE = "bare module, float32"

# Largest ratio that this package promises: (kind, size, other) -> ratio.
PROMISED = {
    ("fit", 64, BEST_LOOP): 1.1,
    ("fit", 256, BEST_LOOP): 1.1,
    ("fit", 1024, BEST_LOOP): 1.1,
    ("fit", 64, PLAIN_LOOP): 0.65,
    ("fit", 1024, PLAIN_LOOP): 0.8,
    ("predict", 10_000, SKORCH): 0.25,
    ("predict", 1, BARE_MODULE): 2.5,
}
SIZE_IS = {"fit": "batch", "predict": "rows"}


def timing_table(kind: str, size: int, timings: pd.DataFrame) -> pd.DataFrame:
    """Medians over the rounds, and the ratio of our time to every other contender's.

    Parameters
    ----------
    kind : {"fit", "predict"}
        What was timed.
    size : int
        Batch size or number of rows.
    timings : DataFrame
        One row per round; columns ``(measure, contender)``.

    Returns
    -------
    table : DataFrame
        One row per contender; ratios are those of the CPU times, but for ``wall_ratio``.
    """
    records = []
    for name in timings["cpu"]:
        ratios = timings["cpu", OURS] / timings["cpu", name]
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
                "wall_ratio": (timings["wall", OURS] / timings["wall", name]).median(),
                "promised": PROMISED.get((kind, size, str(name))),
            }
        )
    return pd.DataFrame(records)


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """Texts of a table of timings, for the report."""
    return pd.DataFrame([_texts(row) for row in table.to_dict("records")])


def _texts(row: dict[Any, Any]) -> dict[str, str]:
    texts = {
        "what": f"{row['kind']}, {SIZE_IS[row['kind']]} {row['size']}",
        "contender": row["contender"],
        "CPU": f"{row['cpu_ms']:.3g}",
        "wall": f"{row['wall_ms']:.3g}",
        "fixed": "" if pd.isna(row.get("fixed_cpu_ms")) else f"{row['fixed_cpu_ms']:.0f}",
    }
    if row["contender"] != OURS:
        span = f"{row['ratio_min']:.2f}-{row['ratio_max']:.2f}"
        texts["ours / other"] = f"{row['ratio']:.2f} ({span})"
        texts["wall ratio"] = f"{row['wall_ratio']:.2f}"
    if not pd.isna(row["promised"]):
        verdict = "met" if row["ratio"] <= row["promised"] else "missed"
        texts["promised"] = f"<= {row['promised']} {verdict}"
    return texts
