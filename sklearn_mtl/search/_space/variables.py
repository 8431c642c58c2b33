"""The parameters of a space: discrete, continuous, and when they count."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Conditions = Mapping[str, Sequence[Any]]
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_UNCUT = 10**6  # characters; scikit-learn cuts the text of an estimator after 700
_MOST_SHOWN = 200  # characters of a choice in an error


@dataclass(frozen=True)
class Discrete:
    """A parameter with a finite list of candidates.

    Parameters
    ----------
    name : str
        Name of the parameter.
    choices : sequence
        Candidates, all different; NaN is one, too. Lists among them become tuples.
    when : dict of str to sequence, default=None
        The parameter counts only while every parent named here takes one of the given values.

    Raises
    ------
    ValueError
        If `name` is no text, `choices` is no list, empty or a text, or a candidate stands twice,
        also as another type (1 and 1.0) or as text (1 and "1").

    Examples
    --------
    >>> from sklearn_mtl.search import Discrete
    >>> Discrete("pool", ["avg", "max"], when={"operator": ["pool"]}).choices
    ('avg', 'max')
    """

    name: str
    choices: Sequence[Any]
    when: Conditions | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        is_list = isinstance(self.choices, Iterable) and not isinstance(self.choices, str)
        given = tuple(self.choices) if is_list else ()
        choices = tuple(tuple(value) if isinstance(value, list) else value for value in given)
        if not choices:
            raise ValueError(
                f"The parameter {self.name!r} needs a list of at least one choice. "
                f"Got {self.choices!r}."
            )
        object.__setattr__(self, "choices", choices)
        # What is equal, as 1 and 1.0, would be one candidate, and what reads the same, as 1 and
        # "1", one value of a storage.
        twice = [
            value
            for position, value in enumerate(choices)
            if self.index(value) < position or self.labels.index(self.labels[position]) < position
        ]
        if twice:
            raise ValueError(
                f"The parameter {self.name!r} has choices twice: {_listed(twice)}. "
                f"Got {_listed(choices)}."
            )

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The choices as text, as tables and storages show them."""
        labels = [_text(value) for value in self.choices]
        # Addresses differ between processes. They are kept only where nothing else does.
        without = [_ADDRESS.sub("", label) for label in labels]
        return tuple(without if len(set(without)) == len(set(labels)) else labels)

    @property
    def is_ordered(self) -> bool:
        """Whether neighbours in the list are alike: numbers that rise."""
        numbers = [float(v) for v in self.choices if _is_number(v)]
        return len(numbers) == len(self.choices) > 2 and all(np.diff(numbers) > 0)

    def index(self, value: Any) -> int:
        """Position of a value among the choices; ValueError if it is none of them."""
        if isinstance(value, list):
            value = tuple(value)
        try:
            return self._positions[isinstance(value, bool), value]
        except (KeyError, TypeError):  # it is none of them, or cannot be a key
            pass
        for position, choice in enumerate(self.choices):
            if _is_same(choice, value):
                return position
        raise ValueError(
            f"{self.name}={_shown(value)} is none of its choices: {_listed(self.choices)}."
        )

    def check(self, value: Any) -> Any:
        """Give the choice equal to `value`, or raise ValueError."""
        return self.choices[self.index(value)]

    @cached_property
    def _positions(self) -> dict[tuple[bool, Any], int]:
        positions: dict[tuple[bool, Any], int] = {}
        for position, choice in enumerate(self.choices):
            with suppress(TypeError):  # what cannot be a key is looked for one by one
                positions.setdefault((isinstance(choice, bool), choice), position)
        return positions

    @property
    def distribution(self) -> BaseDistribution:
        """The same parameter in the terms of Optuna."""
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(self._stored)

    def to_storage(self, value: Any) -> bool | int | float | str | None:
        """Give a value as Optuna's storages keep it: what they cannot keep, as text."""
        return self._stored[self.index(value)]

    def from_storage(self, value: Any) -> Any:
        """Give the value that a storage keeps, the reverse of `to_storage`."""
        with suppress(ValueError):
            return self.choices[self._stored.index(value)]
        for stored, choice in zip(self._stored, self.choices, strict=True):
            if _is_same(stored, value):  # NaN
                return choice
        raise ValueError(
            f"{self.name}={_shown(value)} is none of its choices as stored: "
            f"{_listed(self._stored)}."
        )

    @cached_property
    def _stored(self) -> tuple[bool | int | float | str | None, ...]:
        kept = all(v is None or isinstance(v, bool | int | float | str) for v in self.choices)
        # Optuna takes 1 and True for the same.
        are_different = kept and len(set(self.choices)) == len(self.choices)
        return tuple(self.choices) if are_different else self.labels

    def sample(self, rng: np.random.Generator) -> Any:
        """Draw a choice, all alike."""
        return self.choices[int(rng.integers(len(self.choices)))]


