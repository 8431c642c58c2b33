"""Fit a pipeline on the parts of a table: hold -> lags -> filter -> scale -> model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import has_fit_parameter

from sklearn_mtl.model_selection import chronological_split
from sklearn_mtl.preprocessing import IsolationForestFilter, LagFeaturizer, LastValueHold

SPLITS = {
    "chronological": (
        "oldest 70% of the rows for training, next 15% for validation, newest 15% for test"
    ),
    "shuffled": (
        "random 70% of the rows for training, 15% for validation, 15% for test. Rows next to "
        "each other in time fall on both sides, which flatters the test figures"
    ),
    "none": "all rows for training; there is no test part and no test figure",
}
SIZES = (0.7, 0.15, 0.15)


@dataclass(frozen=True)
class Preparation:
    """Steps between the table and the model; None or 0 leaves a step out.

    Attributes
    ----------
    hold : int or None
        Rows for which a missing input keeps its last value.
    lags : int
        Rows of the past that the model sees.
    coding : str
        How they are coded, see `LagFeaturizer`.
    contamination : float or None
        Share of the training rows to leave out as outliers.
    """

    hold: int | None = None
    lags: int = 9
    coding: str = "differences+level"
    contamination: float | None = None


@dataclass(frozen=True)
class Parts:
    """Row numbers of the parts of a table; without a split, only `training` has rows."""

    training: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split_rows(n_rows: int, split: str, *, seed: int) -> Parts:
    """Assign rows to parts; the same arguments give the same parts.

    Raises
    ------
    ValueError
        If there are too few rows for three parts.
    """
    rows = np.arange(n_rows)
    if split == "none":
        return Parts(rows, rows[:0], rows[:0])
    if split == "chronological":
        training, validation, test, *_ = chronological_split(rows, rows, sizes=SIZES)
        return Parts(training, validation, test)
    training, rest = train_test_split(rows, train_size=SIZES[0], random_state=seed)
    share = SIZES[1] / (SIZES[1] + SIZES[2])
    validation, test = train_test_split(rest, train_size=share, random_state=seed)
    return Parts(np.sort(training), np.sort(validation), np.sort(test))


def fit_pipeline(
    X: pd.DataFrame,
    y: pd.DataFrame,
    *,
    preparation: Preparation,
    model: BaseEstimator,
    parts: Parts,
    seed: int,
) -> Pipeline:
    """Fit all steps on the training part and give the model the validation part.

    The steps that look back in time (hold, lags) run over the whole table before it is split, so
    that the first rows of a part see the true rows before them. They learn nothing from values,
    and look backwards only: no later row enters an earlier one.
    """
    causal = _causal_steps(preparation)
    learned = _learned_steps(preparation, seed)
    for _, step in causal:
        X = step.fit_transform(X)
    X_train, y_train = X.iloc[parts.training], y.iloc[parts.training]
    X_val, y_val = X.iloc[parts.validation], y.iloc[parts.validation]
    for _, step in learned:
        X_train = step.fit_transform(X_train)
        if len(X_val):
            X_val = step.transform(X_val)
    # Models that stop by themselves or know no epochs have no use for a validation part.
    if len(X_val) and has_fit_parameter(model, "X_val"):
        model.fit(X_train, y_train, X_val=X_val, y_val=y_val)
    else:
        model.fit(X_train, y_train)
    return Pipeline([*causal, *learned, ("model", model)])


def _causal_steps(preparation: Preparation) -> list[tuple[str, BaseEstimator]]:
    steps: list[tuple[str, BaseEstimator]] = []
    if preparation.hold:
        steps.append(("hold", LastValueHold(max_age=preparation.hold)))
    if preparation.lags:
        steps.append(("lags", LagFeaturizer(lags=preparation.lags, coding=preparation.coding)))
    return _with_names(steps)


def _learned_steps(preparation: Preparation, seed: int) -> list[tuple[str, BaseEstimator]]:
    steps: list[tuple[str, BaseEstimator]] = []
    if preparation.contamination:
        steps.append(
            (
                "filter",
                IsolationForestFilter(contamination=preparation.contamination, random_state=seed),
            )
        )
    return _with_names([*steps, ("scale", StandardScaler())])


def _with_names(steps: list[tuple[str, BaseEstimator]]) -> list[tuple[str, BaseEstimator]]:
    """Keep column names from step to step: sequence models read the windows from them."""
    return [(name, step.set_output(transform="pandas")) for name, step in steps]
