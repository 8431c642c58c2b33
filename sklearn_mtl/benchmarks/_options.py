"""Options that the accuracy benchmarks have in common."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import torch
from threadpoolctl import threadpool_limits

from sklearn_mtl._version import __version__
from sklearn_mtl.benchmarks._contenders import Effort


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add folder, seeds, threads and the limits of a quick run."""
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("benchmark_results"),
        help="result folder; runs finished there are not repeated (default: benchmark_results)",
    )
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds (default: 3)")
    parser.add_argument("--threads", type=int, default=1, help="threads (default: 1)")
    parser.add_argument("--max-rows", type=int, help="rows of a quick run (default: all)")
    parser.add_argument("--max-epochs", type=int, help="epochs of a quick run (default: models')")


def add_jobs_option(parser: argparse.ArgumentParser) -> None:
    """Add the number of processes; results do not depend on it."""
    parser.add_argument(
        "--jobs", type=int, default=1, help="runs at the same time, a process each (default: 1)"
    )


def add_choice(
    parser: argparse.ArgumentParser, option: str, names: Iterable[str], what: str
) -> None:
    """Add an option that takes some of `names`, by default all."""
    names = list(names)
    parser.add_argument(
        option,
        nargs="+",
        choices=names,
        default=names,
        metavar="NAME",
        help=f"{what}: {', '.join(names)} (default: all)",
    )


def limit_threads(n_threads: int) -> None:
    """Limit the threads of this process."""
    torch.set_num_threads(n_threads)
    threadpool_limits(n_threads)


def effort_of(arguments: argparse.Namespace) -> Effort:
    """Limit the threads of this process, and say what the models may do."""
    limit_threads(arguments.threads)
    if arguments.max_epochs is None:
        return Effort(threads=arguments.threads)
    return Effort(arguments.max_epochs, n_trees=10, max_iterations=10, threads=arguments.threads)


def setting_of(arguments: argparse.Namespace) -> dict[str, str]:
    """Return what tells results apart that must not be mixed."""
    limits = {"rows": arguments.max_rows, "epochs": arguments.max_epochs}
    quick = [f"{name} <= {limit}" for name, limit in limits.items() if limit is not None]
    return {"version": __version__, "setting": ", ".join(quick) or "full"}
