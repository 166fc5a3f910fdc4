"""Answers that arrive after newer ones, of this device or of another: what was given last counts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, select

from mushra_server.database.clock import milliseconds_since
from mushra_server.database.schema import IS_CURRENT, submissions

__all__ = ["comes_late", "find_current", "is_older"]

FRESH_MS = 5000
"""What the way to the server may take."""


def find_current(connection: Connection, page_of: Mapping[str, int]) -> tuple[str, str] | None:
    """Return the answer of a page that counts, as its JSON and when it was stored, or None.

    Args:
        connection: An open transaction.
        page_of: The session (`of_session`) and the index of the page (`of_page`).
    """
    row = connection.execute(_CURRENT, page_of).first()
    return None if row is None else (row.body, row.submitted_at)


def comes_late(body: dict[str, Any], stored: tuple[str, str] | None) -> bool:
    """Tell whether what is stored for a page, if anything is, is newer than a checked answer or draft."""
    return stored is not None and is_older(body, *stored)


def is_older(body: dict[str, Any], stored: str, stored_at: str) -> bool:
    """Tell whether an answer or a draft was given before one that is stored.

    Those of one device are in the order of its own clock: two may be under way at once, and an answer may
    wait for a connection that a draft has already. Between two devices only the time tells that one waited,
    and each device measures that by its own clock. If the server's clock was set back, what arrives last
    counts.

    Args:
        body: A checked answer, with the `device` that sent it, when it was given by that one's clock
            (`given_at`), and the `waited_ms` since then.
        stored: The one that is stored, as JSON.
        stored_at: When it was stored.
    """
    other = json.loads(stored)
    if not body.get("device") or not other.get("device"):
        return False
    if other["device"] == body["device"]:
        known = "given_at" in body and "given_at" in other
        return known and bool(body["given_at"] < other["given_at"])
    if body["waited_ms"] <= FRESH_MS:
        return False
    since = milliseconds_since(stored_at)
    return since >= 0 and since + other.get("waited_ms", 0) < body["waited_ms"]


_CURRENT = select(submissions.c.body, submissions.c.submitted_at).where(
    submissions.c.session_id == bindparam("of_session"),
    submissions.c.page_index == bindparam("of_page"),
    IS_CURRENT,
)
