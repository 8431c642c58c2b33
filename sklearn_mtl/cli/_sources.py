"""Several sources as a model knows them, and the samples that are made of their files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
from sklearn.utils import Bunch

from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._samples import Samples
from sklearn_mtl.cli._source_files import (
    check_zones,
    read_histories,
    read_lab,
    times_of,
    times_of_files,
)
from sklearn_mtl.cli._table import Table
from sklearn_mtl.preprocessing import align_windows
from sklearn_mtl.preprocessing._segments import LARGEST_REGULAR_STEP


@dataclass(frozen=True)
class Source:
    """One source as the model knows it.

    Attributes
    ----------
    name : str
        As in ``--source NAME=FILE``.
    time : str
        Column of times.
    features : tuple of str
        Columns that are inputs, in their order.
    lookback, dead_time : str
        Durations, as `align_windows` takes them.
    n_steps : int
        Steps of a window.
    max_age : str, optional
        For how long a row stands for the times after it; by default one and a half steps.
    """

    name: str
    time: str
    features: tuple[str, ...]
    lookback: str
    dead_time: str
    n_steps: int
    max_age: str | None = None

    @property
    def step(self) -> pd.Timedelta:
        """Duration of a step, which is the usual one of the source in training."""
        return pd.Timedelta(self.lookback) / self.n_steps

    def covered(self, times: pd.DatetimeIndex) -> tuple[pd.Timestamp, pd.Timestamp]:
        """First and last time for which a history with these times can fill a window."""
        lookback, dead_time = pd.Timedelta(self.lookback), pd.Timedelta(self.dead_time)
        slack = min(LARGEST_REGULAR_STEP * self.step, lookback)
        last = times[-1] + dead_time + max(slack, pd.Timedelta(self.max_age or 0))
        return times[0] + dead_time + lookback - slack, last


@dataclass(frozen=True)
class SourceSettings:
    """What `predict` and `report` must know to make samples from new files of the same sources.

    Attributes
    ----------
    sources : tuple of Source
        In the order of the columns of the samples.
    targets : tuple of str
        Columns of the laboratory's table.
    lab_time : str
        Its column of sample times.
    below_limit : str
        What becomes of cells such as "<0.01", see `parse_lab`.
    time_column : bool
        Whether the samples begin with their time, for calendar inputs.
    """

    sources: tuple[Source, ...]
    targets: tuple[str, ...]
    lab_time: str
    below_limit: str
    time_column: bool

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> SourceSettings:
        """Rebuild what `to_json` gave."""
        sources = tuple(
            Source(**{**source, "features": tuple(source["features"])})
            for source in values["sources"]
        )
        return cls(**{**values, "sources": sources, "targets": tuple(values["targets"])})

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return asdict(self)

    @property
    def features(self) -> tuple[str, ...]:
        """All inputs, as ``source:column``."""
        return tuple(f"{source.name}:{name}" for source in self.sources for name in source.features)

    def histories(self, tables: Mapping[str, Table]) -> dict[str, pd.DataFrame]:
        """Read the inputs of every source from its table."""
        return read_histories(
            tables,
            {source.name: source.time for source in self.sources},
            {source.name: source.features for source in self.sources},
        )

    def covered(self, histories: Mapping[str, pd.DataFrame]) -> tuple[pd.Timestamp, pd.Timestamp]:
        """First and last time for which the histories can fill all windows."""
        first, last = zip(
            *(source.covered(times_of(histories[source.name])) for source in self.sources),
            strict=True,
        )
        return max(first), min(last)

    def align(self, histories: Mapping[str, pd.DataFrame], times: pd.DatetimeIndex) -> Bunch:
        """Cut the windows that were known at `times`."""
        sources = self.sources
        return align_windows(
            histories,
            times,
            lookback={source.name: source.lookback for source in sources},
            dead_time={source.name: source.dead_time for source in sources},
            time_column=self.time_column,
            layout={source.name: (source.n_steps, len(source.features)) for source in sources},
            max_age={source.name: source.max_age for source in sources if source.max_age},
        )

    def samples(
        self, tables: Mapping[str, Table], histories: Mapping[str, pd.DataFrame], lab: Table
    ) -> Samples:
        """Put the windows beside the results of the laboratory.

        Results from outside of the histories are left out and noted.

        Raises
        ------
        CommandError
            If the files do not go together.
        """
        results = read_lab(lab, self.lab_time, self.targets, self.below_limit)
        sample_times = times_of(results)
        check_zones({**times_of_files(tables, histories), str(lab.path): sample_times})
        first, last = self.covered(histories)
        inside = (sample_times >= first) & (sample_times <= last)
        if not inside.any():
            spans = "; ".join(
                f"{tables[name].path} from {frame.index[0]} to {frame.index[-1]}"
                for name, frame in histories.items()
            )
            windows = f"from {first} to {last}" if first <= last else "at no time"
            raise CommandError(
                f"{lab.path}: its samples are from {sample_times[0]} to {sample_times[-1]}, but "
                f"all windows are filled {windows}: {spans}. Check the years, the order of day "
                "and month, and the offsets from UTC; or give longer histories, a shorter "
                "--lookback or another --dead-time."
            )
        notes = [
            f"{lab.path}: {len(results):,} samples, "
            f"targets {', '.join(f'{name} ({n:,} labels)' for name, n in results.count().items())}"
        ]
        if not inside.all():
            notes.append(
                f"{(~inside).sum():,} of them left out: the histories fill all windows from "
                f"{first} to {last} only."
            )
        X = self.align(histories, sample_times[inside]).X
        y = results.loc[inside].set_axis(X.index)
        files = [*(tables[source.name] for source in self.sources), lab]
        return Samples(
            X,
            y,
            lab.path,
            ", ".join(table.path.name for table in files),
            hashlib.sha256("".join(table.sha256 for table in files).encode()).hexdigest(),
            notes,
        )


def complete_windows(prepared: pd.DataFrame, sources: Sequence[str]) -> pd.DataFrame:
    """Whether all inputs of each source are known, by row; columns are ``source:channel:step``."""
    known = prepared.notna()
    return pd.DataFrame(
        {
            source: known.loc[:, known.columns.str.startswith(f"{source}:")].all(axis=1)
            for source in sources
        }
    )
