"""Objectives and constraints of a search together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sklearn_mtl.search._pareto.constraints import Constraint, find_constraints
from sklearn_mtl.search._pareto.objectives import Objective, find_objectives

SIZE = "n_parameters"


class Goals(NamedTuple):
    """What a search is for.

    Attributes
    ----------
    objectives : list of Objective
        Searched.
    measured : list of Objective
        Also those that only a constraint names.
    constraints : list of Constraint
    """

    objectives: list[Objective]
    measured: list[Objective]
    constraints: list[Constraint]

    @property
    def size(self) -> int:
        """Column of the size: that of ``n_parameters``, or the last one."""
        names = [objective.name for objective in self.objectives]
        return names.index(SIZE) if SIZE in names else len(names) - 1

    @property
    def counts_parameters(self) -> bool:
        """Whether the number of parameters is searched."""
        return SIZE in {objective.name for objective in self.objectives}


def find_goals(objectives: Sequence[Any], constraints: Sequence[Any]) -> Goals:
    """Look up objectives and constraints.

    Parameters
    ----------
    objectives : sequence of str and callable
    constraints : sequence of str and tuple

    Returns
    -------
    goals : Goals

    Raises
    ------
    ValueError
        If there are not one to three objectives, or one of them or a constraint is not known.
    """
    if not 1 <= len(objectives) <= 3:
        raise ValueError(
            f"A search has one to three objectives. Got {len(objectives)}; put limits on further "
            "ones by `constraints`."
        )
    searched = find_objectives(objectives)
    limits = find_constraints(constraints)
    names = [objective.name for objective in searched]
    try:
        further = find_objectives(dict.fromkeys(c.name for c in limits if c.name not in names))
    except ValueError as error:
        raise ValueError(f"{error} A constraint may also name {', '.join(names)}.") from error
    return Goals(searched, [*searched, *further], limits)
