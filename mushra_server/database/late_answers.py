"""Answers that waited on one device while the session went on, on another: what was given last counts."""

from __future__ import annotations

import json
from typing import Any

from mushra_server.database.clock import milliseconds_since

__all__ = ["has_waited", "is_older"]

FRESH_MS = 5000
"""What the way to the server may take."""


def has_waited(body: dict[str, Any]) -> bool:
    """Tell whether a checked answer, or a draft, waited on its device so long that another may be newer."""
    return int(body.get("waited_ms", 0)) > FRESH_MS


def is_older(body: dict[str, Any], stored: str, stored_at: str) -> bool:
    """Tell whether an answer or a draft was given before one that another device has stored.

    Answers of one device arrive in the order in which they were given, however long each of them takes; only
    between two devices does the time tell that one waited. Each device measures it by its own clock. If the
    server's clock was set back, what arrives last counts.

    Args:
        body: A checked answer, with the `device` that sent it and the `waited_ms` since it was given.
        stored: The one that is stored, as JSON.
        stored_at: When it was stored.
    """
    other = json.loads(stored)
    if not has_waited(body) or not other.get("device") or other["device"] == body["device"]:
        return False
    since = milliseconds_since(stored_at)
    return since >= 0 and since + other.get("waited_ms", 0) < body["waited_ms"]
