"""Mean and spread over seeds as text."""

from __future__ import annotations

import pandas as pd


def mean_and_spread(values: pd.Series) -> pd.Series:
    """Write the mean and the standard deviation of every model's values.

    Parameters
    ----------
    values : Series
        One value per model and seed; the index has a level ``model``.

    Returns
    -------
    texts : Series
        One text per model, without the deviation where there is a single value.
    """
    groups = values.groupby("model")
    return pd.Series(
        {
            model: f"{group.mean():.3f}" + (f" +- {group.std():.3f}" if len(group) > 1 else "")
            for model, group in groups
        }
    )
