"""From one figure per target to what the caller asked for."""

from __future__ import annotations

import numpy as np


def average_over_targets(values: list[float], multioutput: str) -> float | np.ndarray:
    """Return the mean over targets (``"uniform_average"``) or all figures (``"raw_values"``).

    An undefined figure (NaN) makes the mean NaN: a mean over fewer targets would not compare with
    the means of other models or folds.
    """
    if multioutput == "raw_values":
        return np.array(values)
    if multioutput == "uniform_average":
        return float(np.mean(values))
    raise ValueError(
        f"`multioutput` must be 'uniform_average' or 'raw_values'. Got {multioutput!r}."
    )
