"""What ``fit`` needs to know about several sources and a laboratory, and their samples."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from sklearn_mtl.cli._columns import require_columns
from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._options import names, positive
from sklearn_mtl.cli._preparation import WindowPreparation
from sklearn_mtl.cli._samples import Samples
from sklearn_mtl.cli._source_columns import choose_features, time_columns
from sklearn_mtl.cli._source_files import read_histories
from sklearn_mtl.cli._source_options import (
    add_source_files,
    durations,
    per_source,
    read_tables,
)
from sklearn_mtl.cli._sources import Source, SourceSettings, complete_windows
from sklearn_mtl.cli._table import Table, TableFormat, quoted, read_table
from sklearn_mtl.cli._times import show_duration
from sklearn_mtl.preprocessing import align_windows
from sklearn_mtl.preprocessing._lab_cells import BELOW_LIMIT
from sklearn_mtl.preprocessing._segments import LARGEST_REGULAR_STEP
from sklearn_mtl.preprocessing.resampling import OPERATOR_NAMES, POOLS

# Options that a table does not have, and what serves instead.
ONLY_HERE = {
    "lab": "the targets are columns of the table",
    "lab_time": "--time names the times of the rows",
    "lookback": "--lags says how many past rows the model sees",
    "dead_time": "--lags says how many past rows the model sees",
    "max_age": "--hold fills short gaps",
    "below_limit": "write numbers in the targets of a table",
    "max_gap": "--hold fills short gaps",
    "operator": "--coding says how past rows are coded",
    "length": "--lags says how many past rows the model sees",
    "pool": "--coding says how past rows are coded",
    "calendar": "add such columns to the table",
}
# No year: what a model makes of one that it has not seen is a guess.
_CALENDAR = ("month", "day", "day_of_week", "day_of_year", "hour", "minute")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the files and the options that only several sources have."""
    group = parser.add_argument_group(
        "several sources",
        "Files at different rates, and the laboratory's table. For each sample at time t the\n"
        "model sees the window from t - dead time - lookback to t - dead time of every source.",
    )
    add_source_files(group, lab=True)
    group.add_argument(
        "--lab-time", metavar="COLUMN", help="sample times of the laboratory; default: its first"
    )
    group.add_argument(
        "--lookback",
        metavar="TIME",
        help="length of the windows: 3h, or thermal=3h,shift=24h",
    )
    group.add_argument(
        "--dead-time",
        metavar="TIME",
        help="how long ago the material that is sampled passed the source: 30min, or "
        "thermal=30min,shift=2h (default: 0)",
    )
    group.add_argument(
        "--max-age",
        metavar="TIME",
        help="for how long a row stands for the times after it, as in setpoints=1d for a "
        "historian that stores changes only (default: one and a half usual steps, inside of the "
        "window, unless that is too short to hold a row)",
    )
    group.add_argument(
        "--below-limit",
        choices=list(BELOW_LIMIT),
        help='what "<0.01" of the laboratory becomes: half of the limit, the limit, zero or '
        "missing (default: half)",
    )
    group.add_argument(
        "--max-gap",
        type=positive,
        metavar="STEPS",
        help="fill holes of at most so many steps of a window by a straight line, at its ends by "
        "the nearest value; default: off",
    )
    group.add_argument(
        "--operator",
        choices=OPERATOR_NAMES,
        help=f"how windows are brought to one length (default: {WindowPreparation.operator})",
    )
    group.add_argument(
        "--length",
        type=_length,
        metavar="N",
        help=f"steps of every window as the model sees it (default: {WindowPreparation.length})",
    )
    group.add_argument(
        "--pool",
        choices=list(POOLS),
        help=f"with --operator pool: what sums up an interval (default: {WindowPreparation.pool})",
    )
    group.add_argument(
        "--calendar",
        type=_calendar,
        metavar="FIELDS",
        help=f"fields of the sample time as inputs, out of {','.join(_CALENDAR)}; default: none",
    )


