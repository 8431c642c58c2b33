"""Shared fixtures: one torch thread per process, real data when it is there."""

import os
import signal
from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c():
    """Ctrl-C as in a terminal: what a shell starts in the background inherits to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def data_home():
    """Folder with the real data sets; tests that need it are skipped, visibly, without it."""
    folder = os.environ.get("SKLEARN_MTL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("set SKLEARN_MTL_DATA to the folder with the real data sets")
    return Path(folder)
