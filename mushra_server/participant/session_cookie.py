"""The cookie that makes a browser the listener of a session."""

from __future__ import annotations

from typing import Any

from flask import request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from mushra_server.database import sessions
from mushra_server.database.sessions import Session
from mushra_server.errors import Refusal
from mushra_server.web.server import current_server
from study_builder.config.session_cookie import SESSION_COOKIE

__all__ = ["delete_session_cookie", "find_own_session", "read_own_token", "set_session_cookie"]

COOKIE_AGE_S = 60 * 24 * 3600


def set_session_cookie(response: Response, token: str) -> None:
    """Let a browser be the listener of a session."""
    response.set_cookie(SESSION_COOKIE, token, max_age=COOKIE_AGE_S, **_get_settings())


def delete_session_cookie(response: Response) -> None:
    """Let a browser be nobody's."""
    response.delete_cookie(SESSION_COOKIE, **_get_settings())


def read_own_token() -> str:
    """Return the token of the browser's session, empty if it has none."""
    return request.cookies.get(SESSION_COOKIE, "")


def find_own_session(connection: Connection, *, lock: bool = False) -> Session:
    """Return the session of the browser that asks.

    Args:
        connection: An open transaction.
        lock: Make other workers wait for this transaction.

    Raises:
        Refusal: 401 if it has none.
    """
    token = read_own_token()
    session = sessions.find_by_token(connection, token, lock=lock) if token else None
    if session is None:
        raise Refusal("no session: open the study's page first", 401)
    return session


def _get_settings() -> dict[str, Any]:
    """Return how the cookie is kept: for this study's path, and with `--embed` in a frame too."""
    framed = bool(current_server().options.embed)
    return {
        "path": f"{request.script_root}/",
        "httponly": True,
        "secure": framed or request.is_secure,
        "samesite": "None" if framed else "Lax",
        "partitioned": framed,
    }
