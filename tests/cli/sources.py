"""A small plant with two sources at different rates and a laboratory, as files."""

from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_mtl.cli import main

LOOKBACK, DEAD_TIME = "thermal=30min,shift=4h", "10min"
N_SAMPLES = 60


def thermal() -> pd.DataFrame:
    """One row per minute of ten hours; quality follows the flow of the last half hour."""
    rng = np.random.default_rng(0)
    times = pd.date_range("2024-01-01 00:00", periods=600, freq="1min", name="timestamp")
    flow = 50 + 5 * np.sin(np.arange(600) / 40) + rng.normal(0, 1, 600)
    temperature = 900 + 20 * np.cos(np.arange(600) / 25) + rng.normal(0, 2, 600)
    return pd.DataFrame(
        {"flow": flow.round(3), "temperature": temperature.round(2)}, index=times
    ).reset_index()


def shift() -> pd.DataFrame:
    """One row per two hours, from four hours before the first minute on."""
    times = pd.date_range("2023-12-31 20:00", periods=7, freq="2h")
    return pd.DataFrame({"start": times, "moisture": [7.1, 6.8, 7.4, 7.0, 6.9, 7.2, 7.3]})


def lab() -> pd.DataFrame:
    """Newest sample first, with a remark, a retest, a detection limit and a failed assay."""
    fast = thermal().set_index("timestamp")
    times = pd.date_range("2024-01-01 00:45", periods=N_SAMPLES, freq="9min")
    windows = [
        fast.loc[time - pd.Timedelta("40min") : time - pd.Timedelta("10min")] for time in times
    ]
    flow = np.array([window["flow"].mean() for window in windows])
    temperature = np.array([window["temperature"].mean() for window in windows])
    feo = (8 + 0.1 * (flow - 50)).round(3).astype(str).astype(object)
    feo[5], feo[8] = "<0.5", "failed"
    table = pd.DataFrame(
        {
            "sampled": times.astype(str),
            "feo": feo,
            "sio2": (5 + 0.01 * (temperature - 900)).round(3),
            "remark": "",
        }
    )
    table = table.iloc[::-1].reset_index(drop=True)
    retest = table.iloc[[3]].assign(feo="8.888", remark="retest")
    return pd.concat([table, retest])


def write(folder: Path, **changed: pd.DataFrame) -> None:
    """Write ``fast.csv``, ``shift.csv`` and ``lab.csv``, with some tables replaced."""
    tables = {"fast": thermal(), "shift": shift(), "lab": lab(), **changed}
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)


def files(folder: Path, *, with_lab: bool = False) -> list[str]:
    words = ["--source", f"thermal={folder / 'fast.csv'}", "--source", str(folder / "shift.csv")]
    return [*words, "--lab", str(folder / "lab.csv")] if with_lab else words


def fit(folder: Path, *options: str, model: str = "ridge") -> int:
    """Fit to the files in `folder`; later options win over those given here."""
    words = ["fit", *files(folder, with_lab=True), "--targets", "feo,sio2", "--missing", "failed"]
    words += ["--lookback", LOOKBACK, "--dead-time", DEAD_TIME, "--model", model]
    return main([*words, "--out", str(folder / "model"), *options])


def predict(folder: Path, *options: str) -> pd.DataFrame:
    """Predict from the files in `folder` by the model in it."""
    out = folder / "p.csv"
    words = ["predict", str(folder / "model"), *files(folder), "--out", str(out), "--force"]
    assert main([*words, *options]) == 0
    return pd.read_csv(out, parse_dates=["time"])
