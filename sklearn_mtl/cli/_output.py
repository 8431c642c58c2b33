"""Write whole files and folders or nothing: built beside their place, then moved into it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sklearn_mtl.cli._errors import CommandError


def check_new(path: Path, *, force: bool) -> None:
    """Refuse to overwrite without `force`; called before the work, so that none is lost."""
    if not path.absolute().parent.is_dir():
        raise CommandError(f"{path}: the folder {path.absolute().parent} does not exist.")
    if path.exists() and not force:
        raise CommandError(f"{path} exists. Choose another name, or replace it with --force.")


def check_new_file(path: Path, *, force: bool) -> None:
    """Refuse to overwrite a file without `force`, and a folder always."""
    if path.is_dir():
        raise CommandError(f"{path} is a folder. Name a file.")
    check_new(path, force=force)


def check_new_folder(path: Path, *, force: bool, owned: Collection[str]) -> None:
    """Refuse to overwrite a folder that holds anything but the files in `owned`."""
    if path.exists() and not path.is_dir():
        raise CommandError(f"{path} is a file. Name a folder.")
    if path.is_dir():
        foreign = sorted(entry.name for entry in path.iterdir() if entry.name not in owned)
        if foreign:
            raise CommandError(
                f'{path} holds other files ("{foreign[0]}"), which would be lost. '
                "Choose another folder."
            )
        if not any(path.iterdir()):
            return
    check_new(path, force=force)


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; the file takes its place when the block succeeds."""
    temporary = _beside(path)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder beside `path`; it takes its place when the block succeeds."""
    temporary = _beside(path)
    temporary.mkdir()
    try:
        yield temporary
        _replace_folder(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _replace_folder(new: Path, path: Path) -> None:
    """Move `new` to `path`. A folder cannot be replaced in one step: the old one steps aside."""
    if not path.exists():
        os.replace(new, path)
        return
    old = _beside(path).with_suffix(".old")
    os.replace(path, old)
    try:
        os.replace(new, path)
    except OSError:
        with suppress(OSError):
            os.replace(old, path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _beside(path: Path) -> Path:
    """Give a hidden name in the same folder, so that the move stays within one file system."""
    path = path.absolute()
    return path.with_name(f".{path.name}.{os.getpid()}.part")
