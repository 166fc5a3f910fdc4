"""Watching a study: progress and sessions; scores stay hidden until it is closed, or opened with a reason."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, Row

from mushra_server.admin.forms import read_page_number, read_reason, require_session
from mushra_server.database import sessions
from mushra_server.database.clock import now
from mushra_server.database.progress import PAGE_SIZE, load_progress, load_session, load_sessions
from mushra_server.database.sessions import Session
from mushra_server.database.summaries import load_participants, load_scores
from mushra_server.errors import Refusal
from mushra_server.studio.crowd_lists import LISTS, decide, list_csv
from mushra_server.studio.flags import find_flags
from mushra_server.studio.login import current_studio, limit_changes, limit_heavy, require_role, write_log
from mushra_server.studio.studies import change_study, is_past
from mushra_server.web.server import Server

__all__ = ["blueprint", "may_see_scores"]

blueprint = Blueprint("watch", __name__, url_prefix="/studies/<name>")


def may_see_scores(study: Row[Any]) -> bool:
    """Tell whether scores may be seen: the study is closed, or was unblinded."""
    closed = current_studio().studies.count(study.name).closed or is_past(study.closes_at)
    return study.unblinded_at is not None or closed


@blueprint.get("/watch")
@require_role("viewer")
def progress(study: Row[Any]) -> ResponseReturnValue:
    """Show how far the study is."""
    page = read_page_number()
    if not current_studio().studies.is_built(study.name):
        return render_template("studio_watch.html", study=study, built=False)
    with _use(study) as server, server.database.read() as connection:
        config = server.study.config
        real = load_progress(connection, simulated=False)
        simulated = load_progress(connection, simulated=True)
        rows = load_sessions(connection, page)
        flags = find_flags(connection, config, [row["uuid"] for row in rows])
    return render_template(
        "studio_watch.html",
        study=study,
        built=True,
        real=real,
        simulated=simulated,
        rows=rows,
        flags=flags,
        page=page,
        more=len(rows) == PAGE_SIZE,
        quota=config.options.quota,
        open=may_see_scores(study),
        lists=LISTS,
    )


@blueprint.get("/sessions/<uuid>")
@require_role("viewer")
def show_session(study: Row[Any], uuid: str) -> ResponseReturnValue:
    """Show one session; its scores only if they may be seen."""
    visible = may_see_scores(study)
    with _use(study) as server, server.database.read() as connection:
        config = server.study.config
        row = load_session(connection, uuid)
        scores = load_scores(connection, uuid) if visible else []
        flags = find_flags(connection, config, [uuid]).get(uuid, [])
    if row is None:
        raise Refusal("unknown session", 404)
    return render_template(
        "studio_session.html",
        study=study,
        row=row,
        scores=scores,
        flags=flags,
        open=visible,
        label=lambda name: config.condition(name).label or name,
    )


@blueprint.post("/sessions/<uuid>/exclude")
@require_role("assistant")
def exclude(study: Row[Any], uuid: str) -> ResponseReturnValue:
    """Leave a session out of exports and reports."""
    return _decide(study, uuid, "exclude", sessions.exclude)


@blueprint.post("/sessions/<uuid>/restore")
@require_role("assistant")
def restore(study: Row[Any], uuid: str) -> ResponseReturnValue:
    """Take an excluded session back."""
    return _decide(study, uuid, "restore", sessions.restore)


@blueprint.post("/unblind")
@require_role("owner")
def unblind(study: Row[Any]) -> ResponseReturnValue:
    """Open the scores of a study that is not closed; the log keeps who did, and why."""
    reason = read_reason()
    with current_studio().store.write() as connection:
        change_study(connection, study.name, unblinded_at=now())
        write_log(connection, "unblind", study.name, reason)
    return redirect(url_for("watch.progress", name=study.name))


@blueprint.get("/lists/<kind>.csv")
@require_role("assistant")
@limit_heavy
def send_list(study: Row[Any], kind: str) -> ResponseReturnValue:
    """Send a list of participants as a crowd service takes it."""
    if kind not in LISTS:
        raise Refusal(f"unknown list {kind!r}; expected one of {', '.join(LISTS)}", 404)
    limit_changes()
    with _use(study) as server, server.database.read() as connection:
        decided = decide(load_participants(connection))
    text = list_csv(kind, decided, request.args.get("amount", "1.00"))
    with current_studio().store.write() as connection:
        write_log(connection, f"list {kind}", study.name)
    answer = Response(text, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{study.name}-{kind}.csv"'
    return answer


def _decide(
    study: Row[Any], uuid: str, what: str, change: Callable[[Connection, Session, str], None]
) -> ResponseReturnValue:
    """Apply a change that needs a reason, and show the session.

    What is done is what the button said: two people may press it, or one of them twice. The reason, which
    may name the listener, is only in the study's own database, from which `forget` removes it.
    """
    reason = read_reason()
    with _use(study) as server, current_studio().store.write() as connection:
        write_log(connection, f"{what} {uuid}", study.name)
        with server.database.write(urgent=True) as ratings:  # within: nothing is done without its line
            change(ratings, require_session(sessions.find_by_uuid(ratings, uuid)), reason)
    return redirect(url_for("watch.show_session", name=study.name, uuid=uuid))


def _use(study: Row[Any]) -> AbstractContextManager[Server]:
    studio = current_studio()
    if not studio.studies.is_built(study.name):
        raise Refusal("the study is not built yet, so nobody has listened", 404)
    return studio.served.use(study.name)
