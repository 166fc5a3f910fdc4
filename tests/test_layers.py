"""The house as a table: which package and which room may import which, and where torch may be imported."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("listenable", "stimuli", "interpreter", "study_builder", "analysis", "mushra_server")
HEAVY = {"torch", "torchaudio", "lightning", "captum"}
RENDERING = {"study_builder.rendering.explaining", "study_builder.rendering.render"}
STUDIO = "mushra_server.studio"
MOST_MODULES = 20

# What a package may import of the others.
ALLOWED: dict[str, set[str]] = {
    "stimuli": set(),
    "interpreter": {"stimuli"},
    "study_builder": {"stimuli"},  # and the interpreter in RENDERING
    "analysis": {
        "stimuli.files",
        "stimuli.lazy",
        "stimuli.names",
        "stimuli.tokens",
        "stimuli.vocabulary",
        "study_builder.config",
    },
    "mushra_server": {
        "stimuli.files",
        "stimuli.lazy",
        "stimuli.names",
        "stimuli.tokens",
        "stimuli.vocabulary",
        "study_builder.config",
        "study_builder.design",
        "analysis",
    },  # and all of study_builder and stimuli in STUDIO, which does what the command line does
    "listenable": {"stimuli", "interpreter", "study_builder", "mushra_server", "analysis"},
}

# The floors of each package, from the ground up: a room imports only from the floors below its own.
FLOORS: dict[str, tuple[str, ...]] = {
    "interpreter": (
        "elementary errors threads types",
        "devices networks noise sound_files",
        "classifier distributed sepformer unet",
        "faithfulness runs",
        "kinds",
        "explainers",
        "settings",
        "loading",
        "importing",
        "evaluation training",
        "recordings",
        "commands",
    ),
    "study_builder": (
        "choice_texts errors parallel",
        "identifiers study_folder",
        "config",
        "design sounds",
        "building checks rendering simulation",
        "commands",
    ),
    "analysis": (
        "errors formatting pages",
        "ratings statistics",
        "choices models",
        "measurement",
        "figures",
        "report",
        "companion",
        "commands",
    ),
    "mushra_server": (
        "errors",
        "database",
        "study",
        "answers web",
        "participant",
        "webmushra",
        "export",
        "admin",
        "app open_studies openings",
        "many preview",
        "studio",
        "commands wsgi",
    ),
}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def modules() -> dict[str, Path]:
    return {module_of(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}


@cache
def imports(module: str) -> tuple[str, ...]:
    """Return the modules that a module imports anywhere but under TYPE_CHECKING, as full names."""
    tree = ast.parse(modules()[module].read_text(encoding="utf-8"))
    hidden = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for node in ast.walk(branch)
    }
    return tuple(name for node in ast.walk(tree) if id(node) not in hidden for name in _named(node))


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "relative imports hide where a name comes from"
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            yield whole if whole in modules() else str(node.module)


def room(module: str) -> str:
    """Return the room of a module within its package; the face of a package is in none."""
    return module.split(".")[1] if "." in module else ""


def inside(module: str, allowed: set[str]) -> bool:
    return any(module == name or module.startswith(name + ".") for name in allowed)


def test_packages_import_what_the_table_allows() -> None:
    wrong = [
        f"{module} imports {other}"
        for module in modules()
        for other in imports(module)
        if (package := other.split(".")[0]) in PACKAGES and package != module.split(".")[0]
        if not inside(other, ALLOWED[module.split(".")[0]])
        if not (module in RENDERING and package == "interpreter")
        if not (inside(module, {STUDIO}) and package in ("study_builder", "stimuli"))
    ]
    assert not wrong


def test_torch_stays_where_it_belongs() -> None:
    wrong = [
        f"{module} imports {other}"
        for module in modules()
        if not module.startswith("interpreter") and module not in RENDERING
        for other in imports(module)
        if other.split(".")[0] in HEAVY
    ]
    assert not wrong


@pytest.mark.parametrize("package", FLOORS)
def test_no_import_runs_back_up(package: str) -> None:
    floor = {name: number for number, line in enumerate(FLOORS[package]) for name in line.split()}
    found = {room(module) for module in modules() if module.startswith(package + ".")}
    assert found == set(floor), "each room is on a floor, and each floor has rooms that exist"
    wrong = [
        f"{module} imports {other}"
        for module in modules()
        if module.startswith(package + ".")
        for other in imports(module)
        if other.startswith(package + ".") and room(other) != room(module)
        if floor[room(other)] >= floor[room(module)]
    ]
    assert not wrong


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {module: [other for other in imports(module) if other in modules()] for module in modules()}
    list(TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle


def test_no_package_imports_itself_whole() -> None:
    assert not [module for module in modules() if module.split(".")[0] in imports(module)]


def test_no_folder_is_crowded() -> None:
    counts = Counter(path.parent for path in modules().values() if path.name != "__init__.py")
    assert not {str(folder): count for folder, count in counts.items() if count > MOST_MODULES}


def test_every_folder_says_what_it_is() -> None:
    faces = [path for path in modules().values() if path.name == "__init__.py"]
    assert {path.parent for path in modules().values()} == {path.parent for path in faces}
    assert not [str(path) for path in faces if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
