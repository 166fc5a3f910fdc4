"""Making a study: its sounds, its choices with their checks, the file of choices, the building."""

from __future__ import annotations

import contextlib
import json
import secrets
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from mushra_server.errors import Refusal, Unavailable
from mushra_server.studio import drafts
from mushra_server.studio.choices import fields as choice_fields
from mushra_server.studio.choices.conflicts import find_differences, read_base, settle
from mushra_server.studio.choices.rows import QUESTIONS, SCALES, question_rows, scale_rows
from mushra_server.studio.disk import measure
from mushra_server.studio.login import (
    current_account,
    current_studio,
    limit_heavy,
    may,
    require_login,
    require_role,
    write_log,
)
from mushra_server.studio.planning.plan import plan_draft
from mushra_server.studio.routes.rights import require_still
from mushra_server.studio.studies import check_title, find_study, save_version
from mushra_server.studio.upload_parts import UploadRequest
from mushra_server.studio.uploads import MAX_FILES, MAX_UPLOAD_BYTES, store_sounds
from stimuli.files import write_text
from study_builder.errors import StudyError

__all__ = ["blueprint"]

MAX_CHOICES_CHARS = 200_000
"""Of a file of choices, which every view of the form serialises again: a second at this size."""
FIXED_KEYS = {"test_id"}  # made of the study's name, as a database belongs to it

blueprint = Blueprint("make", __name__, url_prefix="/studies/<name>")


@blueprint.before_request
def widen() -> None:
    """Let a request that brings sounds be as large as an upload may be; others stay small."""
    if request.endpoint == "make.upload":
        request.max_content_length = MAX_UPLOAD_BYTES
        request.max_form_parts = MAX_FILES
        assert isinstance(request, UploadRequest)
        request.bounded = True


@blueprint.get("/make")
@require_role("viewer")
@limit_heavy
def edit(study: Row[Any]) -> ResponseReturnValue:
    """Show the sounds and the choices of a study."""
    return _show(study, json.loads(study.choices))


@blueprint.post("/make")
@require_role("assistant")
@limit_heavy
def save(study: Row[Any]) -> ResponseReturnValue:
    """Keep the choices of a form, unless somebody else has saved others since; then build, if it says so."""
    _refuse_launched(study)
    theirs = json.loads(study.choices)
    chosen = settle(theirs, _read_form(study), request.form)
    overtaken = request.form.get("version", "") != str(study.version)
    if request.form.get("only") == "plan":
        plan = plan_draft(_draft(study), chosen)
        needed = current_studio().forecasts.look(plan.listeners)
        return render_template("studio_plan.html", plan=plan, needed=needed, overtaken=overtaken)
    values = {"choices": json.dumps(chosen), "title": str(chosen.get("title") or study.title)}
    check_title(values["title"])
    size = len(json.dumps(chosen, ensure_ascii=False))
    if size > MAX_CHOICES_CHARS:
        raise Refusal(f"the choices have {size} characters; expected at most {MAX_CHOICES_CHARS}", 413)
    with current_studio().store.write() as connection:
        if not save_version(connection, study.name, request.form.get("version", ""), values):
            return _show_conflict(find_study(connection, study.name), chosen), 409
        write_log(connection, "save choices", study.name)
    wanted = plan_draft(_draft(study), chosen) if request.form.get("then") == "build" else None
    if wanted is not None and wanted.reading is not None and not wanted.errors:
        return build(name=study.name)
    pressed = next((rows.button for rows in (QUESTIONS, SCALES) if request.form.get(rows.button)), "plan")
    return redirect(url_for("make.edit", name=study.name, _anchor=pressed))


@blueprint.post("/sounds")
@require_role("assistant")
@limit_heavy
def upload(study: Row[Any]) -> ResponseReturnValue:
    """Take a folder or an archive of sounds, in place of those that were there."""
    _refuse_launched(study)
    studio, draft = current_studio(), _draft(study)
    _refuse_while_building(study)
    before = measure(draft / drafts.SOUNDS_NAME)  # which these replace
    studio.disk.require(study.name, (request.content_length or 0) - before)
    studio.jobs.cancel(study.name, "measure")
    with contextlib.ExitStack() as stack:

        def take_place() -> None:
            """Look again: the study may have been built or opened while the sounds arrived."""
            stack.enter_context(studio.studies.lock_design(study.name))
            require_still(study.name, "upload")
            _refuse_launched(_look_again(study))
            _refuse_while_building(study)
            studio.disk.require(study.name, -before)  # unpacked

        files = request.files.getlist("files")
        found = store_sounds(files, draft / drafts.SOUNDS_NAME, before_replacing=take_place)
        (draft / drafts.LOUDNESS_NAME).unlink(missing_ok=True)
        fact = {"name": secrets.token_hex(8), "left_out": found.left_out}
        drafts.save_fact(draft, drafts.UPLOAD_NAME, fact)
        with contextlib.suppress(Refusal):  # the sounds are here, also if nothing measures them now
            task = {"draft": str(draft.resolve())}
            studio.jobs.start(study.name, "measure", task, current_account().id)
    with studio.store.write() as connection:
        write_log(connection, "upload", study.name, f"{found.sounds} sounds")
    return redirect(url_for("make.edit", name=study.name))


@blueprint.get("/choices.yaml")
@require_role("viewer")
@limit_heavy
def download_choices(study: Row[Any]) -> ResponseReturnValue:
    """Send the file of choices that `listenable study build --choices` takes."""
    answer = Response(choice_fields.choices_yaml(json.loads(study.choices)), mimetype="application/yaml")
    answer.headers["Content-Disposition"] = f'attachment; filename="{drafts.CHOICES_NAME}"'
    return answer


