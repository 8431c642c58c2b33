"""Which columns are the windows of which source: stated, or read from the names of the columns."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

from sklearn_mtl._sequence_layout import SourceWindows, read_windows

Layout = dict[str, tuple[int, int]]


def layout_of(windows: Sequence[SourceWindows]) -> Layout:
    """Write windows as a layout: source -> (steps, channels)."""
    return {source: (n_steps, len(channels)) for source, channels, n_steps in windows}


def find_windows(
    layout: Mapping[str, Any] | None, names: Sequence[str] | None, n_columns: int
) -> list[SourceWindows]:
    """Find the windows of each source.

    Parameters
    ----------
    layout : mapping of str to (int, int), or None
        Steps and channels of each source, in the order of the columns.
    names : sequence of str, or None
        Names of the columns, if they have any.
    n_columns : int
        Number of columns.

    Returns
    -------
    windows : list of SourceWindows
        Channels have their names, or ``x0, x1, ...`` in each source where the columns tell none.
        Without a layout and without names that tell of windows, all columns are the steps of one
        channel.

    Warns
    -----
    UserWarning
        If nothing tells the windows: a step before may have lost the names of the columns.

    Raises
    ------
    ValueError
        If the layout is empty or has an invalid entry, if it does not add up to the number of
        columns or contradicts their names, or if the names contradict each other.
    """
    named = None if names is None else read_windows(names)
    if layout is None:
        return named or [_one_channel(n_columns)]
    stated = read_layout(layout)
    counts = " + ".join(f"{steps} * {channels}" for steps, channels in stated.values())
    n_stated = sum(steps * channels for steps, channels in stated.values())
    if n_stated != n_columns:
        raise ValueError(
            f"`layout` describes {n_stated} columns ({counts}), X has {n_columns}. Name every "
            "source as source: (steps, channels), and pass the windows alone, for example by a "
            "ColumnTransformer."
        )
    if named is None:
        return [
            SourceWindows(source, tuple(f"x{k}" for k in range(channels)), steps)
            for source, (steps, channels) in stated.items()
        ]
    told = layout_of(named)
    if list(told.items()) != list(stated.items()):
        raise ValueError(
            f"`layout` is {stated}, but the names of the columns say {told}. Pass layout=None to "
            "go by the names, or X without names to go by `layout`."
        )
    return named


def _one_channel(n_columns: int) -> SourceWindows:
    if n_columns > 1:
        warnings.warn(
            f"No layout is given and no column name tells of windows: all {n_columns} columns are "
            "taken as the steps of one channel. If they are not, call "
            "`pipeline.set_output(transform='pandas')`, so that names such as source:channel:step "
            "reach this step, or pass `layout`.",
            UserWarning,
            stacklevel=2,
        )
    return SourceWindows("", ("x0",), n_columns)


def read_layout(layout: Any) -> Layout:
    """Check a layout; errors name the source and what it should be."""
    if not isinstance(layout, Mapping) or not layout:
        raise ValueError(
            f"`layout` is {layout!r}. Give it as {{source: (steps, channels)}}, or pass "
            "layout=None to read it from the names of the columns."
        )
    for source, shape in layout.items():
        if not isinstance(source, str) or ":" in source:
            raise ValueError(
                "A source in `layout` must be named by a string without a colon, which would part "
                f"it in the names of the columns. Got {source!r}."
            )
        if (
            not isinstance(shape, tuple | list)
            or len(shape) != 2
            or not all(_is_count(number) for number in shape)
        ):
            raise ValueError(
                f"`layout[{source!r}]` must be (steps, channels), two integers of at least 1. Got "
                f"{shape!r}."
            )
    return {source: (int(steps), int(channels)) for source, (steps, channels) in layout.items()}


def _is_count(number: Any) -> bool:
    return isinstance(number, Integral) and not isinstance(number, bool) and int(number) >= 1
