"""The launch panel: addresses, completion, what to do before listeners come, opening and closing."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from mushra_server.admin.forms import read_reason
from mushra_server.database import settings
from mushra_server.database.clock import now
from mushra_server.errors import Refusal
from mushra_server.export.backup import back_up
from mushra_server.many import PREFIX
from mushra_server.studio.closing import close_if_due
from mushra_server.studio.disk import Room, measure
from mushra_server.studio.drafts import CHECKS_NAME, load_fact
from mushra_server.studio.login import current_account, current_studio, limit_heavy, require_role, write_log
from mushra_server.studio.routes.forms import read_moment
from mushra_server.studio.studies import change_study, is_past
from mushra_server.web.drawings import send_qr
from stimuli.vocabulary import CONFIG_NAME
from study_builder.config import StudyConfig, StudyOptions
from study_builder.config.options import Completion

__all__ = ["blueprint"]

# What each service puts in place of the words in braces when it sends a participant.
SERVICES = {
    "Prolific": "?PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}",
    "Mechanical Turk": "?workerId=${workerId}&assignmentId=${assignmentId}&hitId=${hitId}",
    "Sona": "?participant=%SURVEY_CODE%",
}
PROLIFIC_CODE = "cc"  # the parameter of its address that names the code

_backing_up = Room()

blueprint = Blueprint("launch", __name__, url_prefix="/studies/<name>/launch")


@blueprint.get("")
@require_role("viewer")
@limit_heavy
def panel(study: Row[Any]) -> ResponseReturnValue:
    """Show how listeners reach the study, and what to do before they come."""
    studio = current_studio()
    built = studio.studies.is_built(study.name)
    options = _load_options(studio.studies.folder(study.name)) if built else None
    checked = load_fact(studio.studies.draft(study.name), CHECKS_NAME) if built else None
    address = _address(study.name)
    return render_template(
        "studio_launch.html",
        study=study,
        listed=studio.studies.summarize(study),
        built=built,
        checked=checked,
        checking=studio.jobs.look(study.name, "check").state == "running",
        current=studio.studies.is_current(study),
        code_missing=options is not None and _lacks_code(options.completion),
        options=options,
        address=address,
        services={service: address + query for service, query in SERVICES.items()},
        secure=address.startswith("https://"),
    )


@blueprint.get("/qr.svg")
@require_role("viewer")
def qr(study: Row[Any]) -> ResponseReturnValue:
    """Send the listeners' address as a QR code."""
    return send_qr(_address(study.name))


@blueprint.post("/open")
@require_role("assistant")
def open_study(study: Row[Any]) -> ResponseReturnValue:
    """Let listeners in; from now on the design is fixed."""
    studio = current_studio()
    if study.archived_at is not None:
        raise Refusal("the study is archived; restore it first", 409)
    with studio.studies.lock_design(study.name):
        if studio.jobs.look(study.name, "build").state == "running":
            raise Refusal("the study is being built; wait until that has ended", 409)
        _require_built(study)
        close_if_due(studio.store, studio.served, study)
        with studio.served.use(study.name) as server, studio.store.write() as connection:
            change_study(connection, study.name, launched_at=study.launched_at or now())
            write_log(connection, "open", study.name)
            with server.database.write(urgent=True) as ratings:  # within: nothing is done without its line
                if settings.is_closed(ratings):
                    settings.set_closed(ratings, False, "opened in the studio")
    return redirect(url_for("launch.panel", name=study.name))


@blueprint.post("/close")
@require_role("assistant")
def close_study(study: Row[Any]) -> ResponseReturnValue:
    """Let nobody new in; those who have started can finish."""
    studio, reason = current_studio(), read_reason()
    _require_built(study)
    with studio.served.use(study.name) as server, studio.store.write() as connection:
        write_log(connection, "close", study.name, reason)
        with server.database.write(urgent=True) as ratings:
            settings.set_closed(ratings, True, reason)
    return redirect(url_for("launch.panel", name=study.name))


@blueprint.post("/times")
@require_role("assistant")
def set_times(study: Row[Any]) -> ResponseReturnValue:
    """Set when the study opens and closes by itself."""
    opens, closes = (read_moment(request.form.get(name, "")) for name in ("opens_at", "closes_at"))
    if opens and closes and closes <= opens:
        raise Refusal("the closing time is not after the opening time; choose a later one", 400)
    if is_past(closes) and closes != study.closes_at:  # it would open the scores, without a reason in the log
        raise Refusal("the closing time is over; choose a later one, or close the study by hand", 400)
    studio = current_studio()
    if opens != study.opens_at and opens is not None and not is_past(opens):
        _refuse_begun(study)
    if study.launched_at is not None and close_if_due(studio.store, studio.served, study):
        closes = None if closes == study.closes_at else closes
    with studio.store.write() as connection:
        change_study(connection, study.name, opens_at=opens, closes_at=closes)
        write_log(connection, "set times", study.name, f"{opens or 'at once'} to {closes or 'by hand'}")
    return redirect(url_for("launch.panel", name=study.name))


