"""The Optuna study of a search: made or resumed, and only with what it was made for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

import optuna
from optuna.storages import BaseStorage, InMemoryStorage

from sklearn_mtl.search._studies.storages import open_storage

IDENTITY = "made for"
SEED = "seed"

Direction = Literal["minimize", "maximize"]


def open_study(
    storage: str | BaseStorage | None,
    name: str,
    directions: Sequence[Direction],
    identity: Mapping[str, str],
) -> optuna.Study:
    """Make a study, or open the one of this name.

    Parameters
    ----------
    storage : str, optuna storage or None
        As for `open_storage`.
    name : str
    directions : sequence of str
    identity : dict of str to str
        What must be the same for trials to be comparable.

    Returns
    -------
    study : optuna.Study

    Raises
    ------
    ValueError
        If the study was made for something else.
    """
    with quiet_optuna():
        study = optuna.create_study(
            storage=open_storage(storage),
            study_name=name,
            directions=list(directions),
            load_if_exists=True,
        )
    stored = study.user_attrs.get(IDENTITY)
    if stored is None and not study.get_trials(deepcopy=False):
        study.set_user_attr(IDENTITY, dict(identity))
        return study
    different = [part for part in identity if (stored or {}).get(part) != identity[part]]
    if different:
        raise ValueError(
            f"The study {study.study_name!r} of this storage was made for other "
            f"{', '.join(different)}. Its trials cannot be compared with new ones: choose another "
            "`study_name`."
        )
    return study


def seed_of_study(study: optuna.Study, seed: int) -> int:
    """Give the seed that a study was begun with; a new study takes `seed`."""
    if SEED not in study.user_attrs:
        study.set_user_attr(SEED, seed)
    return int(study.user_attrs[SEED])


def in_memory(study: optuna.Study) -> optuna.Study:
    """Copy a study that lives in a database or file, so that it can be kept with a model."""
    if isinstance(study._storage, InMemoryStorage):
        return study
    storage = InMemoryStorage()
    with quiet_optuna():
        optuna.copy_study(
            from_study_name=study.study_name, from_storage=study._storage, to_storage=storage
        )
        return optuna.load_study(study_name=study.study_name, storage=storage)


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Keep Optuna's lines about every trial from the screen: failures are reported at the end."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(level, optuna.logging.ERROR))
    try:
        yield
    finally:
        optuna.logging.set_verbosity(level)
