"""Choice of a rule's setting by its score on the validation part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

TUNING_SEED = 1000  # none of the seeds that are reported


class Cell(NamedTuple):
    """What is tuned for itself."""

    protocol: str
    network: str
    rule: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Cell:
        """Cell that a run belongs to."""
        return cls(*(row[name] for name in cls._fields))


def chosen_candidates(tuning: pd.DataFrame) -> dict[Cell, str]:
    """Candidate with the best validation score in every cell.

    Parameters
    ----------
    tuning : DataFrame
        One row per cell and ``candidate``, with its ``validation R2``.

    Returns
    -------
    chosen : dict of Cell to str
        The first of equals.
    """
    best = tuning.groupby(list(Cell._fields), sort=False)["validation R2"].idxmax()
    return {Cell.of(tuning.loc[row]): tuning.loc[row, "candidate"] for row in best}
