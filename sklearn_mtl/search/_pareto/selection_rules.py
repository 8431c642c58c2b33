"""Rules that choose one model of a Pareto front."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import signature
from numbers import Real
from typing import Any, NamedTuple

import numpy as np


class Front(NamedTuple):
    """A Pareto front as the rules see it.

    Attributes
    ----------
    losses : ndarray of shape (n_models, n_objectives)
        Objectives with such signs that less is better.
    size : int
        Column of the size: that of ``n_parameters``, or the last one.
    """

    losses: np.ndarray
    size: int


def knee(front: Front) -> int:
    """Choose the model that lies farthest below the line between the ends of the front.

    Every objective is scaled to the range that it has on the front; least is then the sum of the
    scaled objectives. Of equal models it is the one with the smaller first objective.
    """
    low = front.losses.min(axis=0)
    span = front.losses.max(axis=0) - low
    scaled = (front.losses - low) / np.where(span > 0, span, 1.0)
    # Rounding keeps ties of different summands ties.
    return _first(scaled.sum(axis=1).round(12), front.losses[:, 0])


def best_error(front: Front) -> int:
    """Choose the best model by the first objective."""
    return _first(front.losses[:, 0], front.losses[:, front.size])


def smallest(front: Front) -> int:
    """Choose the smallest model."""
    return _first(front.losses[:, front.size], front.losses[:, 0])


def smallest_within(front: Front, tolerance: float = 0.02) -> int:
    """Choose the smallest of the models whose first objective is nearly the best.

    Parameters
    ----------
    front : Front
    tolerance : float, default=0.02
        How much worse than the best it may be, relative to it.
    """
    if not isinstance(tolerance, Real) or not 0 <= tolerance < np.inf:
        raise ValueError(
            "`tolerance` must be a number, at least 0 and finite; 0.02 lets the error be 2 % worse "
            f"than the best. Got {tolerance!r}."
        )
    error = front.losses[:, 0]
    good = np.flatnonzero(error <= error.min() + tolerance * abs(error.min()))
    return int(good[smallest(Front(front.losses[good], front.size))])


def _first(*keys: np.ndarray) -> int:
    """Row with the smallest first key; the next key decides between equal ones."""
    return int(np.lexsort(keys[::-1])[0])


SELECTION_RULES: Mapping[str, Callable[..., int]] = {
    rule.__name__: rule for rule in (knee, best_error, smallest, smallest_within)
}


def selection_rule(name: Any, options: Iterable[str] = ()) -> Callable[..., int]:
    """Look up a rule by its name.

    Parameters
    ----------
    name : str
    options : iterable of str, default=()
        Names of the options that it is to be called with.

    Returns
    -------
    rule : callable
        From a `Front` to a row of it.

    Raises
    ------
    ValueError
        If there is no such rule, or it has no such option.
    """
    if name not in SELECTION_RULES:
        raise ValueError(
            f"{name!r} is no rule of selection. Known: {', '.join(SELECTION_RULES)}, or a function "
            "from `pareto_front_` to the position of a row."
        )
    rule = SELECTION_RULES[name]
    known = list(signature(rule).parameters)[1:]
    if unknown := [option for option in options if option not in known]:
        raise ValueError(
            f"The rule {name!r} has no option {unknown[0]!r}. Its options: "
            f"{', '.join(known) or 'none'}."
        )
    return rule
