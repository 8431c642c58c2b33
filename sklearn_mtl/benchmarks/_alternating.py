"""Timings of contenders taken in turn, so that a change of the machine's pace meets all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Mapping

import pandas as pd


def alternate(
    contenders: Mapping[Hashable, Callable[[], object]], rounds: Iterable[int]
) -> pd.DataFrame:
    """Call every contender once per round, after one untimed round.

    Parameters
    ----------
    contenders : mapping of name to callable
        What is timed, in this order.
    rounds : iterable of int
        Numbers of the rounds; a progress bar may be wrapped around them.

    Returns
    -------
    timings : DataFrame
        One row per round; columns ``(measure, name)`` with the measures ``cpu`` and ``wall``, in
        milliseconds. CPU time is that of the process: on a machine that others use too, it is the
        steadier of the two.
    """
    for call in contenders.values():
        call()
    records = []
    for number in rounds:
        record: dict[tuple[str, Hashable], float] = {}
        for name, call in contenders.items():
            cpu, wall = time.process_time(), time.perf_counter()
            call()
            record["cpu", name] = 1e3 * (time.process_time() - cpu)
            record["wall", name] = 1e3 * (time.perf_counter() - wall)
        records.append(pd.Series(record, name=number))
    return pd.DataFrame(records)


def repeat(call: Callable[[], object], times: int) -> None:
    """Call several times, for what is too short to be timed alone."""
    for _ in range(times):
        call()
