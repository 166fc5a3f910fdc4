"""What a form or an address of the admin pages must have: a number of a page, a reason, a session."""

from __future__ import annotations

from flask import request

from mushra_server.admin.login import check_form
from mushra_server.database.sessions import Session
from mushra_server.errors import Refusal

__all__ = ["read_page_number", "read_reason", "require_session"]

MAX_REASON_CHARS = 500
MAX_PAGE_DIGITS = 9


def read_page_number() -> int:
    """Return which page of a list is asked for, from 0.

    Raises:
        Refusal: 404 if it is not a whole number.
    """
    page = request.args.get("page", "0")
    if not (page.isascii() and page.isdigit() and len(page) <= MAX_PAGE_DIGITS):
        raise Refusal(f"this list has no page {page!r}", 404)
    return int(page)


def read_reason() -> str:
    """Check that a form is this login's own, and return its reason.

    Raises:
        Refusal: 403 for a forged form, 400 without a reason.
    """
    check_form()
    reason = request.form.get("reason", "").strip()
    if not reason or len(reason) > MAX_REASON_CHARS:
        raise Refusal(f"a reason of 1 to {MAX_REASON_CHARS} characters is needed: the log keeps it", 400)
    return reason


def require_session(session: Session | None) -> Session:
    """Return a session that must be there.

    Raises:
        Refusal: 404 if it is not.
    """
    if session is None:
        raise Refusal("unknown session", 404)
    return session
