"""Tables of the laboratory as they are: detection limits, retests, remarks, any order."""

from __future__ import annotations

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
        result. Rows in any order.
    time : str, default=None
        Column of sample times: datetimes, or text with the year first. By default the index.
    targets : sequence of str, default=None
        Columns of results, or names of analytes; by default all but the time. Name them if there
        are columns of remarks or sample numbers.
    analyte, result : str, default=None
        Columns with the name of what was measured and with the result, in tables with one row per
        result.
    censored : {"half", "limit", "zero", "missing"}, default="half"
        What ``"<0.01"`` becomes: half of the limit, the limit, zero or NaN. ``">5"`` becomes the
        limit, or NaN with "missing".
    retests : {"last", "first", "mean", "error"}, default="last"
        Which of several results of one target at one sample time counts, in the order of the
        rows; "error" refuses them.
    remarks : {"error", "missing", "strip"}, default="error"
        What happens to a cell with words: an error that lists all of them, NaN, or the number
        before the remark (``"0.52 retest"``; words alone are NaN).
    missing : sequence of str, default=()
        Words for "not measured", beside empty cells and NaN.
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
        If a column is absent, a time is unreadable, a cell holds a word or an infinite value, or
        a time repeats with ``retests="error"``.

    See Also
    --------
    align_windows : Takes the result as `targets`.

    Notes
    -----
    Half of the detection limit is the usual substitution where few results are below it; with many
    of them every substitution biases the variance, and "missing" biases the mean.

    Times without a zone stay so. If the histories have one: ``lab.tz_localize("Europe/Berlin")``.

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
    times = _sample_times(table, time)
    if (analyte is None) != (result is None):
        raise ValueError("`analyte` and `result` go together: a table with one row per result.")
    columns = [name for name in (time, analyte, result) if name is not None]
    _require(table, columns if analyte is not None else [*columns, *(targets or ())])
    if analyte is None:
        names = [name for name in table.columns if name != time] if targets is None else targets
        results = {str(name): table[name] for name in names}
    else:
        results = {str(result): table[result]}
    values, words = {}, {}
    for name, cells in results.items():
        values[name], unread = lab_numbers(
            cells, censored=censored, remarks=remarks, missing=missing, decimal=decimal
        )
        if len(unread):
            words[name] = unread
        infinite = np.flatnonzero(np.isinf(values[name]))
        if len(infinite):
            raise ValueError(f"Column {name!r} is infinite in row {infinite[0]}. Correct the cell.")
    if words:
        raise ValueError(words_message(words))
    if analyte is None:
        lab = pd.DataFrame(values, index=times)
    else:
        lab = _one_column_per_analyte(times, table[analyte], values[str(result)], targets)
    # A stable order of equal times keeps retests behind what they replace.
    lab = lab.iloc[np.argsort(lab.index, kind="stable")].dropna(how="all")
    if lab.empty:
        raise ValueError("No row has a result. Check `targets`, `missing` and `remarks`.")
    by_time = lab.groupby(level=0, sort=True)
    repeated = by_time.count().gt(1).any(axis=1)
    if retests == "error" and repeated.any():
        raise ValueError(
            f"{repeated.sum()} samples have several results, first that of "
            f"{repeated.idxmax()}. Choose retests='last', 'first' or 'mean'."
        )
    return by_time.agg("last" if retests == "error" else retests)


def _sample_times(table: pd.DataFrame, time: str | None) -> pd.DatetimeIndex:
    if time is None:
        cells, name = pd.Series(table.index), "the index"
        if not pd.api.types.is_datetime64_any_dtype(cells):
            raise ValueError(
                "`table` has no DatetimeIndex. Name its column of sample times: "
                "parse_lab(table, time='sampled')."
            )
    else:
        _require(table, [time])
        cells, name = table[time].reset_index(drop=True), f"column {time!r}"
    is_number = pd.api.types.is_numeric_dtype(cells.dtype)
    # Nothing is guessed: pandas would take 01.02.2024 for the second of January.
    times = cells if is_number else pd.to_datetime(cells, format="ISO8601", errors="coerce")
    unread = np.arange(len(cells)) if is_number else np.flatnonzero(times.isna())
    if len(unread):
        raise ValueError(
            f"{name[0].upper()}{name[1:]} has no readable time in {len(unread)} rows, first in row "
            f"{unread[0]}: {cells.iloc[unread[0]]!r}. Times are read year first, as in 2024-01-31 "
            "13:05; convert others before: pandas.to_datetime(..., format='%d.%m.%Y %H:%M')."
        )
    return pd.DatetimeIndex(times, name=table.index.name if time is None else time)


def _require(table: pd.DataFrame, names: Sequence[str]) -> None:
    absent = [name for name in names if name not in table.columns]
    if absent:
        raise ValueError(f"`table` has no column {absent[0]!r}. It has {list(table.columns)}.")


def _one_column_per_analyte(
    times: pd.DatetimeIndex, analytes: pd.Series, values: np.ndarray, targets: Any
) -> pd.DataFrame:
    """Spread results over columns, one row per result as before: retests are settled later."""
    labels = analytes.astype("string").str.strip().reset_index(drop=True)
    names = list(dict.fromkeys(labels.dropna())) if targets is None else list(targets)
    absent = [name for name in names if not (labels == name).any()]
    if absent:
        present = sorted(set(labels.dropna()))
        raise ValueError(f"No result is of the analyte {absent[0]!r}. There are {present}.")
    return pd.DataFrame(
        {name: np.where((labels == name).fillna(False), values, np.nan) for name in names},
        index=times,
    )
