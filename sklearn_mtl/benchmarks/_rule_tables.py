"""Tables of the weighting-rule benchmark, and what they add up to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sklearn_mtl.benchmarks._intervals import Difference
from sklearn_mtl.benchmarks._scores import MEAN, best_first, mean_and_spread, score_columns
from sklearn_mtl.benchmarks._weighting_rules import EQUAL


def rule_table(rows: pd.DataFrame, differences: Mapping[str, Difference]) -> pd.DataFrame:
    """R2 of every rule on one task, and how it compares with equal weights.

    Parameters
    ----------
    rows : DataFrame
        Results of one task and network.
    differences : mapping of str to Difference
        R2 of every rule but the equal one, less that of equal weights.

    Returns
    -------
    table : DataFrame
        One row per rule, the best first.
    """
    by_seed = rows.rename(columns={"rule": "model"}).set_index(["model", "seed"])
    table = pd.DataFrame({name: mean_and_spread(by_seed[name]) for name in _scores_of(rows)})
    table["less equal"] = pd.Series({r: f"{d.mean:+.4f}" for r, d in differences.items()})
    for name in ("over_rows", "over_seeds"):
        bounds = {rule: getattr(difference, name) for rule, difference in differences.items()}
        table[f"95 %, {name.removeprefix('over_')}"] = pd.Series(
            {rule: f"{low:+.4f} to {high:+.4f}" for rule, (low, high) in bounds.items()}
        )
    by_rule = by_seed[MEAN].unstack("model")
    better = by_rule.gt(by_rule[EQUAL], axis=0).sum()
    table["seeds better"] = (better.astype(str) + f" of {len(by_rule)}").drop(EQUAL)
    table["tuned"] = rows.groupby("rule")["candidate"].first()
    table["CPU s"] = rows.groupby("rule")["cpu_seconds"].mean().round(1)
    return table.loc[best_first(by_seed[MEAN])].rename_axis("rule").reset_index()


def network_table(rows: pd.DataFrame) -> pd.DataFrame:
    """R2 of several networks under equal weights and under Pareto objective routing.

    Parameters
    ----------
    rows : DataFrame
        Results of one task.

    Returns
    -------
    table : DataFrame
        One row per network and rule.
    """
    labels = rows["network"] + ", " + rows["rule"]
    by_seed = rows.assign(model=labels).set_index(["model", "seed"])
    table = pd.DataFrame({name: mean_and_spread(by_seed[name]) for name in _scores_of(rows)})
    return table.loc[labels.unique()].rename_axis("network, rule").reset_index()


def weight_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Shares of the targets in the weights, and how often a target had none.

    Parameters
    ----------
    rows : DataFrame
        Results of one task and network under the rules of one family.

    Returns
    -------
    table : DataFrame
        One row per rule; means over seeds.
    """
    means = rows.groupby("rule", sort=False)
    table = pd.DataFrame(index=pd.Index(rows["rule"].unique(), name="rule"))
    names = [str(name) for name in rows if rows[name].notna().any()]
    for name in [name for name in names if name.startswith("weight ")]:
        _, when, target = name.split(" ", 2)
        table[f"{target}, {when} quarter"] = means[name].mean().round(2)
    if "collapsed" in rows:
        shares = means["collapsed"].mean()
        table["steps collapsed"] = [
            "" if np.isnan(share) else f"{share:.0%}" for share in shares[table.index]
        ]
    return table.reset_index()


def overall_table(
    scores: pd.DataFrame, differences: Mapping[str, Mapping[str, Difference]]
) -> pd.DataFrame:
    """Every rule over all tasks.

    Parameters
    ----------
    scores : DataFrame of shape (n_tasks, n_rules)
        Mean R2 over targets and seeds.
    differences : mapping of task to mapping of rule to Difference
        R2 less that of equal weights.

    Returns
    -------
    table : DataFrame
        One row per rule, the best mean rank first.
    """
    ranks = scores.rank(axis=1, ascending=False)
    records = []
    for rule in ranks.mean().sort_values().index:
        record = {"rule": rule, "mean rank": f"{ranks[rule].mean():.2f}"}
        if rule != EQUAL:
            found = [of_task[rule] for of_task in differences.values()]
            verdicts = [difference.verdict for difference in found]
            record["mean difference"] = f"{np.mean([d.mean for d in found]):+.4f}"
            record["largest loss"] = f"{min(d.mean for d in found):+.4f}"
            record["wins / ties / losses"] = " / ".join(
                str(verdicts.count(verdict)) for verdict in ("win", "tie", "loss")
            )
        records.append(record)
    return pd.DataFrame(records)


def verdict(
    rule: str, scores: pd.DataFrame, differences: Mapping[str, Mapping[str, Difference]]
) -> str:
    """Say whether a rule helped, and which rules did better.

    Parameters
    ----------
    rule : str
        Name of the rule.
    scores : DataFrame of shape (n_tasks, n_rules)
        Mean R2 over targets and seeds.
    differences : mapping of task to mapping of rule to Difference
        R2 less that of equal weights.

    Returns
    -------
    text : str
    """
    found = [of_task[rule] for of_task in differences.values()]
    verdicts = [difference.verdict for difference in found]
    ranks = scores.rank(axis=1, ascending=False).mean().sort_values()
    ahead = [f"{other} ({rank:.2f})" for other, rank in ranks.items() if rank < ranks[rule]]
    return (
        f'Does "{rule}" help? Of {len(found)} tasks it wins {verdicts.count("win")} against equal '
        f"weights, loses {verdicts.count('loss')}, and cannot be told apart in "
        f"{verdicts.count('tie')}; the mean difference in R2 is "
        f"{np.mean([d.mean for d in found]):+.4f}. Its mean rank among {len(ranks)} rules is "
        f"{ranks[rule]:.2f}. "
        + (f"Ahead of it: {', '.join(ahead)}." if ahead else "No rule is ahead of it.")
    )


def _scores_of(rows: pd.DataFrame) -> list[str]:
    """Columns with scores, the targets' first."""
    return sorted(score_columns(rows), key=lambda name: name.startswith(MEAN))
