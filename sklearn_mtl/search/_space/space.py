"""Hierarchical conditional spaces: which parameters there are, and when each of them counts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from sklearn_mtl.search._space.variables import Continuous, Discrete, Variable

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import BaseTrial, FrozenTrial

Configuration = dict[str, Any]
# Parent -> which of its choices a condition names
Positions = dict[str, frozenset[int]]


class ConfigurationSpace:
    """A hierarchical conditional space of configurations, declared once as plain data.

    One declaration serves PHMOEA's encoding, Optuna, the documentation (`table`) and making the
    estimator (`build`).

    Parameters
    ----------
    variables : sequence of Discrete and Continuous
        The parameters. A parent stands before its children.
    pipeline : str, default=None
        Dotted name of the function that makes an estimator from a configuration, as
        ``"sklearn_mtl.pipelines.msbcnn_pipeline"``. It is imported by `build` only.
    fixed : dict, default=None
        Arguments of that function that all configurations share.

    Raises
    ------
    ValueError
        If `variables` holds anything else, a name stands twice or also in `fixed`, or a condition
        names a parent that is not an earlier `Discrete` or a value that it cannot take.

    Notes
    -----
    This is the space of appendix A.1 of [1]_: a variable is active if and only if its parents are
    active and take one of the values of its condition. A configuration is a dict with the values of
    the active variables only.

    References
    ----------
    .. [1] "Auto-Configured Networks for Multi-Scale Multi-Output Time-Series Forecasting",
       arXiv:2604.07610, section 4.3 and appendix A.

    Examples
    --------
    >>> from sklearn_mtl.search import ConfigurationSpace, Continuous, Discrete
    >>> space = ConfigurationSpace(
    ...     [
    ...         Discrete("operator", ["linear", "pool"]),
    ...         Discrete("pool", ["avg", "max"], when={"operator": ["pool"]}),
    ...         Continuous("learning_rate", 1e-5, 1e-2, log=True),
    ...     ]
    ... )
    >>> space.active({"operator": "linear"})
    ['operator', 'learning_rate']
    >>> space.table()
                      kind                     values    active when
    name
    operator      discrete               linear, pool         always
    pool          discrete                   avg, max  operator=pool
    learning_rate      log  from 1e-05 to 0.01 in log         always
    """

    def __init__(
        self,
        variables: Sequence[Variable],
        pipeline: str | None = None,
        fixed: Mapping[str, Any] | None = None,
    ) -> None:
        self.pipeline = pipeline
        self.fixed = dict(fixed or {})
        self._by_name: dict[str, Variable] = {}
        self._conditions: dict[str, Positions] = {}
        for variable in _checked(variables):
            name = variable.name
            if name in self._by_name:
                raise ValueError(f"The parameter {name!r} is declared twice.")
            if name in self.fixed:
                raise ValueError(
                    f"The parameter {name!r} is declared, but also fixed: {self.fixed[name]!r}."
                )
            self._conditions[name] = {
                parent: _condition(name, parent, values, self._by_name)
                for parent, values in (variable.when or {}).items()
            }
            self._by_name[name] = variable

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ConfigurationSpace) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        source = f", pipeline={self.pipeline!r}" if self.pipeline else ""
        return f"<ConfigurationSpace of {len(self._by_name)} parameters{source}>"

    @property
    def variables(self) -> tuple[Variable, ...]:
        """All variables, parents before their children."""
        return tuple(self._by_name.values())

    @property
    def names(self) -> list[str]:
        """Names of all variables."""
        return list(self._by_name)

    def __getitem__(self, name: str) -> Variable:
        return self._by_name[name]

    def active(self, config: Mapping[str, Any]) -> list[str]:
        """Names of the variables that count under the choices of a configuration.

        Parameters
        ----------
        config : dict
            Values by name; those of variables that do not count are passed over.

        Returns
        -------
        names : list of str
            In the order of declaration.
        """
        active: list[str] = []
        values: Configuration = {}  # of the active ones
        for name in self._by_name:
            if self._is_active(name, values):
                active.append(name)
                if name in config:
                    values[name] = config[name]
        return active

    def _is_active(self, name: str, values: Mapping[str, Any]) -> bool:
        """Whether a variable counts, given the values of the active variables before it."""
        for parent, allowed in self._conditions[name].items():
            if parent not in values or self._discrete(parent).index(values[parent]) not in allowed:
                return False
        return True

    def check(self, config: Mapping[str, Any]) -> Configuration:
        """Give the canonical form of a configuration: active variables only, in order.

        Parameters
        ----------
        config : dict
            Values by name. Inactive variables of the space are dropped.

        Returns
        -------
        config : dict

        Raises
        ------
        ValueError
            If an active variable has no value, a value is outside of its variable, or a name is
            not in the space.
        """
        if unknown := sorted(set(config) - set(self._by_name)):
            raise ValueError(
                f"Not in the space: {', '.join(unknown)}. Its parameters: {', '.join(self.names)}."
            )
        checked: Configuration = {}
        missing = []
        for name, variable in self._by_name.items():
            if self._is_active(name, checked):
                if name in config:
                    checked[name] = variable.check(config[name])
                else:
                    missing.append(name)
        if missing:
            raise ValueError(f"The configuration lacks a value for {', '.join(missing)}.")
        return checked

    def key(self, config: Mapping[str, Any]) -> str:
        """Hash of the canonical form (appendix A.6): equal for what would be the same training."""
        plain = {name: self[name].to_storage(v) for name, v in self.check(config).items()}
        return hashlib.blake2b(json.dumps(plain).encode(), digest_size=16).hexdigest()

    def sample(self, rng: np.random.Generator) -> Configuration:
        """Draw a configuration, every active variable uniformly.

        Parameters
        ----------
        rng : numpy.random.Generator

        Returns
        -------
        config : dict
        """
        return self.check({variable.name: variable.sample(rng) for variable in self.variables})

    def count(self, limit: int) -> int:
        """Count the configurations, up to `limit`; a real parameter has endlessly many values."""
        return sum(1 for _ in islice(self._configurations(self.variables, {}), limit))

    def _configurations(
        self, variables: Sequence[Variable], config: Configuration
    ) -> Iterator[Configuration]:
        """Complete a configuration by these variables in all ways; endless for a real one."""
        if not variables:
            yield config
            return
        first, *rest = variables
        if not self._is_active(first.name, config):
            yield from self._configurations(rest, config)
        elif isinstance(first, Discrete):
            for choice in first.choices:
                yield from self._configurations(rest, {**config, first.name: choice})
        else:
            while True:
                yield from self._configurations(rest, {**config, first.name: first.low})

    def suggest(self, trial: BaseTrial) -> Configuration:
        """Ask an Optuna trial for a configuration, conditions followed as they arise.

        Parameters
        ----------
        trial : optuna.trial.Trial or optuna.trial.FixedTrial

        Returns
        -------
        config : dict
            Values of the active variables.
        """
        config: Configuration = {}
        for name, variable in self._by_name.items():
            if not self._is_active(name, config):
                continue
            if isinstance(variable, Continuous):
                config[name] = trial.suggest_float(
                    name, variable.low, variable.high, log=variable.log
                )
            else:
                stored = trial.suggest_categorical(
                    name, [variable.to_storage(value) for value in variable.choices]
                )
                config[name] = variable.from_storage(stored)
        return config

    def distributions(self) -> dict[str, BaseDistribution]:
        """Give all variables in the terms of Optuna, conditions left out."""
        return {variable.name: variable.distribution for variable in self.variables}

    def from_trial(self, trial: FrozenTrial) -> Configuration:
        """Read the configuration of a stored Optuna trial.

        Parameters
        ----------
        trial : optuna.trial.FrozenTrial

        Returns
        -------
        config : dict

        Raises
        ------
        ValueError
            If the trial has no value for an active variable, as when it failed before it was asked.
        """
        known = {name: value for name, value in trial.params.items() if name in self._by_name}
        return self.check({name: self[name].from_storage(value) for name, value in known.items()})

    def to_trial(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters of an Optuna trial, as ``study.enqueue_trial`` takes them."""
        return {name: self[name].to_storage(value) for name, value in self.check(config).items()}

    def table(self) -> pd.DataFrame:
        """Show the space to readers, one row for every variable.

        Returns
        -------
        table : DataFrame of shape (n_variables, 3)
            Columns ``kind``, ``values`` and ``active when``.
        """
        rows = []
        for variable in self.variables:
            if isinstance(variable, Continuous):
                kind = "log" if variable.log else "continuous"
                values = f"from {variable.low:g} to {variable.high:g}"
                values += " in log" if variable.log else ""
            else:
                kind, values = "discrete", ", ".join(variable.labels)
            conditions = [
                f"{parent}={' or '.join(self._labels(parent, values))}"
                for parent, values in (variable.when or {}).items()
            ]
            rows.append((variable.name, kind, values, " and ".join(conditions) or "always"))
        columns = ["name", "kind", "values", "active when"]
        return pd.DataFrame(rows, columns=columns).set_index("name")

    def _labels(self, parent: str, values: Sequence[Any]) -> list[str]:
        discrete = self._discrete(parent)
        return [discrete.labels[discrete.index(value)] for value in values]

    def extended(self, *variables: Variable) -> ConfigurationSpace:
        """Give the space with more variables; one with a known name replaces the old one.

        Parameters
        ----------
        *variables : Discrete or Continuous

        Returns
        -------
        space : ConfigurationSpace
        """
        replaced = {variable.name: variable for variable in self.variables}
        replaced.update({variable.name: variable for variable in variables})
        return ConfigurationSpace(list(replaced.values()), self.pipeline, self.fixed)

    def with_fixed(self, **values: Any) -> ConfigurationSpace:
        """Give the space with values that all configurations share.

        Parameters
        ----------
        **values
            Arguments of the pipeline. A variable of the same name leaves the space, and so do its
            children where this value makes them inactive; other children get its conditions in
            place of it.

        Returns
        -------
        space : ConfigurationSpace

        Raises
        ------
        ValueError
            If a value is none that its variable can take; `extended` gives it other ones.
        """
        kept: list[Variable] = []
        # What is left of every variable's conditions; None where they cannot be met.
        left: dict[str, Positions | None] = {}
        for name, variable in self._by_name.items():
            conditions = left[name] = self._conditions_left(name, values, left)
            if name in values:
                values[name] = variable.check(values[name])
            elif conditions is not None:
                when = {
                    parent: [self._discrete(parent).choices[i] for i in sorted(positions)]
                    for parent, positions in conditions.items()
                }
                kept.append(replace(variable, when=when or None))
        return ConfigurationSpace(kept, self.pipeline, {**self.fixed, **values})

    def _conditions_left(
        self, name: str, fixed: Mapping[str, Any], left: Mapping[str, Positions | None]
    ) -> Positions | None:
        """Conditions of a variable once values are fixed; a fixed parent hands on its own."""
        conditions: Positions = {}
        for parent, allowed in self._conditions[name].items():
            inherited = left[parent]
            if inherited is None:
                return None
            if parent not in fixed:
                inherited = {parent: allowed}
            elif self._discrete(parent).index(fixed[parent]) not in allowed:
                return None
            for ancestor, positions in inherited.items():
                conditions[ancestor] = positions & conditions.get(ancestor, positions)
        return conditions if all(conditions.values()) else None

    def _discrete(self, parent: str) -> Discrete:
        return cast(Discrete, self._by_name[parent])

    def build(self, config: Mapping[str, Any]) -> Any:
        """Make the estimator of a configuration, not fitted.

        Parameters
        ----------
        config : dict

        Returns
        -------
        estimator : estimator

        Raises
        ------
        ValueError
            If the space names no pipeline, or the configuration is not in the space.
        """
        if self.pipeline is None:
            raise ValueError(
                "The space names no `pipeline` that could make an estimator. Name one, as "
                "ConfigurationSpace(variables, 'sklearn.linear_model.Ridge'), or search the "
                "parameters of an estimator by ParetoSearchCV(estimator, space)."
            )
        return import_pipeline(self.pipeline)(**self.fixed, **self.check(config))


