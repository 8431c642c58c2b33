"""What a reader can see is run, and every public name documents what it takes."""

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import validate

REPOSITORY = Path(__file__).parents[1]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```python[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)

# Faces whose names are public: each has an example, too.
FACES = [
    "sklearn_mtl",
    "sklearn_mtl.datasets",
    "sklearn_mtl.extension",
    "sklearn_mtl.inspection",
    "sklearn_mtl.losses",
    "sklearn_mtl.metrics",
    "sklearn_mtl.model_selection",
    "sklearn_mtl.pipelines",
    "sklearn_mtl.preprocessing",
    "sklearn_mtl.search",
    "sklearn_mtl.search.problems",
    "sklearn_mtl.weighting",
]
# Inner faces: documented, and shown where they are used.
INNER_FACES = ["sklearn_mtl.estimators", "sklearn_mtl.nn", "sklearn_mtl.training"]
# numpydoc's checks of parameters: undocumented, unknown, wrong order, without a type
PARAMETER_CHECKS = {"PR01", "PR02", "PR03", "PR04"}


def blocks(page):
    """Python blocks of a page with the lines at which they start."""
    text = page.read_text("utf-8")
    return [(text.count("\n", 0, match.start(1)), match.group(1)) for match in FENCE.finditer(text)]


def script(page):
    """The Python blocks of a page, each on the lines that it has in the page."""
    lines = [""] * page.read_text("utf-8").count("\n")
    for start, source in blocks(page):
        lines[start : start + source.count("\n")] = source.splitlines()
    return "\n".join(lines)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_code_blocks_run(page, tmp_path):
    """The blocks of a page run in order, as a reader would run them in an empty folder."""
    file = tmp_path / f"{page.stem}.py"
    file.write_text(script(page), "utf-8")
    run = subprocess.run([sys.executable, file], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_the_readme_has_code():
    assert blocks(REPOSITORY / "README.md")


def public_objects(faces):
    """Documented classes and functions of the faces, by dotted name."""
    found = {}
    for face in faces:
        module = importlib.import_module(face)
        for name in module.__all__:
            member = getattr(module, name)
            if inspect.isclass(member) or inspect.isfunction(member):
                found.setdefault(id(member), f"{face}.{name}")
    return sorted(found.values())


def own_methods(cls):
    """Public methods that the package itself defines."""
    return sorted(
        name
        for name, member in inspect.getmembers(cls, inspect.isfunction)
        if not name.startswith("_") and (member.__module__ or "").startswith("sklearn_mtl")
    )


def resolve(dotted):
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


def wrong_parameters(dotted):
    # numpydoc calls constructor parameters those of the class.
    return [
        f"{dotted}: {message}"
        for code, message in validate(dotted)["errors"]
        if code in PARAMETER_CHECKS
    ]


def test_the_names_are_found():
    names = public_objects(FACES + INNER_FACES)
    assert "sklearn_mtl.MultiTaskRegressor" in names
    assert "sklearn_mtl.extension.check_weighting" in names
    assert len(names) > 40


@pytest.mark.parametrize("dotted", public_objects(FACES + INNER_FACES))
def test_parameters_are_documented_as_they_are(dotted):
    member = resolve(dotted)
    assert inspect.getdoc(member), f"{dotted} has no docstring"
    wrong = wrong_parameters(dotted)
    if inspect.isclass(member):
        for name in own_methods(member):
            method = f"{dotted}.{name}"
            assert inspect.getdoc(getattr(member, name)), f"{method} has no docstring"
            # A method without a parameter section says it in a sentence.
            if get_doc_object(getattr(member, name))["Parameters"]:
                wrong += wrong_parameters(method)
    assert not wrong


@pytest.mark.parametrize("dotted", public_objects(FACES))
def test_there_is_an_example(dotted):
    examples = "\n".join(get_doc_object(resolve(dotted))["Examples"])
    assert ">>> " in examples, f"{dotted} shows no example"


@pytest.mark.parametrize("face", FACES + INNER_FACES)
def test_faces_list_what_exists(face):
    module = importlib.import_module(face)
    assert module.__doc__
    assert len(set(module.__all__)) == len(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)
