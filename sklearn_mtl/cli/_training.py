"""Split rows into parts, and fit a pipeline on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from sklearn_mtl.cli._preparation import Preparation
from sklearn_mtl.model_selection import chronological_split

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
class Parts:
    """Row numbers of the parts; without a split, only `training` has rows."""

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

    The steps that look back at earlier rows (hold, lags) run over the whole table before it is
    split, so that the first rows of a part see the true rows before them. They learn nothing from
    values, and look backwards only: no later row enters an earlier one.
    """
    causal, learned = preparation.causal_steps(), preparation.learned_steps(seed)
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
