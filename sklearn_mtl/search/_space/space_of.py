"""Spaces written as a dict of parameter names, as for scikit-learn's searches."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from sklearn_mtl.search._space.space import ConfigurationSpace
from sklearn_mtl.search._space.variables import Continuous, Discrete, Variable

MOST_STEPS = 64
_N_SHOWN = 8


def space_of(declaration: Any) -> ConfigurationSpace:
    """Make a space of a dict from parameter names to their values.

    Parameters
    ----------
    declaration : ConfigurationSpace or dict
        A list holds candidates; a tuple ``(low, high)`` of numbers is a range, of integers if both
        are integers; a distribution of Optuna says more, such as
        ``FloatDistribution(1e-5, 1e-2, log=True)``.

    Returns
    -------
    space : ConfigurationSpace

    Raises
    ------
    ValueError
        If a name is no text, a value is none of these, or a range of integers has more than 64.
    """
    if isinstance(declaration, ConfigurationSpace):
        return declaration
    if not isinstance(declaration, Mapping) or not declaration:
        raise ValueError(
            "`space` must be a ConfigurationSpace or a dict of parameter names, for example "
            f"{{'alpha': (0.1, 10.0)}}. Got {declaration!r}."
        )
    return ConfigurationSpace([_variable(*item) for item in declaration.items()])


def _variable(name: str, values: Any) -> Variable:
    if isinstance(values, tuple) and len(values) == 2 and all(map(_is_number, values)):
        low, high = values
        if low > high:
            raise ValueError(f"The range of {name!r} must have low <= high. Got {values}.")
        if isinstance(low, Integral) and isinstance(high, Integral):
            return _steps(name, IntDistribution(int(low), int(high)))
        return Continuous(name, float(low), float(high))
    if isinstance(values, CategoricalDistribution):
        return Discrete(name, values.choices)
    if isinstance(values, FloatDistribution) and values.step is None:
        return Continuous(name, values.low, values.high, log=values.log)
    if isinstance(values, FloatDistribution | IntDistribution):
        return _steps(name, values)
    if isinstance(values, list | np.ndarray):
        return Discrete(name, [v.item() if isinstance(v, np.generic) else v for v in values])
    kind = type(values).__name__ if isinstance(values, BaseDistribution) else repr(values)
    hint = f" Write candidates as a list: {list(values)}." if isinstance(values, tuple) else ""
    raise ValueError(
        f"The values of {name!r} must be a list of candidates, a range (low, high) or a "
        f"distribution of Optuna. Got {kind}.{hint}"
    )


def _steps(name: str, distribution: FloatDistribution | IntDistribution) -> Discrete:
    low, high, step = distribution.low, distribution.high, distribution.step
    assert step is not None
    n_steps = round((high - low) / step) + 1
    if n_steps > MOST_STEPS or distribution.log:
        raise ValueError(
            f"{name!r} takes {n_steps} values from {low} to {high}. Give the candidates worth "
            f"trying as a list, at most {MOST_STEPS}, for example {_some_of(low, high, step)}; "
            f"a range of real numbers is written ({float(low)}, {float(high)})."
        )
    return Discrete(name, [low + i * step for i in range(n_steps)])


def _some_of(low: float, high: float, step: float) -> list[float]:
    """Give a few of the steps, in equal ratios where all are positive."""
    spread = np.geomspace if low > 0 else np.linspace
    steps = np.unique(((spread(low, high, _N_SHOWN) - low) / step).round().astype(int))
    return [low + i * step for i in steps.tolist()]


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
