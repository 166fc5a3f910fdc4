"""The participants' HTTP interface (docs/formats.md): the session, its pages and their drafts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request, url_for

from mushra_server.answers.checks import check_answer, check_draft
from mushra_server.answers.heard import check_heard, find_missing_consent, require_consent
from mushra_server.database import sessions
from mushra_server.database.drafts import drop_draft, save_draft
from mushra_server.database.page_answers import PageName
from mushra_server.database.participant_ids import fold_id
from mushra_server.database.sessions import Session
from mushra_server.database.submissions import find_saved_pages, save_page
from mushra_server.errors import Refusal
from mushra_server.participant.admission import (
    decides_entry,
    ends_session,
    find_session,
    keep_parameters,
    participant_of,
    refuse_entry,
    simulates,
    start_nonce,
    token_of_start,
)
from mushra_server.participant.guard import guard
from mushra_server.participant.languages import choose_language, language_of
from mushra_server.participant.session_cookie import find_own_session, read_own_token, set_session_cookie
from mushra_server.participant.session_pages import Plans, plan_before
from mushra_server.participant.session_record import SessionRecord, load_record
from mushra_server.participant.session_state import (
    completion,
    find_first_unsaved,
    last_words,
    page_id,
    session_state,
)
from mushra_server.study.served_study import SessionPage
from mushra_server.web.security import read_json
from mushra_server.web.server import Server, current_server

__all__ = ["blueprint"]

ROW_KIB = 1 / 6
"""Of the database for each score, whether one is given or not: a page may have two hundred that nobody has to
give, so that fifty bytes become 30 KB."""

blueprint = Blueprint("api", __name__)
blueprint.before_request(guard)


@blueprint.post("/api/session")
def open_session() -> tuple[Response, int]:
    """Start a session, or resume the one that this browser has."""
    server = current_server()
    body = read_json(server.options.page_bytes)
    kept = keep_parameters(server.study.config.options, body.get("parameters"))
    participant = participant_of(kept)
    nonce = start_nonce(body.get("nonce"))
    started = token_of_start(str(current_app.secret_key), participant, nonce) if nonce else None
    language = choose_language(server.study.config, request.accept_languages, body.get("parameters"))
    with server.database.start() as connection:
        # The same id, or the same start sent twice, must not be let in by two workers at once.
        server.database.wait_for_turn(connection, fold_id(participant or "") or nonce or "start")
        simulated = simulates(connection, body)
        found = find_session(connection, (read_own_token(), started), participant)
        if found is not None:
            session, token = found
            sessions.touch(connection, session)
        else:
            refuse_entry(
                connection,
                server.study.config.options,
                participant=participant,
                simulated=simulated,
                one_entry=server.options.one_entry,
            )
            if not simulated:
                server.limits.starts.check(request.remote_addr)
            # Dozens of threads that race for the smallest free slot would lose to one another all the time.
            server.database.wait_for_turn(connection, "slot")
            session, token = sessions.start(
                connection,
                simulated=simulated,
                participant=participant,
                kept=kept | language,
                token=started,
                abandoned_after_min=server.options.abandoned_after_min,
            )
        record = load_record(connection, server.study, session)
    response = jsonify(_state(server, record, token))
    set_session_cookie(response, token)
    return response, 200 if found is not None else 201


@blueprint.get("/api/session")
def show_session() -> Response:
    """Return the session's state."""
    server = current_server()
    with server.database.read() as connection:
        record = load_record(connection, server.study, find_own_session(connection))
    return jsonify(_state(server, record, read_own_token()))


@blueprint.put("/api/session/pages/<int:index>")
def put_page(index: int) -> Response:
    """Store a page answer; the answer goes out after the commit."""
    server = current_server()
    body = read_json(server.options.page_bytes)
    position = plan_before(server.study, lambda plans: _save_page(server, plans, index, body))
    return jsonify(saved=index, position=position)


