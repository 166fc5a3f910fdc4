"""The participants' HTTP interface (docs/formats.md): page, session, answers, sounds."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as BaseResponse

from mushra_server.answers.checks import check_answer, check_draft
from mushra_server.answers.heard import check_heard, find_missing_consent, require_consent
from mushra_server.database import sessions
from mushra_server.database.participant_ids import fold_id
from mushra_server.database.sessions import Session
from mushra_server.database.submissions import (
    PageName,
    find_drafted_pages,
    find_saved_pages,
    load_answers,
    save_draft,
    save_page,
)
from mushra_server.errors import Refusal
from mushra_server.participant.admission import (
    find_session,
    keep_parameters,
    participant_of,
    refuse_entry,
    simulates,
    start_nonce,
    token_of_start,
)
from mushra_server.participant.not_loaded import words_without_scripts
from mushra_server.participant.session_pages import load_pages, load_trial_answers
from mushra_server.participant.session_state import completion, find_first_unsaved, page_id, session_state
from mushra_server.study.lossless import MEDIA_TYPE as FLAC
from mushra_server.study.opaque_files import MAX_AGE_S, media_type_of
from mushra_server.study.served_study import SessionPage
from mushra_server.web.security import came_from_elsewhere, read_json, require_same_site
from mushra_server.web.sent_files import Pieces, send_pieces
from mushra_server.web.server import Server, current_server
from study_builder.config.session_cookie import SESSION_COOKIE
from study_builder.config.sound_tags import find_untagged_parts

__all__ = ["blueprint", "set_session_cookie"]

COOKIE_AGE_S = 60 * 24 * 3600

blueprint = Blueprint("api", __name__)


@blueprint.before_request
def guard() -> None:
    """Limit the rate of an address, and refuse what another site makes a browser send."""
    if request.method != "GET":
        current_server().limiter.check(request.remote_addr)
        require_same_site()


@blueprint.get("/")
def page() -> str:
    """Show the participant page: a shell without data."""
    return render_template("page.html", **words_without_scripts(request.accept_languages))


@blueprint.get("/resume/<token>")
@blueprint.post("/resume/<token>")
def resume(token: str) -> BaseResponse:
    """Continue a session on this browser; ask before another site's link takes the place of an open one."""
    own = request.cookies.get(SESSION_COOKIE, "")
    with current_server().database.read() as connection:
        found = sessions.find_by_token(connection, token)
        if found is None:
            raise Refusal("this link belongs to no session of this study", 404)
        before = sessions.find_by_token(connection, own) if own not in {"", token} else None
    replaces = before is not None and before.id != found.id and not before.finished
    if request.method == "GET" and replaces and came_from_elsewhere():
        return Response(render_template("resume.html"))
    response = redirect(url_for("api.page"), 303)
    set_session_cookie(response, token)
    return response


@blueprint.get("/new")
def next_participant() -> BaseResponse:
    """Make room for the next participant on a shared machine; an unfinished session stays where it is."""
    query = request.query_string.decode("ascii", "replace")
    response = redirect(url_for("api.page") + (f"?{query}" if query else ""))
    token = request.cookies.get(SESSION_COOKIE, "")
    with current_server().database.read() as connection:
        session = sessions.find_by_token(connection, token)
    if session is None or session.finished:
        response.delete_cookie(SESSION_COOKIE, **_cookie_settings())
    return response


@blueprint.post("/api/session")
def open_session() -> tuple[Response, int]:
    """Start a session, or resume the one that this browser has."""
    body = read_json()
    server = current_server()
    kept = keep_parameters(server.study.config.options, body.get("parameters"))
    participant = participant_of(kept)
    nonce = start_nonce(body.get("nonce"))
    started = token_of_start(str(current_app.secret_key), participant, nonce) if nonce else None
    with server.database.write() as connection:
        # The same id, or the same start sent twice, must not be let in by two workers at once.
        server.database.wait_for_turn(connection, fold_id(participant or "") or nonce or "start")
        simulated = simulates(connection, body)
        found = find_session(connection, (request.cookies.get(SESSION_COOKIE), started), participant)
        if found is not None:
            session, token = found
            sessions.touch(connection, session)
            response = jsonify(_state(connection, server, session, token))
            set_session_cookie(response, token)
            return response, 200
        refuse_entry(
            connection,
            server.study.config.options,
            participant=participant,
            simulated=simulated,
            one_entry=server.options.one_entry,
        )
        if not simulated:
            server.start_limiter.check(request.remote_addr)
        session, token = sessions.start(
            connection,
            simulated=simulated,
            participant=participant,
            kept=kept,
            token=started,
            abandoned_after_min=server.options.abandoned_after_min,
        )
        state = _state(connection, server, session, token)
    response = jsonify(state)
    set_session_cookie(response, token)
    return response, 201


@blueprint.get("/api/session")
def show_session() -> Response:
    """Return the session's state."""
    server = current_server()
    with server.database.read() as connection:
        session = _session(connection)
        return jsonify(_state(connection, server, session, request.cookies[SESSION_COOKIE]))


@blueprint.put("/api/session/pages/<int:index>")
def put_page(index: int) -> Response:
    """Store a page answer; the answer goes out after the commit."""
    server = current_server()
    body = read_json(server.options.page_bytes)
    with server.database.write() as connection:
        session = _session(connection, lock=True)
        answered = _page(connection, server, session, index, body)
        answer = check_answer(server.study.config, answered, body)
        if not server.options.preview:
            check_heard(server.study, server.files, answered, answer)
        saved = save_page(connection, session, _page_name(answered), answer, final=answered.decides)
        if not server.options.preview:
            require_consent(server.study, session.slot, index, saved)  # else nothing of this is kept
        sessions.touch(connection, session)
        pages = load_pages(connection, server.study, session)
    return jsonify(saved=index, position=find_first_unsaved(pages, saved))


