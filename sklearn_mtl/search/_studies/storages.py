"""Where the trials of a search are kept: in memory, in a journal file or in a database."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

from optuna.exceptions import ExperimentalWarning
from optuna.storages import BaseStorage, InMemoryStorage
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sklearn_mtl.search._studies.persistent_storage import PersistentStorage, journal_storage


def open_storage(storage: str | BaseStorage | None) -> BaseStorage:
    """Open what a user names.

    Parameters
    ----------
    storage : str, optuna storage or None
        A text with "://" is the URL of a database; any other text is the path of a journal file.
        None is the memory of this process.

    Returns
    -------
    storage : optuna.storages.BaseStorage

    Raises
    ------
    ValueError
        If the path is that of a file which is no journal.
    ConnectionError
        If the database does not answer.
    """
    if storage is None:
        return InMemoryStorage()
    if isinstance(storage, BaseStorage):
        return storage
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return _database(storage) if "://" in storage else _journal(Path(storage))


def _database(url: str) -> BaseStorage:
    shown = url.partition("://")[0]
    try:
        parts = make_url(url)
        shown = parts.render_as_string(hide_password=True)
        if parts.get_backend_name() == "sqlite" and parts.database in (None, "", ":memory:"):
            raise ValueError("it would be in memory, and another one in every thread. Name a file")
        return PersistentStorage(url)
    except (SQLAlchemyError, ValueError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise ConnectionError(
            f"The database {shown} cannot be used: {reason}. A URL reads "
            "'postgresql+psycopg://user:password@host/database' or 'sqlite:///search.db'."
        ) from error


def _journal(path: Path) -> BaseStorage:
    """Open a journal; a file of another kind would be written to without a word."""
    if not path.absolute().parent.is_dir():
        raise ValueError(f"The folder of the journal {str(path)!r} does not exist. Make it first.")
    if path.exists() and not _is_journal(path):
        raise ValueError(
            f"{str(path)!r} exists and is no journal of a search, which would be appended to it. "
            "Choose another path."
        )
    return journal_storage(path)


def _is_journal(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        first = file.readline()
    try:
        return not first or "op_code" in json.loads(first)
    except (ValueError, TypeError):
        return False
