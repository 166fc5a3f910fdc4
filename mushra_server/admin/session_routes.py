"""Sessions on the admin pages: listed, shown, excluded and restored, and given another resume link."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from mushra_server.admin.forms import read_page_number, read_reason, require_session
from mushra_server.admin.login import check_form, require_login
from mushra_server.admin.results_cache import current_results
from mushra_server.database import sessions, settings
from mushra_server.database.progress import PAGE_SIZE, load_session, load_sessions
from mushra_server.errors import Refusal
from mushra_server.web.server import current_server

__all__ = ["blueprint"]

blueprint = Blueprint("admin_sessions", __name__, url_prefix="/admin/sessions")


@blueprint.get("")
@require_login
def list_sessions() -> ResponseReturnValue:
    """List the sessions, newest first."""
    page, server = read_page_number(), current_server()
    with server.database.read() as connection:
        rows = load_sessions(connection, page)
    for row in rows:
        planned = None if row["slot"] is None else server.study.count_pages(row["slot"])
        ended = row["slot"] is None or row["finished_at"] is not None
        row["pages"] = row["saved"] if planned is None and ended else planned
    return render_template(
        "admin_sessions.html",
        rows=rows,
        page=page,
        more=len(rows) == PAGE_SIZE,
        verdicts=current_results().get().verdicts(),
    )


@blueprint.get("/<uuid>")
@require_login
def show_session(uuid: str) -> ResponseReturnValue:
    """Show one session."""
    return _render(uuid)


@blueprint.post("/<uuid>/exclude")
@require_login
def exclude(uuid: str) -> ResponseReturnValue:
    """Leave a session out of the exports."""
    return _decide(uuid, sessions.exclude)


@blueprint.post("/<uuid>/restore")
@require_login
def restore(uuid: str) -> ResponseReturnValue:
    """Take an excluded session back."""
    return _decide(uuid, sessions.restore)


def _decide(uuid: str, change: Callable[[Connection, sessions.Session, str], None]) -> ResponseReturnValue:
    """Apply a change that needs a reason, and show the session."""
    reason = read_reason()
    with current_server().database.write() as connection:
        change(connection, require_session(sessions.find_by_uuid(connection, uuid)), reason)
    current_results().expire()
    return redirect(url_for("admin_sessions.show_session", uuid=uuid))


@blueprint.post("/<uuid>/link")
@require_login
def make_link(uuid: str) -> ResponseReturnValue:
    """Make another resume link for a participant who lost theirs; the old one stops working."""
    check_form()
    with current_server().database.write() as connection:
        token = sessions.new_token(connection, require_session(sessions.find_by_uuid(connection, uuid)))
        settings.log_action(connection, "resume link", uuid)
    current_server().tokens.forget(uuid)
    return _render(uuid, f"{request.root_url}resume/{token}")


def _render(uuid: str, link: str | None = None) -> ResponseReturnValue:
    with current_server().database.read() as connection:
        found = load_session(connection, uuid)
    if found is None:
        raise Refusal("unknown session", 404)
    verdict = current_results().get().verdicts().get(found["listener"])
    return render_template("admin_session.html", row=found, verdict=verdict, link=link)
