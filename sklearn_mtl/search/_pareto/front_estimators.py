"""The models of a front, each fitted when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sklearn_mtl.search._pareto.identity import describe, fingerprint
from sklearn_mtl.search._pareto.interrupts import Interrupts
from sklearn_mtl.search._space.space import Configuration


class FrontEstimators(Sequence[Any]):
    """Sequence of fitted estimators, fitted on the whole data on demand and then kept.

    Parameters
    ----------
    make : callable
        From a configuration to an unfitted estimator.
    configs : sequence of dict
        Configurations of the front.
    X, y : array-like
        Data of the search. They are neither copied nor part of a pickle.
    fit_params : dict
        Further arguments of ``fit``.
    """

    def __init__(
        self,
        make: Callable[[Configuration], Any],
        configs: Sequence[Configuration],
        X: Any,
        y: Any,
        fit_params: Mapping[str, Any],
    ) -> None:
        self._make = make
        self._configs = list(configs)
        self._fitted: dict[int, Any] = {}
        self._data: tuple[Any, Any, Mapping[str, Any]] | None = (X, y, fit_params)
        self._identity = _identity(*self._data)

    def __len__(self) -> int:
        return len(self._configs)

    def __getitem__(self, position: Any) -> Any:
        if isinstance(position, slice):
            return [self[i] for i in range(*position.indices(len(self)))]
        position = range(len(self))[position]
        if position not in self._fitted:
            self._fitted[position] = self._fit(self._configs[position])
        return self._fitted[position]

    def _fit(self, config: Configuration) -> Any:
        if self._data is None:
            raise RuntimeError(
                "This model of the front was not fitted before the search was pickled, and a "
                "pickle does not hold the training data. Ask for the model before, for example "
                "by list(search.pareto_estimators_)."
            )
        if _identity(*self._data) != self._identity:
            raise RuntimeError(
                "X, y or another argument of `fit` was changed after the search, so that this "
                "model of the front cannot be fitted on the same data. Ask for the models before "
                "the data change, for example by list(search.pareto_estimators_), or pass copies."
            )
        X, y, params = self._data
        estimator = self._make(config)
        with Interrupts() as interrupts, interrupts.training():
            return estimator.fit(X, **params) if y is None else estimator.fit(X, y, **params)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_data": None}

    def __repr__(self) -> str:
        models = "model" if len(self) == 1 else "models"
        return f"<{len(self)} {models} of a front, {len(self._fitted)} of them fitted>"


def _identity(X: Any, y: Any, params: Mapping[str, Any]) -> tuple[str, str]:
    return fingerprint(X, y, ()), describe(params)
