"""Many studies at one address: each is served at `/s/NAME/` by the same app that serves it alone."""

from __future__ import annotations

import logging
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, has_request_context, request
from sqlalchemy.exc import SQLAlchemyError

from mushra_server.app import create_app, handle_errors
from mushra_server.database.databases import Databases
from mushra_server.database.repeated_errors import RepeatedErrors
from mushra_server.errors import ServerError, Unavailable
from mushra_server.open_studies import MOST_SOUNDS, OpenStudies, OpenStudy
from mushra_server.openings import BeingOpened, Openings
from mushra_server.web import addresses, assets, security
from mushra_server.web.addresses import PublicUrl
from mushra_server.web.proxy import remove_prefix
from mushra_server.web.server import Limits, Options, Server
from stimuli.vocabulary import CONFIG_NAME
from study_builder.config import ConfigError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["PREFIX", "ManyStudies", "find_studies", "is_folder_of_studies", "make_front", "shift_request"]

PREFIX = "/s/"
FORWARDED_PREFIX = "HTTP_X_FORWARDED_PREFIX"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,254}")  # no file system has longer ones
CLOSED = "listenable.study_that_cannot_be_served"
OPENING = "listenable.study_that_is_being_opened"
LOCAL = "127.0.0.1"
RETRY_S = 60
BROKEN_S = 5.0
"""After a study could not be opened, until it is tried again: that may take seconds each time."""

logger = logging.getLogger(__name__)


def find_studies(folder: Path) -> list[Path]:
    """Return the studies in a folder, by name: folders with a config whose name may be part of an address."""
    return [
        path
        for path in sorted(folder.iterdir())
        if NAME.fullmatch(path.name) and (path / CONFIG_NAME).is_file()
    ]


def is_folder_of_studies(path: Path) -> bool:
    """Tell whether a folder is not a study, but has some in it."""
    return path.is_dir() and not (path / CONFIG_NAME).is_file() and bool(find_studies(path))


def shift_request(environ: WSGIEnvironment, place: str, rest: str) -> WSGIEnvironment:
    """Return a request as the app at a place sees it, whose own path is the rest."""
    inner = {**environ, "SCRIPT_NAME": f"{environ.get('SCRIPT_NAME', '')}{place}", "PATH_INFO": rest}
    if FORWARDED_PREFIX in environ:  # believed only if it comes from the proxy
        inner[FORWARDED_PREFIX] = f"{environ[FORWARDED_PREFIX].rstrip('/')}{place}"
    return inner


@dataclass(frozen=True)
class _Broken:
    error: Exception
    changed: int
    until: float


