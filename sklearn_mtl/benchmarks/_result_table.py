"""Results on disk, a row per finished run: a broken benchmark goes on where it stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm


class ResultTable:
    """A CSV file with one row per run.

    Parameters
    ----------
    path : path
        The file; it and its folder are made at the first row.
    keys : sequence of str
        Columns that name a run. They are compared as text.
    """

    def __init__(self, path: Path, keys: Sequence[str]) -> None:
        self.path = path
        self.keys = list(keys)
        self.frame = self._read()

    def rows_of(self, jobs: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
        """Return the finished rows among `jobs`, in the order of the jobs."""
        positions = {self._name(row): n for n, (_, row) in enumerate(self.frame.iterrows())}
        names = map(self._name, jobs)
        finished = [positions[name] for name in names if name in positions]
        return self.frame.iloc[finished].reset_index(drop=True)

    def add(self, row: Mapping[str, Any]) -> None:
        """Append a row and write the file, whole or not at all."""
        stored, new = self._read(), pd.DataFrame([row])  # another process may have added rows
        self.frame = new if stored.empty else pd.concat([stored, new], ignore_index=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(f".unfinished-{os.getpid()}")
        self.frame.to_csv(unfinished, index=False)
        os.replace(unfinished, self.path)

    def complete(
        self,
        jobs: Sequence[Mapping[str, Any]],
        compute: Callable[[Mapping[str, Any]], Mapping[str, Any]],
        n_jobs: int = 1,
    ) -> pd.DataFrame:
        """Compute the jobs that have no row yet, and write each row as soon as it is there.

        Parameters
        ----------
        jobs : sequence of mapping
            The keys of each run.
        compute : callable
            From the keys of a run to its other columns.
        n_jobs : int, default=1
            Number of processes that compute; this one writes.

        Returns
        -------
        rows : DataFrame
            The rows of all jobs, in their order.
        """
        finished = {self._name(row) for _, row in self.frame.iterrows()}
        pending = [job for job in jobs if self._name(job) not in finished]
        with tqdm(total=len(jobs), initial=len(jobs) - len(pending), unit="run") as bar:
            parallel = Parallel(n_jobs, return_as="generator_unordered", pre_dispatch="n_jobs")
            for row in parallel(delayed(_row)(compute, job) for job in pending):
                self.add(row)
                bar.set_description(self._label(row), refresh=False)
                bar.update()
        return self.rows_of(jobs)

    def _read(self) -> pd.DataFrame:
        if self.path.exists():
            return pd.read_csv(self.path)
        return pd.DataFrame(columns=self.keys)

    def _name(self, row: Any) -> tuple[str, ...]:
        return tuple(str(row[key]) for key in self.keys)

    def _label(self, job: Mapping[str, Any]) -> str:
        return ", ".join(str(job[key]) for key in self.keys if key not in ("version", "setting"))


def _row(
    compute: Callable[[Mapping[str, Any]], Mapping[str, Any]], job: Mapping[str, Any]
) -> dict[str, Any]:
    return {**job, **compute(job)}
