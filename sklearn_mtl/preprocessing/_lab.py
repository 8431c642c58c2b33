"""Tables of the laboratory as they are: detection limits, retests, remarks, any order."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sklearn_mtl._validation import StrOptions, validate_params
from sklearn_mtl.preprocessing._lab_cells import BELOW_LIMIT, lab_numbers, words_message


@validate_params(
    {
        "table": [pd.DataFrame],
        "time": [str, None],
        "targets": ["array-like", None],
        "analyte": [str, None],
        "result": [str, None],
        "reported": [str, None],
        "censored": [StrOptions(set(BELOW_LIMIT))],
        "retests": [StrOptions({"last", "first", "mean", "error"})],
        "remarks": [StrOptions({"error", "missing", "strip"})],
        "missing": ["array-like"],
        "decimal": [StrOptions({".", ","})],
    },
    prefer_skip_nested_validation=True,
)
def parse_lab(
    table: pd.DataFrame,
    time: str | None = None,
    targets: Sequence[str] | None = None,
    *,
    analyte: str | None = None,
    result: str | None = None,
    reported: str | None = None,
    censored: str = "half",
    retests: str = "last",
    remarks: str = "error",
    missing: Sequence[str] = (),
    decimal: str = ".",
) -> pd.DataFrame:
    """Make targets from a table of the laboratory as it was exported.

    Results below a detection limit (``"<0.01"``) become numbers, retests are settled, rows are
    sorted by sample time, and words in the cells are listed in one error instead of being guessed.

    Parameters
    ----------
    table : DataFrame
        One row per sample with a column per target, or, with `analyte` and `result`, one row per
        result. Rows in any order, but that a retest stands below what it replaces, unless
        `reported` tells which is which.
    time : str, default=None
        Column of sample times: datetimes, or text with the year first. By default the index.
    targets : sequence of str, default=None
        Columns of results, or names of analytes; by default all but the times. Name them if there
        are columns of remarks or sample numbers.
    analyte, result : str, default=None
        Columns with the name of what was measured and with the result, in tables with one row per
        result.
    reported : str, default=None
        Column of the times of reporting, by which retests are ordered; exports are often newest
        first.
    censored : {"half", "limit", "zero", "missing"}, default="half"
        What ``"<0.01"`` becomes: half of the limit, the limit, zero or NaN. ``">5"`` becomes the
        limit, or NaN with "missing".
    retests : {"last", "first", "mean", "error"}, default="last"
        Which of several results of one target at one sample time counts, in the order of the
        rows or of `reported`; "error" refuses them.
    remarks : {"error", "missing", "strip"}, default="error"
        What happens to a cell with words: an error that lists all of them, NaN, or the number
        before the remark (``"0.52 retest"``; words alone are NaN). ``"1 000"`` or ``"12:30"`` is no
        number with a remark: "strip" raises there, too.
    missing : sequence of str, default=()
        Words or numbers (``"-999"``) for "not measured", beside empty cells and NaN.
    decimal : {".", ","}, default="."
        Decimal sign of numbers that came as text.

    Returns
    -------
    lab : DataFrame of shape (n_samples, n_targets)
        float64, indexed by sample time, ascending and without duplicates; NaN where a target was
        not measured. Samples without any result are left out.

    Raises
    ------
    ValueError
        If a column is absent or has the name of another, a time is unreadable, a cell holds a word
        or an infinite value, or a time repeats with ``retests="error"``.

    See Also
    --------
    align_windows : Takes the result as `targets`.

    Notes
    -----
    Half of the detection limit is the usual substitution where few results are below it; with many
    of them every substitution biases the variance, and "missing" biases the mean.

    Times without a zone stay so. If the histories have one: ``lab.tz_localize("Europe/Berlin")``.
    Text with several offsets from UTC, as at the change of summer time, becomes UTC.

    Late results as inputs: read the table a second time by the time of reporting
    (``time="reported"``) and pass it to `align_windows` as one more source.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_mtl.preprocessing import parse_lab
    >>> table = pd.DataFrame(
    ...     {
    ...         "sampled": ["2024-03-01 14:00", "2024-03-01 06:00", "2024-03-01 14:00"],
    ...         "H2S": ["0.31", "<0.02", "0.35"],
    ...         "SO2": ["0.52", "n.d.", None],
    ...         "remark": [None, "filter changed", "retest"],
    ...     }
    ... )
    >>> parse_lab(table, "sampled", ["H2S", "SO2"], missing=["n.d."])
                          H2S   SO2
    sampled
    2024-03-01 06:00:00  0.01   NaN
    2024-03-01 14:00:00  0.35  0.52
    """
    if (analyte is None) != (result is None):
        raise ValueError("`analyte` and `result` go together: a table with one row per result.")
    targets = None if targets is None else list(targets)
    _require(table, [name for name in (time, analyte, result, reported) if name is not None])
    times = _sample_times(table, time)
    table = table.reset_index(drop=True)  # errors name rows by their position
    if reported is not None:
        order = np.argsort(_read_times(table[reported], f"column {reported!r}"), kind="stable")
        table = table.iloc[order]
    if analyte is None:
        others = [name for name in table.columns if name not in (time, reported)]
        columns = others if targets is None else targets
        _require(table, columns)
    else:
        table = _wanted(table, analyte, targets)
        columns = [str(result)]
    values = _read_results(
        table[columns], censored=censored, remarks=remarks, missing=missing, decimal=decimal
    )
    lab = values.set_index(times[values.index])
    if analyte is None:
        return _settle(lab, retests)
    labels = pd.Index(table[analyte].astype("string").str.strip(), name=None)
    # By sample and analyte; settled before it is spread, because there are many results.
    settled = pd.DataFrame(
        _settle(lab.set_index(labels, append=True), retests).iloc[:, 0].unstack()
    )
    if targets is None:
        targets = [name for name in labels.unique() if name in settled]
    return settled.reindex(columns=targets).rename_axis(columns=None)


def _read_results(cells: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """Return all columns as numbers; one error lists the words of all."""
    values, words = {}, {}
    for name in cells:
        values[str(name)], unread = lab_numbers(cells[name], **options)
        if len(unread):
            words[str(name)] = unread
        infinite = cells.index[np.isinf(values[str(name)])]
        if len(infinite):
            raise ValueError(f"Column {name!r} is infinite in row {infinite[0]}. Correct the cell.")
    if words:
        raise ValueError(words_message(words))
    return pd.DataFrame(values, index=cells.index)


def _settle(results: pd.DataFrame, retests: str) -> pd.DataFrame:
    """Make one row of the rows with one index entry, sorted; rows without result are left out."""
    results = results.dropna(how="all")
    if results.empty:
        raise ValueError("No row has a result. Check `targets`, `missing` and `remarks`.")
    # Rows of one entry keep their order.
    grouped = results.groupby(level=list(range(results.index.nlevels)), sort=True)
    if retests == "error":
        repeated = grouped.count().gt(1).any(axis=1)
        if repeated.any():
            raise ValueError(
                f"{repeated.sum()} samples have several results, first that of "
                f"{repeated.idxmax()}. Choose retests='last', 'first' or 'mean'."
            )
    return grouped.agg("last" if retests == "error" else retests)


def _sample_times(table: pd.DataFrame, time: str | None) -> pd.DatetimeIndex:
    if time is not None:
        _require(table, [time])
        return _read_times(table[time], f"column {time!r}").rename(time)
    if not isinstance(table.index, pd.DatetimeIndex):
        raise ValueError(
            "`table` has no DatetimeIndex. Name its column of sample times: "
            "parse_lab(table, time='sampled')."
        )
    return _read_times(pd.Series(table.index), "the index").rename(table.index.name)


def _read_times(cells: pd.Series, name: str) -> pd.DatetimeIndex:
    cells = cells.reset_index(drop=True)
    is_number = pd.api.types.is_numeric_dtype(cells.dtype)
    # Nothing is guessed: pandas would take 01.02.2024 for the second of January.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # what pandas 2 does in place of an error
            times = cells if is_number else pd.to_datetime(cells, format="ISO8601", errors="coerce")
    except (ValueError, FutureWarning):  # several offsets
        times = pd.to_datetime(cells, format="ISO8601", errors="coerce", utc=True)
    unread = np.arange(len(cells)) if is_number else np.flatnonzero(times.isna())
    if len(unread):
        raise ValueError(
            f"{name[0].upper()}{name[1:]} has no readable time in {len(unread)} rows, first in row "
            f"{unread[0]}: {cells.iloc[unread[0]]!r}. Times are read year first, as in 2024-01-31 "
            "13:05; convert others before: pandas.to_datetime(..., format='%d.%m.%Y %H:%M')."
        )
    return pd.DatetimeIndex(times)


def _require(table: pd.DataFrame, names: Sequence[Any]) -> None:
    repeated = table.columns[table.columns.map(str).duplicated()]
    if len(repeated):
        raise ValueError(
            f"`table` has two columns called {str(repeated[0])!r}. Rename one of them."
        )
    absent = [name for name in names if name not in table.columns]
    if absent:
        raise ValueError(f"`table` has no column {absent[0]!r}. It has {list(table.columns)}.")


def _wanted(table: pd.DataFrame, analyte: str, targets: list[str] | None) -> pd.DataFrame:
    """Rows of the analytes that are targets; texts of the others are nobody's concern."""
    labels = table[analyte].astype("string").str.strip()
    present = set(labels.dropna())
    absent = [name for name in targets or [] if name not in present]
    if absent:
        raise ValueError(f"No result is of the analyte {absent[0]!r}. There are {sorted(present)}.")
    return table[labels.isin(present if targets is None else targets)]
