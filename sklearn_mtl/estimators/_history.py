"""The training history as a table."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pandas as pd

RENAMED = {
    "dur": "seconds",
    "train_task_losses": "train_loss",
    "valid_task_losses": "valid_loss",
    "task_weights": "weight",
}


def history_frame(history: Any, target_names: list[str]) -> pd.DataFrame:
    """Turn skorch's history into one row per epoch.

    Parameters
    ----------
    history : skorch.history.History
        Records of the epochs; a list with one value per target becomes one column per target.
    target_names : list of str
        Names of the targets.

    Returns
    -------
    frame : DataFrame
        Columns ``epoch, seconds, train_loss, valid_loss, learning_rate`` and per target
        ``train_loss_<target>, valid_loss_<target>, weight_<target>``, with what callbacks record;
        per pair of targets ``gradient_cosine_<target>|<target>``, if gradients are logged.
    """
    rows = []
    for record in history:
        row: dict[str, Any] = {}
        for key, value in record.items():
            name = RENAMED.get(key, key)
            if key.endswith("_best"):
                continue
            if key == "gradient_cosines":
                pairs = combinations(target_names, 2)
                row |= {
                    f"gradient_cosine_{a}|{b}": v for (a, b), v in zip(pairs, value, strict=True)
                }
            elif isinstance(value, list):
                if key != "batches" and len(value) == len(target_names):
                    row |= {f"{name}_{t}": v for t, v in zip(target_names, value, strict=True)}
            else:
                row[name] = value
        rows.append(row)
    frame = pd.DataFrame(rows)
    first = ["epoch", "seconds", "train_loss", "valid_loss", "learning_rate"]
    first = [name for name in first if name in frame]
    return frame[first + [name for name in frame if name not in first]]
