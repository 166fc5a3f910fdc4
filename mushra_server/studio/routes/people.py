"""People: accounts that the administrator invites, and what each may do in a study."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, select

from mushra_server.errors import Refusal
from mushra_server.studio.accounts import ROLES, add_account, give_role, list_logins, list_people, new_token
from mushra_server.studio.login import (
    current_account,
    current_studio,
    require_login,
    require_role,
    write_log,
)
from mushra_server.studio.routes.rights import end_jobs
from mushra_server.studio.store import accounts

__all__ = ["blueprint"]

blueprint = Blueprint("people", __name__)


@blueprint.get("/people")
@require_login
def show() -> ResponseReturnValue:
    """List the accounts."""
    _require_administrator()
    return _show_people()


@blueprint.post("/people")
@require_login
def invite() -> ResponseReturnValue:
    """Make an account, or another token for one, and show the token once; a refused name stays."""
    _require_administrator()
    name, again = request.form.get("name", "").strip(), request.form.get("again") == "yes"
    try:
        with current_studio().store.write() as connection:
            ended = list_logins(connection, name)
            token = new_token(connection, name) if again else add_account(connection, name)
            write_log(connection, "new token" if again else "invite", detail=name)
        current_studio().ended.add(ended)
    except Refusal as refusal:
        if again:
            raise
        return _show_people(name, problem=str(refusal)), refusal.status
    return _show_people(name, token)


@blueprint.get("/studies/<name>/people")
@require_role("viewer")
def of_study(study: Row[Any]) -> ResponseReturnValue:
    """Show who may do what in a study."""
    with current_studio().store.read() as connection:
        people = list_people(connection, study.name)
    return render_template("studio_rights.html", study=study, people=people, roles=ROLES)


@blueprint.post("/studies/<name>/people")
@require_role("owner")
def set_role(study: Row[Any]) -> ResponseReturnValue:
    """Set what an account may do in a study."""
    person, role = request.form.get("person", ""), request.form.get("role", "")
    studio = current_studio()
    with studio.studies.lock_design(study.name):
        with studio.store.write() as connection:
            account = give_role(connection, study.name, person, role or None)
            write_log(connection, "set role", study.name, f"{person}: {role or 'none'}")
        end_jobs(study.name, account)
    if person == current_account().name and not current_account().everything:
        return redirect(url_for("studio.list_studies"))
    return redirect(url_for("people.of_study", name=study.name))


def _show_people(name: str = "", token: str = "", problem: str = "") -> str:
    with current_studio().store.read() as connection:
        people = connection.execute(select(accounts).order_by(accounts.c.name)).all()
    return render_template("studio_people.html", people=people, name=name, token=token, problem=problem)


def _require_administrator() -> None:
    if not current_account().everything:
        raise Refusal("only the administrator sees and invites people", 403)
