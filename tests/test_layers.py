"""The import table: which package may import which, and where torch may be imported at all."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("stimuli", "interpreter", "study_builder", "analysis", "mushra_server")
ALLOWED = {
    "stimuli": set(),
    "interpreter": {"stimuli"},
    "study_builder": {"stimuli"},
    "analysis": set(),
    "mushra_server": {"study_builder.config", "study_builder.design", "analysis"},
}
RENDER = Path("study_builder/render.py")
HEAVY = {"torch", "torchaudio", "lightning", "captum"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            module = node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names)


def files() -> list[Path]:
    return [path.relative_to(ROOT) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def permitted(path: Path, name: str) -> bool:
    package = path.parts[0]
    other = name.split(".")[0]
    if other not in PACKAGES or other == package:
        return True
    if path == RENDER and other == "interpreter":
        return True
    return any(name == allowed or name.startswith(allowed + ".") for allowed in ALLOWED[package])


@pytest.mark.parametrize("path", files(), ids=str)
def test_imports_follow_the_table(path: Path) -> None:
    wrong = [name for name in imports(ROOT / path) if not permitted(path, name)]
    assert not wrong, f"{path} imports {wrong}"


@pytest.mark.parametrize("path", files(), ids=str)
def test_torch_stays_where_it_belongs(path: Path) -> None:
    if path.parts[0] == "interpreter" or path == RENDER:
        return
    heavy = [name for name in imports(ROOT / path) if name.split(".")[0] in HEAVY]
    assert not heavy, f"{path} imports {heavy}"


def test_no_package_imports_itself_whole() -> None:
    for path in files():
        names = set(imports(ROOT / path))
        assert path.parts[0] not in names, f"{path} imports its own package as a whole"


def test_there_are_packages_to_look_at() -> None:
    assert {path.parts[0] for path in files()} == set(PACKAGES)
