"""One cut of a table into training, validation and test part, oldest rows first."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_consistent_length

PARTS = ("training", "validation", "test")


def chronological_split(
    X: Any, y: Any, sizes: tuple[float, float, float] = (0.7, 0.15, 0.15)
) -> tuple[Any, Any, Any, Any, Any, Any]:
    """Split rows into training, validation and test part without shuffling.

    The training part is the oldest, the test part the newest: a soft sensor is judged on a time
    it has not seen, as it is used.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n_samples, n_features)
        Rows in the order of time.
    y : array-like, Series or DataFrame of shape (n_samples,) or (n_samples, n_targets)
        Targets of the same rows.
    sizes : tuple of three floats, default=(0.7, 0.15, 0.15)
        Shares of the training, validation and test part. They are positive and add up to 1.

    Returns
    -------
    X_train, X_val, X_test, y_train, y_val, y_test
        Parts of the same type as the input: pandas objects keep their index and columns.

    Raises
    ------
    ValueError
        If `sizes` is not three positive shares that add up to 1, if a part would have no row, if
        X and y differ in length, or if X has a DatetimeIndex that does not increase.

    Notes
    -----
    The cuts fall at ``sizes[0]`` and ``sizes[0] + sizes[1]`` times the number of rows, rounded
    down. Make lag features before splitting, or windows at the start of a part are incomplete.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.model_selection import chronological_split
    >>> X = np.arange(20).reshape(10, 2)
    >>> y = np.arange(10)
    >>> *_, y_train, y_val, y_test = chronological_split(X, y, sizes=(0.6, 0.2, 0.2))
    >>> y_train, y_val, y_test
    (array([0, 1, 2, 3, 4, 5]), array([6, 7]), array([8, 9]))
    """
    check_consistent_length(X, y)
    _check_time_order(X)
    _check_sizes(sizes)
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    # The tolerance keeps 0.7 + 0.15 of 100 rows at 85 although the sum is 0.85 only nearly.
    cuts = [0, *(int(share * n_rows + 1e-9) for share in np.cumsum(sizes[:2])), n_rows]
    for part, (start, stop) in zip(PARTS, pairwise(cuts), strict=True):
        if start == stop:
            raise ValueError(
                f"The {part} part has no row: {n_rows} rows with sizes={sizes!r}. "
                "Pass more rows or a larger share."
            )
    X_train, X_val, X_test = (_rows(X, *cut) for cut in pairwise(cuts))
    y_train, y_val, y_test = (_rows(y, *cut) for cut in pairwise(cuts))
    return X_train, X_val, X_test, y_train, y_val, y_test


def _rows(data: Any, start: int, stop: int) -> Any:
    return data.iloc[start:stop] if hasattr(data, "iloc") else data[start:stop]


def _check_sizes(sizes: Any) -> None:
    shares = np.asarray(sizes, dtype=float)
    if shares.shape != (3,) or not (shares > 0).all() or not np.isclose(shares.sum(), 1):
        raise ValueError(
            "`sizes` must be three positive shares (training, validation, test) that add up to 1, "
            f"such as (0.7, 0.15, 0.15). Got {sizes!r}."
        )


def _check_time_order(X: Any) -> None:
    index = getattr(X, "index", None)
    if isinstance(index, pd.DatetimeIndex) and not index.is_monotonic_increasing:
        raise ValueError(
            "chronological_split takes rows in the order of time, but the DatetimeIndex of X does "
            "not increase. Sort X and y by time first, with `sort_index()`."
        )
