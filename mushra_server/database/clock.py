"""Times as they are stored: UTC text, ISO 8601 with milliseconds, which sorts as it counts."""

from __future__ import annotations

import functools
import secrets
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

__all__ = ["ago", "boot", "milliseconds_since", "now", "steady_s"]

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def now() -> str:
    """Return the time now, such as ``2026-11-23T07:00:18.250Z``."""
    return _text(datetime.now(UTC))


def ago(minutes: float) -> str:
    """Return the time some minutes ago."""
    return _text(datetime.now(UTC) - timedelta(minutes=minutes))


def milliseconds_since(moment: str) -> float:
    """Return how long ago a stored time was; negative if the clock was set back since."""
    return (datetime.now(UTC) - datetime.fromisoformat(moment)) / timedelta(milliseconds=1)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def steady_s() -> float:
    """Return seconds of a clock that nobody sets, from some moment of this machine's."""
    return time.monotonic()


@functools.cache
def boot() -> str:
    """Return a name for where `steady_s` counts from: this start of this machine, or of this process."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return secrets.token_hex(16)
