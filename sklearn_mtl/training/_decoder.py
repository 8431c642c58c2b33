"""What of a network makes its predictions from the features of the targets."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sklearn_mtl.nn import has_towers


def predict_members(module: Any, x: Tensor) -> Tensor:
    """Predict, ``(B, K)``; an ensemble with every member, ``(M * B, K)`` ordered by member."""
    return module.members(x).flatten(0, 1) if hasattr(module, "members") else module(x)


def decoder_name(module: Any, x: Tensor) -> str:
    """Find what makes the predictions of `module` from ``module.encode(x)``.

    A network may have parts of these names for another purpose, so their word is not taken: what
    they give is compared with the predictions.

    Parameters
    ----------
    module : Module
        The network, in training mode.
    x : Tensor of shape (B, n_features)
        A batch.

    Returns
    -------
    name : str
        ``"towers"`` (one pass through them gives the gradients of all targets), ``"decode"``, or
        nothing.
    """
    candidates = ["towers"] if has_towers(module) else []
    if hasattr(module, "encode") and hasattr(module, "decode"):
        candidates.append("decode")
    module.eval()  # without dropout
    try:
        with torch.no_grad():
            expected = predict_members(module, x)
            for name in candidates:
                found = getattr(module, name)(module.encode(x))
                if found.shape == expected.shape and torch.allclose(found, expected):
                    return name
    finally:
        module.train()
    return ""
