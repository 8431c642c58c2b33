"""Imports of optional dependencies that fail with the name of the extra to install."""

from importlib import import_module
from types import ModuleType


def import_optional(module: str, *, extra: str) -> ModuleType:
    """Import an optional dependency, or say which extra brings it.

    Parameters
    ----------
    module : str
        Dotted name of the module.
    extra : str
        Name of the extra of this package that installs it.

    Returns
    -------
    module : module
        The imported module.

    Raises
    ------
    ImportError
        If the module is absent; the message holds the command that installs it.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        raise ImportError(
            f"This needs `{package}`, which is not installed. "
            f'Install it with: pip install "sklearn-mtl[{extra}]"'
        ) from error
