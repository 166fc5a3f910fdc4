"""Messages name options that some command has, and help shows every option's whole name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from listenable.cli import COMMANDS, build_app, main
from listenable.placeholders import choose_placeholder

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("stimuli", "interpreter", "study_builder", "mushra_server", "analysis")
STYLE = re.compile(r"var\(--[\w-]+|--[\w-]+:\s*#")  # of CSS
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")


def every_command() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the words and the command of each command and group."""
    for name in COMMANDS:
        whole: Any = typer.main.get_command(build_app(name))
        whole = whole.commands[name]
        yield (name,), whole
        yield from (((name, inner), one) for inner, one in getattr(whole, "commands", {}).items())


def options_of(command: Any) -> set[str]:
    """Every option of one command."""
    found = {text for parameter in command.params for text in (*parameter.opts, *parameter.secondary_opts)}
    return {text for text in found if text.startswith("-")}


def known_options() -> set[str]:
    """Every option of every command."""
    return set().union(*(options_of(command) for _, command in every_command()))


def named_options(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each option that a string of a file names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for option in OPTION.findall(STYLE.sub("", node.value)):
                yield node.lineno, option


def test_every_option_that_a_message_names_exists() -> None:
    known = known_options() | {"--check"}  # of sha256sum
    assert len(known) > 60
    assert "--reference-name" in known and "--references" not in known
    wrong = [
        f"{path.relative_to(ROOT)}:{line} names {option}"
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for line, option in named_options(path)
        if option not in known
    ]
    assert wrong == []


def test_help_shows_whole_names_and_sentences_at_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = 0
    for words, command in every_command():
        with pytest.raises(SystemExit):
            main([*words, "--help"])
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= 80, words
        assert not [line for line in lines[1:] if line.endswith(("...", "…"))], words
        named = {part for line in lines for part in line.split()}
        assert options_of(command) <= named, words
        shown += len(options_of(command))
    assert shown > 200


def test_help_names_values_in_capitals_or_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    values = set()
    for words, _ in every_command():
        with pytest.raises(SystemExit):
            main([*words, "--help"])
        listed = capsys.readouterr().out.split("Options:")[-1]
        values |= set(re.findall(r"^  --[a-z-]+ (\S.*?)(?:  |$)", listed, re.MULTILINE))
    wrong = {
        value for value in values if not re.fullmatch(r"[A-Z][A-Z=, ]*|[a-z]+(\|[a-z]+)+|/ --[a-z-]+", value)
    }
    assert not wrong and {"PATH", "SECONDS", "N", "NAME=HEADER"} <= values


def test_a_value_has_the_name_of_its_kind() -> None:
    assert choose_placeholder("out", "<path>") == "PATH"
    assert choose_placeholder("licence", "<list[Path]>") == "PATH"
    assert choose_placeholder("window", "<float>") == "SECONDS"
    assert choose_placeholder("items", "<int range>") == "N"
    assert choose_placeholder("between", "<str,str>") == "TEXT,TEXT"
    assert choose_placeholder("format", "<csv|json>") == "csv|json"