@blueprint.put("/api/session/pages/<int:index>/draft")
def put_draft(index: int) -> Response:
    """Keep an unfinished page."""
    server = current_server()
    body = read_json(server.options.page_bytes)
    draft = check_draft(body)
    with server.database.write() as connection:
        session = _session(connection, lock=True)
        drafted = _page(connection, server, session, index, body)
        if drafted.decides and index in find_saved_pages(connection, session):
            return jsonify(draft=index)  # of a page whose answer stays as it is
        if (
            not server.options.preview
            and find_missing_consent(server.study, session.slot, index, ()) is not None
        ):
            require_consent(server.study, session.slot, index, find_saved_pages(connection, session))
        save_draft(connection, session, index, draft)
        sessions.touch(connection, session)
    return jsonify(draft=index)


@blueprint.post("/api/session/finish")
def finish() -> tuple[Response, int]:
    """Finish a session whose pages are all stored; a second time answers the same."""
    read_json()
    server = current_server()
    with server.database.write() as connection:
        session = _session(connection, lock=True)
        saved = find_saved_pages(connection, session)
        pages = load_pages(connection, server.study, session)
        missing = [page.index for page in pages if page.required and page.index not in saved]
        if missing and not session.finished and not server.options.preview:
            listed = ", ".join(str(index) for index in missing)
            return jsonify(error=f"no answer is stored for page {listed}", missing=missing), 409
        sessions.finish(connection, session)
    return jsonify(finished=True, completion=completion(server.study, session)), 200


@blueprint.get("/audio/<opaque>")
@blueprint.get("/picture/<opaque>")
def file(opaque: str) -> Response:
    """Send a sound or a picture of the session."""
    server = current_server()
    token = request.cookies.get(SESSION_COOKIE, "")
    known = server.tokens.get(token)
    if known is None:
        with server.database.read() as connection:
            session = _session(connection)
        known = session.uuid, session.slot
        server.tokens.put(token, *known)
    answers: tuple[bool, ...] = ()
    if server.study.adaptive:
        with server.database.read() as connection:
            answers = load_trial_answers(connection, server.study, _session(connection))
    name = server.names.find(*known, opaque, answers)
    if name is None:
        raise Refusal("this session has no such file", 404)
    found = server.files.open(name)
    tag = server.names.tag(opaque, found.digest)
    flac = server.flac.encode(found.digest, found.file) if _reads_flac() else None
    if flac is None:
        parts = find_untagged_parts(found.file)
        response = send_pieces(Pieces(found.file, parts), media_type_of(found.path), tag)
    else:
        response = send_pieces(Pieces(found.file, [flac]), FLAC, f"{tag}-flac")
    response.headers["Vary"] = "Accept"
    response.cache_control.private = True
    response.cache_control.max_age = MAX_AGE_S
    response.cache_control.immutable = True
    return response


def _reads_flac() -> bool:
    """Tell whether the browser names FLAC among what it reads; `*/*` says nothing of it."""
    return any(kind == FLAC and quality > 0 for kind, quality in request.accept_mimetypes)


def _session(connection: Connection, *, lock: bool = False) -> Session:
    token = request.cookies.get(SESSION_COOKIE, "")
    session = sessions.find_by_token(connection, token, lock=lock) if token else None
    if session is None:
        raise Refusal("no session: open the study's page first", 401)
    return session


def _state(connection: Connection, server: Server, session: Session, token: str) -> dict[str, Any]:
    server.tokens.put(token, session.uuid, session.slot)  # its sounds are next
    return session_state(
        server.study,
        server.names,
        session,
        # A page that was changed after it was stored is open again: its draft waits to be sent.
        saved=find_saved_pages(connection, session) - find_drafted_pages(connection, session),
        answers=load_answers(connection, session),
        trial_answers=load_trial_answers(connection, server.study, session),
        resume_url=url_for("api.resume", token=token),
        root=request.script_root,
        preview=server.options.preview,
    )


def _page(
    connection: Connection, server: Server, session: Session, index: int, body: dict[str, Any]
) -> SessionPage:
    """Return the page that a request is about; it names the page's id, which differs between sessions.

    All tabs of a browser share one cookie: a tab that shows one session must not write into another, which
    has the same indexes and the same keys for other sounds.
    """
    pages, named = load_pages(connection, server.study, session), body.get("page")
    if index >= len(pages):
        raise Refusal(f"page {index} does not exist: this session has {len(pages)} pages", 404)
    if not isinstance(named, str):
        raise Refusal(f"page is {named!r}; expected the id of page {index}", 400)
    if named != page_id(server.names, session, pages[index]):
        raise Refusal(
            f"this is not page {index} of this browser's session: another session was opened in it",
            409,
            reason="other_session",
        )
    return pages[index]


def _page_name(page: SessionPage) -> PageName:
    planned = page.planned
    return PageName(
        index=page.index,
        id=page.id,
        type=page.type,
        kind=None if planned is None else planned.kind,
        trial_position=None if planned is None else planned.trial_position,
    )


def set_session_cookie(response: BaseResponse, token: str) -> None:
    """Let a browser be the listener of a session."""
    response.set_cookie(SESSION_COOKIE, token, max_age=COOKIE_AGE_S, **_cookie_settings())


def _cookie_settings() -> dict[str, Any]:
    """Return how the cookie is kept: for this study's path, and with `--embed` in a frame too."""
    framed = bool(current_server().options.embed)
    return {
        "path": f"{request.script_root}/",
        "httponly": True,
        "secure": framed or request.is_secure,
        "samesite": "None" if framed else "Lax",
        "partitioned": framed,
    }
