"""Samples: inputs and targets side by side, from the rows of a table or cut from sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sklearn_mtl.cli._columns import Columns, read_inputs, read_targets
from sklearn_mtl.cli._table import Table


@dataclass(frozen=True)
class Samples:
    """What a model is fitted to or judged on.

    Attributes
    ----------
    X, y : DataFrame
        Inputs and targets by row; indexed by time where it is known.
    path : Path
        File that holds the targets: errors begin with it.
    name : str
        Names of all files.
    sha256 : str
        Fingerprint of all files, by which `report` recognises those of the training.
    notes : sequence of str
        What `fit` and `report` say about the files.
    """

    X: pd.DataFrame
    y: pd.DataFrame
    path: Path
    name: str
    sha256: str
    notes: Sequence[str] = ()


def table_samples(table: Table, columns: Columns) -> Samples:
    """Take every row of a table as a sample."""
    X, y = read_inputs(table, columns), read_targets(table, columns.targets)
    y.index = X.index
    return Samples(X, y, table.path, table.path.name, table.sha256)
