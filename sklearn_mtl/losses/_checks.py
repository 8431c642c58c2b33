"""Checks of loss parameters."""

from __future__ import annotations

import math


def check_positive(name: str, value: float) -> float:
    """Return `value` if it is positive and finite, raise ValueError otherwise."""
    if not 0.0 < value < math.inf:
        raise ValueError(f"`{name}` must be positive and finite. Got {value}.")
    return value


def check_share(name: str, value: float) -> float:
    """Return `value` if it lies in [0, 1], raise ValueError otherwise."""
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"`{name}` must lie in [0, 1]. Got {value}.")
    return value


def check_rate(name: str, value: float) -> float:
    """Return `value` if it is non-negative and finite, raise ValueError otherwise."""
    if not 0.0 <= value < math.inf:
        raise ValueError(f"`{name}` must be non-negative and finite. Got {value}.")
    return value
