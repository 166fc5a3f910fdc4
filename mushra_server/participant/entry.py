"""The addresses that a participant opens: the page, a resume link, the next participant's start."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from mushra_server.database import sessions
from mushra_server.errors import Refusal
from mushra_server.participant.guard import guard
from mushra_server.participant.languages import language_of
from mushra_server.participant.plain_texts import texts_for_browser, texts_in
from mushra_server.participant.session_cookie import (
    delete_session_cookie,
    read_own_token,
    set_session_cookie,
)
from mushra_server.web.security import came_from_elsewhere
from mushra_server.web.server import current_server

__all__ = ["blueprint"]

blueprint = Blueprint("entry", __name__)
blueprint.before_request(guard)


@blueprint.get("/")
def page() -> str:
    """Show the participant page: a shell without data."""
    return render_template("page.html", **texts_for_browser(request.accept_languages))


@blueprint.get("/resume/<token>")
@blueprint.post("/resume/<token>")
def resume(token: str) -> BaseResponse:
    """Continue a session on this browser; ask before another site's link makes it somebody else's.

    Whoever sent the link can read what is answered in its session, also if it is the first on this browser.
    """
    own, server = read_own_token(), current_server()
    with server.database.read() as connection:
        found = sessions.find_by_token(connection, token)
        if found is None:
            raise Refusal("this link belongs to no session of this study", 404)
        before = sessions.find_by_token(connection, own) if own not in {"", token} else None
        language = language_of(connection, server.study.config, before or found)
    is_own = own == token or (before is not None and before.id == found.id)
    if request.method == "GET" and not is_own and came_from_elsewhere():
        replaces = before is not None and not before.finished
        words = texts_in(language)
        return Response(render_template("resume.html", replaces=replaces, own=before is not None, **words))
    response = redirect(url_for("entry.page"), 303)
    set_session_cookie(response, token)
    return response


@blueprint.get("/new")
def start_over() -> BaseResponse:
    """Make room for the next participant on a shared machine; an unfinished session is kept."""
    query = request.query_string.decode("ascii", "replace")
    response = redirect(url_for("entry.page") + (f"?{query}" if query else ""))
    with current_server().database.read() as connection:
        session = sessions.find_by_token(connection, read_own_token())
    if session is None or session.finished:
        delete_session_cookie(response)
    return response
