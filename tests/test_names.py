"""Functions are named by what they do: none is a participle, a preposition or a question."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("stimuli", "interpreter", "study_builder", "mushra_server", "analysis", "listenable", "benchmarks")

PARTICIPLE = re.compile(r"(ed|ing)$")
# Participles without these endings, prepositions, adverbs, pronouns and question words.
OTHERS = """
apart around between by each everywhere for found held how kept made once onto our ours over own said
shown through told whose why with within without
"""
# Verbs and nouns that end like participles.
NO_PARTICIPLES = "ceiling embed feed listening need required screening seed shed speed spread string training"
# Terms of the field, public names, waitress's own, and functions that pair with a built-in one (`sorted`).
TERMS = """
balanced_blocks chirping_birds coloured_noise clustered_share crossed crossed_mean
fixed_gain guided_backprop guided_gradient integrated_gradients integrated_loudness kept learned_methods
learning_rate_factor missing mixed_model named_files planned_ids presented received reversed scored_picture
shuffled windowed_dct with_addresses _expected_gradients _hotelling _padding
_paired_comparison _published_rows untouched_share
"""
YES_OR_NO = {"bool", "tuple[bool, bool]", "TypeGuard[str]"}
CONSTRUCTORS = {"property", "classmethod", "cached_property"}


def _functions(folder: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def _is_action(node: ast.FunctionDef) -> bool:
    """Whether a function should have a verb for a name: neither a property nor a yes or no."""
    decorators = {ast.unparse(one).split(".")[-1] for one in node.decorator_list}
    returns = ast.unparse(node.returns) if node.returns else ""
    return not decorators & CONSTRUCTORS and returns not in YES_OR_NO


def _is_verb(name: str) -> bool:
    first = name.strip("_").split("_")[0]
    if name in TERMS.split() or first in NO_PARTICIPLES.split():
        return True
    return first not in OTHERS.split() and not PARTICIPLE.search(first)


@pytest.mark.parametrize("folder", FOLDERS)
def test_functions_are_verbs(folder: str) -> None:
    found = [f"{place} {node.name}" for place, node in _functions(folder) if _is_action(node)]
    assert found
    assert [name for name in found if not _is_verb(name.split()[1])] == []


@pytest.mark.parametrize("name", ["filled", "_told_apart", "with_roles", "once", "_moderated", "evaluating"])
def test_participles_are_found(name: str) -> None:
    assert not _is_verb(name)


def test_no_term_is_listed_for_nothing() -> None:
    names = {node.name for folder in FOLDERS for _, node in _functions(folder)}
    assert [name for name in TERMS.split() if name not in names] == []
