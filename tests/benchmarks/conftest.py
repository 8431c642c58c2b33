"""Small tables in the place of the measured ones, so that no test needs the real data."""

import argparse

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import Bunch

from sklearn_mtl.benchmarks import _protocols, _rule_tasks

N_ROWS = 150


@pytest.fixture
def small_tables(monkeypatch):
    """Let the protocols fetch random tables with the columns of the measured ones."""
    rng = np.random.default_rng(0)
    drift = rng.normal(size=(N_ROWS, 3)).cumsum(axis=0)
    inputs = pd.DataFrame(drift, columns=["x1", "x2", "x3"])
    targets = pd.DataFrame(drift[:, :2] + rng.normal(size=(N_ROWS, 2)), columns=["y1", "y2"])
    year = pd.Series(np.repeat([2011, 2012, 2013, 2014, 2015], N_ROWS // 5))
    turbine = Bunch(data=inputs, target=targets, year=year)
    monkeypatch.setattr(_protocols, "fetch_sru", lambda **_: (inputs, targets))
    monkeypatch.setattr(_protocols, "fetch_gas_turbine", lambda **_: turbine)
    monkeypatch.setattr(_rule_tasks, "fetch_flotation", lambda **_: (inputs, targets))
    return inputs, targets


@pytest.fixture
def run_benchmark(tmp_path):
    """Run a benchmark module with options as the command line does."""

    def run(module, *options):
        parser = argparse.ArgumentParser()
        module.add_arguments(parser)
        module.run(parser.parse_args(["--out", str(tmp_path / "out"), *options]))
        return tmp_path / "out"

    return run
