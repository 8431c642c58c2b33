"""Splits on which configurations are compared."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils.validation import _num_samples

from sklearn_mtl.search._pareto.trial_evaluation import Split

HOLD_OUT = 0.2


def splits_of(cv: Any, estimator: Any, X: Any, y: Any, **params: Any) -> list[Split]:
    """Make the splits of a search, the same for all configurations.

    Parameters
    ----------
    cv : int, splitter, iterable or None
        With None the newest fifth of the rows is the one test part: rows are taken to be in the
        order of time, and a search trains hundreds of models.
    estimator : estimator
        For a classifier an integer means stratified folds.
    X, y : array-like
    **params
        Further arguments of the splitter, such as ``groups``.

    Returns
    -------
    splits : list of (train, test)

    Raises
    ------
    ValueError
        If there are too few rows, no split, or a part that is empty or names rows that are not
        there.
    """
    if cv is None:
        n_rows = _num_samples(X)
        n_train = n_rows - max(1, round(HOLD_OUT * n_rows))
        if n_train < 1:
            raise ValueError(
                f"Found {n_rows} sample(s): a minimum of 2 is required to train on the older and "
                "compare on the newer rows. Pass more rows."
            )
        return [(np.arange(n_train), np.arange(n_train, n_rows))]
    checked = check_cv(cv, y, classifier=is_classifier(estimator))
    splits = list(checked.split(X, y, **params))
    if not splits:
        raise ValueError(f"`cv` makes no split. Got {cv!r}.")
    for number, parts in enumerate(splits):
        _check_rows(parts, number, _num_samples(X))
    return splits


def _check_rows(parts: Split, number: int, n_rows: int) -> None:
    """Look here for what would fail in every trial."""
    for name, part in zip(("training", "test"), parts, strict=True):
        rows = np.asarray(part)
        try:
            empty = not rows.size or not len(np.arange(n_rows)[rows])
        except IndexError as error:
            raise ValueError(
                f"The {name} part of split {number} by `cv` does not fit {n_rows} rows: {error}. "
                "Give row numbers, counted from 0, not labels of an index."
            ) from error
        if empty:
            raise ValueError(f"The {name} part of split {number} by `cv` is empty.")
