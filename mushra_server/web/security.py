"""What every answer carries, and what no request gets past: headers, sizes, depths, rates."""

from __future__ import annotations

import ipaddress
import json
import logging
import math
import threading
import time
from collections import OrderedDict
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request

from mushra_server.database.repeated_errors import RepeatedErrors
from mushra_server.errors import Refusal

__all__ = [
    "KIB_PER_HOUR",
    "MAX_BODY_BYTES",
    "SENT_HOST",
    "RateLimiter",
    "came_from_elsewhere",
    "get_repeated_errors",
    "install",
    "is_foreign",
    "is_local",
    "network_of",
    "read_json",
    "require_same_site",
    "sent_kib",
]

logger = logging.getLogger(__name__)

REPEATED = "listenable.repeated_errors"
SENT_HOST = "listenable.sent_host"
"""Key of a request's environment: the Host as it was sent, whatever the public URL."""
MAX_BODY_BYTES = 1024 * 1024
MAX_DEPTH = 16
MAX_ADDRESSES = 10_000
KIB_PER_HOUR = 512 * 1024
"""That one address may send to be stored. A session takes some 20 KiB; answers as long as they may be, and as
often as an address may send them, would be eleven gigabytes an hour."""
TOO_MANY = "too many requests from this address; try again in a moment"

NOT_FRAMED = "frame-ancestors 'none'"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
    f"form-action 'self'; {NOT_FRAMED}"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class RateLimiter:
    """Requests an address may make: a bucket of ``burst`` that refills at ``per_second``.

    The counts are this process's own. Addresses of this machine are not limited: they are its own programs
    (or a proxy that was not declared with `--behind-proxy`).

    Args:
        per_second: Requests per second in the long run.
        burst: Requests at once.
        everyone: Also limit the addresses of this machine.
        sentence: What an address that has none left is answered.
        **details: Further keys of that answer.
    """

    def __init__(
        self,
        per_second: float,
        burst: int,
        *,
        everyone: bool = False,
        sentence: str = TOO_MANY,
        **details: str,
    ) -> None:
        self.sentence = sentence
        self.details = details
        self.per_second = per_second
        self.burst = burst
        self.everyone = everyone
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, address: str | None, cost: float = 1.0) -> None:
        """Count one request, or what it costs of something else.

        Raises:
            Refusal: 429 when the address has too little left.
        """
        address = address or "unknown"
        if not self.everyone and is_local(address):
            return
        wait = self._take(network_of(address), time.monotonic(), cost)
        if wait > 0:
            raise Refusal(self.sentence, 429, retry_after_s=wait, **self.details)

    def _take(self, address: str, now: float, cost: float = 1.0) -> int:
        with self._lock:
            tokens, then = self._buckets.pop(address, (float(self.burst), now))
            tokens = min(self.burst, tokens + (now - then) * self.per_second)
            enough = tokens >= cost
            self._buckets[address] = (tokens - cost if enough else tokens, now)
            while len(self._buckets) > MAX_ADDRESSES:
                self._buckets.popitem(last=False)
        return 0 if enough else int((cost - tokens) / self.per_second) + 1


def limit_reading(app: Flask, limiter: RateLimiter) -> None:
    """Make an app refuse the requests of an address that reads too much; what changes anything counts too."""

    @app.before_request
    def count() -> None:
        limiter.check(request.remote_addr)


def install(app: Flask, *, frame_ancestors: str = "'none'") -> None:
    """Make an app send the security headers with every answer and refuse bodies over 1 MiB.

    Args:
        app: The app.
        frame_ancestors: Sites that may show participants' pages in a frame, as CSP writes them.
    """
    app.extensions[REPEATED] = RepeatedErrors(logger)
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES, MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES, MAX_FORM_PARTS=100
    )

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        if frame_ancestors != "'none'" and not request.path.startswith("/admin"):
            policy = response.headers["Content-Security-Policy"]
            allowed = policy.replace(NOT_FRAMED, f"frame-ancestors {frame_ancestors}")
            response.headers["Content-Security-Policy"] = allowed
            del response.headers["X-Frame-Options"]  # it cannot name a site
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response


