"""What needs no model: references that a table of models is read against."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.benchmarks._contenders import Effort
from sklearn_mtl.benchmarks._protocols import Task

RESULT_DELAY = 10  # rows until the laboratory's value of a row is known


def last_laboratory_value(task: Task, seed: int, effort: Effort) -> np.ndarray:
    """Predict by the newest label that would be known: what many plants use today."""
    return task.y[np.maximum(task.test - RESULT_DELAY, 0)]


def interpolated_in_time(task: Task, seed: int, effort: Effort) -> np.ndarray:
    """Predict by linear interpolation between the nearest training rows in time.

    In a shuffled split these lie on both sides of a test row. What it scores is a measure of the
    leak, not of skill.
    """
    train = np.sort(task.train)
    return np.column_stack([np.interp(task.test, train, y[train]) for y in task.y.T])