def import_pipeline(name: str) -> Callable[..., Any]:
    """Import the function that a space names as ``module.function``."""
    module, _, function = name.rpartition(".")
    make: Callable[..., Any] = getattr(import_module(module), function)
    return make


def _checked(variables: Any) -> Sequence[Variable]:
    """Give the parameters of a space as a list, or raise ValueError."""
    wanted = (
        "`variables` must be a list of Discrete and Continuous, for example "
        "[Discrete('alpha', [0.1, 1.0])]"
    )
    if isinstance(variables, Mapping):
        raise ValueError(
            f"{wanted}. Got a dict, {dict(variables)!r}, as ParetoSearchCV takes it for `space`: "
            "pass it there, or write it as a list."
        )
    if not isinstance(variables, Iterable):
        raise ValueError(f"{wanted}. Got {variables!r}.")
    listed = list(variables)
    if wrong := [value for value in listed if not isinstance(value, Discrete | Continuous)]:
        raise ValueError(f"{wanted}. Got {wrong[0]!r} among them.")
    return listed


def _condition(
    name: str, parent: str, values: Collection[Any], known: Mapping[str, Variable]
) -> frozenset[int]:
    """Check a condition and give the positions of the values among the parent's choices."""
    discrete = known.get(parent)
    if not isinstance(discrete, Discrete):
        raise ValueError(
            f"The condition of {name!r} names {parent!r}, which must be a Discrete parameter "
            f"declared before it. Declared so far: {', '.join(known) or 'none'}."
        )
    if isinstance(values, str) or not isinstance(values, Collection) or not values:
        raise ValueError(
            f"The condition of {name!r} must give {parent!r} a list of values. Got {values!r}."
        )
    try:
        return frozenset(discrete.index(value) for value in values)
    except ValueError as error:
        raise ValueError(f"The condition of {name!r} cannot be met: {error}") from None
