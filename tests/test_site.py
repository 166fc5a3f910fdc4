"""The documentation as a site: built strictly, complete, and without a request to another host."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from listenable.cli import COMMANDS
from study_builder.building.choices import Choices
from study_builder.choice_texts import CHOICE_TEXTS

ROOT = Path(__file__).resolve().parents[1]
LOADED = re.compile(r"""<(?:script|img|iframe|link)\b[^>]*?\b(?:src|href)=["']?(https?://[^"'\s>]+)""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs", reason="mkdocs is not installed (extra `dev`)")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.slow
def test_every_page_is_there_and_loads_nothing_from_elsewhere(site: Path) -> None:
    pages = {path.stem for path in site.glob("*.html")}
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} | {"commands", "python", "choices"} <= pages
    for page in site.glob("*.html"):
        loaded = [url for url in LOADED.findall(page.read_text("utf-8")) if "webMUSHRA" not in url]
        assert not loaded, f"{page.name} loads {loaded}"


@pytest.mark.slow
def test_commands_and_names_are_found(site: Path) -> None:
    commands = (site / "commands.html").read_text("utf-8")
    assert not [name for name in COMMANDS if f"Usage: listenable {name}" not in commands]
    assert 'id="listenable-study-build"' in commands
    names = (site / "python.html").read_text("utf-8")
    for name in ("analysis.ratings.load.load_ratings", "interpreter.recordings.explain_sound.explain"):
        assert f'id="{name}"' in names
    index = (site / "search" / "search_index.js").read_text("utf-8")
    assert "BS.1534" in index and "load_ratings" in index


@pytest.mark.slow
def test_the_schemas_are_where_the_pages_say(site: Path) -> None:
    for page, name in (("choices", "choices.json"), ("formats", "config.json")):
        assert json.loads((site / "schema" / name).read_text())["additionalProperties"] is False
        assert f'href="schema/{name}"' in (site / f"{page}.html").read_text("utf-8")


def test_every_choice_is_explained() -> None:
    assert set(Choices.model_fields) <= set(CHOICE_TEXTS)
