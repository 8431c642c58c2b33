"""Tables of the search benchmark: means, worst seeds and marks against one of the searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from scipy import stats

from sklearn_mtl.benchmarks._hdtlz_runs import INDICATORS

SIGNIFICANCE = 0.05
BETTER, WORSE, EQUAL = "+", "-", "="
MARKS = (BETTER, EQUAL, WORSE)


def verdict(values: pd.Series, reference: pd.Series, better: str) -> str:
    """Compare two searches over their seeds by Wilcoxon's rank-sum test.

    Parameters
    ----------
    values, reference : Series
        One value per seed.
    better : {"lower", "higher"}
        Which values are better.

    Returns
    -------
    mark : str
        "+" if `values` are better, "-" if worse, "=" if no difference is shown.
    """
    found = stats.ranksums(values, reference)
    if not found.pvalue < SIGNIFICANCE:
        return EQUAL
    return BETTER if (found.statistic > 0) == (better == "higher") else WORSE


def indicator_cells(rows: pd.DataFrame, name: str, reference: str) -> pd.Series:
    """Write one column of the results as text, a cell per method.

    Parameters
    ----------
    rows : DataFrame
        Results of one case with a column ``label``, which names the method.
    name : str
        The column, which begins with the name of an indicator.
    reference : str
        Label that the others are compared with, unmarked itself; no marks if it is absent.

    Returns
    -------
    cells : Series
        Mean, standard deviation, worst seed in brackets and mark; the best mean has stars.
    """
    better = INDICATORS[name.split()[0]]
    by_label = {str(label): group[name] for label, group in rows.groupby("label", sort=False)}
    means = pd.Series({label: values.mean() for label, values in by_label.items()})
    best = means.idxmin() if better == "lower" else means.idxmax()
    cells = {}
    for label, values in by_label.items():
        worst = values.max() if better == "lower" else values.min()
        spread = f" +- {values.std():.5f} ({worst:.5f})" if len(values) > 1 else ""
        star = "**" if label == best else ""
        mark = ""
        if reference in by_label and label != reference:
            mark = f" {verdict(values, by_label[reference], better)}"
        cells[label] = f"{star}{means[label]:.5f}{star}{spread}{mark}"
    return pd.Series(cells)


def case_table(rows: pd.DataFrame, columns: Mapping[str, str], reference: str) -> pd.DataFrame:
    """Show the results of one case, a row per method.

    Parameters
    ----------
    rows : DataFrame
        Results of one case with a column ``label``.
    columns : dict of str to str
        From the heads of the table to columns of the results.
    reference : str
        Label that the others are compared with.

    Returns
    -------
    table : DataFrame
    """
    table = pd.DataFrame(
        {head: indicator_cells(rows, name, reference) for head, name in columns.items()}
    )
    return table.rename_axis("method").reset_index()


def tally(results: pd.DataFrame, columns: Mapping[str, str], reference: str) -> pd.DataFrame:
    """Count over the cases how often a method is better, equal and worse.

    Parameters
    ----------
    results : DataFrame
        Results of all cases, with columns ``case`` and ``label``.
    columns : dict of str to str
        From the heads of the table to columns of the results.
    reference : str
        Label that the others are compared with.

    Returns
    -------
    table : DataFrame
        Cells "better / equal / worse"; empty if the reference is absent.
    """
    records = []
    for label in results["label"].unique():
        if label == reference or reference not in set(results["label"]):
            continue
        record = {"method": label}
        for head, name in columns.items():
            marks = _marks(results, name, label, reference)
            record[head] = " / ".join(str(marks.count(mark)) for mark in MARKS)
        records.append(record)
    return pd.DataFrame(records)


def _marks(results: pd.DataFrame, name: str, label: str, reference: str) -> Sequence[str]:
    better = INDICATORS[name.split()[0]]
    return [
        verdict(
            rows.loc[rows["label"] == label, name],
            rows.loc[rows["label"] == reference, name],
            better,
        )
        for _, rows in results.groupby("case")
    ]


def cost_table(results: pd.DataFrame) -> pd.DataFrame:
    """Mean processor time and repeated evaluations of every method over all cases and seeds."""
    means = results.groupby("label", sort=False)[["cpu_seconds", "repeated"]].mean()
    means = means.round({"cpu_seconds": 2, "repeated": 1})
    heads = {"cpu_seconds": "CPU s of a run", "repeated": "repeated evaluations"}
    return means.rename(columns=heads).rename_axis("method").reset_index()
