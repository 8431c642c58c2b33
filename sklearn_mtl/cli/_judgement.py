"""What is said of a fitted soft sensor: on the screen, and in the description kept with it."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline

from sklearn_mtl.cli._columns import Columns
from sklearn_mtl.cli._preparation import Preparation
from sklearn_mtl.cli._samples import Samples
from sklearn_mtl.cli._sources import SourceSettings
from sklearn_mtl.cli._training import SPLITS, Parts
from sklearn_mtl.metrics import regression_report


def judge(
    pipeline: Pipeline, X: pd.DataFrame, y: pd.DataFrame, parts: Parts
) -> pd.DataFrame | None:
    """Metrics on the test part, or None without one.

    All rows are predicted, because the first test rows of a table need the rows before them.
    """
    if not len(parts.test):
        return None
    predicted = pipeline.predict(X)[parts.test]
    return regression_report(y.iloc[parts.test], predicted, nan_prediction="skip")


def print_result(
    pipeline: Pipeline, metrics: pd.DataFrame | None, split: str, *, fills_gaps: str
) -> None:
    """Say which rows were left out, and how good the model is on the test part."""
    excluded = getattr(pipeline[-1], "n_rows_excluded_", 0)
    if excluded:
        print(
            f"{excluded:,} training rows were left out: an input is missing ({fills_gaps} fills "
            "short gaps), or they are outliers (--contamination)."
        )
    print(textwrap.fill(f"Split {split}: {SPLITS[split]}.", width=100))
    if metrics is not None:
        print("Test part:")
        print(metrics[["R2", "RMSE", "MAE", "n_labels", "coverage"]].round(4).to_string())


def next_command(folder: Path, inputs: Columns | SourceSettings) -> str:
    """Write the command that predicts with a model just saved."""
    if isinstance(inputs, Columns):
        return f"sklearn-mtl predict {folder} NEW.csv --out PRED.csv"
    files = " ".join(f"--source {source.name}=NEW.csv" for source in inputs.sources)
    return f"sklearn-mtl predict {folder} {files} --now --out PRED.csv"


def describe(
    pipeline: Pipeline,
    *,
    model: str,
    seed: int,
    split: str,
    samples: Samples,
    preparation: Preparation,
    parts: Parts,
    metrics: pd.DataFrame | None,
) -> dict[str, Any]:
    """Write down what a reader must know to trust the model, and `report` to judge it."""
    regressor = pipeline[-1]
    times = samples.X.index
    newest = max(part.max() for part in (parts.training, parts.validation) if len(part))
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": model,
        "parameters": {key: repr(value) for key, value in sorted(regressor.get_params().items())},
        "seed": seed,
        "preparation": asdict(preparation),
        "table": {"name": samples.name, "sha256": samples.sha256, "rows": len(samples.X)},
        "split": {
            "protocol": split,
            "meaning": SPLITS[split],
            "rows": {name: len(rows) for name, rows in vars(parts).items()},
            "rows_excluded": int(getattr(regressor, "n_rows_excluded_", 0)),
            "known_until": str(times[newest]) if isinstance(times, pd.DatetimeIndex) else None,
        },
        "test_metrics": None if metrics is None else metrics.to_dict(orient="index"),
    }
