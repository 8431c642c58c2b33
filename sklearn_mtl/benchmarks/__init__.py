"""Benchmarks, one file per table: each is one command and writes its results to a folder.

``sklearn-mtl benchmark NAME`` runs them; every module has ``add_arguments(parser)`` and
``run(arguments)``. None is imported before it is asked for, because they need extras.
"""

BENCHMARKS: dict[str, str] = {
    "accuracy": "sklearn_mtl.benchmarks._accuracy",
    "missing": "sklearn_mtl.benchmarks._missing",
    "outliers": "sklearn_mtl.benchmarks._outliers",
    "speed": "sklearn_mtl.benchmarks._speed",
}
