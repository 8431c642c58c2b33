"""Shared fixtures: one torch thread per process, real data when it is there."""

import os
from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def data_home():
    """Folder with the real data sets; tests that need it are skipped, visibly, without it."""
    folder = os.environ.get("SKLEARN_MTL_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("set SKLEARN_MTL_DATA to the folder with the real data sets")
    return Path(folder)
