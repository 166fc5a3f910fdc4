"""Answers that arrive after newer ones, of this device or of another: what was given last counts."""

from __future__ import annotations

import json
from typing import Any

from mushra_server.database.clock import milliseconds_since

__all__ = ["is_older"]

FRESH_MS = 5000
"""What the way to the server may take."""


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
