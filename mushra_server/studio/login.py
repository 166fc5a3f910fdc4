"""Who is at the browser: login by token, and what the person may do to the study of an address."""

from __future__ import annotations

import functools
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature
from sqlalchemy import Connection, Row
from werkzeug.http import parse_cookie

from mushra_server.admin import login as admin_login
from mushra_server.database.settings import hash_token
from mushra_server.errors import Refusal
from mushra_server.many import ManyStudies
from mushra_server.studio import accounts
from mushra_server.studio.accounts import Account, Role, is_enough, role_in
from mushra_server.studio.disk import Disk
from mushra_server.studio.ended_logins import EndedLogins
from mushra_server.studio.jobs import Jobs
from mushra_server.studio.planning.forecasts import Forecasts
from mushra_server.studio.previews import Previews
from mushra_server.studio.store import Store, log_action
from mushra_server.studio.studies import Studies, find_study
from mushra_server.studio.upload_parts import UploadRequest
from mushra_server.web.places import Places
from mushra_server.web.security import RateLimiter

__all__ = [
    "EXTENSION",
    "Studio",
    "current_account",
    "current_studio",
    "describe_rights",
    "find_uploader",
    "limit_changes",
    "limit_heavy",
    "log_in",
    "log_out",
    "may",
    "may_see",
    "require_login",
    "require_role",
    "set_up_cookie",
    "write_log",
]

EXTENSION = "listenable_studio"
CHANGES_PER_S, CHANGES_AT_ONCE = 0.5, 500
"""By one account: each leaves a line in the log, for ever, of up to two kilobytes."""
ARCHIVES_OF_ONE = 2
"""Of one account, as long as they are on the disk: whoever reads slowly takes the room of one for days."""
REQUESTS_OF_ONE, REQUESTS = 6, 12
"""That are answered at once, of one account and of all, light or not: a browser sends six. The web server has
some threads left for listeners."""
LONG_FORMS = ("make.save", "make.upload")
UPLOAD_PATH = re.compile(r"/studies/[^/]+/sounds$")

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]


@dataclass(frozen=True)
class Studio:
    """What a request of the studio needs."""

    store: Store
    studies: Studies
    served: ManyStudies
    jobs: Jobs
    previews: Previews
    disk: Disk
    heavy: Places = field(default_factory=Places)
    requests: Places = field(default_factory=lambda: Places(REQUESTS_OF_ONE, REQUESTS))
    archives: Places = field(default_factory=lambda: Places(ARCHIVES_OF_ONE))
    forecasts: Forecasts = field(default_factory=Forecasts)
    ended: EndedLogins = field(default_factory=EndedLogins)
    changes: RateLimiter = field(
        default_factory=lambda: RateLimiter(
            CHANGES_PER_S, CHANGES_AT_ONCE, everyone=True, sentence="too many changes; try again in a moment"
        )
    )
    login_limiter: RateLimiter = field(default_factory=lambda: RateLimiter(0.2, 10, everyone=True))
    failure_log: RateLimiter = field(default_factory=lambda: RateLimiter(1 / 60, 100, everyone=True))


def current_studio() -> Studio:
    """Return the parts of the studio that handles the present request."""
    studio: Studio = current_app.extensions[EXTENSION]
    return studio


class _Sessions(admin_login.Sessions):
    """Signed cookies for all of the studio's pages, but for those of another server at the same host."""

    def get_cookie_path(self, app: Flask) -> str:
        return f"{request.script_root}/"


def set_up_cookie(app: Flask) -> None:
    """Name the signed cookie and keep it from scripts, from other sites and from plain http after https."""
    admin_login.set_up_cookie(app)
    app.session_interface = _Sessions()
    app.config["SESSION_COOKIE_NAME"] = "listenable_studio"


def find_uploader(app: Flask, path: str, cookies: str) -> str:
    """Return whose sounds a request may bring, by its address and a login; empty if it may bring none.

    What the account may do, and whether a login that another process has ended still holds, is asked once
    the request has arrived.
    """
    if not UPLOAD_PATH.search(path):
        return ""
    found, studio = _read_cookie(app, cookies), app.extensions[EXTENSION]
    if studio.ended.has(str(found.get("login", ""))):
        return ""
    return str(found.get("account") or found.get("login", ""))


def may_see(app: Flask, cookies: str, study: str) -> bool:
    """Tell whether a request outside the studio's own pages comes from somebody with a role in a study."""
    name = str(_read_cookie(app, cookies).get("login", ""))
    if not name:
        return False
    studio: Studio = app.extensions[EXTENSION]
    with studio.store.read() as connection:
        account = accounts.find_by_login(connection, name)
        return account is not None and role_in(connection, account, study) is not None


