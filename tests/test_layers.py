"""Imports point down only, without circles, and optional packages stay in their rooms."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import sklearn_mtl

ROOT = Path(sklearn_mtl.__file__).parent

# A package may import from lower floors only, and from those of its own floor that are named.
FLOORS = {
    **dict.fromkeys(["_optional", "_sequence_layout", "_validation", "_version"], 0),
    **dict.fromkeys(["nn", "losses"], 1),
    **dict.fromkeys(["weighting", "training"], 2),
    **dict.fromkeys(["estimators", "baselines"], 3),
    **dict.fromkeys(["preprocessing", "metrics", "datasets", "model_selection"], 2),
    "": 4,  # the face of the whole package, which shows the estimators
    **dict.fromkeys(["extension", "pipelines", "search", "inspection", "benchmarks"], 5),
    "cli": 6,
    "__main__": 7,
}
SAME_FLOOR = {("training", "weighting"), ("benchmarks", "search")}
# Packages that know nothing of the networks, and the other way round
GROUND = {"_optional", "_sequence_layout", "_validation"}
NARROW = {
    "nn": set(),
    "losses": set(),
    "weighting": {"nn", "losses", "_optional"},
    "training": {"nn", "losses", "weighting"},
    "preprocessing": GROUND,
    "metrics": GROUND,
    "datasets": GROUND,
    "model_selection": GROUND,
    "search": GROUND | {"metrics", "model_selection"},  # any scikit-learn estimator is searched
}
# Rooms that alone import a package; the benchmarks measure against skorch's defaults.
ROOMS = {
    "skorch": {"training", "weighting", "benchmarks"},
    "optuna": {"search", "benchmarks"},
    "pymoo": {"search", "benchmarks"},
    "matplotlib": {"inspection", "benchmarks"},
    "catboost": {"benchmarks"},
    "captum": {"inspection"},
    "torchjd": {"weighting", "benchmarks"},
    "chemotools": {"datasets"},
}
# Rooms of the search, the ground first
SEARCH_FLOORS = ["_space", "_engine", "problems", "_studies", "_pareto"]
TORCH_ONLY = ["nn", "losses"]
OPTIONAL = ["matplotlib", "optuna", "pyarrow", "catboost", "captum", "torchjd"]
OPTIONAL += ["chemotools", "pymoo"]


class Import(NamedTuple):
    importer: str
    line: int
    imported: str


def module_name(file):
    parts = file.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name):
    path = ROOT.parent.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def names_in(node, importer, is_package):
    """Dotted names that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parts = importer.split(".")
            parts = parts[: len(parts) - node.level + is_package]
            base = ".".join([*parts, base]).rstrip(".")
        # A name may be a module of its own.
        names = [f"{base}.{alias.name}" for alias in node.names]
        return sorted({name if is_module(name) else base for name in names})
    if (
        isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", ""))
        in ("import_optional", "import_module", "__import__")
        and node.args
        and isinstance(node.args[0], ast.Constant)
    ):
        return [node.args[0].value]
    return []


@cache
def imports():
    """Every import in the package, also those inside functions and of optional packages."""
    found = []
    for file in sorted(ROOT.rglob("*.py")):
        importer, is_package = module_name(file), file.name == "__init__.py"
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            for name in names_in(node, importer, is_package):
                found.append(Import(importer, getattr(node, "lineno", 0), name))
    return found


def room(module):
    """First part of a module's name below the root: its package or file."""
    return module.partition(".")[2].partition(".")[0]


def own():
    return [edge for edge in imports() if edge.imported.partition(".")[0] == "sklearn_mtl"]


def test_the_walk_sees_imports():
    """The other tests show nothing if the walk is blind."""
    edges = {(edge.importer, edge.imported) for edge in imports()}
    assert ("sklearn_mtl.training._net", "skorch") in edges
    assert ("sklearn_mtl.training._net", "sklearn_mtl.weighting") in edges
    assert ("sklearn_mtl.estimators._base", "sklearn_mtl.nn") in edges
    optional = {room(importer) for importer, name in edges if name.startswith("matplotlib")}
    assert "inspection" in optional, "imports by import_optional"


def test_every_package_has_a_floor():
    rooms = {room(edge.importer) for edge in imports()}
    assert rooms <= set(FLOORS), "give the new package a floor"


def test_imports_point_down():
    wrong = [
        edge
        for edge in own()
        if room(edge.importer) not in ("", room(edge.imported))
        and FLOORS[room(edge.imported)] >= FLOORS[room(edge.importer)]
        and (room(edge.importer), room(edge.imported)) not in SAME_FLOOR
    ]
    assert not wrong


@pytest.mark.parametrize("name", NARROW)
def test_what_a_room_may_know(name):
    allowed = NARROW[name] | {name}
    wrong = [
        edge for edge in own() if room(edge.importer) == name and room(edge.imported) not in allowed
    ]
    assert not wrong


def test_imports_point_down_within_the_search():
    def floor(module):
        package, _, rest = module.partition(".search.")
        name = rest.partition(".")[0]
        return SEARCH_FLOORS.index(name) if package == "sklearn_mtl" and name else None

    edges = [(floor(edge.importer), floor(edge.imported), edge) for edge in own()]
    edges = [edge for edge in edges if None not in edge[:2]]
    assert {upper for upper, _, _ in edges} == set(range(len(SEARCH_FLOORS)))
    assert not [edge for upper, lower, edge in edges if lower > upper]


@pytest.mark.parametrize("name", TORCH_ONLY)
def test_torch_only(name):
    foreign = [
        edge
        for edge in imports()
        if room(edge.importer) == name
        and edge.imported.partition(".")[0]
        not in {"torch", "sklearn_mtl", *sys.stdlib_module_names}
    ]
    assert not foreign


@pytest.mark.parametrize("package", ROOMS)
def test_only_its_room_imports(package):
    wrong = [
        edge
        for edge in imports()
        if edge.imported.partition(".")[0] == package and room(edge.importer) not in ROOMS[package]
    ]
    assert not wrong


def test_no_circles():
    graph = {}
    for edge in own():
        if edge.importer != edge.imported:
            graph.setdefault(edge.importer, set()).add(edge.imported)
    done, path = set(), []

    def visit(module):
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module in done:
            return
        path.append(module)
        for imported in sorted(graph.get(module, ())):
            visit(imported)
        path.pop()
        done.add(module)

    for module in sorted(graph):
        visit(module)


def test_every_face_is_imported_without_asking_for_optional_packages():
    """In a process in which they are not installed, and every request for one is kept."""
    faces = ["sklearn_mtl", "sklearn_mtl.extension"]
    for folder in sorted(ROOT.glob("*/__init__.py")):
        if folder.parent.name != "search":  # the one room of optuna, which is a dependency
            faces.append(f"sklearn_mtl.{folder.parent.name}")
    script = (
        "import importlib, sys\n"
        "class Absent:\n"
        "    asked = set()\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name in {OPTIONAL}:\n"
        "            self.asked.add(name)\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        f"for face in {faces}:\n"
        "    importlib.import_module(face)\n"
        "print(*Absent.asked)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    # pandas itself asks for pyarrow and does without it.
    assert set(run.stdout.split()) <= {"pyarrow"}
