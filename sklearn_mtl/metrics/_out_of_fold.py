"""Predictions of a multi-task model and of one model per target, on rows neither has seen."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from sklearn_mtl._validation import Targets, check_targets


class Fold(NamedTuple):
    """Row numbers of a training and a test part."""

    train: np.ndarray
    test: np.ndarray


class FoldPredictions(NamedTuple):
    """What both kinds of model predict for the rows of one test part.

    Attributes
    ----------
    test : ndarray of shape (n_test,)
        Row numbers.
    multi, single : ndarray of shape (n_test, n_targets)
        NaN where a model gives no prediction.
    """

    test: np.ndarray
    multi: np.ndarray
    single: np.ndarray


def out_of_fold_predictions(
    multi: Any, single: Any, X: Any, y: Any, targets: Targets, folds: list[Fold], n_jobs: int | None
) -> list[FoldPredictions]:
    """Fit one multi-task model per fold and one single-task model per fold and target.

    Parameters
    ----------
    multi, single : estimator
        They are cloned. `multi` is fitted on `y` as it is, `single` on one column at a time, as a
        vector.
    X : array or DataFrame of shape (n_samples, n_features)
        Inputs.
    y : array, Series or DataFrame of shape (n_samples,) or (n_samples, n_targets)
        Targets; NaN marks a value that was not measured, and is passed on.
    targets : Targets
        `y`, checked.
    folds : list of Fold
        Training and test parts, the same for all models.
    n_jobs : int or None
        Number of models to fit at the same time.

    Returns
    -------
    predictions : list of FoldPredictions
        One for each fold.

    Raises
    ------
    ValueError
        If the training part of a fold has no label of a target, or a model predicts infinite
        values or another number of them. What a model raises tells its fold and target in a note.
    """
    _require_training_labels(targets, folds)
    jobs = []
    for i, fold in enumerate(folds):
        place = f"fold {i + 1} of {len(folds)}"
        jobs.append((multi, y, fold, f"the multi-task model in {place}"))
        for k, name in enumerate(targets.names):
            jobs.append(
                (single, _column(y, k), fold, f"the single-task model of {name} in {place}")
            )
    predictions = iter(Parallel(n_jobs=n_jobs)(delayed(_fit_and_predict)(X, *job) for job in jobs))
    n_targets = len(targets.names)
    return [
        FoldPredictions(
            fold.test,
            next(predictions),
            np.hstack([next(predictions) for _ in range(n_targets)]),
        )
        for fold in folds
    ]


def _require_training_labels(targets: Targets, folds: list[Fold]) -> None:
    for i, fold in enumerate(folds):
        labelled = ~np.isnan(targets.values[fold.train]).all(axis=0)
        if not labelled.all():
            names = [name for name, some in zip(targets.names, labelled, strict=True) if not some]
            raise ValueError(
                f"None of the {len(fold.train)} training rows of fold {i + 1} of {len(folds)} has "
                f"a label of {', '.join(map(repr, names))}. Pass a `cv` with larger training "
                "parts, or leave the target out of y."
            )


def _fit_and_predict(X: Any, model: Any, y: Any, fold: Fold, what: str) -> np.ndarray:
    y_train = rows_of(y, fold.train)
    try:
        fitted = clone(model).fit(rows_of(X, fold.train), y_train)
        y_pred = fitted.predict(rows_of(X, fold.test))
    except Exception as error:
        error.add_note(f"Raised by {what}.")
        raise
    values = check_targets(y_pred, input_name=f"the prediction of {what}").values
    expected = (len(fold.test), 1 if y_train.ndim == 1 else y_train.shape[1])
    if values.shape != expected:
        raise ValueError(
            f"The prediction of {what} must have the shape {expected}, a value per row and target. "
            f"Got {values.shape}."
        )
    return values


def _column(y: Any, k: int) -> Any:
    """Return one target as a vector: a Series keeps its name, by which errors call it."""
    if y.ndim == 1:
        return y
    return y.iloc[:, k] if hasattr(y, "iloc") else y[:, k]


def rows_of(data: Any, rows: np.ndarray) -> Any:
    """Take rows by number; pandas objects keep their index and columns."""
    return data.iloc[rows] if hasattr(data, "iloc") else data[rows]
