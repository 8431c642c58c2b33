"""What ``search`` says and writes of the trials and of the front."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.ma import MaskedArray

from sklearn_mtl.cli._table import TableFormat, write_table
from sklearn_mtl.inspection import ParetoFrontDisplay
from sklearn_mtl.search import ParetoSearchCV

_SELECTED_BY = "selected by"


def print_front(search: ParetoSearchCV, position: int, rule: str) -> None:
    """Show the front, who selects what, and which model is saved."""
    states = pd.Series(search.cv_results_["state"])
    outside = int(((states == "complete") & ~search.cv_results_["feasible"]).sum())
    counts = {
        "failed": int((states == "failed").sum()),
        "pruned": int((states == "pruned").sum()),
        "beyond a constraint": outside,
    }
    shown = ", ".join(f"{n:,} {what}" for what, n in counts.items() if n)
    table = front_table(search)
    models = "1 model" if len(table) == 1 else f"{len(table):,} models"
    print(
        f"{len(states):,} trials{f' ({shown})' if shown else ''}, {models} on the front, measured "
        "on the validation part:"
    )
    print(table.to_string(formatters=dict.fromkeys(search.objective_names_, _shown)))
    print(f"Selected by {rule}: trial {table.index[position]}.")
    settings = describe_search(search, position, rule)["settings"]
    print("  " + ", ".join(f"{name}={_shown(value)}" for name, value in settings.items()))


def front_table(search: ParetoSearchCV) -> pd.DataFrame:
    """Return objectives of the front, the error relative to the best, and who selects what."""
    table = search.front_table()
    error = search.objective_names_[0]
    relative = [name for name in table if name in (f"{error} / best", f"{error} - best")]
    table[relative] = table[relative].round(3)
    words = table[_SELECTED_BY].str.replace("smallest_within", "smallest within 2 %")
    return table.assign(**{_SELECTED_BY: words})


def describe_search(search: ParetoSearchCV, position: int, rule: str) -> dict[str, Any]:
    """Write down how a model was found, for the description kept with it."""
    row = search.pareto_front_.iloc[position]
    config = search.cv_results_["params"][
        int(np.flatnonzero(search.cv_results_["trial"] == row["trial"])[0])
    ]
    return {
        "trials": len(search.cv_results_["trial"]),
        "sampler": search.sampler,
        "objectives": list(search.objectives),
        "constraints": list(search.constraints),
        "select": rule,
        "trial": int(row["trial"]),
        "validation": {name: float(row[name]) for name in search.objective_names_},
        "settings": {name: _plain(value) for name, value in config.items()},
    }


def write_tables(
    search: ParetoSearchCV, folder: Path, format: TableFormat, *, front: str, trials: str
) -> None:
    """Write the front with all settings, and everything that was tried.

    A setting that is None is written so; one that does not count in a row is left empty.
    """
    models = search.pareto_front_.set_index("trial")
    selected = front_table(search)[_SELECTED_BY]
    results = search.cv_results_
    # With one split its column says the same as the mean.
    left_out = ("params", "split", "std_")
    told = [name for name in results if name != "trial" and not name.startswith(left_out)]
    for name, data in (
        (front, models.assign(**{_SELECTED_BY: selected}).reset_index()),
        (trials, pd.DataFrame({column: _values(results[column]) for column in ["trial", *told]})),
    ):
        for column in [column for column in data if data[column].dtype == object]:
            words = [_word(value, format) for value in data[column]]
            data[column] = pd.Series(words, dtype=object)
        write_table(data, folder / name, format, like=Path(name))


def draw(search: ParetoSearchCV, position: int, path: Path) -> None:
    """Draw the front, if there are two objectives and matplotlib is installed."""
    if len(search.objective_names_) < 2:
        return
    if find_spec("matplotlib") is None:
        print(f"{path.name} is left out: it needs the extra `plot`.")
        return
    display = ParetoFrontDisplay.from_estimator(search, selected=position)
    display.figure_.savefig(path, dpi=150)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() and abs(value) >= 1 else f"{value:.4g}"
    return str(value)


def _values(column: np.ndarray) -> Any:
    """Values of a column of the results as they are; pandas would take None for missing."""
    if not isinstance(column, MaskedArray):
        return column
    return pd.Series(column.filled(np.nan), dtype=object)


def _word(value: Any, format: TableFormat) -> Any:
    """Text of what a table of objects would not write as a column of its kind."""
    if value is None:
        return "None"
    if isinstance(value, float) and not np.isnan(value):
        return str(value).replace(".", format.decimal)
    return value


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
