"""Pages that call for a look, by the measures of `analysis.screen`: a flag excludes nobody by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from mushra_server.database.summaries import load_attention_scores, load_failed_headphones, load_pages
from study_builder.config import StudyConfig

__all__ = ["Flag", "find_flags"]

FAST_MS = 1000.0  # per sound of a page
LEAST_SOUNDS = 3  # of a page whose scores could differ


@dataclass(frozen=True, order=True)
class Flag:
    """What is unusual about a page of a session.

    Attributes:
        page_index: Of the page, from 0.
        name: As the flags of `analysis.screen` are called.
        sentence: What was found.
    """

    page_index: int
    name: str
    sentence: str


def find_flags(connection: Connection, config: StudyConfig, uuids: Sequence[str]) -> dict[str, list[Flag]]:
    """Return the flags of sessions, in the order of their pages.

    Args:
        connection: Of the study's database.
        config: The study, which says what attention checks expect.
        uuids: The sessions.

    Returns:
        The flags of each session that has any.
    """
    found: dict[str, set[Flag]] = {}
    for row in load_pages(connection, uuids):
        flags = found.setdefault(row.uuid, set())
        if row.scores >= LEAST_SOUNDS and row.lowest == row.highest:
            flags.add(Flag(row.page_index, "straight-lining", "one score for all sounds"))
        if row.untouched:
            flags.add(Flag(row.page_index, "untouched", "sounds not rated or not listened to"))
        if row.time_ms is not None and row.time_ms < FAST_MS * row.sounds:
            flags.add(Flag(row.page_index, "fast", "less than a second per sound"))
    for row in load_attention_scores(connection, uuids):
        trial = config.options.trials.get(row.page_id)
        ends = (trial.expected or {}).get(row.condition) if trial is not None else None
        if ends is not None and not ends[0] <= row.score <= ends[1]:
            flag = Flag(row.page_index, "attention", "attention check failed")
            found.setdefault(row.uuid, set()).add(flag)
    for row in load_failed_headphones(connection, uuids):
        flag = Flag(row.page_index, "headphones", "headphone check failed")
        found.setdefault(row.uuid, set()).add(flag)
    return {uuid: sorted(flags) for uuid, flags in found.items() if flags}
