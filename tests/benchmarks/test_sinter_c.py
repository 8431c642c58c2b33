"""Tables of MS-BCNN: what is known when, aligned samples, tables that go on after a break."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.benchmarks import _multirate_tasks, _sinter_c
from sklearn_mtl.benchmarks._multirate_tasks import (
    LENGTH,
    MULTIRATE_PROTOCOLS,
    N_CALENDAR,
    newest_known,
)


def known_by_loops(results, available_at):
    """For each sample and target: the newest sample with a result that is known by then."""
    known = np.full(results.shape, np.nan)
    for row, now in enumerate(results.index):
        for column, name in enumerate(results):
            values = results[name][(available_at <= now).to_numpy()].dropna()
            if len(values):
                known[row, column] = values.iloc[-1]
    return known


@pytest.mark.parametrize("seed", range(5))
def test_newest_known_result(seed):
    rng = np.random.default_rng(seed)
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.cumsum(rng.integers(20, 90, 60)), "min")
    results = pd.DataFrame(rng.normal(size=(60, 3)), index=times)
    results = results.mask(rng.random((60, 3)) < 0.3)
    # Late ones are overtaken by later samples.
    available_at = pd.Series(times + pd.to_timedelta(rng.integers(30, 600, 60), "min"), index=times)
    expected = known_by_loops(results, available_at)
    np.testing.assert_array_equal(newest_known(results, available_at), expected)


@pytest.fixture
def small_flotation(monkeypatch):
    rng = np.random.default_rng(0)
    index = pd.date_range("2024-01-01", periods=120, freq="h")
    inputs = pd.DataFrame(rng.normal(size=(120, 3)), index, ["iron_feed", "air", "level"])
    inputs["iron_feed"] = inputs["iron_feed"].where(np.arange(120) % 6 == 0).ffill()
    targets = pd.DataFrame(rng.normal(size=(120, 2)), index, ["y1", "y2"])
    monkeypatch.setattr(_multirate_tasks, "fetch_flotation", lambda **_: (inputs, targets))


@pytest.mark.parametrize("name", MULTIRATE_PROTOCOLS)
def test_tasks(name, small_flotation):
    data = MULTIRATE_PROTOCOLS[name].load(1, None, 150)
    task = data.task
    assert np.isfinite(task.X).all()
    assert (task.X.shape[1] - N_CALENDAR) % LENGTH == 0
    rows = np.concatenate([task.train, task.validation, task.test])
    np.testing.assert_array_equal(np.sort(rows), np.arange(len(task.X)))
    in_order = name.endswith("chronological")
    assert (np.diff(rows) > 0).all() == in_order
    assert (data.truth is not None) == name.startswith("sinter")
    calendar = task.X[:, -N_CALENDAR:]
    assert np.abs(calendar).max() <= 1 + 1e-12


def test_sinter_c(run_benchmark, small_flotation, monkeypatch):
    models = ("MS-BCNN", "MS-BCNN, short branch only", "PLS", "Ridge")
    options = ("--seeds", "2", "--max-rows", "110", "--max-epochs", "1", "--models", *models)
    out = run_benchmark(_sinter_c, *options)
    results = pd.read_csv(out / "sinter-c.csv")
    assert len(results) == 4 * 2 * (len(models) + 1) + 2 * 2  # truth beside sinter only
    assert np.isfinite(results["NMSE overall"]).all()
    report = (out / "sinter-c.md").read_text()
    assert report.count("seeds paired") == 4
    for metric in ("NMSE", "NMAE", "MAPE"):
        assert report.count(f"### {metric} by target") == 4

    monkeypatch.setattr(_sinter_c, "MULTIRATE_PROTOCOLS", _without_loaders())
    run_benchmark(_sinter_c, *options)
    assert (out / "sinter-c.md").read_text() == report


def _without_loaders():
    return {
        name: _multirate_tasks.MultirateProtocol(protocol.description, None)
        for name, protocol in MULTIRATE_PROTOCOLS.items()
    }
