"""The experimenter's login: a token that is shown once, a signed cookie, a token in every form."""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import ParamSpec

from flask import Flask, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue

from mushra_server.database import settings
from mushra_server.errors import Refusal
from mushra_server.web.security import require_same_site
from mushra_server.web.server import Server, current_server

__all__ = [
    "Sessions",
    "check_form",
    "form_token",
    "is_logged_in",
    "log_in",
    "log_out",
    "require_login",
    "set_up_cookie",
]

LOGIN_HOURS = 12

P = ParamSpec("P")


class Sessions(SecureCookieSessionInterface):
    """Signed cookies for the admin's pages, which are sent only over https if they were set over https."""

    digest_method = staticmethod(hashlib.sha256)

    def get_cookie_path(self, app: Flask) -> str:
        """Return the path below which a browser sends them."""
        return f"{request.script_root}/admin"

    def get_cookie_secure(self, app: Flask) -> bool:
        """Tell whether a browser sends them only over https."""
        return request.is_secure


def set_up_cookie(app: Flask) -> None:
    """Name the signed cookie and keep it from scripts and from other sites."""
    app.session_interface = Sessions()
    app.config.update(
        SESSION_COOKIE_NAME="listenable_admin",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
    )


def log_in() -> bool:
    """Log in with the admin token of the form that was sent; return whether it is the right one.

    Raises:
        Refusal: 429 after too many tries; the form is not even read then.
    """
    server = current_server()
    server.limits.logins.check(request.remote_addr)
    token = request.form.get("token", "").strip()
    if not settings.is_admin_token(server.database, token):
        _log_failure(server)
        return False
    session.clear()
    session["login"] = secrets.token_urlsafe(24)
    settings.open_login(server.database, session["login"], int(time.time()) + 3600 * LOGIN_HOURS)
    session["admin"] = settings.hash_token(token)  # not of one that has taken its place just now
    session["since"] = int(time.time())
    session["form"] = secrets.token_urlsafe(24)
    return True


def _log_failure(server: Server) -> None:
    """Note a wrong token in the log: from any number of addresses, only so many that they fill no disk."""
    try:
        server.limits.failures.check("all addresses")
    except Refusal:
        return
    with server.database.write() as connection:
        settings.log_action(connection, "login failed")


def log_out() -> None:
    """End the login of this browser, also for a copy of its cookie."""
    settings.close_login(current_server().database, str(session.get("login", "")))
    session.clear()


def is_logged_in() -> bool:
    """Return whether this browser is logged in: not too long ago, and with the current token."""
    found = session.get("admin")
    if not isinstance(found, str) or time.time() - session.get("since", 0) > 3600 * LOGIN_HOURS:
        return False
    database = current_server().database
    if not settings.is_open_login(database, str(session.get("login", ""))):
        return False
    return hmac.compare_digest(found, settings.admin_token_hash(database))


def require_login(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Send a browser that is not logged in to the login page."""

    @functools.wraps(view)
    def guard(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not is_logged_in():
            return redirect(url_for("admin.login"))
        return view(*args, **kwargs)

    return guard


def form_token() -> str:
    """Return the token that every form of this login carries."""
    return str(session.get("form", ""))


def check_form() -> None:
    """Refuse a form that did not come from one of this login's own pages, or has what is no text.

    Raises:
        Refusal: 403; 400 for a NUL, which PostgreSQL does not store.
    """
    require_same_site()
    sent, expected = request.form.get("form_token", ""), form_token()
    if not expected or not hmac.compare_digest(sent.encode(), expected.encode()):
        raise Refusal("this form is out of date; load the page again", 403)
    if any("\0" in value for value in request.form.values()):
        raise Refusal("the form has a NUL in it; expected text", 400)
