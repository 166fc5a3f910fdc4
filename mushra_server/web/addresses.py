"""At which address participants reach the server: its public URL, a proxy's headers, a path prefix, the Host.

Every address that the server writes (links, sounds, paths of cookies) begins with the request's prefix, which
WSGI calls `SCRIPT_NAME`: that of `--public-url`, or what the proxy says in `X-Forwarded-Prefix`. Whether the
proxy removes it from the path does not matter.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, redirect, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from mushra_server.database.repeated_errors import RepeatedErrors
from mushra_server.errors import Refusal, ServerError
from mushra_server.web.proxy import check_prefix, remove_prefix
from mushra_server.web.security import SENT_HOST, is_local, network_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from mushra_server.web.server import Options

__all__ = ["PublicUrl", "check_embedding", "check_paths", "find_sender", "frame_ancestors", "install"]

FROM_PROXY = "listenable.from_proxy"
BAD_HOST = "listenable.bad_host"
PREFIX = re.compile(r"(/[A-Za-z0-9._~+-]+)+")
# Names as they may be: Flask fails at a part that is empty or longer, before any view or guard.
HOST = re.compile(
    r"([A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}\.?(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?"
)
MAX_SHOWN = 100
ORIGIN = re.compile(r"https?://(\*\.)?[A-Za-z0-9.-]+(:[0-9]{1,5})?")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PublicUrl:
    """Where participants reach the study.

    Attributes:
        scheme: ``http`` or ``https``.
        host: Its name, with a port that is not the scheme's own.
        prefix: Path before all of the study's, without a slash at the end; often empty.
    """

    scheme: str
    host: str
    prefix: str

    @classmethod
    def read(cls, text: str) -> PublicUrl:
        """Read `--public-url`.

        Raises:
            ServerError: If it is not such a URL.
        """
        try:
            found = urlsplit(text)
            port = found.port
        except ValueError:
            found, port = urlsplit(""), None
        prefix = found.path.rstrip("/")
        if (
            found.scheme not in {"http", "https"}
            or not HOST.fullmatch(found.netloc)
            or (prefix and not PREFIX.fullmatch(prefix))
            or found.query
            or found.fragment
        ):
            raise ServerError(
                f"--public-url is {text!r}; expected what participants open, such as https://HOST/PATH"
            )
        own = {"http": 80, "https": 443}[found.scheme]
        host = found.netloc.lower()
        return cls(found.scheme, host.rpartition(":")[0] if port == own else host, prefix)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}{self.prefix}/"


def check_embedding(origins: Iterable[str], public_url: str | None) -> None:
    """Check `--embed`.

    Raises:
        ServerError: If an origin is not one, or the public URL is not https, which a cookie in a frame needs.
    """
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            raise ServerError(
                f"--embed is {origin!r}; expected the site that shows the study in a frame, such as "
                "https://survey.example.org or https://*.qualtrics.com, without a path"
            )
        if public_url is None or PublicUrl.read(public_url).scheme != "https":
            raise ServerError(
                "--embed needs https: browsers keep no cookie of a frame otherwise; give the study's own "
                "address with --public-url https://HOST"
            )


def frame_ancestors(origins: Iterable[str]) -> str:
    """Return the value of CSP's `frame-ancestors`."""
    return " ".join(origins) or "'none'"


def install(app: Flask, options: Options) -> None:
    """Give every request its public address, and refuse those for another host."""
    app.wsgi_app = _Addresses(app.wsgi_app, options)  # type: ignore[method-assign]
    known, warnings = _names(options), RepeatedErrors(logger)

    @app.before_request
    def guard() -> Response | None:
        if BAD_HOST in request.environ:
            raise Refusal(f"the Host {request.environ[BAD_HOST][:MAX_SHOWN]!r} is not one", 400)
        if known is not None and not request.environ[FROM_PROXY]:
            _check_host(request.environ[SENT_HOST], known, warnings)
        if "\0" in request.path:
            raise Refusal("not found", 404)  # PostgreSQL stores no such text, and looks for none
        if request.environ["PATH_INFO"] or not request.script_root:
            return None
        # Without its slash, the page's relative addresses would miss the prefix.
        query = request.query_string.decode("ascii", "replace")
        return redirect(f"{request.script_root}/" + (f"?{query}" if query else ""), 308)