def _read_cookie(app: Flask, cookies: str) -> dict[str, Any]:
    """Return what the studio has signed in a header `Cookie`; nothing if it has not, or long ago."""
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    try:
        sent = parse_cookie(cookies).get(app.config["SESSION_COOKIE_NAME"], "")
        found: dict[str, Any] = signer.loads(sent, max_age=3600 * accounts.LOGIN_HOURS)
    except (BadSignature, UnicodeError):
        return {}
    return found


def log_in() -> bool:
    """Log in with the token of the form that was sent; return whether an account has it.

    Raises:
        Refusal: 429 after too many tries; the form is not even read then.
    """
    studio = current_studio()
    studio.login_limiter.check(request.remote_addr)
    token = request.form.get("token", "").strip()
    with studio.store.read() as connection:
        account = accounts.find_by_token(connection, token)
    if account is None:
        _log_failure(studio)
        return False
    with studio.store.write() as connection:
        account = accounts.find_by_token(connection, token)  # it may have been replaced just now
        if account is None:
            return False
        name = accounts.open_login(connection, account)
    session.clear()
    session["login"] = name
    session["account"] = account.id
    session["form"] = secrets.token_urlsafe(24)
    return True


def _log_failure(studio: Studio) -> None:
    """Note a wrong token in the log: from any number of addresses, only so many that they fill no disk."""
    try:
        studio.failure_log.check("all addresses")
    except Refusal:
        return
    with studio.store.write() as connection:
        log_action(connection, "", "login failed")


def log_out() -> None:
    """End the login of this browser, also for a copy of its cookie."""
    name = str(session.get("login", ""))
    with current_studio().store.write() as connection:
        accounts.close_login(connection, name)
    current_studio().ended.add([hash_token(name)])
    session.clear()


def current_account() -> Account:
    """Return the account of a view behind `require_login`."""
    account: Account = g.account
    return account


def require_login(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Send a browser that is not logged in to the login page, and check the token of every form.

    A form is answered with a sentence instead: what was filled in is still in the browser, one page back.
    """

    @functools.wraps(view)
    def guard(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        with current_studio().store.read() as connection:
            account = accounts.find_by_login(connection, str(session.get("login", "")))
        if account is None:
            if request.method != "GET" and request.endpoint != "studio.send_logout":
                raise Refusal(
                    "your login has ended, or there was none; log in, go back and send this again", 403
                )
            return redirect(url_for("studio.login"))
        g.account = account
        with current_studio().requests.place(account.id):
            if request.method != "GET":
                assert isinstance(request, UploadRequest)
                request.bound_form(long=request.endpoint in LONG_FORMS)
                admin_login.check_form()
                if request.endpoint != "make.save" or request.form.get("only") != "plan":  # changes nothing
                    limit_changes()
            return view(*args, **kwargs)

    return guard


def require_role(
    wanted: Role,
) -> Callable[[Callable[Concatenate[Row[Any], P], ResponseReturnValue]], Callable[..., ResponseReturnValue]]:
    """Give a view the study that its address names, if the account's role in it is enough.

    A study that an account has no right to see is answered as one that does not exist.
    """

    def decorate(view: Callable[Concatenate[Row[Any], P], ResponseReturnValue]) -> Any:
        @require_login
        @functools.wraps(view)
        def guard(name: str, *args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            with current_studio().store.read() as connection:
                role = role_in(connection, current_account(), name)
                if role is None:
                    raise Refusal(f"unknown study {name!r}", 404)
                found = find_study(connection, name)
            if not is_enough(role, wanted):
                raise Refusal(f"your role in this study is {role}; this needs {wanted}", 403)
            g.role = role
            return view(found, *args, **kwargs)

        return guard

    return decorate


def limit_heavy(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Answer a view behind a login only if few are being answered that take as long."""

    @functools.wraps(view)
    def guard(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        with current_studio().heavy.place(current_account().id):
            return view(*args, **kwargs)

    return guard


def limit_changes() -> None:
    """Count what the account of this request does and the log keeps; administrators may do any number.

    Raises:
        Refusal: 429 after too many.
    """
    account = current_account()
    if not account.everything:
        current_studio().changes.check(f"account {account.id}")


def may(wanted: Role) -> bool:
    """Tell whether the account's role in the study of this request is enough."""
    return is_enough(g.get("role"), wanted)


def describe_rights() -> dict[str, object]:
    """Return what templates ask: `may("assistant")` of the study of the page, and `administrator`."""
    account: Account | None = g.get("account")
    return {
        "may": may,
        "administrator": account is not None and account.everything,
    }


def write_log(
    connection: Connection, action: str, study: str | None = None, detail: str | None = None
) -> None:
    """Log what the account of this request did."""
    log_action(connection, current_account().name, action, study, detail)
