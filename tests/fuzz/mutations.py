"""Ways to spoil an input, drawn by hypothesis; the same in every run unless more examples are asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from listenable.cli import explain_failure

EXAMPLES = int(os.environ.get("LISTENABLE_FUZZ_EXAMPLES", "16"))
bounded = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES <= 100,  # a longer run by hand looks elsewhere each time
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def fewer(share: float) -> settings:
    """Return settings for a test whose examples take longer than others."""
    return settings(bounded, max_examples=max(1, round(share * EXAMPLES)))


# What people, spreadsheets and attackers write where something else belongs.
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        [
            "",
            " ",
            "null",
            "NaN",
            "../../etc/passwd",
            "\x00",
            "'; DROP TABLE rating; --",
            "<b>",
            "\ud83d",
            "𝄞" * 99,
        ]
    ),
    st.sampled_from([-1, 2**31, 2**63, 10**400, -(10**30), 1e308, float("inf")]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def refused_in_words(call: Callable[[], object]) -> bool:
    """Call; say whether it was refused. A refusal is a sentence; anything else that is raised is a defect."""
    try:
        call()
    except Exception as error:
        sentence = explain_failure(error)
        if sentence is None:
            raise
        assert sentence.strip() and "Traceback" not in sentence, repr(sentence)
        return True
    return False


def storable(value: Any) -> bool | int | float | str | None:
    """Return a value as a cell of a table can hold it: no list, no half of a surrogate pair."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value).encode("utf-8", "replace").decode()


@st.composite
def spoiled(draw: st.DrawFn, value: Any) -> Any:
    """Draw a copy of a plain value with one to three places replaced, removed, doubled or renamed."""
    for _ in range(draw(st.integers(1, 3))):
        value = _spoil(draw, value)
    return value


def _spoil(draw: st.DrawFn, value: Any) -> Any:
    if not isinstance(value, dict | list) or not value or draw(st.integers(0, 9)) == 0:
        return draw(VALUES)
    if isinstance(value, dict):
        key = draw(st.sampled_from(list(value)))
        act = draw(st.sampled_from(["into", "into", "into", "remove", "rename", "add"]))
        rest = {name: content for name, content in value.items() if name != key}
        if act == "remove":
            return rest
        if act == "rename":
            return {**rest, draw(st.text(max_size=8)): value[key]}
        if act == "add":
            return {**value, draw(st.text(max_size=8)): draw(VALUES)}
        return {**value, key: _spoil(draw, value[key])}
    place = draw(st.integers(0, len(value) - 1))
    act = draw(st.sampled_from(["into", "into", "into", "remove", "double"]))
    if act == "remove":
        return value[:place] + value[place + 1 :]
    if act == "double":
        return [*value, value[place]]
    return [*value[:place], _spoil(draw, value[place]), *value[place + 1 :]]


@st.composite
def spoiled_bytes(draw: st.DrawFn, content: bytes, head: int | None = None) -> bytes:
    """Draw a copy of a file that was cut, or had bytes flipped, removed or put in.

    Args:
        content: The file.
        head: Where given, spoil only that many bytes at the front (a header).
    """
    spoilt = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        end = max(1, min(len(spoilt), head or len(spoilt)))
        place = draw(st.integers(0, end - 1))
        act = draw(st.sampled_from(["cut", "flip", "flip", "flip", "remove", "put"]))
        if act == "cut":
            del spoilt[place:]
        elif act == "flip" and spoilt:
            spoilt[min(place, len(spoilt) - 1)] ^= draw(st.integers(1, 255))
        elif act == "remove":
            del spoilt[place : place + draw(st.integers(1, 16))]
        else:
            spoilt[place:place] = draw(st.binary(min_size=1, max_size=8))
    return bytes(spoilt)
