"""The sequence layout of the library in the names of columns.

A window of T steps of D channels is one row of D * T columns: channel-major, time ascending inside
a channel. Windows cut from histories are called ``source:channel:step`` with steps 0, 1, ... T - 1,
those of lagged rows ``channel(t-m)`` ... ``channel(t)``, or ``channel(t-m+1)-channel(t-m)`` ...
``channel(t)-channel(t-1)`` for their differences. Columns without a time axis stand last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

# A level, or the difference of two: x(t-3) or x(t-3)-x(t-4)
_LAG = re.compile(
    r"(?P<channel>.*?)\(t(?:-(?P<lag>\d+))?\)(?P<subtracted>-(?P=channel)\(t-\d+\))?", re.DOTALL
)
_STEP = re.compile(r"(?:(?P<source>[^:]*):)?(?P<channel>.*):(?P<step>\d+)", re.DOTALL)


class SourceWindows(NamedTuple):
    """Windows of one source: `n_steps` consecutive columns for each channel.

    Attributes
    ----------
    source : str
        Name of the source; empty where the columns name none.
    channels : tuple of str
        Names of the channels, in the order of the columns.
    n_steps : int
        Length of the windows.
    """

    source: str
    channels: tuple[str, ...]
    n_steps: int


class WindowShape(NamedTuple):
    """How a row is divided into windows of one length and columns without a time axis.

    Attributes
    ----------
    n_steps : int
        Length of the windows.
    n_static : int
        Number of columns behind the windows.
    """

    n_steps: int
    n_static: int


def window_names(windows: Sequence[SourceWindows]) -> list[str]:
    """Return the names of the columns, ``source:channel:step`` or ``channel:step``."""
    return [
        f"{source}:{channel}:{step}" if source else f"{channel}:{step}"
        for source, channels, n_steps in windows
        for channel in channels
        for step in range(n_steps)
    ]


def read_windows(names: Sequence[str]) -> list[SourceWindows] | None:
    """Read the windows from the names of all columns; None where no name tells of windows.

    Raises
    ------
    ValueError
        If some names tell of windows and others do not, if the steps of a channel are not complete
        and ascending in time, or if channels of one source differ in length.
    """
    parsed = [_read_name(name) for name in names]
    silent = [name for name, found in zip(names, parsed, strict=True) if found is None]
    if len(silent) == len(parsed):
        return None
    if silent:
        raise ValueError(
            f"{len(parsed) - len(silent)} columns are steps of windows by their names "
            f"(source:channel:step or channel(t-1)) and {len(silent)} are not, first "
            f"{silent[0]!r}. Pass the windows alone, for example by a ColumnTransformer."
        )
    found = [name for name in parsed if name is not None]
    windows: dict[str, dict[str, int]] = {}
    for (source, channel), group in groupby(found, key=lambda name: name[:2]):
        times = [time for _, _, time in group]
        n_steps = len(times)
        if times not in (list(range(n_steps)), list(range(1 - n_steps, 1))):
            raise ValueError(
                f"The steps of channel {channel!r} are not complete and ascending in time: "
                f"{_shown(times)}. A channel is one block of columns, channel:0 to "
                f"channel:{n_steps - 1}, or channel(t-{n_steps - 1}) to channel(t)."
            )
        channels = windows.setdefault(source, {})
        if channel in channels or (channels and list(windows)[-1] != source):
            raise ValueError(
                f"The columns of {source or channel!r} do not stand together. Order them by "
                "source, channel, step."
            )
        channels[channel] = n_steps
    for source, channels in windows.items():
        if len(set(channels.values())) > 1:
            raise ValueError(
                f"The channels of source {source!r} differ in their number of steps: {channels}. "
                "Channels of one rate and one length make a source: give the others another name."
            )
    return [
        SourceWindows(source, tuple(channels), next(iter(channels.values())))
        for source, channels in windows.items()
    ]


def read_window_shape(names: Sequence[str]) -> WindowShape | None:
    """Read length of the windows and number of static columns; None where no name tells of windows.

    Static are the last columns whose names tell no step, such as those of a calendar, and before
    them the levels ``channel(t)`` that follow differences.

    Raises
    ------
    ValueError
        If a column without a step stands before or between the windows, if the windows differ in
        length, or if the names contradict each other (:func:`read_windows`).
    """
    n_columns = len(names)
    while n_columns and _read_name(names[n_columns - 1]) is None:
        n_columns -= 1
    if n_columns == 0:
        return None
    if _is_difference(names[0]):
        while not _is_difference(names[n_columns - 1]):
            n_columns -= 1
    moved = [name for name in names[:n_columns] if _read_name(name) is None]
    if moved:
        raise ValueError(
            f"Columns without a step must stand behind the windows. Found {moved[0]!r} before "
            f"{names[n_columns - 1]!r}. Put them last, for example by a ColumnTransformer."
        )
    windows = read_windows(names[:n_columns]) or []
    lengths = {source or channels[0]: n_steps for source, channels, n_steps in windows}
    if len(set(lengths.values())) > 1:
        raise ValueError(
            f"The windows differ in their number of steps: {lengths}. Bring them to one length, "
            "for example by MultirateResampler."
        )
    return WindowShape(windows[0].n_steps, len(names) - n_columns)


def _is_difference(name: str) -> bool:
    lag = _LAG.fullmatch(name)
    return lag is not None and lag["subtracted"] is not None


def _read_name(name: str) -> tuple[str, str, int] | None:
    """Return source, channel and place in time: 0, 1, ... of a step, 0, -1, ... of a lag."""
    if lag := _LAG.fullmatch(name):
        return "", lag["channel"], -int(lag["lag"] or 0)
    if step := _STEP.fullmatch(name):
        return step["source"] or "", step["channel"], int(step["step"])
    return None


def _shown(times: list[int]) -> str:
    return ", ".join(map(str, times[:8])) + (", ..." if len(times) > 8 else "")
