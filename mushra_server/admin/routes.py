"""The experimenter's pages: login, the study's progress, its log. Only forms change anything."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mushra_server.admin import downloads, session_routes
from mushra_server.admin import login as admin_login
from mushra_server.admin.forms import read_page_number, read_reason
from mushra_server.admin.login import check_form, require_login
from mushra_server.admin.results_cache import RESULTS, ResultsCache, current_results
from mushra_server.database import settings
from mushra_server.database.progress import PAGE_SIZE, load_events, load_progress
from mushra_server.errors import Refusal
from mushra_server.web.drawings import send_qr, send_svg
from mushra_server.web.security import require_same_site
from mushra_server.web.server import current_server

__all__ = ["install"]

blueprint = Blueprint("admin", __name__, url_prefix="/admin")


def install(app: Flask, cache: ResultsCache) -> None:
    """Add the experimenter's pages to an app."""
    app.extensions[RESULTS] = cache
    for pages in (blueprint, session_routes.blueprint, downloads.blueprint):
        app.register_blueprint(pages)

    @app.context_processor
    def form() -> dict[str, object]:
        return {
            "form_token": admin_login.form_token,
            "study": current_server().study,
            # Errors lead participants nowhere.
            "home": ("Overview", "admin.overview") if request.path.startswith("/admin") else None,
        }


@blueprint.get("/login")
def login() -> ResponseReturnValue:
    """Ask for the admin token."""
    return render_template("admin_login.html", wrong=False)


@blueprint.post("/login")
def send_login() -> ResponseReturnValue:
    """Log in."""
    require_same_site()
    if not admin_login.log_in():
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
    found = current_results().get()
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
    page = read_page_number()
    with current_server().database.read() as connection:
        events = load_events(connection, page)
    return render_template("admin_log.html", events=events, page=page, more=len(events) == PAGE_SIZE)


@blueprint.get("/mos/<int:number>.svg")
@require_login
def chart(number: int) -> ResponseReturnValue:
    """Send the chart of a scale."""
    scales = current_results().get().scales
    if number >= len(scales):
        raise Refusal("unknown chart", 404)
    return send_svg(scales[number].svg)


@blueprint.get("/qr.svg")
@require_login
def qr() -> ResponseReturnValue:
    """Send the participants' address as a QR code."""
    return send_qr(request.root_url)


def _set_closed(closed: bool) -> ResponseReturnValue:
    reason = read_reason()
    with current_server().database.write() as connection:
        settings.set_closed(connection, closed, reason)
    return redirect(url_for("admin.overview"))
