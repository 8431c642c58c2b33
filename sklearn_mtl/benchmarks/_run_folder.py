"""What a run leaves besides its row: its history and its predictions, a file each."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


class RunFolder:
    """Folder with two files per run.

    Parameters
    ----------
    path : path
        The folder; it is made at the first run.
    keys : sequence of str
        What names a run, as in the table of results.
    """

    def __init__(self, path: Path, keys: Sequence[str]) -> None:
        self.path = path
        self.keys = list(keys)

    def save(self, run: Mapping[str, Any], history: pd.DataFrame, prediction: np.ndarray) -> None:
        """Write both files of a run, whole or not at all."""
        self.path.mkdir(parents=True, exist_ok=True)
        unfinished = self.path / f"unfinished-{os.getpid()}"
        history.to_csv(unfinished, index=False)
        os.replace(unfinished, self._file(run, "history.csv"))
        with unfinished.open("wb") as file:
            np.save(file, prediction.astype(np.float32))
        os.replace(unfinished, self._file(run, "prediction.npy"))

    def histories(self, rows: pd.DataFrame) -> list[pd.DataFrame]:
        """Histories of the runs in `rows`."""
        return [pd.read_csv(self._file(run, "history.csv")) for run in rows.to_dict("records")]

    def predictions(self, rows: pd.DataFrame) -> np.ndarray:
        """Predictions of the runs in `rows`, ``(n_runs, n_test, n_targets)``."""
        files = [self._file(run, "prediction.npy") for run in rows.to_dict("records")]
        return np.stack([np.load(file) for file in files]).astype(float)

    def _file(self, run: Mapping[Any, Any], ending: str) -> Path:
        name = "_".join(str(run[key]) for key in self.keys)
        return self.path / f"{re.sub(r'[^A-Za-z0-9.+_-]+', '-', name)}.{ending}"