@blueprint.post("/preview")
@require_role("viewer")
@limit_heavy
def open_preview(study: Row[Any]) -> ResponseReturnValue:
    """Show the study as listeners see it, in frames of several sizes; nothing of it is kept."""
    studio = current_studio()
    _require_built(study)
    place = studio.previews.open(studio.studies.folder(study.name), current_account().id)
    with studio.store.write() as connection:
        change_study(connection, study.name, previewed_at=now())
        write_log(connection, "preview", study.name)
    return redirect(f"{request.script_root}{place}")


@blueprint.post("/backup")
@require_role("assistant")
@limit_heavy
def make_backup(study: Row[Any]) -> ResponseReturnValue:
    """Copy the study's ratings within the studio's folder."""
    studio, moment = current_studio(), now()
    _require_built(study)
    with studio.served.use(study.name):  # makes the database if nobody has been there
        pass
    size = measure(studio.studies.folder(study.name))
    studio.disk.require(study.name, size)
    folder = studio.store.data / "backups" / study.name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    out = folder / f"{moment.replace(':', '-')}.sqlite3"
    with _backing_up.take(studio.store.folder, size):
        back_up(studio.served.databases.url_of(study.name), out)
    with studio.store.write() as connection:
        change_study(connection, study.name, backed_up_at=moment)
        write_log(connection, "backup", study.name, out.name)
    return redirect(url_for("launch.panel", name=study.name))


@blueprint.post("/check")
@require_role("assistant")
def check_study(study: Row[Any]) -> ResponseReturnValue:
    """Check the study in a separate process, as `listenable study check` does."""
    studio = current_studio()
    _require_built(study)
    folders = {"study": studio.studies.folder(study.name), "draft": studio.studies.draft(study.name)}
    task = {key: str(path.resolve()) for key, path in folders.items()}
    studio.jobs.start(study.name, "check", task, current_account().id)
    with studio.store.write() as connection:
        write_log(connection, "check", study.name)
    return redirect(url_for("launch.panel", name=study.name))


@blueprint.post("/completion")
@require_role("assistant")
def confirm_completion(study: Row[Any]) -> ResponseReturnValue:
    """Note that somebody has followed the completion address and found what they expected."""
    with current_studio().store.write() as connection:
        change_study(connection, study.name, redirect_tried_at=now())
        write_log(connection, "completion address tried", study.name)
    return redirect(url_for("launch.panel", name=study.name))


def _refuse_begun(study: Row[Any]) -> None:
    """Refuse to take an open study from listeners who are in it: none reaches it before its opening time."""
    listed = current_studio().studies.summarize(study)
    if listed.state == "open" and listed.counts.started > listed.counts.finished:
        raise Refusal(
            "listeners have begun, and could not go on before that opening time; close the study instead, "
            "which lets them finish",
            409,
        )


def _require_built(study: Row[Any]) -> None:
    if not current_studio().studies.is_built(study.name):
        raise Refusal("the study is not built yet; build it first", 409)


def _load_options(study: Path) -> StudyOptions:
    return _read_options(study, (study / CONFIG_NAME).stat().st_mtime_ns)


@functools.lru_cache(maxsize=32)
def _read_options(study: Path, changed: int) -> StudyOptions:
    """Read a config once after each change: one of thousands of sounds takes seconds.

    What the panel does not show, such as the names of all sounds, is not kept.
    """
    found = StudyConfig.load(study).options
    return StudyOptions(completion=found.completion, quota=found.quota)


def _lacks_code(completion: Completion | None) -> bool:
    """Tell whether an address of Prolific does not name the code that is shown next to it."""
    if completion is None or not completion.redirect or not completion.code:
        return False
    parts = urlsplit(completion.redirect)
    named = parse_qs(parts.query).get(PROLIFIC_CODE, [])
    return (parts.hostname or "").endswith("prolific.com") and completion.code not in named


def _address(name: str) -> str:
    return f"{request.url_root.rstrip('/')}{PREFIX}{name}/"