@dataclass(frozen=True)
class Continuous:
    """A real parameter in a closed range.

    Parameters
    ----------
    name : str
        Name of the parameter.
    low, high : float
        Ends of the range.
    log : bool, default=False
        Whether ratios count and not differences, as for a learning rate.
    when : dict of str to sequence, default=None
        The parameter counts only while every parent named here takes one of the given values.

    Raises
    ------
    ValueError
        If `name` is no text, the range is empty, not finite or not of numbers, or `log` is set and
        `low` is not positive.

    Examples
    --------
    >>> from sklearn_mtl.search import Continuous
    >>> round(Continuous("learning_rate", 1e-5, 1e-1, log=True).decode(0.5), 6)
    0.001
    """

    name: str
    low: float
    high: float
    log: bool = False
    when: Conditions | None = None

    def __post_init__(self) -> None:
        _check_name(self.name)
        if not (_is_number(self.low) and _is_number(self.high)):
            raise ValueError(
                f"The range of {self.name!r} must be two numbers, low and high. "
                f"Got {self.low!r} and {self.high!r}."
            )
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(
                f"The range of {self.name!r} must be finite with low < high. "
                f"Got {self.low} and {self.high}."
            )
        if self.log and self.low <= 0:
            raise ValueError(
                f"{self.name!r} has log=True and needs a positive low. Got {self.low}."
            )

    def encode(self, value: float) -> float:
        """Position of a value in the range, from 0 to 1, in logarithms if `log`."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def decode(self, position: float) -> float:
        """Value at a position from 0 to 1 (eqs 18 and 19 of the paper take midpoints of bins)."""
        if self.log:
            value = self.low * (self.high / self.low) ** position
        else:
            value = self.low + position * (self.high - self.low)
        return float(min(max(value, self.low), self.high))  # rounding may leave the range

    def check(self, value: Any) -> float:
        """Give `value` as a float, or raise ValueError if it is out of range."""
        if not _is_number(value):
            raise ValueError(f"{self.name}={value!r} must be a number.")
        if not self.low <= float(value) <= self.high:
            raise ValueError(f"{self.name}={value} is outside of [{self.low}, {self.high}].")
        return float(value) + 0.0  # -0.0 is 0.0

    @property
    def distribution(self) -> BaseDistribution:
        """The same parameter in the terms of Optuna."""
        from optuna.distributions import FloatDistribution

        return FloatDistribution(self.low, self.high, log=self.log)

    def to_storage(self, value: float) -> float:
        """Give a value as Optuna's storages keep it."""
        return value

    def from_storage(self, value: float) -> float:
        """Give the value that a storage keeps, the reverse of `to_storage`."""
        return value

    def sample(self, rng: np.random.Generator) -> float:
        """Draw a value, uniformly or log-uniformly."""
        return self.decode(rng.random())


Variable: TypeAlias = Discrete | Continuous


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_same(first: Any, second: Any) -> bool:
    """Whether two values are the same candidate."""
    if first is second:
        return True
    if _is_number(first) and _is_number(second) and first != first:
        return bool(second != second)  # NaN, which no copy of itself equals
    # 1, 1.0 and True are equal in Python, but not the same candidate.
    return isinstance(first, bool) == isinstance(second, bool) and bool(first == second)


def _check_name(name: Any) -> None:
    if not isinstance(name, str):
        raise ValueError(
            f"The name of a parameter must be a text, for example 'alpha'. Got {name!r}."
        )


def _text(value: Any) -> str:
    """Text of a choice in full; a function or class is called by its full name."""
    if hasattr(value, "__qualname__"):
        name = f"{value.__module__}.{value.__qualname__}"
        return name if isinstance(value, type) else f"{name} at {id(value):#x}"
    if type(value).__repr__ is BaseEstimator.__repr__:
        return value.__repr__(N_CHAR_MAX=_UNCUT)
    return str(value)


def _shown(value: Any) -> str:
    """Text of a value for an error, its middle left out where it is long."""
    text = repr(value)
    if len(text) <= _MOST_SHOWN:
        return text
    text = " ".join(text.split())
    return f"{text[: _MOST_SHOWN // 2]} ... {text[-_MOST_SHOWN // 2 :]}"


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(map(_shown, values))
