"""Which studies are open: those that were asked for last, as many as fit, and all that are in use.

An open study takes memory for each of its sounds, and an application, a database and its connections. Whether
it is open shows nowhere: it is opened again by whoever asks for it, which takes as long as the first time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, defaultdict

from flask import Flask

from mushra_server.admin.results_cache import RESULTS, ResultsCache
from mushra_server.web.server import EXTENSION, Server

__all__ = ["MOST_SOUNDS", "OpenStudies", "OpenStudy"]

MOST_SOUNDS = 250_000
"""Of all open studies together: some 400 MB."""
APP_SOUNDS = 500
"""As many sounds as take the memory of a study's application and database."""
STAYS_S = 60.0
"""After the files of a study were found to have changed, until all of them are looked at again."""

logger = logging.getLogger(__name__)


class OpenStudy:
    """A study that is open.

    Args:
        app: The app that serves it.
        changed: When its config was last written, in nanoseconds.

    Attributes:
        changed: The same, of a later config that cannot be served if there is one.
        sounds: What it counts for.
        users: How many use it at the moment.
        replaced: Whether it is no longer among the open ones: whoever uses it last closes it.
    """

    def __init__(self, app: Flask, changed: int) -> None:
        self.app = app
        self.changed = self._opened_of = changed
        self.sounds = APP_SOUNDS + len(self.server.study.named_files)
        self._stays_until = 0.0
        self.users = 0
        self.replaced = False

    @property
    def server(self) -> Server:
        """The parts of its app."""
        found: Server = self.app.extensions[EXTENSION]
        return found

    def is_busy(self) -> bool:
        """Tell whether a request, an analysis or a check of its file needs it."""
        results: ResultsCache = self.app.extensions[RESULTS]
        return self.users > 0 or results.computing or self.server.database.checking

    def may_be_closed(self) -> bool:
        """Tell whether its files are what they were: others might not be served to those who have begun."""
        if time.monotonic() < self._stays_until:
            return False
        server = self.server
        try:
            same = server.study.config_path.stat().st_mtime_ns == self._opened_of
        except OSError:
            same = False
        if same and server.database.is_as_opened() and server.files.are_as_opened():
            return True
        self._stays_until = time.monotonic() + STAYS_S
        return False

    def close(self) -> None:
        """Close its database and let go of what it has in memory."""
        server = self.server
        try:
            server.database.close()
        except Exception:  # others wait for what comes after
            logger.exception("the database %s was not closed as it should be", server.database.name)
        server.study.forget()
        server.names.forget()
        self.app.extensions.clear()  # the app has circles, and is there until these are looked for


class OpenStudies:
    """The open studies by name. Each is opened, and closed, by whoever holds the lock of its name.

    Args:
        most_sounds: That all may have together; those in use, and the newest, may have more.

    Attributes:
        locks: By name.
        closed: Those that were closed to make room, which have databases: when the config of each was
            written. A study that was built again since may have none.
    """

    def __init__(self, most_sounds: int = MOST_SOUNDS) -> None:
        self._most = most_sounds
        self._lock = threading.Lock()
        self._open: OrderedDict[str, OpenStudy] = OrderedDict()
        self._crowded = False  # those in use had no room beside the others
        self.closed: dict[str, int] = {}
        self.locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def __contains__(self, name: object) -> bool:
        return name in self._open

    def take(self, name: str, changed: int | None = None) -> OpenStudy | None:
        """Return an open study, which stays open until it is given back.

        Args:
            name: Of the study.
            changed: When its config was written, or None if any will do.
        """
        with self._lock:
            found = self._open.get(name)
            if found is None or changed not in (None, found.changed):
                return None
            self._open.move_to_end(name)
            found.users += 1
            return found

    def find(self, name: str) -> OpenStudy | None:
        """Return an open study, for whoever holds the lock of its name."""
        with self._lock:
            return self._open.get(name)

    def put(self, name: str, study: OpenStudy) -> OpenStudy:
        """Add a study that was opened, in place of what it was before, and return it as `take` does."""
        with self._lock:
            before = self._open.pop(name, study)
            self._open[name] = study
            study.users += 1
            unused = before is not study and _replace(before)
        if unused:
            before.close()
        return study

    def give_back(self, name: str, study: OpenStudy) -> None:
        """End a use of a study."""
        with self._lock:
            study.users -= 1
            unused = study.replaced and study.users == 0
        if unused:
            with self.locks[name]:
                study.close()
        if self._crowded:
            self.make_room()

    def remove(self, name: str) -> None:
        """Take a study away: it is closed now, or by whoever uses it last."""
        with self._lock:
            self.closed.pop(name, None)
            found = self._open.pop(name, None)
            unused = found is not None and _replace(found)
        if found is not None and unused:
            found.close()

    def names(self) -> list[str]:
        """Return the names of those that are open, the one that was asked for longest ago first."""
        with self._lock:
            return list(self._open)

    def make_room(self) -> None:
        """Close studies that nobody uses, but the one asked for last, until the rest fits.

        Call it without any of the locks: a study of which another holds it is passed over, and so is one
        whose files have changed.
        """
        self._crowded = False
        for name in self.names()[:-1]:
            if not self._is_full():
                return
            lock = self.locks[name]
            if not lock.acquire(blocking=False):
                self._crowded = True
                continue
            try:
                found = self.find(name)
                if found is None or not found.may_be_closed():
                    continue
                with self._lock:
                    if found.is_busy():
                        self._crowded = True
                        continue
                    del self._open[name]
                    self.closed[name] = found.changed
                found.close()
            finally:
                lock.release()

    def _is_full(self) -> bool:
        with self._lock:
            return sum(study.sounds for study in self._open.values()) > self._most


def _replace(study: OpenStudy) -> bool:
    study.replaced = True
    return study.users == 0
