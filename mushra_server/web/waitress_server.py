"""Serving with waitress: binding, the addresses that people need, the loop."""

from __future__ import annotations

import errno
import ipaddress
import logging
import math
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from waitress.server import create_server

from mushra_server.database.repeated_errors import EVERY_S
from mushra_server.errors import ServerError
from mushra_server.web import event_loop
from mushra_server.web.channels import restrict
from mushra_server.web.connections import Limits, reserve_files
from mushra_server.web.large_bodies import allow_large_bodies
from mushra_server.web.proxy import IsProxy, find_proxy
from mushra_server.web.security import MAX_BODY_BYTES
from mushra_server.web.task_queue import TaskQueue, share_interpreter

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["Listener", "bind", "is_loopback", "listen", "network_address"]

THREADS = 16  # twice as many as may be in the database at once
BACKLOG = 1024
LOOK_S = 2  # between looks for idle connections
MAX_HEADER_BYTES = 32 * 1024  # four times what browsers send at most
UNSENT_BYTES = 512 * 1024
"""Of a long answer, after which its thread waits. At twice as much waitress would write it into a temporary
file, for which the disk has better use."""
BODY_IN_MEMORY_BYTES = 64 * 1024  # of each connection; the rest of a body is in a temporary file


_is_no_proxy = find_proxy(False, None)


class _Seldom(logging.Filter):
    """Lets each message through once in ten seconds: strangers decide how often there is cause for one."""

    def __init__(self) -> None:
        super().__init__()
        self._logged: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now, kind = time.monotonic(), f"{record.pathname}:{record.lineno}"
        if now - self._logged.get(kind, -math.inf) < EVERY_S:
            return False
        self._logged[kind] = now
        return True


SELDOM = _Seldom()


class Listener(Protocol):
    """The part of a waitress server that is used here."""

    effective_port: int

    def run(self) -> None:
        """Serve until the process is asked to stop."""

    def close(self) -> None:
        """Stop listening."""


def bind(host: str, port: int) -> socket.socket:
    """Take a port before a database is made or sounds are read.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 for a free one.

    Raises:
        ServerError: If the port is in use, may not be used, or the address is not this machine's.
    """
    address = ipaddress.ip_address(_numeric(host))
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((str(address), port))
        # Two sockets may share an address while neither listens: only listening shows that the port is free.
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        raise ServerError(_explain_failure(error, host, port)) from None
    return bound


def listen(
    app: WSGIApplication,
    bound: socket.socket,
    *,
    is_proxy: IsProxy = _is_no_proxy,
    limits: Limits | None = None,
    body_bytes: int = 2 * MAX_BODY_BYTES,
    find_sender: Callable[[str, str], str] | None = None,
) -> Listener:
    """Return the server of an app at a port that was taken; it serves when it is run.

    Args:
        app: The app.
        bound: What `bind` returned.
        is_proxy: Tells whether an address is the proxy's, which may have all connections, and says whose
            request it is.
        limits: Of connections; by default what the system's limit of open files allows.
        body_bytes: Bytes that the body of a request may have; a large one waits in a temporary file.
        find_sender: Who may send a body that is larger than usual, by the path and the cookies of a request;
            empty if nobody may. By default all may.
    """
    limits = limits or Limits.of(reserve_files())
    settings: dict[str, Any] = {
        "threads": THREADS,
        "backlog": BACKLOG,
        "connection_limit": limits.connections,
        "channel_timeout": limits.idle_s,
        "cleanup_interval": min(LOOK_S, limits.idle_s),
        "max_request_header_size": MAX_HEADER_BYTES,
        "max_request_body_size": body_bytes,
        "inbuf_overflow": BODY_IN_MEMORY_BYTES,
        "outbuf_high_watermark": UNSENT_BYTES,
        "outbuf_overflow": 2 * UNSENT_BYTES,
        "ident": None,
        "asyncore_use_poll": True,
        "clear_untrusted_proxy_headers": False,  # `addresses` decides whom they come from
    }
    # A request that waits a moment is not worth a message.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    logging.getLogger("waitress").addFilter(SELDOM)
    share_interpreter()
    server: Any = create_server(app, sockets=[bound], **settings)
    server.task_dispatcher.queue = TaskQueue(server.task_dispatcher.queue_cv)
    event_loop.install(server)
    restrict(server, limits, is_proxy)
    if find_sender is not None:
        allow_large_bodies(server, find_sender)
    listener: Listener = server
    return listener


def is_loopback(host: str) -> bool:
    """Return whether an address can be reached only from this machine."""
    return ipaddress.ip_address(_numeric(host)).is_loopback


def network_address(host: str) -> str | None:
    """Return the address under which other machines reach a server bound to ``host``, or None."""
    address = ipaddress.ip_address(_numeric(host))
    if address.is_loopback:
        return None
    if not address.is_unspecified:
        return str(address)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: connecting a datagram socket only asks which interface would be used.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _numeric(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return socket.gethostbyname(host)
    except OSError:
        raise ServerError(
            f"--host {host}: no such address; expected one of this machine's, such as 127.0.0.1"
        ) from None


def _explain_failure(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use; choose another with --port, or --port 0 for a free one"
    if error.errno == errno.EACCES:
        return (
            f"port {port} on {host} needs more rights than this user has; choose one above 1023 with --port"
        )
    return f"{host}:{port} cannot be listened on ({error.strerror}); choose another --host or --port"
