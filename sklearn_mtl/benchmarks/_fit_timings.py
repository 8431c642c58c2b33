"""Time of an epoch of training, by fits of two lengths."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import partial

import numpy as np
import pandas as pd
from tqdm import tqdm

from sklearn_mtl.benchmarks._alternating import alternate
from sklearn_mtl.benchmarks._speed_table import timing_table

SHORT_FIT = 1  # epochs of the fit that shows what does not grow with epochs

Fit = Callable[[np.ndarray, np.ndarray, int, int], object]


def compare_fits(
    fits: Mapping[str, Fit],
    X: np.ndarray,
    y: np.ndarray,
    batch_size: int,
    epochs: int,
    n_rounds: int,
    ours: str,
    promised: Mapping[tuple[str, int, str], float],
) -> pd.DataFrame:
    """Time an epoch of every contender: a long fit less a short one.

    Parameters
    ----------
    fits : mapping of str to callable
        Contenders by name; called with inputs, targets, batch size and number of epochs.
    X, y : ndarray
        Training rows.
    batch_size : int
        Rows of a step.
    epochs : int
        Epochs of a long fit.
    n_rounds : int
        Rounds in which the contenders are called in turn.
    ours : str
        Contender whose time is divided by that of the others.
    promised : mapping
        Largest ratios that are promised, by ``(kind, size, other)``.

    Returns
    -------
    table : DataFrame
        One row per contender, as of :func:`timing_table`; ``fixed_cpu_ms`` is the time of a fit
        besides its epochs.
    """
    calls: dict[Hashable, Callable[[], object]] = {
        f"{name} {length}": partial(fit, X, y, batch_size, length)
        for name, fit in fits.items()
        for length in (SHORT_FIT, epochs)
    }
    timings = alternate(calls, tqdm(range(n_rounds), f"fit, batch {batch_size}", leave=False))
    per_epoch, fixed = {}, {}
    for measure in ("cpu", "wall"):
        for name in fits:
            short, long = (timings[measure, f"{name} {n}"] for n in (SHORT_FIT, epochs))
            per_epoch[measure, name] = (long - short) / (epochs - SHORT_FIT)
            fixed[measure, name] = short - SHORT_FIT * per_epoch[measure, name]
    table = timing_table("fit", batch_size, pd.DataFrame(per_epoch), ours, promised)
    table["fixed_cpu_ms"] = [fixed["cpu", name].median() for name in fits]
    return table
