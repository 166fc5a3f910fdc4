"""The mutants of `make mutate`: one change each, the same for a seed, and none of what is left alone."""

from __future__ import annotations

import ast
import random

import pytest

from benchmarks.equivalent_mutants import EQUIVALENT
from benchmarks.mutate import MODULES, ROOT, TESTS, find_tests
from benchmarks.mutations import sample

SOURCE = '''
"""Text."""
import os


@cached(size=3)
def f(a: int = 5, b: "str" = "x") -> list[int]:
    """Text."""
    if a < 2 and not b:
        g(a, b)
    c = [x for x in zip(a, b, strict=True) if x]
    return h(min(a, 1), key=True) - c
'''

CHANGES = {
    "5 -> 6", "5 -> 4", "5 -> 10", "5 -> 0",
    "a < 2 -> a <= 2", "a < 2 -> a > 2", "2 -> 3", "2 -> 1", "2 -> 4", "2 -> 0",
    "a < 2 and (not b) -> a < 2 or not b", "a < 2 and (not b) -> not (a < 2 and (not b))",
    "not b -> not not b", "g(a, b) -> None", "g(a, b) -> g(b, a)",
    "for x in zip(a, b, strict=True) if x -> for x in zip(a, b, strict=True)",
    "zip(a, b, strict=True) -> zip(b, a, strict=True)",
    "return h(min(a, 1), key=True) - c -> return None",
    "h(min(a, 1), key=True) - c -> h(min(a, 1), key=True) + c",
    "h(min(a, 1), key=True) -> h(min(a, 1))", "min(a, 1) -> max(a, 1)",
    "1 -> 2", "1 -> 0", "True -> False",
}  # fmt: skip


def test_every_change_is_found_and_nothing_that_is_left_alone() -> None:
    found = {one.change for seed in range(200) for one in sample(SOURCE, 99, random.Random(seed))}
    assert found == CHANGES


def test_mutants_follow_from_the_seed_and_differ_in_one_place() -> None:
    first, again, other = (sample(SOURCE, 4, random.Random(seed)) for seed in (1, 1, 2))
    assert first == again != other and len(first) == 4
    whole = ast.unparse(ast.parse(SOURCE)).splitlines()
    for one in first:
        changed = one.source.splitlines()
        assert SOURCE.splitlines()[one.line - 1].strip() == one.text
        assert len([1 for old, new in zip(whole, changed, strict=True) if old != new]) == 1


@pytest.mark.parametrize("module", [f"{room}.{name}" for room, names in MODULES.items() for name in names])
def test_each_module_of_the_table_has_tests(module: str) -> None:
    assert ROOT.joinpath(*module.split(".")).with_suffix(".py").is_file()
    assert all((ROOT / path).exists() for path in find_tests(module))


def test_no_module_has_tests_that_is_not_in_the_table() -> None:
    assert set(TESTS) <= {f"{room}.{name}" for room, names in MODULES.items() for name in names}


@pytest.mark.parametrize("module", EQUIVALENT)
def test_equivalent_mutants_name_lines_that_exist(module: str) -> None:
    lines = ROOT.joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8").splitlines()
    stale = [
        key for key in EQUIVALENT[module] if not any(key.startswith(f"{one.strip()} | ") for one in lines)
    ]
    assert stale == []
