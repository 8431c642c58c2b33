"""``sklearn-mtl demo``: the main job on simulated data that need no download."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from sklearn_mtl.cli._models import make_model
from sklearn_mtl.cli._options import not_negative
from sklearn_mtl.cli._output import new_file
from sklearn_mtl.cli._preparation import TablePreparation
from sklearn_mtl.cli._training import SPLITS, Parts, fit_pipeline, split_rows
from sklearn_mtl.datasets import make_sintering
from sklearn_mtl.inspection import html_report
from sklearn_mtl.metrics import masked_r2_score

SUMMARY = "compare models on a simulated sinter plant"
DESCRIPTION = """
Simulate a sinter plant, hide part of the laboratory values, fit the two main models of this library
beside what a plant would use otherwise, and compare all of them with the best that is possible.
Takes about a minute, writes DIR/report.html (extra `plot`) and nothing else.
"""
EXAMPLES = """
examples:
  sklearn-mtl demo
  sklearn-mtl demo --out my_demo --seed 1
  sklearn-mtl demo --quick
"""

_REPORT_FILE = "report.html"
_MISSING = 0.4  # share of the labels of each target that is hidden
_OUTLIERS = 0.05  # share of the rows with a gross recording fault
_MODELS = {
    "MultiTaskRegressor": "multi_task",
    "Attention-MMoE-DLW": "attention_mmoe",
    "Ridge per target": "ridge",
    "PLS per target": "pls",
    "Boosting per target": "boosting",
}
_SHOWN = "Attention-MMoE-DLW"  # in the pictures: its task weights move


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``demo``."""
    parser.add_argument(
        "--out", type=Path, default=Path("demo"), metavar="DIR", help="folder; %(default)s"
    )
    parser.add_argument("--seed", type=not_negative, default=0, help="of all random choices; 0")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="few rows, few epochs: shows that all works, not how good it is",
    )


def run(arguments: argparse.Namespace) -> None:
    """Simulate, fit, compare, write the page."""
    plant: Any = make_sintering(
        n_samples=400 if arguments.quick else 3000,
        random_state=arguments.seed,
        outlier_fraction=_OUTLIERS,
        missing_fraction=_MISSING,
    )
    parts = split_rows(len(plant.data), "chronological", seed=arguments.seed)
    protocol = (
        f"chronological split ({SPLITS['chronological']}), "
        f"test figures on rows without faults, seed {arguments.seed}"
    )
    print(
        f"Simulated sinter plant: {len(plant.data):,} rows, {plant.data.shape[1]} inputs, "
        f"{_MISSING:.0%} of the laboratory values hidden, {_OUTLIERS:.0%} of the rows faulty"
    )
    # Faulty records say nothing about a model: they stay in the training and leave the test.
    clean_test = parts.test[~plant.outlier_mask[parts.test]]
    measured = plant.target.iloc[clean_test]
    scores: dict[str, pd.Series] = {}
    predictions: dict[str, np.ndarray] = {}
    histories: dict[str, pd.DataFrame | None] = {}
    for number, (title, name) in enumerate(_MODELS.items(), 1):
        print(f"[{number}/{len(_MODELS)}] {title} ...", end=" ", flush=True)
        started = time.perf_counter()
        predictions[title], histories[title] = _fit_and_predict(
            plant, parts, name, seed=arguments.seed, quick=arguments.quick
        )
        seconds = time.perf_counter() - started
        print(f"{seconds:.1f} s", flush=True)
        scores[title] = _scores(measured, predictions[title][clean_test], seconds)
    held = last_known_value(plant.target).iloc[clean_test]
    scores["Last laboratory value"] = _scores(measured, held.to_numpy(), 0.0)
    table = pd.DataFrame(scores).T
    table.loc["Best possible (Bayes)"] = {**plant.bayes_r2, "mean": plant.bayes_r2.mean()}

    print(f"\nTest R2. Protocol: {protocol}.")
    print(table.round(3).to_string(na_rep=""))
    arguments.out.mkdir(parents=True, exist_ok=True)
    page = html_report(
        measured,
        predictions[_SHOWN][clean_test],
        title="Demo: soft sensors for a simulated sinter plant",
        facts={
            "Data": (
                f"make_sintering: {len(plant.data):,} rows, {_MISSING:.0%} of the labels hidden, "
                f"{_OUTLIERS:.0%} of the rows faulty"
            ),
            "Protocol": protocol,
            "Pictures": f"{_SHOWN} on the test rows",
        },
        tables={"Test R2 of all models, and the seconds to fit and predict": table},
        times=clean_test,
        history=histories[_SHOWN],
        units=plant.target_units,
    )
    with new_file(arguments.out / _REPORT_FILE) as temporary:
        temporary.write_text(page, encoding="utf-8")
    print(f"\nWrote {arguments.out / _REPORT_FILE}.")


def last_known_value(y: pd.DataFrame) -> pd.DataFrame:
    """Return for each row the newest value before it: what a plant uses without a model."""
    return y.shift(1).ffill()


def _fit_and_predict(
    plant: Bunch, parts: Parts, name: str, *, seed: int, quick: bool
) -> tuple[np.ndarray, pd.DataFrame | None]:
    """Fit one model behind the same preparation as the others; predict all rows."""
    model = make_model(name, seed=seed)
    if quick and "max_epochs" in model.get_params():
        model.set_params(max_epochs=3)
    pipeline = fit_pipeline(
        plant.data,
        plant.target,
        # The quality of a cycle depends on this cycle alone: no lags.
        preparation=TablePreparation(lags=0, contamination=_OUTLIERS),
        model=model,
        parts=parts,
        seed=seed,
    )
    return pipeline.predict(plant.data), getattr(model, "history_", None)


def _scores(measured: pd.DataFrame, predicted: np.ndarray, seconds: float) -> pd.Series:
    r2 = np.asarray(masked_r2_score(measured, predicted, multioutput="raw_values"))
    return pd.Series(
        {**dict(zip(measured.columns, r2, strict=True)), "mean": r2.mean(), "seconds": seconds}
    )
