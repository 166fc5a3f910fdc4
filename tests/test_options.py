"""Messages name options that some command has."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from listenable import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("stimuli", "interpreter", "study_builder", "mushra_server", "analysis")
STYLE = re.compile(r"var\(--[\w-]+|--[\w-]+:\s*#")  # of CSS
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")


def known_options() -> set[str]:
    """Every option of every command."""
    found: set[str] = set()
    for name, command in COMMANDS.items():
        app = getattr(importlib.import_module(command.module), command.attribute)
        if not isinstance(app, typer.Typer):
            called, app = app, typer.Typer()
            app.command(name)(called)
        found |= _options(typer.main.get_command(app))
    return found


def _options(command: Any) -> set[str]:
    found = {text for parameter in command.params for text in (*parameter.opts, *parameter.secondary_opts)}
    return found.union(*map(_options, getattr(command, "commands", {}).values()))


def named_options(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each option that a string of a file names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for option in OPTION.findall(STYLE.sub("", node.value)):
                yield node.lineno, option


def test_every_option_that_a_message_names_exists() -> None:
    known = known_options() | {"--check"}  # of sha256sum
    assert len(known) > 60
    assert "--reference-name" in known and "--reference" not in known
    wrong = [
        f"{path.relative_to(ROOT)}:{line} names {option}"
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for line, option in named_options(path)
        if option not in known
    ]
    assert wrong == []
