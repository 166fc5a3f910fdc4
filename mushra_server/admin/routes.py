"""The experimenter's pages: the study's progress, sessions, downloads. Only forms change anything."""

from __future__ import annotations

import functools
import io
import mimetypes
import shutil
from collections.abc import Iterator
from pathlib import Path

import segno
from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from mushra_server.admin import login as admin_login
from mushra_server.admin.login import check_form, require_login
from mushra_server.admin.results_cache import ResultsCache
from mushra_server.admin.work import CHUNK_BYTES, export_to_folder, stream_export
from mushra_server.database import sessions, settings
from mushra_server.database.progress import PAGE_SIZE, load_events, load_progress, load_session, load_sessions
from mushra_server.database.sessions import Session
from mushra_server.errors import Refusal
from mushra_server.web.security import require_same_site
from mushra_server.web.server import current_server

__all__ = ["install"]

MAX_REASON_CHARS = 500
MAX_PAGE_DIGITS = 9
DOWNLOADS = {
    "csv": (
        "ratings.csv",
        "One row per listener, item and condition; for spreadsheets and for listenable analyze",
    ),
    "json": ("ratings.json", "Sessions, ratings, answers and the log of exclusions"),
    "webmushra": ("webmushra.zip", "The CSV files that webMUSHRA writes"),
    "pymushra": ("pymushra.json", "The database that pymushra reads"),
}
STREAMED = {"csv", "json"}
# A drawing brings its own style; as an image it can run nothing.
SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


def install(app: Flask, cache: ResultsCache) -> None:
    """Add the experimenter's pages to an app."""
    app.extensions["listenable_results"] = cache
    app.register_blueprint(blueprint)

    @app.context_processor
    def form() -> dict[str, object]:
        return {"form_token": admin_login.form_token, "study": current_server().study}


def _cache() -> ResultsCache:
    cache: ResultsCache = current_app.extensions["listenable_results"]
    return cache


@blueprint.get("/login")
def login() -> ResponseReturnValue:
    """Ask for the admin token."""
    return render_template("admin_login.html", wrong=False)


@blueprint.post("/login")
def send_login() -> ResponseReturnValue:
    """Log in."""
    require_same_site()
    if not admin_login.log_in(request.form.get("token", "")):
        return render_template("admin_login.html", wrong=True), 403
    return redirect(url_for("admin.overview"))


@blueprint.post("/logout")
@require_login
def send_logout() -> ResponseReturnValue:
    """Log out."""
    check_form()
    admin_login.log_out()
    return redirect(url_for("admin.login"))


@blueprint.get("")
@require_login
def overview() -> ResponseReturnValue:
    """Show the study's progress."""
    server = current_server()
    with server.database.read() as connection:
        real = load_progress(connection, simulated=False)
        simulated = load_progress(connection, simulated=True)
        closed = settings.is_closed(connection)
    found = _cache().get()
    heard = dict.fromkeys(name for row in found.counts.values() for name in row)
    conditions = [row["condition"] for row in found.scales[0].mos] if found.scales else list(heard)
    return render_template(
        "admin.html",
        real=real,
        simulated=simulated,
        closed=closed,
        quota=server.study.config.options.quota,
        results=found,
        conditions=conditions,
        label=lambda name: server.study.config.condition(name).label or name,
        item_label=server.study.config.item_label,
        address=request.root_url,
        changed=server.files.problems(),
    )


@blueprint.get("/sessions")
@require_login
def list_sessions() -> ResponseReturnValue:
    """List the sessions, newest first."""
    page, server = _page_number(), current_server()
    with server.database.read() as connection:
        rows = load_sessions(connection, page)
    for row in rows:
        planned = row["slot"] is not None and not server.study.adaptive  # else nobody knows how many
        row["pages"] = len(server.study.pages(row["slot"])) if planned else row["saved"]
    return render_template(
        "admin_sessions.html",
        rows=rows,
        page=page,
        more=len(rows) == PAGE_SIZE,
        verdicts=_cache().get().verdicts(),
    )


@blueprint.get("/sessions/<uuid>")
@require_login
def show_session(uuid: str) -> ResponseReturnValue:
    """Show one session."""
    return _session_page(uuid)


@blueprint.post("/sessions/<uuid>/exclude")
@require_login
def exclude(uuid: str) -> ResponseReturnValue:
    """Leave a session out of the exports."""
    reason = _reason()
    with current_server().database.write() as connection:
        sessions.exclude(connection, _find_session(sessions.find_by_uuid(connection, uuid)), reason)
    _cache().expire()
    return redirect(url_for("admin.show_session", uuid=uuid))


