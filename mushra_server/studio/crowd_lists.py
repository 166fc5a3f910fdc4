"""Lists of participants as crowd services take them: whom to approve, to reject, to pay a bonus."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from analysis.ratings.names import defuse
from mushra_server.database.participant_ids import normalise_id
from mushra_server.errors import Refusal

__all__ = ["LISTS", "Decision", "decide", "list_csv"]

Decision = Literal["approve", "screened out", "reject", "unfinished"]
"""In the order of precedence: who comes twice and finishes once is approved."""
DECISIONS: tuple[Decision, ...] = ("approve", "screened out", "reject", "unfinished")
MOST_BONUS = 1000.0
# Bulk approval on Prolific takes one participant id per line; bulk bonuses take "id,amount".
LISTS = {
    "approve": "ids of those who finished, one per line",
    "screened-out": "ids of those who failed a check of what they hear with, one per line",
    "reject": "ids of those who were excluded, one per line",
    "bonus": "id and amount of those who finished",
    "decisions": "a table of everybody with a participant id: decision and reason",
}


def decide(sessions: Iterable[Any]) -> dict[str, tuple[Decision, str]]:
    """Return the decision about each participant, and its reason.

    Args:
        sessions: Rows of `load_participants`; a participant may have several.
    """
    decided: dict[str, tuple[Decision, str]] = {}
    for row in sessions:
        found: Decision = "approve" if row.finished_at is not None else "unfinished"
        if row.excluded_at is not None:
            found = "screened out" if row.screened_out else "reject"
        name = normalise_id(row.participant)  # one line, also if an earlier release stored it
        before = decided.get(name)
        if before is None or DECISIONS.index(found) < DECISIONS.index(before[0]):
            decided[name] = found, row.exclusion_reason or ""
    return decided


def list_csv(kind: str, decided: dict[str, tuple[Decision, str]], amount: str) -> str:
    """Return a list as CSV.

    Args:
        kind: One of `LISTS`.
        decided: What `decide` returned.
        amount: Of the bonus, as it was typed.

    Raises:
        Refusal: 400 if the amount is not one.
    """
    lines: list[Sequence[str]]
    if kind == "decisions":
        lines = [("participant", "decision", "reason"), *((name, *one) for name, one in decided.items())]
    elif kind == "bonus":
        value = _read_amount(amount)
        lines = [(name, value) for name in _who(decided, "approve")]
    else:
        lines = [(name,) for name in _who(decided, kind.replace("-", " "))]
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows([defuse(cell) for cell in line] for line in lines)
    return written.getvalue()


def _who(decided: dict[str, tuple[Decision, str]], wanted: str) -> list[str]:
    return [name for name, (decision, _) in decided.items() if decision == wanted]


def _read_amount(text: str) -> str:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.01 <= value <= MOST_BONUS:
        raise Refusal(
            f"the amount is {text!r}; expected a number from 0.01 to {MOST_BONUS:g}, such as 1.50", 400
        )
    return f"{value:.2f}"
