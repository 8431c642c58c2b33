"""One training under a weighting rule: its score for tuning, or its test with the whole record."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone

from sklearn_mtl.benchmarks._contenders import Effort, fit_network, standardised
from sklearn_mtl.benchmarks._protocols import Task
from sklearn_mtl.benchmarks._scores import MEAN, r2_columns
from sklearn_mtl.benchmarks._weighting_rules import Candidate, make_rule
from sklearn_mtl.estimators import MMoERegressor, SharedBottomRegressor, TMoEPRegressor
from sklearn_mtl.metrics import masked_r2_score

OMOE = "OMoE"
NETWORKS: dict[str, BaseEstimator] = {
    OMOE: TMoEPRegressor(),
    "MMoE": MMoERegressor(),
    "SharedBottom": SharedBottomRegressor(),
}


class Evaluation(NamedTuple):
    """What one run leaves behind.

    Attributes
    ----------
    columns : dict of str to float
        Scores of the test part and what is known of the training.
    history : DataFrame
        One row per epoch; per target losses, weight and R2 of the validation part.
    prediction : ndarray of shape (n_test, n_targets)
        Predictions of the test part.
    """

    columns: dict[str, float]
    history: pd.DataFrame
    prediction: np.ndarray


def fit_rule(
    task: Task, network: str, rule: str, candidate: Candidate, seed: int, effort: Effort
) -> Any:
    """Train a network under a rule; the validation part stops it."""
    estimator = clone(NETWORKS[network]).set_params(
        weighting=make_rule(rule, candidate), learning_rate=candidate.learning_rate
    )
    return fit_network(estimator, task, seed, effort)


def validation_score(task: Task, model: Any) -> float:
    """R2 over the validation part, mean over targets: what tuning compares."""
    X = standardised(task)[task.validation]
    return float(masked_r2_score(task.y[task.validation], model.predict(X)))


def evaluate(task: Task, model: Any) -> Evaluation:
    """Test a trained network.

    Parameters
    ----------
    task : Task
        What it was trained on.
    model : estimator
        From :func:`fit_rule`.

    Returns
    -------
    evaluation : Evaluation
    """
    prediction = model.predict(standardised(task)[task.test])
    y = task.y[task.test]
    columns = r2_columns(task.target_names, y, prediction)
    if task.knots is not None:
        at_knots = np.where(task.knots[task.test], y, np.nan)
        columns[f"{MEAN} at knots"] = r2_columns(task.target_names, at_knots, prediction)[MEAN]
    history = recorded(task, model)
    return Evaluation(columns | weight_columns(task.target_names, history), history, prediction)


def recorded(task: Task, model: Any) -> pd.DataFrame:
    """History of a training under the targets' names, with R2 of the validation part.

    Parameters
    ----------
    task : Task
        What the network was trained on.
    model : estimator
        Network trained by the squared error.

    Returns
    -------
    history : DataFrame
        One row per epoch.
    """
    history = model.history_
    columns = {"epoch": history["epoch"]}
    scales = model.scaling_.scale  # of the training part
    for k, name in enumerate(task.target_names):
        own = model.target_names_[k]
        columns[f"train_loss_{name}"] = history[f"train_loss_{own}"]
        columns[f"valid_loss_{name}"] = history[f"valid_loss_{own}"]
        # The loss is the mean squared error of standardised targets.
        variance = np.nanvar(task.y[task.validation, k]) / scales[k] ** 2
        columns[f"valid_R2_{name}"] = 1 - history[f"valid_loss_{own}"] / variance
        columns[f"weight_{name}"] = history[f"weight_{own}"]
    if "collapsed_share" in history:
        columns["collapsed_share"] = history["collapsed_share"]
    return pd.DataFrame(columns)


def weight_columns(target_names: list[str], history: pd.DataFrame) -> dict[str, float]:
    """Share of every target in the weights at the start and the end of a training.

    Parameters
    ----------
    target_names : list of str
        Names of the targets.
    history : DataFrame
        From :func:`recorded`.

    Returns
    -------
    columns : dict of str to float
        ``weight first <target>`` and ``weight last <target>``, means over the first and the last
        quarter of the epochs; ``collapsed`` is the share of the steps in which a target got
        the smallest weight it may have, where the rule records it.
    """
    weights = history[[f"weight_{name}" for name in target_names]].to_numpy()
    shares = weights / weights.sum(axis=1, keepdims=True)
    quarter = -(-len(shares) // 4)
    columns = {}
    for when, part in (("first", shares[:quarter]), ("last", shares[-quarter:])):
        for name, share in zip(target_names, part.mean(axis=0), strict=True):
            columns[f"weight {when} {name}"] = float(share)
    if "collapsed_share" in history:
        columns["collapsed"] = float(history["collapsed_share"].mean())
    return columns
