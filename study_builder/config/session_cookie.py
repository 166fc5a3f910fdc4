"""The cookie by which a browser, real or simulated, comes back to its session."""

from __future__ import annotations

SESSION_COOKIE = "listenable_session"
