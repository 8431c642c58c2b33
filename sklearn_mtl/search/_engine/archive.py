"""A table of rows that grows without being copied every time."""

from __future__ import annotations

import numpy as np


class Rows:
    """Rows of numbers, appended one by one.

    Parameters
    ----------
    n_columns : int
    """

    def __init__(self, n_columns: int) -> None:
        self._table = np.empty((64, n_columns))
        self._n = 0

    def __len__(self) -> int:
        return self._n

    def append(self, row: np.ndarray) -> None:
        """Add a row."""
        if self._n == len(self._table):
            self._table = np.concatenate([self._table, np.empty_like(self._table)])
        self._table[self._n] = row
        self._n += 1

    @property
    def values(self) -> np.ndarray:
        """All rows, as a view of shape (n, n_columns) that must not be written to."""
        return self._table[: self._n]
