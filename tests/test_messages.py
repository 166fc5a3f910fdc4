"""Every message of an error has the same form, in all packages; the syntax tree shows each `raise`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("analysis", "interpreter", "listenable", "mushra_server", "stimuli", "study_builder")
ORDINARY_WORD = re.compile(r"(?:[A-Z][a-z]+|A|I)\b(?![A-Z])")


def messages(tree: ast.AST) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Yield the text that each `raise Error("...")` gives first; both of `"..." if x else "..."`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            pending: list[ast.expr] = [node.exc.args[0]]
            while pending:
                text = pending.pop()
                if isinstance(text, ast.IfExp):
                    pending += [text.body, text.orelse]
                elif isinstance(text, ast.JoinedStr) or (
                    isinstance(text, ast.Constant) and isinstance(text.value, str)
                ):
                    yield text


def flat(text: ast.Constant | ast.JoinedStr) -> str:
    """Return a message with `{}` for each value, or `{!r}` where its repr is shown."""
    if isinstance(text, ast.Constant):
        return str(text.value)
    parts = []
    for part in text.values:
        if isinstance(part, ast.FormattedValue):
            parts.append("{!r}" if part.conversion == ord("r") else "{}")
        else:
            assert isinstance(part, ast.Constant)
            parts.append(str(part.value))
    return "".join(parts)


def faults(message: str) -> list[str]:
    """Return what is wrong with the form of a message."""
    return [
        name
        for name, wrong in {
            "begins with a capital": bool(ORDINARY_WORD.match(message)),
            "ends with a full stop": message.endswith(".") and not message.endswith("..."),
            "quotes a value by hand; use !r": "'{}'" in message or '"{}"' in message,
            "has a comma before 'expected'; use a semicolon": ", expected" in message,
        }.items()
        if wrong
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_messages_are_lower_case_fragments_that_quote_values(package: str) -> None:
    found = 0
    wrong = []
    for path in sorted((ROOT / package).rglob("*.py")):
        for text in messages(ast.parse(path.read_text(encoding="utf-8"))):
            found += 1
            place = f"{path.relative_to(ROOT)}:{text.lineno}"
            wrong += [f"{place}: {fault}: {flat(text)}" for fault in faults(flat(text))]
    assert found > 1, "no message was looked at"
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("raise E('The file is empty')", "begins with a capital"),
        ("raise E('A file is empty')", "begins with a capital"),
        ("raise E(f'{path}: is empty.')", "ends with a full stop"),
        ("raise E(f\"'{name}' is unknown\")", "quotes a value by hand; use !r"),
        ("raise E(f'{name!r} is unknown, expected a b')", "has a comma before 'expected'; use a semicolon"),
        ("raise E('fine' if x else 'Not fine')", "begins with a capital"),
    ],
)
def test_each_fault_is_found(source: str, fault: str) -> None:
    assert [fault] == [one for text in messages(ast.parse(source)) for one in faults(flat(text))]


@pytest.mark.parametrize(
    "source",
    [
        "raise E(f'{name!r} is unknown; expected one of {known}')",
        "raise E('MaskNet has 2 layers')",
        "raise E('WAV of 8 bits')",
        "raise E('--set x: not valid YAML')",
    ],
)
def test_the_form_is_accepted(source: str) -> None:
    assert not [one for text in messages(ast.parse(source)) for one in faults(flat(text))]
