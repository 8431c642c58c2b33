"""Synthetic problems with switches and a known Pareto front, to measure searches on.

Each runs in :class:`ConfigurationSpace` terms, on arrays and, by :func:`as_pymoo`, in pymoo.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from sklearn_mtl._optional import import_optional
from sklearn_mtl.search._engine.ranking import non_dominated
from sklearn_mtl.search._space.space import ConfigurationSpace
from sklearn_mtl.search._space.variables import Continuous, Discrete, Variable

__all__ = ["HDTLZ2", "HDTLZ7", "as_pymoo"]

# p(j) of equation (28), for j = 3..n
_PARENTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "chain": lambda j: j - 1,
    "tree": lambda j: (j - 3) // 2 + 2,
}


class _HierarchicalDTLZ(ABC):
    """What both problems share: the space, the decoder and the coupling."""

    neutral: ClassVar[float]  # value of a variable that is switched off

    def __init__(
        self,
        n: int = 10,
        gamma: float = 0.1,
        coupling: str = "chain",
        shift: float | None = None,
    ) -> None:
        if n < 3:
            raise ValueError(f"`n` must be at least 3, the first variable with a switch. Got {n}.")
        if not 0 <= gamma < np.inf:
            raise ValueError(f"`gamma` must be finite and not negative. Got {gamma}.")
        if coupling not in _PARENTS:
            raise ValueError(f"coupling={coupling!r} is none of {', '.join(_PARENTS)}.")
        if shift is not None and not 0 <= self.neutral + shift <= 1:
            raise ValueError(
                f"`shift` must leave the optimum in [0, 1]: between {-self.neutral} and "
                f"{1 - self.neutral}, or None. Got {shift}."
            )
        self.n = n
        self.gamma = gamma
        self.coupling = coupling
        self.shift = shift
        self.space = _space(n)
        self._optimum = np.full(n - 1, self.neutral)  # of z2..zn
        self._optimum[1:] += shift or 0.0
        self._parents = _PARENTS[coupling](np.arange(3, n + 1)) - 2  # as columns of z2..zn

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(n={self.n}, gamma={self.gamma}, "
            f"coupling={self.coupling!r}, shift={self.shift})"
        )

    def evaluate(self, config: Mapping[str, Any]) -> tuple[float, float]:
        """Compute the objectives of a configuration.

        Parameters
        ----------
        config : dict
            A configuration of `space`.

        Returns
        -------
        f1, f2 : float
            Both are minimised.
        """
        f1, f2 = self.evaluate_many(*self.encode([config]))[0]
        return float(f1), float(f2)

    def encode(self, configs: Sequence[Mapping[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
        """Write configurations as the arrays that `evaluate_many` takes.

        Parameters
        ----------
        configs : sequence of dict
            Configurations of `space`.

        Returns
        -------
        z : ndarray of shape (n_configs, n)
            Inactive variables have the neutral value.
        active : bool ndarray of shape (n_configs, n - 2)
            The switches s3..sn.
        """
        z = np.full((len(configs), self.n), self.neutral)
        active = np.zeros((len(configs), self.n - 2), dtype=bool)
        for row, config in enumerate(configs):
            for name, value in self.space.check(config).items():
                kind, number = name[0], int(name[1:])
                if kind == "z":
                    z[row, number - 1] = value
                else:
                    active[row, number - 3] = value
        return z, active

    def evaluate_many(self, z: np.ndarray, active: np.ndarray) -> np.ndarray:
        """Compute the objectives of many points at once.

        Parameters
        ----------
        z : ndarray of shape (n_points, n)
            Variables z1..zn, in [0, 1]. Values of inactive ones do not count.
        active : bool ndarray of shape (n_points, n - 2)
            The switches s3..sn.

        Returns
        -------
        values : ndarray of shape (n_points, 2)
            Columns f1 and f2, minimised.

        Raises
        ------
        ValueError
            If a shape does not fit or a value of `z` is outside of [0, 1].
        """
        z, active = np.asarray(z, dtype=float), np.asarray(active, dtype=bool)
        if z.shape != (len(z), self.n) or active.shape != (len(z), self.n - 2):
            raise ValueError(
                f"`z` and `active` must have {self.n} and {self.n - 2} columns and as many rows. "
                f"Got shapes {z.shape} and {active.shape}."
            )
        if not ((z >= 0) & (z <= 1)).all():
            raise ValueError(f"`z` must lie in [0, 1]. Got values from {z.min()} to {z.max()}.")
        deviation = z[:, 1:] - self._optimum  # of z2..zn
        deviation[:, 1:][~active] = self.neutral - self._optimum[-1]
        squares = (deviation[:, 1:] - deviation[:, self._parents]) ** 2
        mean = (squares * active).sum(axis=1) / np.maximum(active.sum(axis=1), 1)
        return np.column_stack(self._objectives(z[:, 0], deviation, self.gamma * mean))

    @abstractmethod
    def _objectives(
        self, position: np.ndarray, deviation: np.ndarray, coupling: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """f1 and f2 of z1, of the deviations of z2..zn and of the coupling term (eq. 27)."""

    @abstractmethod
    def pareto_front(self, n_points: int) -> np.ndarray:
        """Give points of the true Pareto front."""


class HDTLZ2(_HierarchicalDTLZ):
    r"""H-DTLZ2: variables behind switches; the front is a quarter circle.

    Parameters
    ----------
    n : int, default=10
        Number of continuous variables z1..zn in [0, 1]. Each of z3..zn, the tail, has a switch
        s3..sn and is active only while that is True.
    gamma : float, default=0.1
        Weight of the coupling between a tail variable and its parent.
    coupling : {"chain", "tree"}, default="chain"
        Which variable is the parent of which: the one before, or as in a binary tree from z2.
    shift : float, default=None
        Distance of the optimum of every active tail variable from 0.5. With None, and with 0, a
        variable that is switched off is at its optimum.

    Attributes
    ----------
    space : ConfigurationSpace
        z1, z2, then s3, z3, ..., sn, zn.

    Raises
    ------
    ValueError
        If `n` is below 3, `gamma` is negative, `coupling` is unknown or the optimum would leave
        [0, 1].

    See Also
    --------
    HDTLZ7 : The problem with a front in pieces.
    as_pymoo : The same problem for pymoo.

    Notes
    -----
    Equations (27) to (32) of [1]_. An inactive variable has the value 0.5. With J the active tail
    variables and p(j) the parent,

    .. math::
        g = \frac{1}{n-1} \sum_{j=2}^{n} (z_j - 0.5)^2
            + \frac{\gamma}{|J|} \sum_{j \in J} (z_j - z_{p(j)})^2, \qquad
        f = (1 + g) \, (\cos \tfrac{\pi}{2} z_1, \sin \tfrac{\pi}{2} z_1).

    The paper leaves `n`, `gamma` and what hangs on which switch open. Here a switch depends on
    nothing, and a parent that is off counts with its neutral value.

    Switching everything off solves all of the problem but z1 and z2, which says little of a search
    among switches. `shift` is our addition: g is made of deviations d from the optimum,
    d_j = z_j - 0.5 - shift for the tail and d_2 = z_2 - 0.5, both where it reads z_j - 0.5 and
    where it reads z_j and z_p(j). A tail variable that is off deviates by -shift. The front is the
    same, and is reached only with every switch on and z_j = 0.5 + shift: g is 0 there and at least
    shift^2 / (n - 1) elsewhere where a switch is off.

    References
    ----------
    .. [1] "Auto-Configured Networks for Multi-Scale Multi-Output Time-Series Forecasting",
       arXiv:2604.07610, appendix B.2.

    Examples
    --------
    >>> from sklearn_mtl.search.problems import HDTLZ2
    >>> off = {f"s{j}": False for j in range(3, 11)}
    >>> HDTLZ2().evaluate({"z1": 0.0, "z2": 0.5, **off})
    (1.0, 0.0)
    >>> shifted = HDTLZ2(shift=0.3)
    >>> f1, f2 = shifted.evaluate({"z1": 0.0, "z2": 0.5, **off})
    >>> round(f1, 3)
    1.08
    >>> on = {f"s{j}": True for j in range(3, 11)} | {f"z{j}": 0.8 for j in range(3, 11)}
    >>> shifted.evaluate({"z1": 0.0, "z2": 0.5, **on})
    (1.0, 0.0)
    """

    neutral = 0.5

    def _objectives(
        self, position: np.ndarray, deviation: np.ndarray, coupling: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        g = (deviation**2).mean(axis=1) + coupling  # (29)
        angle = np.pi / 2 * position
        return (1 + g) * np.cos(angle), (1 + g) * np.sin(angle)  # (30)

    def pareto_front(self, n_points: int) -> np.ndarray:
        """Give points of the true Pareto front (eq. 32), even in angle.

        Parameters
        ----------
        n_points : int
            Number of points.

        Returns
        -------
        front : ndarray of shape (n_points, 2)
        """
        angle = np.linspace(0, np.pi / 2, n_points)
        return np.column_stack([np.cos(angle), np.sin(angle)])


class HDTLZ7(_HierarchicalDTLZ):
    r"""H-DTLZ7: variables behind switches; the front is in pieces.

    Parameters
    ----------
    n : int, default=10
        Number of continuous variables z1..zn in [0, 1]. Each of z3..zn, the tail, has a switch
        s3..sn and is active only while that is True.
    gamma : float, default=0.1
        Weight of the coupling between a tail variable and its parent.
    coupling : {"chain", "tree"}, default="chain"
        Which variable is the parent of which: the one before, or as in a binary tree from z2.
    shift : float, default=None
        Optimum of every active tail variable. With None, and with 0, a variable that is switched
        off is at its optimum.

    Attributes
    ----------
    space : ConfigurationSpace
        z1, z2, then s3, z3, ..., sn, zn.

    Raises
    ------
    ValueError
        If `n` is below 3, `gamma` is negative, `coupling` is unknown or the optimum would leave
        [0, 1].

    See Also
    --------
    HDTLZ2 : The problem with a connected front.
    as_pymoo : The same problem for pymoo.

    Notes
    -----
    Equations (27), (28) and (33) to (36) of [1]_. An inactive variable has the value 0. With J the
    active tail variables and p(j) the parent,

    .. math::
        g = 1 + \frac{9}{n-1} \sum_{j=2}^{n} z_j
            + \frac{\gamma}{|J|} \sum_{j \in J} (z_j - z_{p(j)})^2, \qquad
        f_1 = z_1, \qquad f_2 = \tfrac{1}{2} g h, \qquad
        h = 2 - \frac{f_1}{g} (1 + \sin 3 \pi f_1).

    For `shift` see :class:`HDTLZ2`: deviations are d_j = z_j - shift for the tail and d_2 = z_2,
    and the sum is one of \|d_j\|. The front is the same, reached only with every switch on and
    z_j = shift; with a switch off, g is at least 1 + 9 shift / (n - 1).

    References
    ----------
    .. [1] "Auto-Configured Networks for Multi-Scale Multi-Output Time-Series Forecasting",
       arXiv:2604.07610, appendix B.2.

    Examples
    --------
    >>> from sklearn_mtl.search.problems import HDTLZ7
    >>> problem = HDTLZ7(n=4, coupling="tree")
    >>> problem.evaluate({"z1": 0.0, "z2": 0.0, "s3": False, "s4": True, "z4": 0.0})
    (0.0, 1.0)
    >>> problem.pareto_front(100).max(axis=0).round(3)
    array([0.859, 1.   ])
    """

    neutral = 0.0

    def _objectives(
        self, position: np.ndarray, deviation: np.ndarray, coupling: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        g = 1 + 9 * np.abs(deviation).mean(axis=1) + coupling  # (33)
        h = 2 - position / g * (1 + np.sin(3 * np.pi * position))  # (34)
        return position, g * h / 2

    def pareto_front(self, n_points: int) -> np.ndarray:
        """Give points of the true Pareto front (eq. 36), even along the first objective.

        Parameters
        ----------
        n_points : int
            Number of points.

        Returns
        -------
        front : ndarray of shape (n_points, 2)
        """
        u = np.linspace(0, 1, 100 * max(n_points, 1000) + 1)
        candidates = np.column_stack([u, 1 - u * (1 + np.sin(3 * np.pi * u)) / 2])
        front = candidates[non_dominated(candidates)]
        return front[np.linspace(0, len(front) - 1, n_points).round().astype(int)]


def as_pymoo(problem: HDTLZ2 | HDTLZ7) -> Any:
    """Give a problem to pymoo, with switches as real numbers.

    Parameters
    ----------
    problem : HDTLZ2 or HDTLZ7

    Returns
    -------
    problem : pymoo.core.problem.Problem
        Its 2 n - 2 variables, all in [0, 1], are z1..zn and s3..sn; a switch is on from 0.5.

    Raises
    ------
    ImportError
        If pymoo is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.search.problems import HDTLZ2, as_pymoo
    >>> adapted = as_pymoo(HDTLZ2())  # doctest: +SKIP
    >>> adapted.evaluate(np.full((1, 18), 0.5)).round(3)  # doctest: +SKIP
    array([[0.707, 0.707]])
    """
    problem_class: Any = import_optional("pymoo.core.problem", extra="bench").Problem

    class Adapted(problem_class):
        def __init__(self) -> None:
            super().__init__(n_var=2 * problem.n - 2, n_obj=2, xl=0.0, xu=1.0)

        def _evaluate(self, x: np.ndarray, out: dict[str, Any], *_: Any, **__: Any) -> None:
            out["F"] = problem.evaluate_many(x[:, : problem.n], x[:, problem.n :] >= 0.5)

        def _calc_pareto_front(self, n_pareto_points: int = 2000) -> np.ndarray:
            return problem.pareto_front(n_pareto_points)

    return Adapted()


def _space(n: int) -> ConfigurationSpace:
    variables: list[Variable] = [Continuous("z1", 0.0, 1.0), Continuous("z2", 0.0, 1.0)]
    for j in range(3, n + 1):
        variables.append(Discrete(f"s{j}", [False, True]))
        variables.append(Continuous(f"z{j}", 0.0, 1.0, when={f"s{j}": [True]}))
    return ConfigurationSpace(variables)