class ManyStudies:
    """A WSGI app that passes each request on to the study that its address names.

    A study is opened by a request, and again if its config was written since. If the new one cannot
    be served, for example because it is being edited, listeners keep the study that they have begun.

    Args:
        folder: Its folders are the studies.
        front: The app that answers all other addresses.
        options: How each study is served.
        admits: Whether the study of a name may be reached; every one by default.
        databases: Where the ratings are; by default in the studies' folders.
        most_sounds: That all open studies may have; those that were not asked for lately are closed.
    """

    def __init__(
        self,
        folder: Path,
        front: Flask,
        options: Options | None = None,
        admits: Callable[[str], bool] = lambda name: True,
        databases: Databases | None = None,
        most_sounds: int = MOST_SOUNDS,
    ) -> None:
        self.folder = folder
        self.front = front
        self.databases = databases or Databases(folder)
        self._options = options or Options()
        url = self._options.public_url
        self._public = None if url is None else PublicUrl.read(url)
        self._admits = admits
        self._opened = OpenStudies(most_sounds)
        self._limits: defaultdict[str, Limits] = defaultdict(lambda: Limits.of(self._options))
        self._openings = Openings(everyone=self._options.limit_local)
        self._broken: dict[str, _Broken] = {}
        self._failures = RepeatedErrors(logger)
        front.before_request(_refuse_closed)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        path = str(environ.get("PATH_INFO", ""))
        if self._public is not None:
            path = remove_prefix(path, self._public.prefix)
        name, slash, rest = path.removeprefix(PREFIX).partition("/")
        if not path.startswith(PREFIX) or not self.has(name):
            return self.front.wsgi_app(environ, start_response)
        try:
            if not self._admits(name):
                return self.front.wsgi_app(environ, start_response)
            study = self._take(name, addresses.find_sender(environ, self._options) or LOCAL)
        except BeingOpened:
            return self.front.wsgi_app({**environ, OPENING: name}, start_response)
        except (ConfigError, OSError, ServerError, SQLAlchemyError) as error:
            self._failures.log(name, "%s cannot be served: %s", self.folder / name, error)
            return self.front.wsgi_app({**environ, CLOSED: name}, start_response)
        try:  # what is sent after that is a file or a process of its own
            inner = shift_request(environ, f"{PREFIX}{name}", slash + rest)
            return study.app.wsgi_app(inner, start_response)
        finally:
            self._opened.give_back(name, study)

    def has(self, name: str) -> bool:
        """Tell whether there is a study of a name, as it is written.

        The file systems of macOS and Windows find a folder by other writings, each of which would be opened.
        """
        if not NAME.fullmatch(name) or not (self.folder / name / CONFIG_NAME).is_file():
            return False
        return name in self._opened or any(path.name == name for path in self.folder.iterdir())

    @contextmanager
    def use(self, name: str) -> Iterator[Server]:
        """Keep a study open as long as the block lasts, and give the parts of its app.

        Raises:
            ServerError: If the study cannot be served, and was not served before.
            ConfigError: The same, if its config cannot be read.
            Unavailable: If others wait for it already.
        """
        study = self._take(name, (has_request_context() and request.remote_addr) or LOCAL)
        try:
            yield study.server
        finally:
            self._opened.give_back(name, study)

    def _take(self, name: str, address: str) -> OpenStudy:
        """Return a study that stays open until it is given back; raises what `use` does."""
        if not self.has(name):
            raise ServerError(f"{self.folder / name}: is not a study; expected a folder with {CONFIG_NAME}")
        changed = (self.folder / name / CONFIG_NAME).stat().st_mtime_ns
        found = self._opened.take(name, changed)
        if found is not None:
            return found
        try:
            # The lock is of this study: the others do not wait while its sounds are read.
            with self._openings.place(name, address), self._opened.locks[name]:
                found = self._opened.take(name, changed)
                if found is not None:
                    return found
                opened = self._opened.put(name, self._open(name, changed, address))
        except BeingOpened:
            found = self._opened.take(name)
            if found is not None:
                return found  # as it was before its config changed
            raise
        self._opened.make_room()
        return opened

    def _open(self, name: str, changed: int, address: str) -> OpenStudy:
        broken = self._broken.get(name)
        if broken is not None and broken.changed == changed and time.monotonic() < broken.until:
            raise broken.error.with_traceback(None)
        self._openings.charge(name, address)
        begin = time.thread_time()
        try:
            app = create_app(
                self.folder / name,
                options=self._options_of(name),
                open_database=lambda: self.databases.open(
                    name, create=self._opened.closed.get(name) != changed
                ),
                limits=self._limits[name],
            )
        except (ConfigError, OSError, ServerError) as error:
            before = self._opened.find(name)
            if before is None:
                self._broken[name] = _Broken(error, changed, time.monotonic() + BROKEN_S)
                raise
            logger.error("%s is served as before its config changed: %s", self.folder / name, error)
            before.changed = changed
            return before
        finally:
            self._openings.note(name, time.thread_time() - begin)
        return OpenStudy(app, changed)

    def _options_of(self, name: str) -> Options:
        if self._public is None:
            return self._options
        return replace(self._options, public_url=f"{self._public}{PREFIX[1:]}{name}")

    def release(self, name: str) -> None:
        """Close the database of a study, before its folder is moved or replaced."""
        with self._opened.locks[name]:
            self._opened.remove(name)
            self._broken.pop(name, None)

    def close(self) -> None:
        """Close every study's database."""
        for name in self._opened.names():
            self.release(name)
        self.databases.close()


def _refuse_closed() -> None:
    if OPENING in request.environ:
        raise BeingOpened
    if CLOSED in request.environ:
        raise Unavailable("this study cannot be served now: please tell the experimenter", RETRY_S)


def make_front(options: Options | None = None) -> Flask:
    """Return the app for addresses of no study: it names none of them, as listeners know their own."""
    options = options or Options()
    app: Any = Flask("mushra_server", static_folder=None)
    addresses.install(app, options)
    security.install(app)
    security.limit_reading(app, security.RateLimiter(options.reads_per_s, options.read_burst))
    assets.install(app)
    addresses.check_paths(app, options, PREFIX)
    handle_errors(app)
    front: Flask = app
    return front
