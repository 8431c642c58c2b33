"""Fast, exact prediction with a trained network."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

ROWS_PER_CHUNK = 1024


class Predictor:
    """Evaluate a copy of a network in double precision, in chunks of rows.

    In single precision the last digits depend on how many rows are predicted together; in double
    precision a row's prediction does not depend on its neighbours to any digit that matters.

    Parameters
    ----------
    module : Module
        The trained network; it is copied. What it offers beyond its outputs is used: the copy's
        method ``prepare_for_prediction()``, and the number of rows that it takes best at once,
        ``rows_per_chunk``.
    device : str or torch.device
        Where to evaluate.
    """

    def __init__(self, module: nn.Module, device: str | torch.device) -> None:
        self._device = torch.device(device)
        self._rows_per_chunk: int = getattr(module, "rows_per_chunk", ROWS_PER_CHUNK)
        twin: Any = copy.deepcopy(module).double().eval().requires_grad_(False).to(self._device)
        if hasattr(twin, "prepare_for_prediction"):
            twin.prepare_for_prediction()
        self._module = twin

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Predictions ``(n, K)`` of the inputs ``(n, F)``."""
        return self._evaluate(self._module, X)

    def predict_members(self, X: np.ndarray) -> np.ndarray:
        """Predictions ``(n, M, K)`` of the members of an ensemble."""
        return self._evaluate(lambda x: self._module.members(x).transpose(0, 1), X)

    def _evaluate(self, function: Callable[[Tensor], Tensor], X: np.ndarray) -> np.ndarray:
        X = np.array(X, np.float64, order="C")  # a copy: a network may write to its input
        with torch.inference_mode():
            inputs = torch.from_numpy(X).to(self._device)
            if len(inputs) <= self._rows_per_chunk:
                return function(inputs).cpu().numpy()
            outputs: list[Tensor] = [
                function(chunk) for chunk in inputs.split(self._rows_per_chunk)
            ]
            return torch.cat(outputs).cpu().numpy()
