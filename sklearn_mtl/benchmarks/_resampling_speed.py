"""Speed of `MultirateResampler` against a copy of what it reads."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from sklearn_mtl.benchmarks._alternating import alternate
from sklearn_mtl.preprocessing import MultirateResampler
from sklearn_mtl.preprocessing.resampling import OPERATORS, POOLS

N_STEPS, N_CHANNELS, LENGTH = 180, 20, 24
COPY = "X.copy()"
COPY_INTO = "copy into an array that exists"
SETTINGS: dict[str, dict[str, str]] = {
    **{name: {"operator": name} for name in OPERATORS},
    **{f"pool, {name}": {"operator": "pool", "pool": name} for name in POOLS},
}
# Largest ratio to X.copy() that this package promises; the maximum has none.
PROMISED = dict.fromkeys(SETTINGS, 2.0) | {"pool, median": 6.0}
del PROMISED["pool, max"]


def compare_resampling(n_rows: int, n_rounds: int) -> pd.DataFrame:
    """Time `transform`, its checks of the input included, with every operator.

    Parameters
    ----------
    n_rows : int
        Rows of 20 windows of 180 steps, mapped to 24 steps.
    n_rounds : int
        Rounds in which all operators and the copies are called in turn.

    Returns
    -------
    table : DataFrame
        One row per dtype and contender; ratios are to the CPU time of ``X.copy()`` in the same
        round, but for ``wall_ratio``.
    """
    X = np.random.default_rng(0).normal(size=(n_rows, N_CHANNELS * N_STEPS))
    return pd.concat(
        [_compare(X.astype(dtype), n_rounds) for dtype in (np.float32, np.float64)],
        ignore_index=True,
    )


def readable_resampling(table: pd.DataFrame) -> pd.DataFrame:
    """Texts of a table of :func:`compare_resampling`, for the report."""
    return pd.DataFrame([_texts(row) for row in table.to_dict("records")])


def _compare(X: np.ndarray, n_rounds: int) -> pd.DataFrame:
    layout = {"plant": (N_STEPS, N_CHANNELS)}
    calls: dict[Hashable, Callable[[], object]] = {
        COPY: X.copy,
        COPY_INTO: partial(np.copyto, np.empty_like(X), X),
    }
    for operator, setting in SETTINGS.items():
        resampler = MultirateResampler(**setting, length=LENGTH, layout=layout).fit(X[:1])
        calls[operator] = partial(resampler.transform, X)
    timings = alternate(calls, tqdm(range(n_rounds), f"resample {X.dtype}", leave=False))
    records = []
    for name in calls:
        ratios = timings["cpu", name] / timings["cpu", COPY]
        records.append(
            {
                "dtype": str(X.dtype),
                "contender": name,
                "cpu_ms": timings["cpu", name].median(),
                "wall_ms": timings["wall", name].median(),
                "ratio": ratios.median(),
                "ratio_min": ratios.min(),
                "ratio_max": ratios.max(),
                "wall_ratio": (timings["wall", name] / timings["wall", COPY]).median(),
                "promised": PROMISED.get(str(name)),
            }
        )
    return pd.DataFrame(records)


def _texts(row: dict[Any, Any]) -> dict[str, str]:
    texts = {
        "operator": row["contender"],
        "dtype": row["dtype"],
        "CPU": f"{row['cpu_ms']:.3g}",
        "wall": f"{row['wall_ms']:.3g}",
    }
    if row["contender"] != COPY:
        texts["ratio"] = f"{row['ratio']:.2f} ({row['ratio_min']:.2f}-{row['ratio_max']:.2f})"
        texts["wall ratio"] = f"{row['wall_ratio']:.2f}"
    if not pd.isna(row["promised"]):
        verdict = "met" if row["ratio"] <= row["promised"] else "missed"
        texts["promised"] = f"<= {row['promised']:g} {verdict}"
    return texts
