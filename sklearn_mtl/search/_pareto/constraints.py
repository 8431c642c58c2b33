"""Limits that a configuration must keep to be offered."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

OPERATORS = ("<=", ">=", "<", ">")
# Names may end in arguments, which tell two objectives of one function apart: "loss(alpha=0.1)".
_PATTERN = re.compile(
    r"\s*(?P<name>[^<>=()]+?(?:\(.*\))?)\s*(?P<operator><=|>=|<|>)\s*(?P<limit>\S+)\s*"
)
# What a strict limit that is met exactly is violated by: anything above zero
_JUST_VIOLATED = 1e-12


@dataclass(frozen=True)
class Constraint:
    """A limit on an objective.

    Parameters
    ----------
    name : str
        Name of the objective.
    operator : {"<=", ">=", "<", ">"}
    limit : float
    """

    name: str
    operator: str
    limit: float

    def __str__(self) -> str:
        # In full, as studies keep the violations by this text
        whole = self.limit.is_integer() and abs(self.limit) < 1e16  # where Python's exponents begin
        limit = int(self.limit) if whole else self.limit
        return f"{self.name} {self.operator} {limit!r}"

    def violation(self, value: float) -> float:
        """By how much of the limit a value lies beyond it: at most 0 if it is kept.

        Violations are relative, unless the limit is 0, so that those of seconds and of parameters
        can be added, as samplers do.
        """
        beyond = value - self.limit if self.operator[0] == "<" else self.limit - value
        if beyond == 0 and self.operator in ("<", ">"):
            return _JUST_VIOLATED
        return beyond / (abs(self.limit) or 1.0)


def find_constraints(specifications: Sequence[str | tuple[str, str, float]]) -> list[Constraint]:
    """Read constraints such as ``"n_parameters <= 20_000"`` or ``("fit_time", "<", 60)``.

    Parameters
    ----------
    specifications : sequence of str or tuple

    Returns
    -------
    constraints : list of Constraint
        Each once.

    Raises
    ------
    ValueError
        If one cannot be read, or its limit is no finite number.
    """
    if isinstance(specifications, str):
        raise ValueError(f"`constraints` must be a list. Got {specifications!r}; put it in a list.")
    return list(dict.fromkeys(_read(specification) for specification in specifications))


def _read(specification: Any) -> Constraint:
    if isinstance(specification, str):
        match = _PATTERN.fullmatch(specification)
        parts: Any = match.groups() if match else ()
    else:
        parts = specification
    try:
        name, operator, limit = parts
        constraint = Constraint(name, operator, float(limit))
    except (TypeError, ValueError) as error:
        raise ValueError(_explanation(specification)) from error
    if not (isinstance(name, str) and operator in OPERATORS and math.isfinite(constraint.limit)):
        raise ValueError(_explanation(specification))
    return constraint


def _explanation(specification: Any) -> str:
    return (
        f"{specification!r} is no constraint. It reads 'objective <= number' with one of "
        f"{', '.join(OPERATORS)}, for example 'n_parameters <= 20_000', or is a tuple such as "
        "('fit_time', '<', 60)."
    )