@blueprint.post("/build")
@require_role("assistant")
@limit_heavy
def build(study: Row[Any]) -> ResponseReturnValue:
    """Build the study in a separate process."""
    _refuse_launched(study)
    studio, draft, chosen = current_studio(), _draft(study), json.loads(study.choices)
    plan = plan_draft(draft, chosen)
    if plan.reading is None or plan.errors:
        raise Refusal("the study cannot be built yet; correct what its page lists", 400)
    studio.disk.require(study.name, plan.size - measure(studio.studies.folder(study.name)))
    choices = draft / drafts.CHOICES_NAME
    with studio.studies.lock_design(study.name):
        require_still(study.name, "build")  # planning takes a while
        _refuse_launched(_look_again(study))
        _refuse_rehearsed(study)
        _refuse_while_building(study)
        write_text(choices, choice_fields.choices_yaml(chosen))
        studio.served.release(study.name)
        task = {
            "draft": str(draft.resolve()),
            "built_of": studio.studies.describe_source(study),
            "choices": str(choices.resolve()),
            "out": str(studio.studies.folder(study.name).resolve()),
        }
        studio.jobs.start(study.name, "build", task, current_account().id)
    with studio.store.write() as connection:
        write_log(connection, "build", study.name)
    return redirect(url_for("make.show_build", name=study.name))


@blueprint.get("/build")
@require_role("viewer")
def show_build(study: Row[Any]) -> ResponseReturnValue:
    """Show how far the building is, and what its checks found."""
    studio = current_studio()
    progress = studio.jobs.look(study.name, "build")
    report = drafts.load_fact(_draft(study), drafts.CHECKS_NAME)
    built = studio.studies.is_built(study.name)
    return render_template(
        "studio_build.html", study=study, progress=progress, report=report if built else None, built=built
    )


@blueprint.post("/build/cancel")
@require_role("assistant")
def cancel_build(study: Row[Any]) -> ResponseReturnValue:
    """Stop the building; what was half built is removed."""
    studio = current_studio()
    studio.jobs.cancel(study.name, "build")
    with studio.store.write() as connection:
        write_log(connection, "cancel build", study.name)
    return redirect(url_for("make.show_build", name=study.name))


@blueprint.errorhandler(StudyError)
@require_login
def show_problem(error: StudyError, **_: Any) -> ResponseReturnValue:
    """Show what is wrong with a study, as a sentence."""
    return render_template("error.html", text=str(error), status=400), 400


def _show(study: Row[Any], chosen: dict[str, Any]) -> str:
    draft = _draft(study)
    measuring = current_studio().jobs.look(study.name, "measure")  # first: what has ended since is read below
    plan = plan_draft(draft, chosen)
    fixed = study.launched_at is not None or not may("assistant")
    upload = drafts.load_fact(draft, drafts.UPLOAD_NAME)
    return render_template(
        "studio_make.html",
        study=study,
        chosen=chosen,
        base=json.dumps(chosen),
        plan=plan,
        fixed=fixed,
        needed=None if fixed else current_studio().forecasts.look(plan.listeners),
        groups=choice_fields.GROUPS,
        shown=choice_fields.show_value,
        questions=question_rows(chosen),
        scales=scale_rows(chosen),
        yaml=choice_fields.choices_yaml(chosen),
        left_out=upload["left_out"] if upload else [],
        measuring=measuring,
        adopted=not (draft / drafts.SOUNDS_NAME).is_dir() and current_studio().studies.is_built(study.name),
        max_gib=MAX_UPLOAD_BYTES >> 30,
        max_files=MAX_FILES,
    )


def _show_conflict(stored: Row[Any], mine: dict[str, Any]) -> str:
    """Show both versions side by side, with a form that saves what is chosen of them."""
    base = read_base(request.form.get("base", ""))
    own = {"form_token", "version", "then", QUESTIONS.button, SCALES.button}
    fields = {key: value for key, value in request.form.items() if key not in own}
    differences = find_differences(base, json.loads(stored.choices), mine)
    return render_template("studio_conflict.html", study=stored, differences=differences, fields=fields)


def _read_form(study: Row[Any]) -> dict[str, Any]:
    kept = {key: value for key, value in json.loads(study.choices).items() if key in FIXED_KEYS}
    return {**kept, **choice_fields.read_form(request.form)}


def _refuse_launched(study: Row[Any]) -> None:
    if study.launched_at is not None:
        raise Refusal("the study was opened, so its design is fixed; copy it to change anything", 409)


def _look_again(study: Row[Any]) -> Row[Any]:
    with current_studio().store.read() as connection:
        return find_study(connection, study.name)


def _refuse_while_building(study: Row[Any]) -> None:
    if current_studio().jobs.look(study.name, "build").state == "running":
        raise Refusal("the study is being built; wait until that has ended, or cancel it", 409)


def _refuse_rehearsed(study: Row[Any]) -> None:
    """Refuse to replace a study whose database has sessions: they belong to its design."""
    counts = current_studio().studies.count(study.name)
    if not counts.known:
        raise Unavailable("the ratings of the study cannot be read: try again, or tell the administrator", 5)
    if counts.started or counts.rehearsed:
        raise Refusal("the study has sessions, so its design is fixed; copy it to change anything", 409)


def _draft(study: Row[Any]) -> Path:
    return current_studio().studies.draft(study.name)
