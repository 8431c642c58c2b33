"""Speed of `MSBCNNRegressor` against plain torch code of the same network."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from copy import deepcopy
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from sklearn_mtl.benchmarks._alternating import alternate, repeat
from sklearn_mtl.benchmarks._fit_timings import compare_fits
from sklearn_mtl.benchmarks._speed_table import readable, timing_table
from sklearn_mtl.estimators import MSBCNNRegressor

N_STEPS, N_CHANNELS, N_STATIC, N_TARGETS = 12, 20, 8, 5
BATCH_SIZES = (32, 128)
LEARNING_RATE, WEIGHT_DECAY, DROPOUT = 1e-3, 5.39e-5, 0.1
ROWS_PREDICTED = {1: 100, 10_000: 1}  # rows of a prediction: predictions of one timing

OURS = "MSBCNNRegressor"
PLAIN_LOOP = "plain torch, Conv1d"
BARE_MODULE = "bare module, float64"

# Largest ratio that this package promises: (kind, size, other) -> ratio.
PROMISED = {
    **{("fit", size, PLAIN_LOOP): 1.1 for size in BATCH_SIZES},
    **{("predict", size, BARE_MODULE): 1.2 for size in ROWS_PREDICTED},
}

MS_BCNN_NOTE = (
    f"{N_CHANNELS} windows of {N_STEPS} steps and {N_STATIC} static columns -> {N_TARGETS} "
    f"targets, random numbers; the network x_sel, lr {LEARNING_RATE:g}, weight decay "
    f"{WEIGHT_DECAY:g}. The plain loop has fused AdamW, slices of a permuted copy and fixed shares "
    "of absolute error and log-cosh, which ours adapts. The bare module takes 10,000 rows in the "
    "chunks that suit it."
)


class PlainMSBCNN(nn.Module):
    """The network x_sel as one would write it by hand: Conv1d, BatchNorm1d, Tanh, one Linear.

    Notes
    -----
    Its parameters have the order of those of :class:`sklearn_mtl.nn.MSBCNN`.

    **Shape**: ``(B, N_CHANNELS * N_STEPS + N_STATIC) -> (B, N_TARGETS)``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.projection = nn.Conv1d(N_CHANNELS + N_STATIC, 16, 1)
        self.short = _plain_branch((3, 5, 7))
        self.long = _plain_branch((9, 11, 13))
        self.head = nn.Linear(2 * 64 * N_STEPS, N_TARGETS)

    def forward(self, x: Tensor) -> Tensor:
        """Predict all targets."""
        windows = x[:, :-N_STATIC].view(-1, N_CHANNELS, N_STEPS)
        static = x[:, -N_STATIC:, None].expand(-1, -1, N_STEPS)
        projected = self.projection(torch.cat([windows, static], dim=1))
        fused = torch.cat([self.short(projected), self.long(projected)], dim=1)
        return self.head(fused.flatten(1))


def compare_ms_bcnn(n_rows: int, epochs: int, n_rounds: int) -> pd.DataFrame:
    """Time an epoch of `fit`, and `predict`.

    Parameters
    ----------
    n_rows : int
        Training rows.
    epochs : int
        Epochs of a long fit.
    n_rounds : int
        Rounds in which the contenders are called in turn.

    Returns
    -------
    table : DataFrame
        One row per contender, as of :func:`timing_table`.
    """
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, N_CHANNELS * N_STEPS + N_STATIC)).astype(np.float32)
    y = rng.normal(size=(n_rows, N_TARGETS)).astype(np.float32)
    fits = {OURS: fit_ours, PLAIN_LOOP: fit_plain_loop}
    parts = [
        compare_fits(fits, X, y, batch_size, epochs, n_rounds, OURS, PROMISED)
        for batch_size in BATCH_SIZES
    ]
    parts += _compare_predictions(X, y, n_rounds)
    return pd.DataFrame([row for part in parts for row in part.to_dict("records")])


def readable_ms_bcnn(table: pd.DataFrame) -> pd.DataFrame:
    """Texts of a table of :func:`compare_ms_bcnn`, for the report."""
    return readable(table, OURS)


def fit_ours(X: np.ndarray, y: np.ndarray, batch_size: int, epochs: int) -> MSBCNNRegressor:
    """Train our estimator on all rows: no validation part and no schedule, as the loop."""
    return MSBCNNRegressor(
        seq_len=N_STEPS,
        n_static=N_STATIC,
        dropout=DROPOUT,
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
    """Train as fast as a hand-written loop can, with fixed shares of both losses."""
    inputs, targets = torch.from_numpy(X), torch.from_numpy(y)
    network = PlainMSBCNN()
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True
    )
    for _ in range(epochs):
        order = torch.randperm(len(inputs))
        permuted_inputs, permuted_targets = inputs[order], targets[order]
        for start in range(0, len(inputs), batch_size):
            rows = slice(start, start + batch_size)
            optimizer.zero_grad()
            plain_loss(network(permuted_inputs[rows]), permuted_targets[rows]).backward()
            optimizer.step()
    return network


def plain_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error and logarithm of the hyperbolic cosine, 7:3."""
    size = F.l1_loss(prediction, target, reduction="none")
    log_cosh = size + F.softplus(-2 * size) - np.log(2)
    return (0.7 * size + 0.3 * log_cosh).mean()


def _plain_branch(kernels: tuple[int, int, int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for (n_in, n_out), kernel in zip(pairwise((16, 16, 32, 64)), kernels, strict=True):
        layers += [
            nn.Conv1d(n_in, n_out, kernel, padding=kernel // 2),
            nn.BatchNorm1d(n_out),
            nn.Tanh(),
            nn.Dropout(DROPOUT),
        ]
    return nn.Sequential(*layers)


def _compare_predictions(X: np.ndarray, y: np.ndarray, n_rounds: int) -> list[pd.DataFrame]:
    ours = fit_ours(X, y, 32, 1)
    module = deepcopy(ours.net_.module_).double().eval()

    @torch.inference_mode()
    def call_module(rows: Tensor) -> None:
        # In the chunks that suit it; all 10,000 rows at once take it longer.
        for chunk in rows.split(module.rows_per_chunk):
            module(chunk)

    parts = []
    for n_rows, repeats in ROWS_PREDICTED.items():
        rows = np.resize(X, (n_rows, X.shape[1])).astype(np.float64)
        calls: dict[Hashable, Callable[[], object]] = {
            OURS: partial(repeat, partial(ours.predict, rows), repeats),
            BARE_MODULE: partial(repeat, partial(call_module, torch.from_numpy(rows)), repeats),
        }
        timings = alternate(calls, tqdm(range(n_rounds), f"predict {n_rows}", leave=False))
        parts.append(timing_table("predict", n_rows, timings / repeats, OURS, PROMISED))
    return parts
