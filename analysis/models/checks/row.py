"""One check of what the statistics assume, as a row of the table of `assumptions`."""

from __future__ import annotations

Row = dict[str, object]


def make_row(
    check: str, condition: str, value: float, limit: float, warns: bool, sentence: str, clause: str
) -> Row:
    """Return a row: the check, its number, its limit, whether it warns, a sentence, and the clause."""
    return {
        "check": check, "condition": condition, "value": value, "limit": limit, "warns": bool(warns),
        "sentence": sentence, "clause": clause,
    }  # fmt: skip
