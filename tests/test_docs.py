"""The documentation matches the code: shown commands exist, with the options that are named."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from functools import cache
from pathlib import Path

import pytest

import analysis
from analysis.models import screening
from analysis.models.compare import TESTS
from analysis.statistics.intervals import INTERVALS
from interpreter import METHODS
from listenable.cli import COMMANDS, main
from stimuli.vocabulary import RATING_KINDS, ROLES

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
]
GROUPS = ("data", "train", "study")
FENCE = re.compile(r"^```(?:console|bash|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)")


def commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for block in FENCE.findall(page.read_text(encoding="utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                line = line.strip().removeprefix("$ ")
                if line.startswith("listenable "):
                    found.append((page.name, line.split(" #")[0]))
    return found


@cache
def help_of(words: tuple[str, ...]) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        main([*words, "--help"])
    return out.getvalue()


@pytest.mark.parametrize(("page", "line"), commands())
def test_shown_commands_exist(page: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("TERMINAL_WIDTH", "400")
    words = shlex.split(line)[1:]
    assert words[0] in COMMANDS or words[0].startswith("--"), f"{page}: there is no command in: {line}"
    called = tuple(words[:2]) if words[0] in GROUPS else tuple(words[:1])
    shown = help_of(called)
    assert "Usage:" in shown, f"{page}: there is no command {' '.join(called)}"
    for word in words:
        option = word.split("=")[0]
        if option.startswith("--"):
            assert re.search(rf"{re.escape(option)}\b", shown), f"{page}: {option} is unknown in: {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        made = target.startswith("schema/")  # with the site, whose tests look for them
        assert made or (page.parent / target).exists(), f"{page.name} links to {target}, which does not exist"


def test_there_are_commands_to_look_at() -> None:
    assert {"README.md"} <= {page for page, _ in commands()}


def test_every_command_is_in_the_readme_or_the_docs() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    missing = [name for name in COMMANDS if f"listenable {name}" not in text]
    assert not missing


def listed(heading: str) -> list[str]:
    """Return the names in code type after a bold heading of the vocabulary."""
    text = (ROOT / "docs" / "vocabulary.md").read_text(encoding="utf-8")
    found = re.search(rf"^\*\*{heading}:\*\*(.*?\.)(?:\s|$)", text, re.MULTILINE | re.DOTALL)
    assert found, heading
    return re.findall(r"`([^`]+)`", found.group(1))


def test_the_vocabulary_is_the_codes() -> None:
    assert listed("Roles of a condition") == list(ROLES)
    assert listed("Kinds of a trial") == list(RATING_KINDS)
    assert listed("Screening rules and flags") == [*screening.RULES, *screening.FLAGS]
    assert listed("Intervals") == list(INTERVALS)
    assert listed("Tests of a difference") == list(TESTS)
    assert sorted(listed("Methods")) == sorted(METHODS)


def test_the_analysis_page_names_every_column_function_and_choice() -> None:
    text = (ROOT / "docs" / "analysis.md").read_text(encoding="utf-8")
    for name in analysis.__all__:
        if name[0].islower() and name not in ("analyse", "write_companion"):
            assert re.search(rf"\b{name}\b", text), f"docs/analysis.md does not show {name}"
    for choice in (*INTERVALS, *TESTS):
        assert f"`{choice}`" in text, choice


def test_options_named_in_the_docs_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("TERMINAL_WIDTH", "400")
    everything = " ".join(help_of((name,)) for name in COMMANDS)
    for group in GROUPS:
        subcommands = re.findall(r"^  ([a-z][\w-]*)  ", help_of((group,)), re.MULTILINE)
        everything += " ".join(help_of((group, name)) for name in subcommands)
    everything += " --preload --worker-connections"  # gunicorn's
    everything += (ROOT / "examples" / "paper_tables.py").read_text(encoding="utf-8")
    for page in PAGES:
        for option in re.findall(r"`(--[a-z][\w-]+)", page.read_text(encoding="utf-8")):
            assert option in everything or option.replace("--no-", "--") in everything, (
                f"{page.name}: {option}"
            )
