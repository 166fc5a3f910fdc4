"""What every request of a participant passes first."""

from __future__ import annotations

from flask import request

from mushra_server.web.security import require_same_site, sent_kib
from mushra_server.web.server import current_server

__all__ = ["guard"]

REPLACED = "api.put_draft"  # by the next draft: it counts as far as it is longer than the one before


def guard() -> None:
    """Limit the rate of an address, and what it stores; refuse what another site makes a browser send."""
    if request.method != "GET":
        server = current_server()
        server.limits.changes.check(request.remote_addr)
        if request.endpoint != REPLACED:
            server.limits.volume.check(request.remote_addr, sent_kib())
        require_same_site()
