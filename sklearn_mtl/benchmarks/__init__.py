"""Benchmarks, one file per table: each is one command and writes its results to a folder.

``sklearn-mtl benchmark NAME`` runs them; every module has ``add_arguments(parser)`` and
``run(arguments)``. None is imported before it is asked for, because they need extras.
"""

BENCHMARKS: dict[str, str] = {
    "accuracy": "sklearn_mtl.benchmarks._accuracy",
    "hdtlz": "sklearn_mtl.benchmarks._hdtlz",
    "missing": "sklearn_mtl.benchmarks._missing",
    "outliers": "sklearn_mtl.benchmarks._outliers",
    "por": "sklearn_mtl.benchmarks._por",
    "por-speed": "sklearn_mtl.benchmarks._por_speed",
    "search": "sklearn_mtl.benchmarks._search",
    "sensitivity": "sklearn_mtl.benchmarks._sensitivity",
    "sinter-c": "sklearn_mtl.benchmarks._sinter_c",
    "speed": "sklearn_mtl.benchmarks._speed",
    "table2": "sklearn_mtl.benchmarks._table2",
    "table3": "sklearn_mtl.benchmarks._table3",
}
