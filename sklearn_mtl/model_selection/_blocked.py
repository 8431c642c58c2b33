"""K folds of consecutive rows with an embargo round every test block."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_consistent_length


class BlockedKFold(BaseCrossValidator):
    """K folds of consecutive rows; `gap` rows on both sides of the test block are left out.

    Rows of a lag table overlap: row t holds the values of t - 1, t - 2, ... With shuffled folds a
    test row has near-copies in the training part and the score is too good. Here each test block
    is one stretch of time, and the embargo keeps rows that share values with it out of training.

    Parameters
    ----------
    n_splits : int, default=5
        Number of blocks, at least 2. Each is the test part once.
    gap : int, default=0
        Rows left out before and after each test block. Take at least the longest lag of the
        features, plus the number of rows over which the targets are correlated.

    See Also
    --------
    sklearn.model_selection.TimeSeriesSplit : Walk-forward validation; trains on the past only.

    Notes
    -----
    The rows must be in the order of time. Training parts hold rows newer than the test block:
    the folds estimate how well a model interpolates between operating periods. To estimate how it
    does after deployment, use ``TimeSeriesSplit(gap=...)``. The first ``n_samples % n_splits``
    blocks have one row more than the others. `groups` is ignored.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.model_selection import BlockedKFold
    >>> for train, test in BlockedKFold(n_splits=3, gap=1).split(np.zeros((9, 2))):
    ...     print(train, test)
    [4 5 6 7 8] [0 1 2]
    [0 1 7 8] [3 4 5]
    [0 1 2 3 4] [6 7 8]
    """

    def __init__(self, n_splits: int = 5, gap: int = 0):
        # Splitters of scikit-learn check in the constructor too: they have no fit.
        for name, value, least in (("n_splits", n_splits, 2), ("gap", gap, 0)):
            if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
                raise ValueError(f"`{name}` must be an integer of at least {least}. Got {value!r}.")
        self.n_splits = n_splits
        self.gap = gap

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds; the arguments are ignored."""
        return self.n_splits

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the row numbers of each training and test part.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in the order of time.
        y : array-like, default=None
            Used only to check its length.
        groups : object, default=None
            Ignored.

        Yields
        ------
        train, test : ndarray of int

        Raises
        ------
        ValueError
            If there are fewer rows than folds, or if the embargo leaves a fold no training row.
        """
        check_consistent_length(X, y)
        n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
        if n_rows < self.n_splits:
            raise ValueError(
                f"n_splits={self.n_splits} is more than the number of rows, {n_rows}. "
                "Pass more rows or a smaller `n_splits`."
            )
        rows = np.arange(n_rows)
        for test in np.array_split(rows, self.n_splits):
            train = rows[(rows < test[0] - self.gap) | (rows > test[-1] + self.gap)]
            if not len(train):
                raise ValueError(
                    f"gap={self.gap} leaves no training row beside test rows {test[0]} to "
                    f"{test[-1]} of {n_rows}. Pass a smaller `gap` or a larger `n_splits`."
                )
            yield train, test