@blueprint.post("/sessions/<uuid>/restore")
@require_login
def restore(uuid: str) -> ResponseReturnValue:
    """Take an excluded session back."""
    reason = _reason()
    with current_server().database.write() as connection:
        sessions.restore(connection, _find_session(sessions.find_by_uuid(connection, uuid)), reason)
    _cache().expire()
    return redirect(url_for("admin.show_session", uuid=uuid))


@blueprint.post("/sessions/<uuid>/link")
@require_login
def new_link(uuid: str) -> ResponseReturnValue:
    """Make another resume link for a participant who lost theirs; the old one stops working."""
    check_form()
    with current_server().database.write() as connection:
        token = sessions.new_token(connection, _find_session(sessions.find_by_uuid(connection, uuid)))
        settings.log_action(connection, "resume link", uuid)
    current_server().tokens.forget(uuid)
    return _session_page(uuid, f"{request.root_url}resume/{token}")


@blueprint.post("/close")
@require_login
def close() -> ResponseReturnValue:
    """Close the study: nobody new is let in, participants who have started can finish."""
    return _set_closed(True)


@blueprint.post("/reopen")
@require_login
def reopen() -> ResponseReturnValue:
    """Let participants in again."""
    return _set_closed(False)


@blueprint.get("/log")
@require_login
def log() -> ResponseReturnValue:
    """Show every decision that was made."""
    page = _page_number()
    with current_server().database.read() as connection:
        events = load_events(connection, page)
    return render_template("admin_log.html", events=events, page=page, more=len(events) == PAGE_SIZE)


@blueprint.get("/data")
@require_login
def data() -> ResponseReturnValue:
    """List the downloads."""
    return render_template("admin_data.html", downloads=DOWNLOADS)


@blueprint.get("/data/<format>")
@require_login
def download(format: str) -> ResponseReturnValue:
    """Send an export."""
    if format not in DOWNLOADS:
        raise Refusal(f"there is no download {format!r}", 404)
    server = current_server()
    with server.database.write() as connection:
        settings.log_action(connection, "export", format)
    name = DOWNLOADS[format][0]
    if format in STREAMED:
        response = Response(stream_export(server, format))
    else:
        found, folder = export_to_folder(server, format)
        response = Response(_read(found, folder))
        response.call_on_close(functools.partial(shutil.rmtree, folder, ignore_errors=True))
        name = Path(name).stem + found.suffix
    response.mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@blueprint.get("/mos/<int:number>.svg")
@require_login
def chart(number: int) -> ResponseReturnValue:
    """Send the chart of a scale."""
    scales = _cache().get().scales
    if number >= len(scales):
        raise Refusal("unknown chart", 404)
    return _svg(scales[number].svg)


@blueprint.get("/qr.svg")
@require_login
def qr() -> ResponseReturnValue:
    """Send the participants' address as a QR code."""
    written = io.BytesIO()
    segno.make(request.root_url, error="m").save(written, kind="svg", scale=4, dark="#000", light="#fff")
    return _svg(written.getvalue())


def _read(file: Path, folder: Path) -> Iterator[bytes]:
    """Yield a file's content, then remove its folder."""
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK_BYTES):
            yield chunk
    shutil.rmtree(folder)


def _page_number() -> int:
    page = request.args.get("page", "0")
    if not (page.isascii() and page.isdigit() and len(page) <= MAX_PAGE_DIGITS):
        raise Refusal(f"this list has no page {page!r}", 404)
    return int(page)


def _session_page(uuid: str, link: str | None = None) -> ResponseReturnValue:
    with current_server().database.read() as connection:
        found = load_session(connection, uuid)
    if found is None:
        raise Refusal("unknown session", 404)
    verdict = _cache().get().verdicts().get(found["listener"])
    return render_template("admin_session.html", row=found, verdict=verdict, link=link)


def _set_closed(closed: bool) -> ResponseReturnValue:
    reason = _reason()
    with current_server().database.write() as connection:
        settings.set_closed(connection, closed, reason)
    return redirect(url_for("admin.overview"))


def _reason() -> str:
    check_form()
    reason = request.form.get("reason", "").strip()
    if not reason or len(reason) > MAX_REASON_CHARS:
        raise Refusal(f"a reason of 1 to {MAX_REASON_CHARS} characters is needed: the log keeps it", 400)
    return reason


def _find_session(session: Session | None) -> Session:
    if session is None:
        raise Refusal("unknown session", 404)
    return session


def _svg(content: bytes) -> Response:
    response = Response(content, mimetype="image/svg+xml")
    response.headers["Content-Security-Policy"] = SVG_POLICY
    return response
