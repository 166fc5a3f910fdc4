"""The app for a WSGI server with several worker processes, described by environment variables.

```
LISTENABLE_STUDY=/srv/study LISTENABLE_DATABASE=postgresql://... gunicorn 'mushra_server.wsgi:make_app()'
```
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping

from flask import Flask

from mushra_server.app import create_app
from mushra_server.errors import ServerError
from mushra_server.web import few_at_once
from mushra_server.web.server import Options
from mushra_server.web.task_queue import share_interpreter

__all__ = ["make_app"]

logger = logging.getLogger(__name__)

TRUE, FALSE = {"1", "true", "yes"}, {"", "0", "false", "no"}


def make_app(environment: Mapping[str, str] | None = None) -> Flask:
    """Make the app from the environment.

    `LISTENABLE_STUDY` is the study's folder; `LISTENABLE_DATABASE`, `LISTENABLE_BEHIND_PROXY`,
    `LISTENABLE_ONE_ENTRY_PER_ID`, `LISTENABLE_COLLECT_WEBMUSHRA`, `LISTENABLE_ABANDONED_AFTER` (minutes),
    `LISTENABLE_SESSIONS_PER_HOUR`, `LISTENABLE_MAX_PAGE_KIB`, `LISTENABLE_PROXY_ADDRESS`,
    `LISTENABLE_PUBLIC_URL`, `LISTENABLE_SENDFILE` (a folder) and `LISTENABLE_EMBED` (sites, separated by
    blanks) are the options of `listenable serve`.

    Raises:
        ServerError: If the study is not named, or a variable cannot be read.
    """
    found = os.environ if environment is None else environment
    study = found.get("LISTENABLE_STUDY")
    if not study:
        raise ServerError("LISTENABLE_STUDY is not set; expected the study's folder")
    options = Options(
        one_entry=_flag(found, "LISTENABLE_ONE_ENTRY_PER_ID"),
        behind_proxy=_flag(found, "LISTENABLE_BEHIND_PROXY") or "LISTENABLE_PROXY_ADDRESS" in found,
        proxy_address=found.get("LISTENABLE_PROXY_ADDRESS") or None,
        public_url=found.get("LISTENABLE_PUBLIC_URL") or None,
        sendfile=found.get("LISTENABLE_SENDFILE") or None,
        embed=tuple(found.get("LISTENABLE_EMBED", "").split()),
        collect_webmushra=_flag(found, "LISTENABLE_COLLECT_WEBMUSHRA"),
        abandoned_after_min=_minutes(found, "LISTENABLE_ABANDONED_AFTER"),
        sessions_per_hour=_count(found, "LISTENABLE_SESSIONS_PER_HOUR", Options.sessions_per_hour),
        page_bytes=1024 * _count(found, "LISTENABLE_MAX_PAGE_KIB", Options.page_bytes // 1024),
    )
    if not options.behind_proxy:
        logger.warning(
            "no proxy is declared: gunicorn and its like give a thread to whoever sends or reads slowly; put "
            "nginx before this server and set LISTENABLE_BEHIND_PROXY=1 (docs/server.md)"
        )
    share_interpreter()
    app = create_app(study, found.get("LISTENABLE_DATABASE") or None, options)
    few_at_once.install(app)
    return app


def _flag(found: Mapping[str, str], name: str) -> bool:
    word = found.get(name, "").lower()
    if word not in TRUE | FALSE:
        raise ServerError(f"{name} is {word!r}; expected 1 or 0")
    return word in TRUE


def _minutes(found: Mapping[str, str], name: str) -> float:
    text = found.get(name) or str(Options.abandoned_after_min)
    try:
        return float(text)
    except ValueError:
        raise ServerError(f"{name} is {text!r}; expected minutes") from None


def _count(found: Mapping[str, str], name: str, default: int) -> int:
    text = found.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ServerError(f"{name} is {text!r}; expected a whole number from 1")
    return int(text)
