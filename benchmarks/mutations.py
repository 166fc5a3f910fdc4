"""Small changes to a module's source, each of which some test should notice.

Left alone are annotations, docstrings, imports, texts, decorators (`frozen`, the size of a cache) and the
`strict` of `zip`: what these say, nobody sees in the results.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

Edit = Callable[[], object]

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
OPPOSITES = {"min": "max", "max": "min", "any": "all", "all": "any", "amin": "amax", "amax": "amin"}


@dataclass(frozen=True)
class Mutant:
    """A module with one change.

    Attributes:
        line: number of the changed line.
        column: where on that line the change begins, from 0.
        text: that line as it was, without indentation.
        change: what was done to it.
        source: the whole module afterwards.
    """

    line: int
    column: int
    text: str
    change: str
    source: str


def sample(source: str, count: int, generator: random.Random) -> list[Mutant]:
    """Return `count` mutants of a module, at most one per place, in the order of their lines."""
    places = [number for number, node in enumerate(_nodes(ast.parse(source))) if _edits(node)]
    chosen = sorted(generator.sample(places, min(count, len(places))))
    return [_mutant(source, number, generator) for number in chosen]


def _mutant(source: str, number: int, generator: random.Random) -> Mutant:
    tree = ast.parse(source)
    node: Any = list(_nodes(tree))[number]
    place = node.target if isinstance(node, ast.comprehension) else node
    line, column = place.lineno, place.col_offset
    before = _show(node)
    generator.choice(_edits(node))()
    changed = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
    text = source.splitlines()[line - 1].strip()
    return Mutant(line, column, text, f"{before} -> {_show(node)}", changed)


def _nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Walk what may be changed in a tree, in the order of its fields."""
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "type_params", "decorator_list"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_silent(child):
                yield child
                yield from _nodes(child)


def _is_silent(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    strict = isinstance(node, ast.keyword) and node.arg == "strict"
    return docstring or strict or isinstance(node, (ast.Import, ast.ImportFrom))


def _edits(node: ast.AST) -> list[Edit]:
    """Return what may be done to a node, each a function that changes it in place."""
    if isinstance(node, ast.Compare):
        return [
            partial(node.ops.__setitem__, at, new())
            for at, old in enumerate(node.ops)
            for new in COMPARISONS[type(old)]
        ]
    if isinstance(node, (ast.BinOp, ast.AugAssign)):
        other = None if _joins_text(node) else OPERATORS.get(type(node.op))
        return [partial(setattr, node, "op", other())] if other else []
    if isinstance(node, ast.BoolOp):
        return [partial(setattr, node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And())]
    if isinstance(node, ast.UnaryOp):
        return [partial(setattr, node, "operand", ast.UnaryOp(node.op, node.operand))]
    if isinstance(node, ast.Constant):
        return [partial(setattr, node, "value", value) for value in _other_values(node.value)]
    if isinstance(node, (ast.If, ast.While, ast.IfExp)):
        return [partial(setattr, node, "test", ast.UnaryOp(ast.Not(), node.test))]
    if isinstance(node, ast.comprehension):
        return [partial(node.ifs.pop, at) for at in range(len(node.ifs))]
    if isinstance(node, ast.Return) and node.value and ast.unparse(node.value) != "None":
        return [partial(setattr, node, "value", ast.Constant(None))]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return [partial(setattr, node, "value", ast.Constant(None))]
    return _edits_of_call(node) if isinstance(node, ast.Call) else []


def _edits_of_call(node: ast.Call) -> list[Edit]:
    """Swap the first two arguments, leave a keyword to its default, take the largest for the smallest."""
    edits: list[Edit] = [
        partial(node.keywords.pop, at)
        for at, keyword in enumerate(node.keywords)
        if keyword.arg not in {None, "strict"}
    ]
    field = "id" if isinstance(node.func, ast.Name) else "attr"
    if other := OPPOSITES.get(getattr(node.func, field, "")):
        edits.append(partial(setattr, node.func, field, other))
    elif len(node.args) > 1 and not any(isinstance(one, ast.Starred) for one in node.args[:2]):
        edits.append(partial(node.args.__setitem__, slice(0, 2), node.args[1::-1]))
    return edits


def _other_values(value: object) -> list[object]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, (int, float)):
        return [new for new in dict.fromkeys((value + 1, value - 1, 2 * value, 0)) if new != value]
    return []


def _joins_text(node: ast.BinOp | ast.AugAssign) -> bool:
    sides = [node.left, node.right] if isinstance(node, ast.BinOp) else [node.value]
    return any(
        isinstance(side, ast.JoinedStr) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in sides
    )


def _show(node: ast.AST) -> str:
    part = node.test if isinstance(node, (ast.If, ast.While, ast.IfExp)) else node
    text = " ".join(ast.unparse(part).split())
    return text if len(text) <= 110 else f"{text[:106]} ..."
