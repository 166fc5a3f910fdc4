"""Large bodies only from those who may send them: waitress writes a body to disk before an app sees it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from waitress.parser import HTTPRequestParser

from mushra_server.web.channels import Channel
from mushra_server.web.security import MAX_BODY_BYTES

__all__ = ["MAX_SMALL_BYTES", "allow_large_bodies"]

MAX_SMALL_BYTES = 2 * MAX_BODY_BYTES

Allow = Callable[[str, str], bool]


def allow_large_bodies(server: Any, allow: Allow) -> None:
    """Bound the body of each request as usual, unless its path and its cookies say that it may be large.

    Args:
        server: A waitress server, whose own bound is that of large bodies.
        allow: Whether a request may be large, by its path and its header `Cookie`.
    """

    class Parser(HTTPRequestParser):
        path: str

        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            if not allow(self.path, self.headers.get("COOKIE", "")):
                self.adj = copy.copy(self.adj)
                self.adj.max_request_body_size = MAX_SMALL_BYTES

    server.channel_class = type("LargeChannel", (Channel,), {"parser_class": Parser})
