"""Number of fitted parameters of a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

# Fitted attributes that hold the model inside of a meta-estimator
INNER = ("best_estimator_", "regressor_", "estimator_")


def count_parameters(estimator: Any) -> int:
    """Count the fitted parameters of an estimator or of the last step of a Pipeline.

    Parameters
    ----------
    estimator : estimator
        Fitted.

    Returns
    -------
    n_parameters : int
        ``n_parameters_`` where there is one; the coefficients of linear models and of
        scikit-learn's multilayer perceptron that are not zero, with intercepts; the sum over the
        members of a meta-estimator.

    Raises
    ------
    ValueError
        If the model has none of these.
    """
    if hasattr(estimator, "n_parameters_"):
        return int(estimator.n_parameters_)
    if hasattr(estimator, "steps"):
        return count_parameters(estimator.steps[-1][1])
    if hasattr(estimator, "estimators_"):
        members = [*_flat(estimator.estimators_)]
        if hasattr(estimator, "final_estimator_"):  # of a StackingRegressor
            members.append(estimator.final_estimator_)
        return sum(count_parameters(member) for member in members)
    for name in INNER:
        if hasattr(estimator, name):
            return count_parameters(getattr(estimator, name))
    if hasattr(estimator, "coefs_"):
        return sum(int(np.count_nonzero(v)) for v in [*estimator.coefs_, *estimator.intercepts_])
    if hasattr(estimator, "coef_"):
        n_intercepts = np.size(getattr(estimator, "intercept_", ()))
        return int(np.count_nonzero(estimator.coef_)) + n_intercepts
    raise ValueError(
        f"The number of parameters of {type(estimator).__name__} is not known: it has neither "
        "`n_parameters_` nor `coef_`. Pass a function (estimator, X, y) -> score as objective, "
        "for example lambda estimator, X, y: -estimator.tree_.node_count."
    )


def _flat(members: Iterable[Any]) -> Iterator[Any]:
    """Members of nested lists and arrays; a Pipeline, which can be unpacked too, is one member."""
    for member in members:
        if isinstance(member, list | np.ndarray):
            yield from _flat(member)
        else:
            yield member
