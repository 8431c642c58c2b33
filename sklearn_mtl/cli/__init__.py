"""The command line: from a plant's table to a saved, evaluated soft sensor, without Python."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn_mtl._version import __version__
from sklearn_mtl.cli import _benchmark, _demo, _fit, _predict, _report, _search
from sklearn_mtl.cli._errors import CommandError

__all__ = ["main"]

# A command is a module with SUMMARY, DESCRIPTION, EXAMPLES, add_arguments and run.
_COMMANDS: dict[str, Any] = {
    "demo": _demo,
    "fit": _fit,
    "search": _search,
    "predict": _predict,
    "report": _report,
    "benchmark": _benchmark,
}
_EPILOG = """
the main job:
  sklearn-mtl fit plant.csv --targets h2s,so2 --time timestamp --lags 9 --out sensor/
  sklearn-mtl report sensor/ plant.csv --out report.html
  sklearn-mtl predict sensor/ today.csv --out predictions.csv

sources at different rates and a laboratory:
  sklearn-mtl fit --source thermal=fast.csv --source shift.csv --lab lab.csv --targets feo,sio2 \\
      --lookback thermal=3h,shift=24h --dead-time 30min --out sensor/
  sklearn-mtl predict sensor/ --source thermal=fast.csv --source shift.csv --now --out now.csv

models of every size, the best of each:
  sklearn-mtl search plant.csv --targets h2s,so2 --time timestamp --storage search.log --out found/

Every command explains itself: sklearn-mtl fit --help
Exit codes: 0 done, 2 wrong input (the message says what to change), 130 interrupted.
A command that does not end well leaves no file behind and keeps what was there; a search that is
interrupted saves what it has found.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, default=None
        Words after the program's name; those of the process by default.

    Returns
    -------
    status : int
        0 if all went well, 2 for an input that the user can correct, 130 if interrupted.
    """
    parsed = _parse(arguments)
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning  # type: ignore[assignment]
        try:
            _COMMANDS[parsed.command].run(parsed)
        # An absent optional package and a file that cannot be read or written are the user's too.
        except (CommandError, ImportError, OSError) as error:
            print(f"sklearn-mtl {parsed.command}: error: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print(f"sklearn-mtl {parsed.command}: interrupted", file=sys.stderr)
            return 130
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    parsed, rest = parser.parse_known_args(arguments)
    # Before Python 3.13, argparse passes over an optional table that follows an option.
    if len(rest) == 1 and not rest[0].startswith("-") and getattr(parsed, "table", rest) is None:
        parsed.table = Path(rest[0])
    elif rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return parsed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sklearn-mtl",
        description="Soft sensors for industry: predict all quality variables of a plant at once.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"sklearn-mtl {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, module in _COMMANDS.items():
        command = commands.add_parser(
            name,
            help=module.SUMMARY,
            description=module.DESCRIPTION,
            epilog=module.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
    return parser


def _show_warning(message: Warning | str, *_: Any) -> None:
    """Print a warning as one line: the place in the library's code is of no use here."""
    print(f"warning: {message}", file=sys.stderr)
