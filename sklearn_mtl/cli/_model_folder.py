"""The saved soft sensor: a folder with the fitted pipeline and a readable description."""

from __future__ import annotations

import json
import math
import platform
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline

from sklearn_mtl._version import __version__
from sklearn_mtl.cli._columns import Columns
from sklearn_mtl.cli._errors import CommandError
from sklearn_mtl.cli._output import new_folder
from sklearn_mtl.cli._sources import SourceSettings
from sklearn_mtl.cli._table import TableFormat

PIPELINE_FILE = "model.joblib"
DESCRIPTION_FILE = "model.json"
FILES = (PIPELINE_FILE, DESCRIPTION_FILE)
# Of the description; raised when a reader must know a new one. 2 added models of several sources.
_LAYOUT = 2
_READABLE = (1, 2)
_PACKAGES = ("numpy", "pandas", "scikit-learn", "skorch", "torch")


@dataclass(frozen=True)
class SoftSensor:
    """A fitted pipeline and what is needed to use and to judge it.

    Attributes
    ----------
    pipeline : Pipeline
        From the columns of the table, or the windows of the sources, to the predictions.
    inputs : Columns or SourceSettings
        Columns of the table, or the sources, that it was fitted on.
    format : TableFormat
        How its files were written.
    description : dict
        Model, preparation, table, split and metrics, as written to ``model.json``.
    """

    pipeline: Pipeline
    inputs: Columns | SourceSettings
    format: TableFormat
    description: dict[str, Any]


def save_soft_sensor(sensor: SoftSensor, folder: Path) -> None:
    """Write the folder whole, or leave what was there."""
    with new_folder(folder) as temporary:
        write_soft_sensor(sensor, temporary)


def write_soft_sensor(sensor: SoftSensor, folder: Path) -> None:
    """Write the two files of a saved model into a folder that exists."""
    description = {
        "layout": _LAYOUT,
        "versions": _versions(),
        **_inputs_to_json(sensor.inputs),
        "table_format": sensor.format.to_json(),
        **sensor.description,
    }
    joblib.dump(sensor.pipeline, folder / PIPELINE_FILE)
    text = json.dumps(_without_nan(description), indent=2, ensure_ascii=False, allow_nan=False)
    (folder / DESCRIPTION_FILE).write_text(text + "\n", encoding="utf-8")


def load_soft_sensor(folder: Path) -> SoftSensor:
    """Read a folder that `save_soft_sensor` wrote; loading runs code, so trust its origin.

    Raises
    ------
    CommandError
        If the folder is no saved model, or one of a newer layout.
    """
    try:
        text = (folder / DESCRIPTION_FILE).read_text(encoding="utf-8")
        description = json.loads(text)
        layout = description["layout"]
        inputs = _inputs_from_json(description)
        format = TableFormat.from_json(description["table_format"])
    except FileNotFoundError as error:
        raise CommandError(
            f"{folder}: this is no saved model, there is no {DESCRIPTION_FILE}. "
            "Make one with: sklearn-mtl fit"
        ) from error
    except (NotADirectoryError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{folder}: this is no saved model ({error!r}).") from error
    if layout not in _READABLE:
        raise CommandError(f"{folder}: written by another version ({description['versions']}).")
    _warn_about_versions(folder, description["versions"])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InconsistentVersionWarning)  # said above, for all
            pipeline = joblib.load(folder / PIPELINE_FILE)
    except FileNotFoundError as error:
        raise CommandError(f"{folder}: {PIPELINE_FILE} is missing.") from error
    return SoftSensor(pipeline, inputs, format, description)


def _inputs_to_json(inputs: Columns | SourceSettings) -> dict[str, Any]:
    if isinstance(inputs, SourceSettings):
        return {"several_sources": inputs.to_json()}
    return {"columns": inputs.to_json()}


def _inputs_from_json(description: Mapping[str, Any]) -> Columns | SourceSettings:
    if "several_sources" in description:
        return SourceSettings.from_json(description["several_sources"])
    return Columns.from_json(description["columns"])


def _versions() -> dict[str, str]:
    return {
        "sklearn_mtl": __version__,
        "python": platform.python_version(),
        **{package: version(package) for package in _PACKAGES},
    }


def _warn_about_versions(folder: Path, saved: Mapping[str, str]) -> None:
    changed = [
        f"{package} {saved[package]} (now {here})"
        for package, here in _versions().items()
        if saved.get(package, here) != here
    ]
    if changed:
        warnings.warn(
            f"{folder} was fitted with {', '.join(changed)}; "
            "if predictions look different, fit it again.",
            stacklevel=2,
        )


def _without_nan(value: Any) -> Any:
    """Replace NaN by None: JSON has no NaN."""
    if isinstance(value, Mapping):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