def get_repeated_errors() -> RepeatedErrors:
    """Return what logs the warnings of the present app that requests can repeat."""
    found: RepeatedErrors = current_app.extensions[REPEATED]
    return found


def is_foreign() -> bool:
    """Tell whether another web site made a browser send this request.

    The browser's own `Sec-Fetch-Site` header says so. A browser that sends none (an old one, or a page over
    plain http) says so by an `Origin` that is not this server.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"cross-site", "same-site"}
    origin = request.headers.get("Origin")
    if origin is None or origin.split("://")[-1] in {request.host, request.environ.get(SENT_HOST)}:
        return False
    get_repeated_errors().log(
        "origin",
        "%s %.200r was refused: its Origin is %.200r and its Host %.200r; if a proxy is in front of this "
        "server, give --public-url with the address that participants open, or make it pass on the Host that "
        "the browser sent and give --behind-proxy",
        request.method,
        request.path,
        origin,
        request.host,
        level=logging.WARNING,
    )
    return True


def came_from_elsewhere() -> bool:
    """Tell whether a page was opened from another web site's: not from this server's, nor by hand.

    A browser that does not say so by `Sec-Fetch-Site` (none does over plain http) names this server's pages
    as the `Referer`, and no others.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"cross-site", "same-site"}
    try:
        host = urlsplit(request.headers.get("Referer", "")).netloc
    except ValueError:  # no address at all
        return True
    return host not in {request.host, request.environ.get(SENT_HOST)}


def require_same_site() -> None:
    """Refuse what another web site made a browser send.

    Raises:
        Refusal: 403.
    """
    if is_foreign():
        raise Refusal("this request came from another web site", 403)


def sent_kib() -> float:
    """Return how many KiB a request's body has; one that does not say so is read (chunks, with gunicorn)."""
    size = request.content_length
    if size is None and "Transfer-Encoding" in request.headers:
        size = len(request.get_data())
    return (size or 0) / 1024


def read_json(max_bytes: int = MAX_BODY_BYTES) -> dict[str, Any]:
    """Return the request's JSON object.

    Raises:
        Refusal: 415 for another content type, 413 for too long a body, 400 if it is not a JSON object or is
            nested too deep.
    """
    if request.mimetype != "application/json":
        raise Refusal(f"content type {request.mimetype or 'missing'!r}: expected application/json", 415)
    body = request.get_data(cache=False)
    if len(body) > max_bytes:
        raise Refusal(f"the body has {len(body)} bytes; expected at most {max_bytes}", 413)
    return parse_object(body)


def parse_object(text: bytes | str) -> dict[str, Any]:
    """Return a JSON object that is nested no deeper than a page answer can be.

    Raises:
        Refusal: 400.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_float, parse_int=_int)
    except (ValueError, RecursionError):
        raise Refusal("the body is not JSON", 400) from None
    if not isinstance(value, dict):
        raise Refusal(f"the body is a JSON {type(value).__name__}; expected an object", 400)
    if _deeper_than(value, MAX_DEPTH):
        raise Refusal(f"the JSON is nested more than {MAX_DEPTH} levels deep", 400)
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _float(text: str) -> float:
    """Read a number; one beyond a float's range would be read as infinity, which JSON does not have."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


def _int(text: str) -> int:
    _float(text)
    return int(text)


def _deeper_than(value: object, limit: int) -> bool:
    level: list[object] = [value]
    for _ in range(limit + 1):
        level = [child for node in level for child in _children(node)]
        if not level:
            return False
    return True


def _children(node: object) -> list[object]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def network_of(address: str) -> str:
    """Return what is counted together: an IPv4 address, or the /64 of an IPv6 one, which one machine has."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    mapped = found.ipv4_mapped
    return str(mapped or ipaddress.ip_network((found, 64), strict=False))


def is_local(address: str) -> bool:
    """Tell whether an address is this machine's own."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    # A socket of IPv6 sees this machine's IPv4 address as ::ffff:127.0.0.1.
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback
