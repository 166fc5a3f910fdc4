"""Large bodies only from those who may send them, few at once, and where the disk has room.

waitress writes a body to disk before an app sees it. What is too large is not read: the app answers for it,
in its own words.
"""

from __future__ import annotations

import copy
import shutil
import tempfile
from collections.abc import Callable, Iterable
from typing import Any

from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import Error, RequestEntityTooLarge

from mushra_server.web.channels import Channel
from mushra_server.web.security import MAX_BODY_BYTES

__all__ = ["AT_ONCE", "MAX_SMALL_BYTES", "OF_ONE", "RESERVE_BYTES", "allow_large_bodies"]

MAX_SMALL_BYTES = 2 * MAX_BODY_BYTES
AT_ONCE = 4
"""Large bodies that may be arriving, or be worked on: each may be gigabytes of disk."""
OF_ONE = 2
"""Of them, from one sender: whoever sends slowly leaves room for others."""

RESERVE_BYTES = 1 << 30
"""Of the disk that is left free: a page of a listener is only acknowledged once it is on it."""
COPIES = 2
"""Of a body on the disk: as it arrives, and in its parts."""

AHEAD_BYTES = 64 * 1024**2
"""That a body has room for beyond what has arrived, looked for again each time that so much has. The length
in its header says nothing of what is ever sent, and would keep others out as long as nothing is."""

FULL = "the disk is nearly full; tell the administrator"

FindSender = Callable[[str, str], str]


class _Busy(Error):
    code = 503
    reason = "Service Unavailable"


class _Full(Error):
    code = 507
    reason = "Insufficient Storage"


def allow_large_bodies(server: Any, find_sender: FindSender) -> None:
    """Bound the body of each request as usual, unless its path and its cookies say that it may be large.

    Args:
        server: A waitress server, whose own bound is that of large bodies.
        find_sender: Returns who may send a large body, by the request's path and its header `Cookie`; empty
            if nobody may.
    """
    large: dict[Any, str] = {}  # only the event loop adds to it

    class Parser(HTTPRequestParser):
        path: str
        error: Error | None
        body_bytes_received: int
        may_be_large = False

        def parse_header(self, header_plus: bytes) -> None:
            super().parse_header(header_plus)
            sender = find_sender(self.path, self.headers.get("COOKIE", ""))
            arriving = list(large.values())
            if not sender:
                self.adj = copy.copy(self.adj)
                self.adj.max_request_body_size = MAX_SMALL_BYTES
            elif len(arriving) >= AT_ONCE or arriving.count(sender) >= OF_ONE:
                count = f"{OF_ONE} of your" if arriving.count(sender) >= OF_ONE else str(len(arriving))
                self.refuse(_Busy(f"{count} uploads are arriving; try again when one has ended"))
            elif not _has_room(large, _measure_rest(self)):
                self.refuse(_Full(FULL))
            else:
                large[self] = sender
                self.may_be_large = True

        def received(self, data: bytes) -> int:
            before = self.body_bytes_received
            consumed: int = super().received(data)
            more = self.body_bytes_received // AHEAD_BYTES != before // AHEAD_BYTES
            if more and self.may_be_large and not self.completed and not _has_room(large):
                self.refuse(_Full(FULL))
                self.completed = True
            return consumed

        def is_abandoned(self) -> bool:
            """Tell whether who sends it could no longer begin to: they have logged out, or been shut out."""
            return self.may_be_large and not find_sender(self.path, self.headers.get("COOKIE", ""))

        def refuse(self, error: Error) -> None:
            self.error = error
            if self.body_rcv is not None:
                self.body_rcv.getbuf().close()
            self.body_rcv, self.content_length = None, 0  # it is answered now, and the connection ends

        def close(self) -> None:
            large.pop(self, None)
            super().close()

    class LargeChannel(Channel):
        parser_class = Parser
        request: Parser | None

        def dawdles(self) -> bool:
            return super().dawdles() or (self.request is not None and self.request.is_abandoned())

        error_task_class: Any = staticmethod(_answer_error)

    server.channel_class = LargeChannel


def _has_room(requests: Iterable[Any], more: int = 0) -> bool:
    """Tell whether the disk has room for what large bodies may bring next, and for more bytes."""
    coming = sum(min(_measure_rest(one), COPIES * AHEAD_BYTES + one.body_bytes_received) for one in requests)
    return bool(shutil.disk_usage(tempfile.gettempdir()).free >= coming + more + RESERVE_BYTES)


def _measure_rest(request: Any) -> int:
    """Return how much more of the disk a body takes if all that its header says is sent."""
    length = request.adj.max_request_body_size if request.chunked else request.content_length
    return int(COPIES * length - request.body_bytes_received)


def _answer_error(channel: Any, request: Any) -> Any:
    """Return what answers a request that waitress refuses: the app if the body is too large, else waitress.

    The app gets the request without its body, and with the length that its header says or that has arrived:
    by that it refuses what it would have read.
    """
    if not isinstance(request.error, RequestEntityTooLarge):
        return ErrorTask(channel, request)
    length = max(request.content_length, request.body_bytes_received)
    request.headers["CONTENT_LENGTH"] = str(length)
    request.close()
    request.body_rcv = None
    task = WSGITask(channel, request)
    task.set_close_on_finish()  # what is left of the body is not the next request
    return task
