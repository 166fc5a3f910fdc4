"""Room for long answers: a browser that resumes gets all of a session's, so they are bounded together.

Whoever fills each page of a session and then asks for it again and again would keep the interpreter, the
database and the memory from others: a session of 60 pages would be ten megabytes each time.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, func, select

from mushra_server.database.schema import IS_CURRENT, drafts, submissions
from mushra_server.errors import Refusal

__all__ = ["MOST_CHARS", "SMALL_CHARS", "require_room"]

SMALL_CHARS = 4096
"""Of an answer or a draft, which always has room."""
MOST_CHARS = 1024 * 1024
"""Of all longer ones of a session, as they are stored."""


def require_room(connection: Connection, page_of: Mapping[str, int], chars: int, most_chars: int) -> None:
    """Refuse a long answer or draft if those of the session's other pages leave no room for it.

    Args:
        connection: An open transaction.
        page_of: The session (`of_session`) and the index of the page (`of_page`).
        chars: Of the answer or draft.
        most_chars: That all of them may have.

    Raises:
        Refusal: 413.
    """
    if chars <= SMALL_CHARS:
        return
    others = sum(connection.execute(query, page_of).scalar_one() for query in _LENGTHS)
    if others + chars > most_chars:
        raise Refusal(
            f"the answers of this session have more than {most_chars} characters together; "
            f"expected a shorter one on page {page_of['of_page']}",
            413,
        )


# Built once: every long answer needs them.
_LENGTHS = tuple(
    select(func.coalesce(func.sum(func.length(table.c.body)), 0)).where(
        table.c.session_id == bindparam("of_session"), table.c.page_index != bindparam("of_page"), *current
    )
    for table, current in ((submissions, (IS_CURRENT,)), (drafts, ()))
)
