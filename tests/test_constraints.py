"""One version of each dependency within the ranges of pyproject.toml, and one of ours everywhere."""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]


def pinned() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert all(one.url is None and [pin.operator for pin in one.specifier] == ["=="] for one in found)
    names = [canonicalize_name(one.name) for one in found]
    assert len(names) == len(set(names)) and "listenable" not in names
    return {name: next(iter(one.specifier)).version for name, one in zip(names, found, strict=True)}


def requirements() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]


@pytest.mark.parametrize("text", sorted(set(requirements())))
def test_the_tested_version_is_within_the_range(text: str) -> None:
    wanted = Requirement(text)
    version = pinned()[canonicalize_name(wanted.name)]
    assert wanted.specifier.contains(version), f"{version} is not {wanted}; run `make lock`"


def test_versions_are_those_of_all_that_is_pulled_in() -> None:
    assert {"numpy", "torch", "werkzeug", "greenlet", "fonttools", "playwright"} <= set(pinned())
    assert not [name for name in ("pip", "setuptools", "wheel") if name in pinned()]


def test_the_version_is_the_same_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert next(name for name in headings if name != "Unreleased") == version
