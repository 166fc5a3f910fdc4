"""The studio's first pages: login, the list of studies, their copies and archive, the log."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, select

from mushra_server.database.clock import now
from mushra_server.studio import login as studio_login
from mushra_server.studio.accounts import give_role
from mushra_server.studio.disk import require_room_for_study
from mushra_server.studio.login import (
    current_account,
    current_studio,
    limit_heavy,
    require_login,
    require_role,
    write_log,
)
from mushra_server.studio.routes.rights import require_still
from mushra_server.studio.store import log, rights
from mushra_server.studio.studies import STATES, add_study, change_study, remove_study
from mushra_server.web.security import require_same_site

__all__ = ["blueprint"]

LOG_LINES = 500
MAX_WORDS = 10  # of a search; each is looked for in every title

blueprint = Blueprint("studio", __name__)


@blueprint.get("/login")
def login() -> ResponseReturnValue:
    """Ask for an account's token."""
    return render_template("studio_login.html", wrong=False)


@blueprint.post("/login")
def send_login() -> ResponseReturnValue:
    """Log in."""
    require_same_site()
    if not studio_login.log_in():
        return render_template("studio_login.html", wrong=True), 403
    return redirect(url_for("studio.list_studies"))


@blueprint.post("/logout")
@require_login
def send_logout() -> ResponseReturnValue:
    """Log out."""
    studio_login.log_out()
    return redirect(url_for("studio.login"))


@blueprint.get("/")
@require_login
@limit_heavy
def list_studies() -> ResponseReturnValue:
    """List the studies that the account may see."""
    words = request.args.get("q", "").lower().split(maxsplit=MAX_WORDS)[:MAX_WORDS]
    state = request.args.get("state", "")
    found = current_studio().studies.list(current_account())
    counts = {name: sum(one.state == name for one in found) for name in STATES}
    shown = [
        one
        for one in found
        if (one.state == state if state in STATES else one.state != "archived")
        and all(word in f"{one.title} {one.name}".lower() for word in words)
    ]
    return render_template(
        "studio_list.html",
        studies=shown,
        counts=counts,
        wanted=state,
        q=request.args.get("q", ""),
        has_studies=bool(found),
    )


@blueprint.post("/studies")
@require_login
def create() -> ResponseReturnValue:
    """Start a study."""
    studio, title = current_studio(), request.form.get("title", "").strip()
    with studio.store.write() as connection:
        require_room_for_study(connection, current_account())
        name = studio.studies.choose_name(connection, title)
        add_study(connection, name, title)
        change_study(connection, name, choices=json.dumps({"title": title, "test_id": name}))
        give_role(connection, name, current_account().name, "owner")
        write_log(connection, "create", name)
    return redirect(url_for("make.edit", name=name))


@blueprint.get("/studies/<name>")
@require_role("viewer")
def show(study: Row[Any]) -> ResponseReturnValue:
    """Show where a study stands."""
    studio = current_studio()
    return render_template(
        "studio_study.html",
        study=study,
        listed=studio.studies.summarize(study),
        built=studio.studies.is_built(study.name),
        building=studio.jobs.look(study.name, "build").state == "running",
        sounds=(studio.studies.draft(study.name) / "sounds").is_dir(),
    )


@blueprint.post("/studies/<name>/copy")
@require_role("assistant")
@limit_heavy
def copy(study: Row[Any]) -> ResponseReturnValue:
    """Copy a study without its ratings."""
    studio = current_studio()
    with studio.studies.copying:
        studio.disk.require(study.name, studio.disk.measure_study(study.name), current_account())
        with studio.store.write() as connection:
            require_room_for_study(connection, current_account())
            name = studio.studies.choose_name(connection, f"{study.title} copy"[:200])
            studio.studies.add_copy(connection, study.name, name)
        # In no transaction: whoever wants to write would wait for gigabytes.
        try:
            studio.studies.copy_folder(study.name, name, lambda: require_still(study.name, "copy"))
        except BaseException:
            with studio.store.write() as connection:
                remove_study(connection, name)
            raise
        with studio.store.write() as connection:
            give_role(connection, name, current_account().name, "owner")
            write_log(connection, "copy", name, f"of {study.name}")
    return redirect(url_for("studio.show", name=name))


@blueprint.post("/studies/<name>/archive")
@require_role("owner")
def archive(study: Row[Any]) -> ResponseReturnValue:
    """Take a study out of the list and off the network; its files stay where they are."""
    return _set_archived(study, "archive", study.archived_at or now())


@blueprint.post("/studies/<name>/restore")
@require_role("owner")
def restore(study: Row[Any]) -> ResponseReturnValue:
    """Take an archived study back."""
    return _set_archived(study, "restore", None)


def _set_archived(study: Row[Any], what: str, archived_at: str | None) -> ResponseReturnValue:
    with current_studio().store.write() as connection:
        change_study(connection, study.name, archived_at=archived_at)
        write_log(connection, what, study.name)
    return redirect(url_for("studio.list_studies"))


@blueprint.get("/log")
@require_login
def show_log() -> ResponseReturnValue:
    """Show what was done, by whom, to the studies that the account may see."""
    query = select(log).order_by(log.c.id.desc()).limit(LOG_LINES)
    account = current_account()
    if not account.everything:
        query = query.where(log.c.study.in_(select(rights.c.study).where(rights.c.account_id == account.id)))
    with current_studio().store.read() as connection:
        return render_template("studio_log.html", events=connection.execute(query).all())
