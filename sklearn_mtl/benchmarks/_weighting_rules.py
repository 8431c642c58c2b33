"""Weighting rules that are compared, and what is tuned of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sklearn_mtl.weighting import (
    DynamicWeightAverage,
    EqualWeighting,
    FixedWeighting,
    GradNorm,
    ParetoObjectiveRouting,
    TaskWeighting,
    TorchJDAggregation,
    UncertaintyWeighting,
)

LEARNING_RATES = (2e-3, 4e-3, 8e-3)
FAVOUR = 3.0  # how often a favoured target counts
FAMILY = "POR"  # its rules begin with this
PUBLISHED, DEFAULT = f"{FAMILY}-published", f"{FAMILY}-default"
EQUAL, FIXED, UPGRAD = "equal", "fixed-tuned", "UPGrad"

RULES: dict[str, Callable[[], TaskWeighting]] = {
    EQUAL: EqualWeighting,
    PUBLISHED: lambda: ParetoObjectiveRouting(smoothing=0.0),
    DEFAULT: ParetoObjectiveRouting,
    "POR-smoothed": lambda: ParetoObjectiveRouting(smoothing=0.9),
    "POR-floor": lambda: ParetoObjectiveRouting(min_weight=0.2, smoothing=0.0),
    "POR-smoothed-floor": lambda: ParetoObjectiveRouting(min_weight=0.2, smoothing=0.9),
    "POR-loss+": lambda: ParetoObjectiveRouting(normalize="loss+", smoothing=0.0),
    "POR-representation": lambda: ParetoObjectiveRouting("representation", smoothing=0.0),
    "GradNorm": GradNorm,
    UPGRAD: lambda: TorchJDAggregation("UPGrad"),
    "uncertainty": UncertaintyWeighting,
    "DWA": DynamicWeightAverage,
}
"""Rules by name; `FIXED` is made from the weights of a candidate."""
RULE_NAMES = (*RULES, FIXED)


@dataclass(frozen=True)
class Candidate:
    """One setting that tuning may choose.

    Attributes
    ----------
    learning_rate : float
        Of the network.
    weights : tuple of float or None
        Weights of the targets, for the fixed rule alone.
    """

    learning_rate: float
    weights: tuple[float, ...] | None = None

    def __str__(self) -> str:
        text = f"lr {self.learning_rate:g}"
        if self.weights is None:
            return text
        return f"{text}, weights {':'.join(f'{weight:g}' for weight in self.weights)}"


def candidates(rule: str, n_targets: int) -> list[Candidate]:
    """List the settings of a rule that tuning chooses from.

    Parameters
    ----------
    rule : str
        One of `RULE_NAMES`.
    n_targets : int
        Number of targets.

    Returns
    -------
    candidates : list of Candidate
        Every learning rate; for the fixed rule with equal weights and with every single target
        favoured.
    """
    weights: list[tuple[float, ...] | None] = [None]
    if rule == FIXED:
        favours = FAVOUR * np.eye(n_targets) + 1 - np.eye(n_targets)
        weights = [(1.0,) * n_targets, *map(tuple, favours.tolist())]
    return [Candidate(rate, chosen) for rate in LEARNING_RATES for chosen in weights]


def make_rule(rule: str, candidate: Candidate) -> TaskWeighting:
    """Make the rule of a name; weights of the fixed one sum to the number of targets."""
    if candidate.weights is None:
        return RULES[rule]()
    share = len(candidate.weights) / sum(candidate.weights)
    return FixedWeighting([share * weight for weight in candidate.weights])
