"""Who trains against whom in the speed benchmark: one network, four training loops."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from skorch import NeuralNetRegressor
from torch import nn

from sklearn_mtl.benchmarks._fit_timings import Fit
from sklearn_mtl.benchmarks._loop_experts import LoopMMoE
from sklearn_mtl.estimators import MMoERegressor
from sklearn_mtl.nn import MMoE

LEARNING_RATE, WEIGHT_DECAY = 2e-3, 1e-4

OURS = "MMoERegressor"
PLAIN_LOOP = "torch loop, ModuleList"
BEST_LOOP = "torch loop, stacked, fused"
SKORCH = "skorch defaults"


def fit_ours(X: np.ndarray, y: np.ndarray, batch_size: int, epochs: int) -> MMoERegressor:
    """Train our estimator on all rows: no validation part and no schedule, as the loops."""
    return MMoERegressor(
        learning_rate=LEARNING_RATE,
        weight_decay=WEIGHT_DECAY,
        batch_size=batch_size,
        max_epochs=epochs,
        scheduler=None,
        patience=None,
        validation_fraction=None,
        random_state=0,
    ).fit(X, y)


def fit_plain_loop(X: np.ndarray, y: np.ndarray, batch_size: int, epochs: int) -> nn.Module:
    """Train as most scripts do: modules in a list, default AdamW, rows picked by index."""
    inputs, targets = _as_tensors(X, y)
    network = LoopMMoE(X.shape[1], y.shape[1])
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    for _ in range(epochs):
        for indices in torch.randperm(len(inputs)).split(batch_size):
            optimizer.zero_grad()
            F.mse_loss(network(inputs[indices]), targets[indices]).backward()
            optimizer.step()
    return network


def fit_best_loop(X: np.ndarray, y: np.ndarray, batch_size: int, epochs: int) -> nn.Module:
    """Train as fast as a hand-written loop can.

    Stacked experts, fused AdamW, slices of a permuted copy, one mean over fully observed labels.
    """
    inputs, targets = _as_tensors(X, y)
    network = MMoE(X.shape[1], y.shape[1])
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True
    )
    for _ in range(epochs):
        order = torch.randperm(len(inputs))
        permuted_inputs, permuted_targets = inputs[order], targets[order]
        for start in range(0, len(inputs), batch_size):
            rows = slice(start, start + batch_size)
            optimizer.zero_grad()
            F.mse_loss(network(permuted_inputs[rows]), permuted_targets[rows]).backward()
            optimizer.step()
    return network


def fit_skorch(X: np.ndarray, y: np.ndarray, batch_size: int, epochs: int) -> NeuralNetRegressor:
    """Train with skorch's iterator, callbacks and step, on all rows."""
    return NeuralNetRegressor(
        LoopMMoE,
        module__n_features=X.shape[1],
        module__n_targets=y.shape[1],
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=WEIGHT_DECAY,
        lr=LEARNING_RATE,
        batch_size=batch_size,
        max_epochs=epochs,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    ).fit(X, y)


FITS: dict[str, Fit] = {
    OURS: fit_ours,
    PLAIN_LOOP: fit_plain_loop,
    BEST_LOOP: fit_best_loop,
    SKORCH: fit_skorch,
}


def _as_tensors(X: np.ndarray, y: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(X), torch.from_numpy(y)
