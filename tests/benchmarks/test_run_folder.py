"""Histories and predictions come back as they were, under the name of their run."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.benchmarks._run_folder import RunFolder

RUNS = pd.DataFrame({"rule": ["POR-loss+", "fixed-tuned"], "seed": [0, 1]})


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path / "runs", ("rule", "seed"))
    for _, run in RUNS.iterrows():
        history = pd.DataFrame({"epoch": [1, 2], "loss": [run["seed"], 0.5]})
        folder.save(run, history, np.full((3, 2), float(run["seed"])))
    return folder


def test_runs_come_back_in_the_order_asked_for(folder):
    backwards = RUNS[::-1]
    assert [history["loss"].tolist() for history in folder.histories(backwards)] == [
        [1.0, 0.5],
        [0.0, 0.5],
    ]
    assert folder.predictions(backwards)[:, 0, 0].tolist() == [1, 0]
    assert folder.predictions(backwards).shape == (2, 3, 2)


def test_no_unfinished_file_is_left(folder):
    assert len(list(folder.path.iterdir())) == 2 * len(RUNS)
