"""Speed of fit and predict against hand-written loops and skorch's defaults, and of resampling.

Every comparison has one network and one optimizer (AdamW), no validation part and no learning-rate
schedule. The contenders are called in turn in one process with one thread; ratios are medians over
the rounds, with their range. The first table's network has 4 experts 50-64-32 and towers 32-16-1;
lr 2e-3, weight decay 1e-4, mean squared error.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Hashable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from sklearn_mtl.benchmarks._alternating import alternate, repeat
from sklearn_mtl.benchmarks._fit_contenders import (
    BEST_LOOP,
    FITS,
    OURS,
    PLAIN_LOOP,
    SKORCH,
    fit_ours,
    fit_skorch,
)
from sklearn_mtl.benchmarks._fit_timings import SHORT_FIT, compare_fits
from sklearn_mtl.benchmarks._machine import describe_machine
from sklearn_mtl.benchmarks._markdown import markdown_table
from sklearn_mtl.benchmarks._ms_bcnn_speed import (
    MS_BCNN_NOTE,
    compare_ms_bcnn,
    readable_ms_bcnn,
)
from sklearn_mtl.benchmarks._resampling_speed import (
    LENGTH,
    N_CHANNELS,
    N_STEPS,
    compare_resampling,
    readable_resampling,
)
from sklearn_mtl.benchmarks._speed_table import readable, timing_table
from sklearn_mtl.datasets import fetch_sru
from sklearn_mtl.preprocessing import LagFeaturizer

N_ROWS, N_FEATURES, N_TARGETS = 6048, 50, 2
ROWS_PREDICTED = {1: 200, 10_000: 1}  # rows of a prediction: predictions of one timing
BARE_MODULE = "bare module, float32"

# Largest ratio that this package promises: (kind, size, other) -> ratio.
PROMISED = {
    ("fit", 64, BEST_LOOP): 1.1,
    ("fit", 256, BEST_LOOP): 1.1,
    ("fit", 1024, BEST_LOOP): 1.1,
    ("fit", 64, PLAIN_LOOP): 0.65,
    ("fit", 1024, PLAIN_LOOP): 0.8,
    ("predict", 10_000, SKORCH): 0.25,
    ("predict", 1, BARE_MODULE): 2.5,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--out", type=Path, default=Path("benchmark_results"), help="result folder")
    parser.add_argument("--rounds", type=int, default=15, help="rounds (default: 15)")
    parser.add_argument("--epochs", type=int, default=6, help="epochs of a long fit (default: 6)")
    parser.add_argument("--rows", type=int, default=N_ROWS, help="training rows (default: 6048)")
    parser.add_argument(
        "--batch-sizes", type=int, nargs="+", default=[64, 256, 1024], help="default: 64 256 1024"
    )
    parser.add_argument(
        "--ms-bcnn-rows", type=int, default=960, help="training rows of MS-BCNN (default: 960)"
    )
    parser.add_argument(
        "--resampled-rows", type=int, default=2000, help="rows of windows (default: 2000)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Measure, print the ratios and write ``speed.md`` and one table of CSV per section."""
    if arguments.epochs <= SHORT_FIT:
        raise ValueError(f"`--epochs` must be larger than {SHORT_FIT}. Got {arguments.epochs}.")
    torch.set_num_threads(1)
    X, y, origin = _training_data(arguments.rows)
    n_rounds = arguments.rounds
    results = [
        compare_fits(FITS, X, y, batch_size, arguments.epochs, n_rounds, OURS, PROMISED)
        for batch_size in arguments.batch_sizes
    ]
    results += _compare_predictions(X, y, n_rounds)
    # Empty columns go first: pandas is about to let them decide the dtype.
    table = pd.concat([part.dropna(axis=1, how="all") for part in results], ignore_index=True)
    ms_bcnn = compare_ms_bcnn(arguments.ms_bcnn_rows, arguments.epochs, n_rounds)
    resampling = compare_resampling(arguments.resampled_rows, n_rounds)
    report = "\n\n".join(
        [
            "# Speed",
            f"{describe_machine()}.",
            f"{(__doc__ or '').partition(chr(10) * 2)[2].strip()}",
            f"{len(X)} training rows x {X.shape[1]} inputs -> {y.shape[1]} targets ({origin}), "
            f"{n_rounds} rounds. Times in milliseconds, medians; a ratio is ours / other in CPU "
            f"time (wall-clock time in the next column), below 1 where ours is faster. A fit's "
            f"time is that of one epoch: a fit of {arguments.epochs} epochs less one of "
            f"{SHORT_FIT}, per epoch; `fixed` is the rest of the fit.",
            markdown_table(readable(table, OURS)),
            "## MS-BCNN",
            f"{arguments.ms_bcnn_rows} training rows of {MS_BCNN_NOTE}",
            markdown_table(readable_ms_bcnn(ms_bcnn)),
            "## Resampling",
            f"`MultirateResampler.transform`, checks of the input included: "
            f"{arguments.resampled_rows} rows of {N_CHANNELS} windows of {N_STEPS} steps -> "
            f"{LENGTH} steps, {n_rounds} rounds. Times in milliseconds, medians; a ratio is to "
            "`X.copy()`, a copy of the input into a new array, in CPU time.",
            markdown_table(readable_resampling(resampling)),
        ]
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    table.to_csv(arguments.out / "speed.csv", index=False)
    ms_bcnn.to_csv(arguments.out / "speed-ms-bcnn.csv", index=False)
    resampling.to_csv(arguments.out / "speed-resampling.csv", index=False)
    (arguments.out / "speed.md").write_text(report + "\n")
    print(report)


def _training_data(n_rows: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Lagged SRU table if it is in the data folder, otherwise random numbers of its shape."""
    try:
        sru_inputs, sru_targets = fetch_sru(download_if_missing=False, return_X_y=True)
    except OSError:
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(n_rows, N_FEATURES)), rng.normal(size=(n_rows, N_TARGETS))
        return X.astype(np.float32), y.astype(np.float32), "random numbers"
    X = StandardScaler().fit_transform(LagFeaturizer(lags=9).fit_transform(sru_inputs)[:n_rows])
    y = StandardScaler().fit_transform(sru_targets.to_numpy()[:n_rows])
    return X.astype(np.float32), y.astype(np.float32), "SRU, lags 0-9"


def _compare_predictions(X: np.ndarray, y: np.ndarray, n_rounds: int) -> list[pd.DataFrame]:
    ours = fit_ours(X, y, 256, 1)
    net = fit_skorch(X, y, 256, 1)
    module = ours.net_.module_.eval()

    @torch.inference_mode()
    def call_module(rows: torch.Tensor) -> torch.Tensor:
        return module(rows)

    results = []
    for n_rows, repeats in ROWS_PREDICTED.items():
        rows = np.resize(X, (n_rows, X.shape[1]))
        calls: dict[Hashable, Callable[[], object]] = {
            OURS: partial(repeat, partial(ours.predict, rows), repeats),
            SKORCH: partial(repeat, partial(net.predict, rows), repeats),
            BARE_MODULE: partial(repeat, partial(call_module, torch.from_numpy(rows)), repeats),
        }
        timings = alternate(calls, tqdm(range(n_rounds), f"predict {n_rows}", leave=False))
        results.append(timing_table("predict", n_rows, timings / repeats, OURS, PROMISED))
    return results
