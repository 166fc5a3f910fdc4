"""The results that the admin pages show: computed elsewhere, whenever the data have another version."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from typing import Any

from flask import current_app

from mushra_server.admin.results import Results
from mushra_server.admin.work import analyse
from mushra_server.database.progress import version_of
from mushra_server.web.server import Server

__all__ = ["RESULTS", "ResultsCache", "current_results"]

RESULTS = "listenable_results"

# A large study takes long to analyse: its results may be this many times as old as they took to compute.
AGE_FACTOR = 10.0
LIMIT_S = 120.0
PATIENCE_S = 0.3

logger = logging.getLogger(__name__)


class ResultsCache:
    """Results of one server: computed again when ratings have come in, by one process at a time.

    Args:
        server: The server.
        limit_s: Seconds after which an analysis is stopped.
    """

    def __init__(self, server: Server, limit_s: float = LIMIT_S) -> None:
        self._server = server
        self._limit_s = limit_s
        self._lock = threading.Lock()
        self._version: tuple[Any, ...] | None = None
        self._results = Results(problem="no ratings yet", ratings=0)
        self._fresh_until = 0.0
        self._expired = False  # since the present computing began
        self._computing: threading.Thread | None = None

    @property
    def computing(self) -> bool:
        """Whether an analysis is under way."""
        return self._computing is not None

    def expire(self) -> None:
        """Make the next request compute again: a session was excluded or restored."""
        with self._lock:
            self._fresh_until, self._version, self._expired = 0.0, None, True

    def get(self, patience_s: float = PATIENCE_S) -> Results:
        """Return the results of now, or those before if computing them takes longer than the patience."""
        with self._lock:
            if self._computing is None and time.monotonic() >= self._fresh_until:
                with self._server.database.read() as connection:
                    version = version_of(connection)
                if version[0] is None:
                    self._results, self._version = Results(problem="no ratings yet", ratings=0), version
                elif version != self._version:
                    self._expired = False
                    self._computing = threading.Thread(target=self._compute, args=(version,), daemon=True)
                    self._computing.start()
            computing = self._computing
        if computing is not None:
            computing.join(patience_s)
        with self._lock:
            return dataclasses.replace(self._results, pending=self._computing is not None)

    def _compute(self, version: tuple[Any, ...]) -> None:
        started = time.monotonic()
        try:
            results = analyse(self._server, self._limit_s)
        except Exception:
            logger.exception("the analysis for the admin pages failed")
            results = Results(problem="the analysis failed; the server's log has the reason")
        with self._lock:
            self._results, self._computing = results, None
            if not self._expired:  # else these are results of before
                self._version = version
                self._fresh_until = time.monotonic() + AGE_FACTOR * (time.monotonic() - started)


def current_results() -> ResultsCache:
    """Return the results of the app that handles the present request."""
    cache: ResultsCache = current_app.extensions[RESULTS]
    return cache
