"""Ctrl-C during a search, also where a training takes it for its own end."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any


class Interrupts:
    """Remember that the user interrupted the search; a context manager.

    Nets of skorch end their training at a ``KeyboardInterrupt`` and return as if all were well:
    the half-trained model would enter the search, and the search go on. `check` raises it again.
    """

    def __init__(self) -> None:
        self.seen = False
        self._replaced: Any = None

    def __enter__(self) -> Interrupts:
        # Only the main thread may handle signals, and a handler of the user's own is left alone.
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            self._replaced = signal.signal(signal.SIGINT, self._remember)
        return self

    def __exit__(self, *error: object) -> None:
        if self._replaced is not None:
            signal.signal(signal.SIGINT, self._replaced)
            self._replaced = None

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.seen = True
        signal.default_int_handler(number, frame)

    def check(self) -> None:
        """Raise ``KeyboardInterrupt`` if there was one."""
        if self.seen:
            raise KeyboardInterrupt