def _save_page(server: Server, plans: Plans, index: int, body: dict[str, Any]) -> int:
    """Store a page answer; return the index of the first page without one."""
    with server.database.write(urgent=True) as connection:
        session = find_own_session(connection, lock=True)
        pages = plans.load(connection, session)
        answered = _find_page(server, session, pages, index, body)
        answer = check_answer(server.study.config, answered, body)
        if not server.options.preview:
            check_heard(server.study, server.files, answered, answer)
        server.limits.volume.check(request.remote_addr, ROW_KIB * len(answer.ratings))
        saved, counts = save_page(
            connection,
            session,
            _page_name(answered),
            answer,
            final=answered.decides,
            most_chars=server.options.session_chars,
        )
        if not server.options.preview:
            require_consent(pages, index, saved)  # else nothing of this is kept
            if counts and ends_session(server.study, session, answered, answer):
                sessions.screen_out(connection, session, f"{answered.type.replace('_', ' ')} failed")
                session = replace(session, excluded=True)
        sessions.touch(connection, session)
    # Pages that follow from the answer come after all of these.
    return find_first_unsaved(pages, saved)


@blueprint.put("/api/session/pages/<int:index>/draft")
def put_draft(index: int) -> Response:
    """Keep an unfinished page."""
    server = current_server()
    body = read_json(server.options.page_bytes)
    draft = check_draft(body)
    plan_before(server.study, lambda plans: _save_draft(server, plans, index, body, draft))
    return jsonify(draft=index)


def _save_draft(
    server: Server, plans: Plans, index: int, body: dict[str, Any], draft: dict[str, Any]
) -> None:
    with server.database.write() as connection:
        session = find_own_session(connection, lock=True)
        pages = plans.load(connection, session)
        drafted = _find_page(server, session, pages, index, body)
        if drafted.decides and index in find_saved_pages(connection, session):
            drop_draft(connection, session, index)  # which earlier releases left here
            return  # the answer of this page stays as it is
        if not server.options.preview and find_missing_consent(pages, index, ()) is not None:
            require_consent(pages, index, find_saved_pages(connection, session))
        grown = save_draft(connection, session, index, draft, server.options.session_chars)
        server.limits.volume.check(request.remote_addr, grown / 1024)  # if refused, nothing is kept
        sessions.touch(connection, session)


@blueprint.post("/api/session/finish")
def finish() -> tuple[Response, int]:
    """Finish a session whose pages are all stored; a second time answers the same."""
    server = current_server()
    read_json(server.options.page_bytes)
    return plan_before(server.study, lambda plans: _finish(server, plans))


def _finish(server: Server, plans: Plans) -> tuple[Response, int]:
    with server.database.write(urgent=True) as connection:
        session = find_own_session(connection, lock=True)
        if sessions.is_screened_out(connection, session):
            thanks = completion(server.study, session, screened_out=True)
            return jsonify(finished=True, completion=thanks), 200
        saved, pages = find_saved_pages(connection, session), plans.load(connection, session)
        missing = [
            page.index
            for page in pages
            if page.index not in saved and (page.required or decides_entry(server.study, page))
        ]
        if missing and not session.finished and not server.options.preview:
            listed = ", ".join(str(index) for index in missing)
            return jsonify(error=f"no answer is stored for page {listed}", missing=missing), 409
        sessions.finish(connection, session)
        language = language_of(connection, server.study.config, session)
    words = last_words(server.study, server.names, session, pages, language, request.script_root)
    thanks = completion(server.study, session)
    return jsonify(finished=True, completion=thanks, popup_content=words), 200


def _state(server: Server, record: SessionRecord, token: str) -> dict[str, Any]:
    server.tokens.put(token, record.session.uuid, record.session.slot)  # its sounds are next
    return session_state(
        server.study,
        server.names,
        record,
        resume_url=url_for("entry.resume", token=token),
        root=request.script_root,
        preview=server.options.preview,
    )


def _find_page(
    server: Server, session: Session, pages: tuple[SessionPage, ...], index: int, body: dict[str, Any]
) -> SessionPage:
    """Return the page that a request is about; it names the page's id, which differs between sessions.

    All tabs of a browser share one cookie: a tab that shows one session must not write into another, which
    has the same indexes and the same keys for other sounds.
    """
    named = body.get("page")
    if index >= len(pages):
        sentence = f"page {index} does not exist: this session has {len(pages)} pages"
        if server.study.adaptive:
            # The database is a backup of before, without the answers that this page follows from. After a 404
            # the browser would send the page again for ever; after this it loads the session.
            raise Refusal(sentence, 409, reason="answered")
        raise Refusal(sentence, 404)
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