def read(
    arguments: argparse.Namespace, format: TableFormat
) -> tuple[Samples, SourceSettings, WindowPreparation]:
    """Read the sources and the laboratory, and cut the windows of the samples."""
    preparation = _preparation(arguments)
    tables = read_tables(arguments.source, format)
    lab = read_table(arguments.lab, format)
    require_columns(lab, arguments.targets, option="--targets")
    lookbacks = durations(arguments.lookback, tables, option="--lookback", zero=False)
    dead_times = durations(arguments.dead_time or "0", tables, option="--dead-time", zero=True)
    max_ages = {}
    if arguments.max_age is not None:
        given = per_source(arguments.max_age, tables, option="--max-age")
        max_ages = durations(arguments.max_age, given, option="--max-age", zero=False)
    given = per_source(arguments.time, tables, option="--time") if arguments.time else {}
    times = time_columns(tables, given)
    features = choose_features(
        tables,
        times,
        targets=arguments.targets,
        features=arguments.features,
        drop=arguments.drop,
    )
    histories = read_histories(tables, times, features)
    sources = []
    for name, table in tables.items():
        _check_inputs(table, name, histories[name])
        max_age = max_ages.get(name) or _age_of_a_slow_source(histories[name], lookbacks[name])
        n_steps = _count_steps(table, name, histories[name], lookbacks[name], max_age)
        sources.append(
            Source(
                name,
                times[name],
                features[name],
                lookbacks[name],
                dead_times[name],
                n_steps,
                max_age,
            )
        )
    settings = SourceSettings(
        sources=tuple(sources),
        targets=tuple(arguments.targets),
        lab_time=arguments.lab_time or str(lab.data.columns[0]),
        below_limit=arguments.below_limit or "half",
        time_column=bool(preparation.calendar),
    )
    samples = settings.samples(tables, histories, lab)
    notes = _describe_sources(settings, tables, histories, samples, preparation)
    return replace(samples, notes=[*notes, *samples.notes]), settings, preparation


def _preparation(arguments: argparse.Namespace) -> WindowPreparation:
    if arguments.pool is not None and arguments.operator != "pool":
        raise CommandError("--pool is about one operator only. Add: --operator pool")
    given = {
        name: getattr(arguments, name)
        for name in ("max_gap", "operator", "length", "pool", "calendar", "contamination")
    }
    return WindowPreparation(**{name: value for name, value in given.items() if value is not None})


def _check_inputs(table: Table, source: str, history: pd.DataFrame) -> None:
    """Refuse an input without any value: it would exclude every sample from the training."""
    empty = [f"{source}:{name}" for name in history.columns if history[name].isna().all()]
    if empty:
        raise CommandError(
            f"{table.path}: no row has a value of the input {', '.join(empty)}. "
            f'Leave it out: --drop "{",".join(empty)}"'
        )


def _count_steps(
    table: Table, source: str, history: pd.DataFrame, lookback: str, max_age: str | None
) -> int:
    """Return how many usual steps of a source its window takes, checked against its history."""
    if history.index.nunique() < 2:
        raise CommandError(
            f"{table.path}: the source {quoted(source)} has one time only. Give a longer history."
        )
    span = history.index[-1] - history.index[0]
    if pd.Timedelta(lookback) > span + _usual_step(history):
        raise CommandError(
            f"--lookback: {lookback} is longer than the history of {quoted(source)} "
            f"({table.path}), which is {show_duration(span)}. Choose a shorter one, or give more "
            "history."
        )
    newest = align_windows({source: history}, history.index[-1:], lookback, max_age=max_age)
    return newest.layout[source][0]


def _age_of_a_slow_source(history: pd.DataFrame, lookback: str) -> str | None:
    """For how long a row stands where a window is too short to hold one: until the next is due."""
    usual = _usual_step(history)
    if pd.isna(usual) or pd.Timedelta(lookback) >= usual / LARGEST_REGULAR_STEP:
        return None
    return show_duration(LARGEST_REGULAR_STEP * usual)


def _usual_step(history: pd.DataFrame) -> pd.Timedelta:
    return pd.Timedelta(pd.Series(history.index.unique()).diff().median())


def _describe_sources(
    settings: SourceSettings,
    tables: Mapping[str, Table],
    histories: Mapping[str, pd.DataFrame],
    samples: Samples,
    preparation: WindowPreparation,
) -> list[str]:
    """Say what each source gives, so that one sees why samples are left out of the training."""
    sources = settings.sources
    prepared = preparation.windows_step().fit_transform(samples.X)
    complete = complete_windows(prepared, [source.name for source in sources])
    lines = [
        f"{source.name} ({tables[source.name].path}): {len(histories[source.name]):,} rows, one "
        f"per {show_duration(_usual_step(histories[source.name]))}; windows of {source.n_steps} "
        f"steps of {len(source.features)} inputs, "
        + (f"a row stands for up to {source.max_age}, " if source.max_age else "")
        + f"complete in {complete[source.name].mean():.1%} of the samples"
        for source in sources
    ]
    if not complete.all(axis=1).any():
        raise CommandError(
            "no sample has complete windows of all sources:\n  "
            + "\n  ".join(lines)
            + "\nFix: fill short holes by --max-gap, drop inputs that are often missing, or choose "
            "a --lookback of at least two rows of the source."
        )
    return lines


def _length(text: str) -> int:
    length = positive(text)
    if length < 2:
        raise argparse.ArgumentTypeError("a whole number of at least 2")
    return length


def _calendar(text: str) -> tuple[str, ...]:
    fields = names(text)
    unknown = [field for field in fields if field not in _CALENDAR]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(_CALENDAR)}, not {quoted(unknown[0])}")
    return tuple(fields)
