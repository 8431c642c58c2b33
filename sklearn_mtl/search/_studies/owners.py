"""Which process is at a trial, and whether it is still alive."""

from __future__ import annotations

import functools
import os
import socket
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial

# User attribute of a trial: the process that is at it
OWNER = "owner"


def mark_owner(trial: optuna.Trial) -> None:
    """Write down with a trial that this process is at it."""
    owner = {"machine": _machine(), "process": os.getpid(), "started": _start_of(os.getpid())}
    trial.set_user_attr(OWNER, owner)


def is_gone(trial: FrozenTrial) -> bool | None:
    """Tell whether the process that is at a trial has ended.

    Parameters
    ----------
    trial : optuna.trial.FrozenTrial

    Returns
    -------
    gone : bool or None
        None if that cannot be told from here: the process is on another machine or not known, or
        the system does not list its processes in ``/proc``.
    """
    owner = trial.user_attrs.get(OWNER)
    if owner is None or owner["machine"] != _machine() or owner["started"] is None:
        return None
    return _start_of(owner["process"]) != owner["started"]


@functools.cache
def _machine() -> str:
    """Name the realm in which process numbers mean the same.

    Containers of one machine, and machines made from one image, may share a host name.
    """
    realm, boot = Path("/proc/self/ns/pid"), Path("/proc/sys/kernel/random/boot_id")
    parts = [socket.gethostname()]
    parts += [str(realm.readlink())] if realm.exists() else []
    parts += [boot.read_text().strip()] if boot.exists() else []
    return " ".join(parts)


def _start_of(process: int) -> int | None:
    """Tell when a process of this machine began; None if it is not alive, or the system tells not.

    Process numbers are used again, number and beginning are not.
    """
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, began = fields[0], fields[19]
    return None if state in "ZX" else int(began)  # killed, and only not yet waited for
