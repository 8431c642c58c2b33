"""From a configuration to the estimator that it describes, with its own seed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from numbers import Integral
from typing import Any

from sklearn.base import clone

from sklearn_mtl.search._space.space import ConfigurationSpace


class EstimatorFactory:
    """Make unfitted estimators of configurations.

    Parameters
    ----------
    estimator : estimator or None
        It is cloned and gets the configuration by ``set_params``; with None the space makes the
        estimator.
    space : ConfigurationSpace
    seed : int
        Seed of the search.

    Raises
    ------
    ValueError
        If a name of the space is no parameter of the estimator.
    """

    def __init__(self, estimator: Any, space: ConfigurationSpace, seed: int) -> None:
        self.estimator = estimator
        self.space = space
        self.seed = seed
        if estimator is None:
            return
        # Deeper names may exist only under some choices, such as parameters of a chosen step.
        known = {name.partition("__")[0] for name in estimator.get_params()}
        if unknown := [name for name in space.names if name.partition("__")[0] not in known]:
            raise ValueError(
                f"{', '.join(unknown)} is no parameter of {type(estimator).__name__}. Its "
                f"parameters: {', '.join(sorted(known))}."
            )

    def __call__(self, config: Mapping[str, Any]) -> Any:
        """Make the estimator of a configuration.

        Parameters
        ----------
        config : dict

        Returns
        -------
        estimator : estimator
            Every ``random_state`` in it that was None or an integer, and is not in `config`, is
            derived from the seed of the search and from the configuration.
        """
        if self.estimator is None:
            estimator = self.space.build(config)
        else:
            estimator = clone(self.estimator).set_params(**clone(dict(config), safe=False))
        seed = derived_seed(self.seed, self.space.key(config))
        seeds = {
            name: seed
            for name, value in estimator.get_params().items()
            if name.rpartition("__")[2] == "random_state"
            and (value is None or isinstance(value, Integral))
            and name not in config
        }
        return estimator.set_params(**seeds)


def derived_seed(seed: int, label: Any) -> int:
    """Give a seed of 31 bits that depends on both arguments, the same in every process."""
    digest = hashlib.blake2b(f"{seed}:{label}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) >> 1
