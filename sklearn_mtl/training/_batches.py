"""Data as tensors, and batches as slices of them.

A ``DataLoader`` fetches row by row and collates, which costs more than a training step of a small
network, and draws from torch's global generator even when it only predicts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset

# Rows that are shuffled and gathered at once: large enough to make the gather cheap, small enough
# to bound the copy of a table that barely fits into memory.
ROWS_PER_GATHER = 16_384


def _as_tensor(values: Any) -> Tensor:
    if isinstance(values, Tensor):
        return values.float()
    # A copy, because torch must not write to memory that is the caller's or read-only.
    return torch.from_numpy(np.array(values, dtype=np.float32))


class TensorTable(Dataset):
    """Inputs, targets and row weights as float32 tensors.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Inputs.
    y : array-like of shape (n_samples, n_targets), optional
        Targets; NaN marks a value that was not measured.
    sample_weight : array-like of shape (n_samples,), optional
        Row weights.
    """

    def __init__(self, X: Any, y: Any = None, sample_weight: Any = None) -> None:
        self.X = _as_tensor(X)
        self.y = None if y is None else _as_tensor(y).reshape(len(self.X), -1)
        self.sample_weight = None if sample_weight is None else _as_tensor(sample_weight)

    @cached_property
    def complete(self) -> bool:
        """Whether every target has a value in every row."""
        return self.y is None or not bool(self.y.isnan().any())

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, index: Any) -> tuple[Any, Tensor]:
        """Return the rows at `index` in the form of a batch."""
        inputs = self.X[index]
        targets = torch.zeros(1) if self.y is None else self.y[index]
        if self.sample_weight is None:
            return inputs, targets
        return {"x": inputs, "sample_weight": self.sample_weight[index]}, targets

    def to(self, device: str | torch.device) -> TensorTable:
        """Return the table on another device."""
        return TensorTable(*(None if t is None else t.to(device) for t in self.tensors()))

    def take(self, indices: Any) -> TensorTable:
        """Return a table of some of the rows."""
        return TensorTable(*(None if t is None else t[indices] for t in self.tensors()))

    def tensors(self) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Return inputs, targets and row weights."""
        return self.X, self.y, self.sample_weight


class Batch(NamedTuple):
    """The parts of a batch."""

    x: Tensor
    y: Tensor
    sample_weight: Tensor | None


def unpack_batch(batch: Any) -> Batch:
    """Take apart a batch as :class:`TensorTable` gives it."""
    inputs, targets = batch
    if isinstance(inputs, dict):
        return Batch(inputs["x"], targets, inputs["sample_weight"])
    return Batch(inputs, targets, None)


class TensorBatches:
    """Iterate over a :class:`TensorTable` by slices.

    Parameters
    ----------
    dataset : TensorTable or Subset of one
        The data.
    batch_size : int
        Rows of a batch; the last one may be shorter.
    shuffle : bool, default=False
        Whether every pass has a new order, drawn from torch's global generator.
    """

    def __init__(self, dataset: Any, batch_size: int, shuffle: bool = False) -> None:
        # skorch's own splits wrap a data set and the indices of some of its rows.
        if isinstance(dataset, Subset):
            whole: Any = dataset.dataset
            dataset = whole.take(dataset.indices)
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle

    def __len__(self) -> int:
        return math.ceil(len(self.dataset) / self.batch_size)

    def __iter__(self) -> Iterator[tuple[Any, Tensor]]:
        n_rows = len(self.dataset)
        if not self.shuffle:
            for start in range(0, n_rows, self.batch_size):
                yield self.dataset[start : start + self.batch_size]
            return
        order = torch.randperm(n_rows).to(self.dataset.X.device)
        rows_per_gather = self.batch_size * max(1, ROWS_PER_GATHER // self.batch_size)
        for indices in order.split(rows_per_gather):
            gathered = self.dataset.take(indices)
            for start in range(0, len(gathered), self.batch_size):
                yield gathered[start : start + self.batch_size]
