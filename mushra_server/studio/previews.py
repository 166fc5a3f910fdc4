"""Previews of studies in the studio: the app of `listenable serve --preview`, at an address that is drawn.

The address alone shows nothing: who opens it must be logged in, and still have a role in the study.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, request
from sqlalchemy.exc import SQLAlchemyError

from mushra_server.many import shift_request
from mushra_server.preview.app import open_preview
from mushra_server.web.addresses import PublicUrl
from mushra_server.web.proxy import remove_prefix
from mushra_server.web.server import Options

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Previews", "raise_failure"]

PREFIX = "/preview/"
FAILURE = "listenable.failure_before_a_preview"
AT_ONCE = 8
OF_ONE = 3
"""Of them, that one account has opened: it ends its own before those of others."""


@dataclass(frozen=True)
class _Opened:
    study: str
    account: int
    app: Flask
    stack: ExitStack


class Previews:
    """The previews that are open; when there are too many, or too many of one account, its oldest one ends.

    Nothing of them is kept.

    Args:
        options: How studies are served.
        may_see: Whether who sends a header `Cookie` may see the study of a name.
    """

    def __init__(self, options: Options, may_see: Callable[[str, str], bool]) -> None:
        self._options = options
        self._may_see = may_see
        self._lock = threading.Lock()
        self._opened: OrderedDict[str, _Opened] = OrderedDict()

    def open(self, study: Path, account: int) -> str:
        """Open a preview of a study and return its address within the studio.

        Args:
            study: Its folder.
            account: Who opens it.

        Raises:
            ServerError: If the study cannot be served.
        """
        token, stack = secrets.token_urlsafe(24), ExitStack()
        place = f"{PREFIX}{token}"
        options = self._options
        if options.public_url is not None:
            options = replace(options, public_url=f"{PublicUrl.read(options.public_url)}{place[1:]}")
        app = stack.enter_context(open_preview(study, options))
        with self._lock:
            self._opened[token] = _Opened(study.name, account, app, stack)
            own = [key for key, one in self._opened.items() if one.account == account]
            over = own[:-OF_ONE] or list(self._opened)[:-AT_ONCE]
            ended = [self._opened.pop(key).stack for key in over]
        for one in ended:
            one.close()
        return f"{place}/preview"

    def wrap(self, front: WSGIApplication) -> WSGIApplication:
        """Return a WSGI app that answers for the previews, and passes on what is for others."""

        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            path = str(environ.get("PATH_INFO", ""))
            if self._options.public_url is not None:
                path = remove_prefix(path, PublicUrl.read(self._options.public_url).prefix)
            token, slash, rest = path.removeprefix(PREFIX).partition("/")
            found = self._opened.get(token) if path.startswith(PREFIX) else None
            try:
                if found is None or not self._may_see(str(environ.get("HTTP_COOKIE", "")), found.study):
                    return front(environ, start_response)
            except SQLAlchemyError as error:
                return front({**environ, FAILURE: error}, start_response)
            inner = shift_request(environ, f"{PREFIX}{token}", slash + rest)
            result: Iterable[bytes] = found.app.wsgi_app(inner, start_response)
            return result

        return answer

    def close(self) -> None:
        """End every preview."""
        with self._lock:
            while self._opened:
                self._opened.popitem()[1].stack.close()


def raise_failure() -> None:
    """Answer a request whose right to see a preview could not be looked up as any other that failed so."""
    if FAILURE in request.environ:
        raise request.environ[FAILURE]
