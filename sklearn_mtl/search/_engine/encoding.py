"""Configurations as rows of numbers, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isnan
from typing import Any, NamedTuple

import numpy as np

from sklearn_mtl.search._space.space import Configuration, ConfigurationSpace
from sklearn_mtl.search._space.variables import Continuous, Discrete


class _Level(NamedTuple):
    """Conditions of variables whose parents are settled."""

    columns: np.ndarray  # (k,) variables, rising
    first: np.ndarray  # (k,) first condition of each
    parents: np.ndarray  # (c,) column of the parent in each condition
    activates: np.ndarray  # (c, n) whether a choice of the parent meets it


class Encoding:
    """Code of a space's configurations: an index for every discrete variable, a position otherwise.

    Parameters
    ----------
    space : ConfigurationSpace

    Attributes
    ----------
    is_continuous : bool ndarray of shape (D,)
    is_conditional : bool ndarray of shape (D,)
    n_choices : int ndarray of shape (D,)
        0 for continuous variables.

    Notes
    -----
    A row has a number for every variable of the space (section 4.3 of the paper): the index of the
    choice, or the position in the range, from 0 to 1 and logarithmic where the variable is.
    Inactive variables have NaN in a row that comes from a configuration.
    """

    def __init__(self, space: ConfigurationSpace) -> None:
        self.space = space
        self.variables = space.variables
        self.is_continuous = np.array([isinstance(v, Continuous) for v in self.variables])
        self.n_choices = np.array(
            [len(v.choices) if isinstance(v, Discrete) else 0 for v in self.variables]
        )
        self.is_conditional = np.array([bool(v.when) for v in self.variables])
        self._levels = self._levels_of_conditions()
        self._coders: list[tuple[str, Callable[[Any], float]]] = [
            (v.name, v.index if isinstance(v, Discrete) else v.encode) for v in self.variables
        ]
        is_ordered = [isinstance(v, Discrete) and v.is_ordered for v in self.variables]
        self._steps = np.where(is_ordered, self.n_choices - 1.0, np.nan)
        self._steps[self.is_continuous] = 1.0

    def _levels_of_conditions(self) -> list[_Level]:
        """Group the conditions so that those of a level need only variables of earlier levels."""
        column = {name: i for i, name in enumerate(self.space.names)}
        most_choices = max([1, *self.n_choices])
        depth: dict[str, int] = {}
        by_depth: dict[int, list[tuple[int, int, np.ndarray]]] = {}
        for variable in self.variables:
            parents = variable.when or {}
            depth[variable.name] = 1 + max((depth[parent] for parent in parents), default=-1)
            for parent, values in parents.items():
                discrete = self.variables[column[parent]]
                assert isinstance(discrete, Discrete)
                activates = np.zeros(most_choices, dtype=bool)
                activates[[discrete.index(value) for value in values]] = True
                condition = (column[variable.name], column[parent], activates)
                by_depth.setdefault(depth[variable.name], []).append(condition)
        levels = []
        for _, conditions in sorted(by_depth.items()):
            children, parents_, tables = zip(*conditions, strict=True)
            columns, first = np.unique(children, return_index=True)
            levels.append(_Level(columns, first, np.array(parents_), np.array(tables)))
        return levels

    def active(self, genomes: np.ndarray) -> np.ndarray:
        """Tell which variables are active.

        Parameters
        ----------
        genomes : ndarray of shape (n, D)

        Returns
        -------
        active : bool ndarray of shape (n, D)
        """
        active = np.ones(genomes.shape, dtype=bool)
        # A NaN stands for an inactive parent, whose children are inactive anyway.
        choices = np.where(np.isnan(genomes), 0.0, genomes).astype(np.intp)
        for level in self._levels:
            met = level.activates[np.arange(len(level.parents)), choices[:, level.parents]]
            met &= active[:, level.parents]
            active[:, level.columns] = np.logical_and.reduceat(met, level.first, axis=1)
        return active

    def positions(self, genomes: np.ndarray) -> np.ndarray:
        """Place values from 0 to 1, NaN for choices without an order.

        Parameters
        ----------
        genomes : ndarray of shape (n, D)

        Returns
        -------
        positions : ndarray of shape (n, D)
        """
        return genomes / self._steps

    def encode(self, config: Mapping[str, Any]) -> np.ndarray:
        """Code a configuration, NaN for what is inactive.

        Parameters
        ----------
        config : dict
            In canonical form, as `ConfigurationSpace.check` gives it.

        Returns
        -------
        genome : ndarray of shape (D,)
        """
        genome = np.full(len(self.variables), np.nan)
        for column, (name, code) in enumerate(self._coders):
            if name in config:
                genome[column] = code(config[name])
        return genome

    def decode(self, genome: np.ndarray) -> Configuration:
        """Give the configuration of a row; values of inactive variables are passed over.

        Parameters
        ----------
        genome : ndarray of shape (D,)

        Returns
        -------
        config : dict
        """
        values = {
            variable.name: (
                variable.choices[int(value)]
                if isinstance(variable, Discrete)
                else variable.decode(value)
            )
            for variable, value in zip(self.variables, genome.tolist(), strict=True)
            if not isnan(value)
        }
        return self.space.check(values)

    def random(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw rows uniformly, values of inactive variables too.

        Parameters
        ----------
        n : int
        rng : numpy.random.Generator

        Returns
        -------
        genomes : ndarray of shape (n, D)
        """
        positions = rng.random((n, len(self.variables)))
        return np.where(self.is_continuous, positions, np.floor(positions * self.n_choices))
