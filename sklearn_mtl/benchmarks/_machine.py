"""What a timing was taken on."""

from __future__ import annotations

import platform
from pathlib import Path

import sklearn
import skorch
import torch

from sklearn_mtl._version import __version__


def describe_machine() -> str:
    """Name the processor, the operating system, the versions and the number of threads."""
    return (
        f"{_processor()}, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, torch {torch.__version__}, "
        f"skorch {skorch.__version__}, scikit-learn {sklearn.__version__}, "
        f"sklearn_mtl {__version__}, threads={torch.get_num_threads()}"
    )


def _processor() -> str:
    cpu_info = Path("/proc/cpuinfo")  # Linux; elsewhere Python's own answer
    if cpu_info.exists():
        for line in cpu_info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
