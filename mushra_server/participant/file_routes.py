"""A session's sounds and pictures, each under an address that says nothing."""

from __future__ import annotations

from flask import Blueprint, Response, request

from mushra_server.errors import Refusal
from mushra_server.participant.guard import guard
from mushra_server.participant.session_cookie import find_own_session, read_own_token
from mushra_server.participant.session_pages import load_trial_answers
from mushra_server.study.lossless import MEDIA_TYPE as FLAC
from mushra_server.study.opaque_files import MAX_AGE_S, media_type_of
from mushra_server.web.sent_files import Pieces, send_pieces
from mushra_server.web.server import Server, current_server
from study_builder.config.sound_tags import find_untagged_parts

__all__ = ["blueprint"]

blueprint = Blueprint("files", __name__)
blueprint.before_request(guard)


@blueprint.get("/audio/<opaque>")
@blueprint.get("/picture/<opaque>")
def send(opaque: str) -> Response:
    """Send a sound or a picture of the session."""
    server = current_server()
    known = server.tokens.get(read_own_token())
    name = None if known is None else _find_name(server, known, opaque)
    if name is None:
        # Not known here yet; or forgotten since, and the same browser's next start has the same token.
        with server.database.read() as connection:
            session = find_own_session(connection)
        known = session.uuid, session.slot
        server.tokens.put(read_own_token(), *known)
        name = _find_name(server, known, opaque)
    if name is None:
        raise Refusal("this session has no such file", 404)
    found = server.files.open(name)
    tag = server.names.tag(opaque, found.digest)
    flac = server.flac.encode(found.digest, found.file) if _reads_flac() else None
    pieces, media_type = Pieces(found.file, find_untagged_parts(found.file)), media_type_of(found.path)
    if flac is not None:
        pieces, media_type, tag = Pieces(found.file, [flac.content], flac), FLAC, f"{tag}-flac"
    copy = None
    if server.copies is not None:
        copy = server.copies.locate(server.names.make_opaque("copy", found.digest, media_type), pieces)
    response = send_pieces(pieces, media_type, tag, copy=copy)
    response.headers["Vary"] = "Accept"
    response.cache_control.private = True
    response.cache_control.max_age = MAX_AGE_S
    response.cache_control.immutable = True
    return response


def _find_name(server: Server, known: tuple[str, int], opaque: str) -> str | None:
    """Return the path in the study of what a session has at an address, or None."""
    answers: tuple[float, ...] = ()
    if server.study.adaptive:
        with server.database.read() as connection:
            answers = load_trial_answers(connection, server.study, find_own_session(connection))
    return server.names.find(*known, opaque, answers)


def _reads_flac() -> bool:
    """Tell whether the browser names FLAC among what it reads; `*/*` says nothing of it."""
    return any(kind == FLAC and quality > 0 for kind, quality in request.accept_mimetypes)
