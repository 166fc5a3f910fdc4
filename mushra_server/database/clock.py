"""Times as they are stored: UTC text, ISO 8601 with milliseconds, which sorts as it counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["ago", "now"]


def now() -> str:
    """Return the time now, such as ``2026-11-23T07:00:18.250Z``."""
    return _text(datetime.now(UTC))


def ago(minutes: float) -> str:
    """Return the time some minutes ago."""
    return _text(datetime.now(UTC) - timedelta(minutes=minutes))


def _text(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"
