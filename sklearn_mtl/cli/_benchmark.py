"""``sklearn-mtl benchmark``: run one of the benchmarks by name."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from sklearn_mtl.benchmarks import BENCHMARKS

SUMMARY = "run a benchmark by name"
DESCRIPTION = """
Run a benchmark and print its table. Each has options of its own: sklearn-mtl benchmark NAME --help.
Some need the extra `bench`.
"""
EXAMPLES = """
examples:
  sklearn-mtl benchmark speed
  sklearn-mtl benchmark speed --help
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the name; the options behind it belong to the benchmark."""
    parser.add_argument("name", choices=sorted(BENCHMARKS), help="benchmark to run")
    parser.add_argument("options", nargs=argparse.REMAINDER, help="options of the benchmark itself")


def run(arguments: argparse.Namespace) -> None:
    """Import the one benchmark that is asked for, so that the others' extras may be absent."""
    module = import_module(BENCHMARKS[arguments.name])
    parser = argparse.ArgumentParser(
        prog=f"sklearn-mtl benchmark {arguments.name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    module.run(parser.parse_args(arguments.options))
    sys.stdout.flush()
