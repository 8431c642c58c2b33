"""Ctrl-C during a search, also where a training takes it for its own end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Interrupts:
    """Raise ``KeyboardInterrupt`` where a search can take it; a context manager.

    Python raises it between any two instructions. Optuna that is storing a trial then loses the
    trial and raises something else, and nets of skorch end their training and return as if all were
    well. So Ctrl-C is noted, breaks off at once only what is done inside of `training`, and is
    raised again by `check`.

    A second Ctrl-C means to end the program: it is raised at once, and on leaving the context in
    place of whatever has become of it.
    """

    def __init__(self) -> None:
        self._n_seen = 0
        self._trains = False
        self._replaced: Any = None

    def __enter__(self) -> Interrupts:
        # Only the main thread may handle signals, and a handler of the user's own is left alone.
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            self._replaced = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        if self._replaced is not None:
            signal.signal(signal.SIGINT, self._replaced)
            self._replaced = None
        if self._n_seen > 1:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._n_seen += 1
        if self._trains or self._n_seen > 1:
            signal.default_int_handler(number, frame)

    @contextmanager
    def training(self) -> Iterator[None]:
        """Let Ctrl-C break off what is done inside, whatever that makes of it."""
        self.check()
        self._trains = True
        try:
            yield
        finally:
            self._trains = False
            self.check()

    def check(self) -> None:
        """Raise ``KeyboardInterrupt`` if there was one."""
        if self._n_seen:
            raise KeyboardInterrupt
