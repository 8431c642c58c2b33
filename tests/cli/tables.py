"""A small plant table, and the command line run on files made of it."""

from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_mtl.cli import main

N_ROWS = 120


def plant() -> pd.DataFrame:
    """One row per minute; every third row has a laboratory value of `feo`, all have `strength`."""
    rng = np.random.default_rng(0)
    flow, temperature = rng.normal(50, 5, N_ROWS), rng.normal(900, 20, N_ROWS)
    feo = 8 + 0.1 * (flow - 50) + 0.02 * (temperature - 900)
    return pd.DataFrame(
        {
            "time": pd.date_range("2024-01-01", periods=N_ROWS, freq="1min").astype(str),
            "flow": flow.round(3),
            "temperature": temperature.round(2),
            "feo": pd.Series(feo.round(3)).where(np.arange(N_ROWS) % 3 == 0),
            "strength": (70 - feo).round(3),
        }
    )


def write_plant(path: Path, **options) -> Path:
    plant().to_csv(path, index=False, **options)
    return path


def lines_of_plant() -> list[str]:
    """Lines of the CSV file: line n of the file is entry n - 1."""
    return plant().to_csv(index=False).splitlines()


def fit(table: Path, out: Path, *options: str, model: str = "ridge") -> int:
    """Run ``fit`` with the roles of the columns of `plant`."""
    roles = ["--targets", "feo,strength", "--time", "time"]
    words = ["fit", str(table), *roles, "--lags", "2", "--model", model, "--out", str(out)]
    return main([*words, *options])
