"""Which columns of which source are inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sklearn_mtl.cli._columns import names_alike, require_columns
from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._table import Table, quoted

Column = tuple[str, str]  # source, name


def time_columns(tables: Mapping[str, Table], given: Mapping[str, str]) -> dict[str, str]:
    """Return the column of times of each source: the first one where none is given."""
    for name, column in given.items():
        require_columns(tables[name], [column], option="--time")
    return {name: given.get(name, str(table.data.columns[0])) for name, table in tables.items()}


def choose_features(
    tables: Mapping[str, Table],
    times: Mapping[str, str],
    *,
    targets: Sequence[str],
    features: Sequence[str] = (),
    drop: Sequence[str] = (),
) -> dict[str, tuple[str, ...]]:
    """Choose the inputs of each source; without `features`, all columns but the time.

    A name is about all sources that have such a column, ``SOURCE:COLUMN`` about one.

    Raises
    ------
    CommandError
        If a column is absent or has two roles, or if a source is left without inputs.
    """
    columns = [
        (source, str(name))
        for source, table in tables.items()
        for name in table.data.columns
        if name != times[source]
    ]
    wanted = [column for name in features for column in _find(name, columns, "--features")]
    dropped = {column for name in drop for column in _find(name, columns, "--drop")}
    twice = [column for column in wanted if column in dropped]
    if twice:
        raise CommandError(
            f"column {quoted(_full(twice[0]))} stands in --features and in --drop. "
            "Take it out of one of them."
        )
    # Not for columns that --features names: who does so knows that it is another measurement.
    answers = [column for column in columns if column[1] in targets and column not in dropped]
    if answers and not features:
        raise CommandError(
            f"column {quoted(_full(answers[0]))} is called like a target. With laboratory values "
            "as an input the model would be told the answer: leave them out by "
            f'--drop "{",".join(map(_full, answers))}", or name all inputs by --features.'
        )
    inputs = list(dict.fromkeys(wanted)) or [name for name in columns if name not in dropped]
    chosen = {source: tuple(name for other, name in inputs if other == source) for source in tables}
    for source, names in chosen.items():
        if not names:
            raise CommandError(
                f"{tables[source].path}: no column of the source {quoted(source)} is left as an "
                f"input. Name one by --features {source}:COLUMN, or leave the source out."
            )
    return chosen


def _find(name: str, columns: Sequence[Column], option: str) -> list[Column]:
    found = [column for column in columns if column[1] == name]
    found = found or [column for column in columns if _full(column) == name]
    if not found:
        present = [*dict.fromkeys(column[1] for column in columns), *map(_full, columns)]
        alike = names_alike(name, present)
        guess = f" Did you mean {' or '.join(map(quoted, alike))}?" if alike else ""
        raise CommandError(
            f"{option}: no source has an input column {quoted(name)}.{guess} "
            f"The sources have: {', '.join(quoted(_full(column)) for column in columns)}."
        )
    return found


def _full(column: Column) -> str:
    return ":".join(column)