def find_sender(environ: WSGIEnvironment, options: Options) -> str:
    """Return the address that a request comes from, before any app has seen it; the proxy's word counts."""
    sender = str(environ.get("REMOTE_ADDR", ""))
    if not options.is_proxy(sender):
        return sender
    return str(environ.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip() or sender


def check_paths(app: Flask, options: Options, *others: str) -> None:
    """Check, once an app has all its paths, that the public URL's differs from them.

    Args:
        app: The app.
        options: How it is served.
        *others: Further paths that are answered beside it.

    Raises:
        ServerError: If one of them begins with it.
    """
    if options.public_url is not None:
        own = (*others, *(rule.rule for rule in app.url_map.iter_rules()))
        check_prefix(PublicUrl.read(options.public_url).prefix, own)


class _Addresses:
    """A WSGI app that puts a request where its browser sent it."""

    def __init__(self, app: Any, options: Options) -> None:
        self._app = app
        self._public = None if options.public_url is None else PublicUrl.read(options.public_url)
        self._fix = ProxyFix(self._place, x_for=1, x_proto=1, x_host=1, x_prefix=1)
        self._is_proxy = options.is_proxy
        self._proxy_is_declared = options.behind_proxy
        self._warned: set[str] = set()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[SENT_HOST] = environ.get("HTTP_HOST", "")
        environ[FROM_PROXY] = self._is_proxy(environ.get("REMOTE_ADDR", ""))
        if environ[FROM_PROXY]:
            return self._fix(environ, start_response)
        if "HTTP_X_FORWARDED_FOR" in environ:
            self._warn(environ.get("REMOTE_ADDR", ""))
        return self._place(environ, start_response)

    def _place(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        prefix = environ.get("SCRIPT_NAME", "").rstrip("/")
        if self._public is not None:
            prefix = self._public.prefix
            environ["HTTP_HOST"], environ["wsgi.url_scheme"] = self._public.host, self._public.scheme
        host = environ.get("HTTP_HOST") or "localhost"
        if not HOST.fullmatch(host):
            environ[BAD_HOST], environ["HTTP_HOST"] = host, "localhost"
        environ["SCRIPT_NAME"] = prefix if PREFIX.fullmatch(prefix) else ""
        environ["PATH_INFO"] = remove_prefix(environ.get("PATH_INFO", ""), prefix)
        result: Iterable[bytes] = self._app(environ, start_response)
        return result

    def _warn(self, address: str) -> None:
        network = network_of(address)
        if network in self._warned or len(self._warned) > 100:
            return
        self._warned.add(network)
        if not self._proxy_is_declared:
            if is_local(address):
                logger.warning(
                    "requests come through a proxy on this machine: all participants count as one address, "
                    "which is not limited, and share the tries at the admin token; give --behind-proxy"
                )
            return
        logger.warning(
            "X-Forwarded-For from %s is ignored: it is not the proxy's address; if your proxy is there, give "
            "--proxy-address %s",
            address,
            address,
        )


def _names(options: Options) -> set[str] | None:
    """Return the names that this server has; None if no option says which."""
    if options.host is None and options.public_url is None:
        return None
    names = {"localhost"}
    if options.public_url is not None:
        names.add(_name(PublicUrl.read(options.public_url).host))
    if options.host is not None:
        names.add(options.host.lower())
        if not is_local(options.host) and options.host != "localhost":
            own = socket.gethostname().lower()
            names |= {own, f"{own.partition('.')[0]}.local", socket.getfqdn().lower()}
    return names


def _check_host(host: str, known: set[str], warnings: RepeatedErrors) -> None:
    """Refuse a host name that this server does not have.

    A web site can let its own name lead to this machine (DNS rebinding): for the browser, its pages are then
    this server's own. An IP address, or a name without a dot, belongs to no web site.

    Raises:
        Refusal: 421.
    """
    name = _name(host)
    if name in known or "." not in name or _is_address(name):
        return
    warnings.log(
        "host",
        "a request for the host %.200r was refused; if participants or a proxy open the study by this name, "
        "give --public-url https://%.200s",
        host,
        name,
        level=logging.WARNING,
    )
    raise Refusal("this server has another name: open the study from the link that you were sent", 421)


def _name(host: str) -> str:
    """Return a Host header's name, in lower case, without the port and the final dot."""
    return re.sub(r":[0-9]*$", "", host).rstrip(".").lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
