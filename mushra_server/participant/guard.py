"""What every request of a participant passes first."""

from __future__ import annotations

from flask import request

from mushra_server.web.security import require_same_site
from mushra_server.web.server import current_server

__all__ = ["guard"]


def guard() -> None:
    """Limit the rate of an address, and refuse what another site makes a browser send."""
    if request.method != "GET":
        current_server().limiter.check(request.remote_addr)
        require_same_site()
