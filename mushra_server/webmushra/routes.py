"""webMUSHRA itself, unmodified, from this server: its page, the study's config and sounds, and its results.

Only what webMUSHRA's page loads can be reached: its scripts, styles and pictures by their folders and
endings, the study's config under the name it asks for, and the sounds that the config names. Version
control, earlier results and PHP are not.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from flask import Blueprint, Response, request, send_file
from werkzeug.security import safe_join

from mushra_server.errors import Refusal, ServerError
from mushra_server.study.opaque_files import media_type_of
from mushra_server.web.security import is_foreign, sent_kib
from mushra_server.web.sent_files import Pieces, send_pieces
from mushra_server.web.server import current_server
from mushra_server.webmushra.public_config import read_public_config
from mushra_server.webmushra.refused_posts import keep_refused
from mushra_server.webmushra.store import read_pages, save_wire_session
from mushra_server.webmushra.wire_format import read_body
from study_builder.config.sound_tags import find_untagged_parts

__all__ = ["collector", "make_frontend"]

# A checkout has `startup.js`, a released package `startup.min.js`; `res` contains the rooms of spatial pages.
STARTS = ("startup.js", "startup.min.js")
FOLDERS = {"lib", "design", "res", "configs", "favicon.ico", *STARTS}
ENDINGS = {
    ".css",
    ".dae",
    ".eot",
    ".gif",
    ".html",
    ".ico",
    ".jpg",
    ".js",
    ".json",
    ".map",
    ".otf",
    ".png",
    ".svg",
    ".ttf",
    ".woff",
    ".woff2",
}
TAG_DIGITS = 24
CONFIGS = {"default.yaml", "config.yaml"}
# webMUSHRA writes styles and handlers into its page, so its own pages cannot have this server's policy.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob: data:; base-uri 'none'; frame-ancestors 'none'"
)
NOT_COLLECTED = "this server takes no sessions of webMUSHRA; --collect-webmushra makes it take them"

collector = Blueprint("webmushra", __name__)


@collector.post("/service/write.php")
def write() -> Response:
    """Store a session that webMUSHRA posts; its client treats only an empty body as success."""
    server = current_server()
    server.limits.changes.check(request.remote_addr)
    server.limits.volume.check(request.remote_addr, sent_kib())
    if not server.options.collects:
        raise Refusal(NOT_COLLECTED, 403)
    body = request.get_data(cache=False)
    try:
        posted = read_body(body)
        pages = read_pages(server.study, posted)
        with server.database.start() as connection:
            # Others at the same moment, be it a second click, count towards the quota and the questions.
            server.database.wait_for_turn(connection, "posted")
            save_wire_session(connection, server.study, posted, pages)
    except Refusal as refusal:
        # What another site makes a browser send costs its author nothing, and may be anything.
        if not is_foreign():
            keep_refused(server.database, body, str(refusal))
        raise
    response = Response(b"", mimetype="text/plain")
    # A webMUSHRA on another host may read that it arrived; nothing else is in this answer.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def make_frontend(folder: Path) -> Blueprint:
    """Return the pages of a webMUSHRA checkout.

    Raises:
        ServerError: If the folder does not contain webMUSHRA.
    """
    if not (folder / "index.html").is_file() or not any((folder / name).is_file() for name in STARTS):
        raise ServerError(
            f"{folder}: has no index.html or startup.js; expected a checkout of webMUSHRA or its release"
        )
    frontend = Blueprint("frontend", __name__)

    @frontend.get("/")
    def index() -> Response:
        return _send(folder / "index.html")

    @frontend.get("/configs/<name>")
    def config(name: str) -> Response:
        if name not in CONFIGS:
            raise Refusal("only this study's config is served", 404)
        response = Response(read_public_config(current_server().study.config_path), mimetype="text/yaml")
        response.cache_control.no_cache = True
        return response

    @frontend.get("/<path:path>")
    def file(path: str) -> Response:
        if path in current_server().study.named_files:
            return _send_study_file(path)
        return _send(_asset(folder, path))

    return frontend


def _send_study_file(name: str) -> Response:
    """Send a file that the study's config names, as this server's own page would: unchanged, without tags."""
    found = current_server().files.open(name)
    pieces = Pieces(found.file, find_untagged_parts(found.file))
    response = send_pieces(pieces, media_type_of(found.path), found.digest[:TAG_DIGITS])
    response.cache_control.no_cache = True
    response.headers["Content-Security-Policy"] = POLICY
    return response


def _asset(folder: Path, path: str) -> Path:
    parts = PurePosixPath(path).parts
    hidden = any(part.startswith(".") for part in parts)
    joined = safe_join(str(folder), path)
    if (
        not parts
        or hidden
        or joined is None
        or parts[0] not in FOLDERS
        or PurePosixPath(path).suffix.lower() not in ENDINGS
    ):
        raise Refusal("not found", 404)
    found = Path(joined)
    try:
        there = found.is_file() and found.resolve().is_relative_to(folder.resolve())
    except OSError:  # a name that no file system has
        there = False
    if not there:
        raise Refusal("not found", 404)
    return found


def _send(path: Path) -> Response:
    response = send_file(path.resolve(), conditional=True, max_age=0)
    response.headers["Content-Security-Policy"] = POLICY
    return response
