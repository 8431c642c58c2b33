"""Windows with the steps as rows, in which operations on whole steps run at full speed."""

from __future__ import annotations

import numpy as np

# Series turned round at a time: a cache line of each fits the first-level cache.
STRIP = 256


def steps_first(windows: np.ndarray) -> np.ndarray:
    """Copy windows ``(..., T)`` as rows of steps, shape ``(T, n_series)``."""
    series = windows.reshape(-1, windows.shape[-1])
    steps = np.empty(series.shape[::-1], series.dtype)
    for start in range(0, len(series), STRIP):
        strip = slice(start, start + STRIP)
        steps[:, strip] = series[strip].T
    return steps
