"""Rights that end while somebody's upload, copy, building or report is under way: it takes no effect."""

from __future__ import annotations

from flask import session

from mushra_server.errors import Refusal
from mushra_server.studio import accounts
from mushra_server.studio.accounts import Account, Role, is_enough, role_in
from mushra_server.studio.login import current_studio, write_log

__all__ = ["end_jobs", "require_still"]

NEEDS: Role = "assistant"
KINDS = ("build", "report")
"""Of jobs: what leaves something that others see."""


def require_still(study: str, what: str) -> None:
    """Look again at the login and the role of who sent this request, before what took long takes effect.

    Args:
        study: Its name.
        what: For the log, such as `upload`.

    Raises:
        Refusal: 403; the log keeps that it was refused.
    """
    studio = current_studio()
    with studio.store.read() as connection:
        account = accounts.find_by_login(connection, str(session.get("login", "")))
        role = None if account is None else role_in(connection, account, study)
    if is_enough(role, NEEDS):
        return
    with studio.store.write() as connection:
        write_log(connection, f"{what} refused", study, "login ended" if account is None else "role ended")
    raise Refusal("your login or your role in this study has ended meanwhile; nothing was changed", 403)


def end_jobs(study: str, account: Account) -> None:
    """End the jobs that an account has started in a study, if it may start them no more.

    Call it with the lock of the study's design, so that none begins between a look at its right and this; and
    in no transaction, as a job may take seconds to end.
    """
    studio = current_studio()
    with studio.store.read() as connection:
        if is_enough(role_in(connection, account, study), NEEDS):
            return
    for kind in KINDS:
        if studio.jobs.find_starter(study, kind) == account.id:
            studio.jobs.cancel(study, kind)
            with studio.store.write() as connection:
                write_log(connection, f"cancel {kind}", study, f"the role of {account.name} has ended")
