"""The preview's own page, and the sessions that it starts."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, render_template, request

from mushra_server.database import sessions
from mushra_server.errors import AnswerError
from mushra_server.participant.languages import choose_language
from mushra_server.participant.session_cookie import set_session_cookie
from mushra_server.preview.live_study import LiveStudy
from mushra_server.web.security import read_json, require_same_site
from mushra_server.web.server import current_server

__all__ = ["LIVE", "blueprint"]

LIVE = "listenable.preview"
MOST_SLOTS = 1_000_000

blueprint = Blueprint("preview", __name__)


@blueprint.get("/preview")
def page() -> str:
    """Show the ribbon and the frame."""
    return render_template("preview.html", title=current_server().study.title)


@blueprint.get("/preview/state")
def show_state() -> Response:
    """Say which version of the config is shown, and why a newer one is not."""
    live: LiveStudy = current_app.extensions[LIVE]
    live.refresh()
    return jsonify(version=live.version, error=live.error)


@blueprint.post("/preview/session")
def start_session() -> tuple[Response, int]:
    """Start a session that follows a chosen row of the design; the browser's next visit shows it."""
    require_same_site()
    slot = read_json().get("slot")
    if isinstance(slot, bool) or not isinstance(slot, int) or not 0 <= slot < MOST_SLOTS:
        raise AnswerError(f"slot is {slot!r}; expected a whole number from 0 to {MOST_SLOTS - 1}")
    with current_server().database.write() as connection:
        session, token = sessions.start(
            connection,
            simulated=False,
            participant=None,
            kept=choose_language(current_server().study.config, request.accept_languages, None),
            abandoned_after_min=current_server().options.abandoned_after_min,
        )
        sessions.move_to_slot(connection, session, slot)
    response = jsonify(slot=slot)
    set_session_cookie(response, token)
    return response, 201
