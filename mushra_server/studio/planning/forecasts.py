"""Numbers of listeners that studies need, computed in the background: no page waits for them."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from mushra_server.studio.planning.listeners_needed import Needed, Question

__all__ = ["Forecasts"]

MAX_KEPT = 256
MAX_WAITING = 32
LIMIT_S = 600.0
FAILED = Needed(note="the number of listeners could not be computed; listenable power says more")

logger = logging.getLogger(__name__)


class Forecasts:
    """The answers so far; one process at a time computes another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[Question, Needed] = OrderedDict()
        self._waiting: set[Question] = set()
        self._pool = ThreadPoolExecutor(1, "forecasts")
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def look(self, question: Question | Needed) -> Needed:
        """Return an answer; one that is not known yet is pending, and computed for a later look."""
        if isinstance(question, Needed):
            return question
        with self._lock:
            if question in self._known:
                self._known.move_to_end(question)
                return self._known[question]
            if question not in self._waiting and len(self._waiting) < MAX_WAITING and not self._closed:
                self._waiting.add(question)
                self._pool.submit(self._answer, question)
        return Needed(pending=True)

    def close(self) -> None:
        """End the computing."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()
        self._pool.shutdown(cancel_futures=True)

    def _answer(self, question: Question) -> None:
        try:
            found = self._compute(question)
        except Exception as error:
            logger.error("computing the number of listeners for %r failed", question, exc_info=error)
            found = FAILED
        with self._lock:
            self._waiting.discard(question)
            self._known[question] = found
            if len(self._known) > MAX_KEPT:
                self._known.popitem(last=False)

    def _compute(self, question: Question) -> Needed:
        with self._lock:
            if self._closed:
                return FAILED
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mushra_server.studio.planning.listeners_needed"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        with self._process as process:
            try:
                content, _ = process.communicate(json.dumps(asdict(question)).encode(), timeout=LIMIT_S)
            finally:
                process.kill()
        return Needed(**json.loads(content)) if not self._closed else FAILED
