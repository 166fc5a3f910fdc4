"""What several forms have: a reason, which the log keeps, and a time."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import request

from mushra_server.errors import Refusal

__all__ = ["read_moment", "read_reason"]

MAX_REASON_CHARS = 500


def read_reason() -> str:
    """Return the reason that a form gives.

    Raises:
        Refusal: 400 if there is none, or it is too long.
    """
    reason = request.form.get("reason", "").strip()
    if not 1 <= len(reason) <= MAX_REASON_CHARS:
        raise Refusal(f"a reason of 1 to {MAX_REASON_CHARS} characters is needed: the log keeps it", 400)
    return reason


def read_moment(text: str) -> str | None:
    """Return a time of a form as it is stored, None for none; one that names no offset is UTC.

    Raises:
        Refusal: 400.
    """
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # beyond the first or the last year
        raise Refusal(f"{text!r} is not a time; expected one such as 2026-12-01T09:00", 400) from None
    return found.isoformat(timespec="seconds")
