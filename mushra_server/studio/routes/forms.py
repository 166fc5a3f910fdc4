"""What forms of the studio have beyond those of the admin pages: a time."""

from __future__ import annotations

from datetime import UTC, datetime

from mushra_server.errors import Refusal

__all__ = ["read_moment"]


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
