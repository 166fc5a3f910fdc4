"""Posted sessions that were refused: kept as they came, because webMUSHRA posts once and never again.

Anyone who reaches the server can post, so there is a limit to how much is kept.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote_plus

from sqlalchemy import Connection, delete, func, select

from mushra_server.database.clock import now
from mushra_server.database.database import Database
from mushra_server.database.participant_ids import fold_id
from mushra_server.database.schema import refused_posts
from mushra_server.errors import Refusal
from mushra_server.web.security import get_repeated_errors
from mushra_server.webmushra.wire_format import read_body

__all__ = ["MAX_KEPT_BYTES", "find_refused", "forget_refused", "keep_refused", "load_refused"]

MAX_KEPT_BYTES = 64 * 1024 * 1024
MAX_REASON_CHARS = 500
ROW_BYTES = 1024
"""Of each body besides itself, at most: many small ones become no more, and are counted as quickly."""

logger = logging.getLogger(__name__)


def keep_refused(database: Database, body: bytes, reason: str) -> None:
    """Keep a refused body, once, and log why it was refused."""
    name, reason = hashlib.sha256(body).hexdigest(), reason[:MAX_REASON_CHARS]
    with database.write() as connection:
        database.wait_for_turn(connection, "refused")  # there is room for all of them together
        before = _is_kept(connection, name)
        new = not before and _room(connection) >= len(body) + ROW_BYTES
        if new:
            row = {"sha256": name, "at": now(), "reason": reason, "body": body}
            connection.execute(refused_posts.insert().values(row))
    said = "a posted session of %d bytes was refused (%r); "
    if new:
        logger.warning(f"{said}it is kept in %s", len(body), reason, database.name)
    else:  # as often as anybody likes
        why = "it came before" if before else f"it is lost: {MAX_KEPT_BYTES} bytes are kept already"
        get_repeated_errors().log(why, f"{said}{why}", len(body), reason, level=logging.WARNING)


def load_refused(connection: Connection) -> Iterator[dict[str, Any]]:
    """Yield the refused bodies, in the order in which they came."""
    query = select(refused_posts).order_by(refused_posts.c.at, refused_posts.c.sha256)
    for row in connection.execute(query).mappings():
        yield {**row, "body": row["body"].decode("utf-8", "replace")}


def find_refused(connection: Connection, participant: str, known: Mapping[str, bool]) -> dict[str, bool]:
    """Return the refused bodies by their hash, and whether each contains a participant's id.

    Strangers wrote them, and may have written megabytes: they are read before others have to wait.

    Args:
        connection: An open transaction.
        participant: The id.
        known: What was found before; these bodies are not read again.
    """
    names = connection.execute(select(refused_posts.c.sha256)).scalars().all()
    found = {name: known[name] for name in names if name in known}
    for name in (name for name in names if name not in known):
        body = connection.execute(
            select(refused_posts.c.body).where(refused_posts.c.sha256 == name)
        ).scalar_one()
        found[name] = _names(body, participant)
    return found


def forget_refused(connection: Connection, named: Iterable[str]) -> int:
    """Remove refused bodies by their hash; return how many."""
    return connection.execute(delete(refused_posts).where(refused_posts.c.sha256.in_([*named]))).rowcount


def _is_kept(connection: Connection, name: str) -> bool:
    query = select(func.count()).where(refused_posts.c.sha256 == name)
    return bool(connection.execute(query).scalar())


def _room(connection: Connection) -> int:
    used = connection.execute(select(func.sum(func.length(refused_posts.c.body) + ROW_BYTES))).scalar()
    return MAX_KEPT_BYTES - int(used or 0)


def _names(body: bytes, participant: str) -> bool:
    """Tell whether a body contains an id in any writing: as a whole text, or if it is broken, anywhere."""
    wanted = fold_id(participant)
    try:
        posted = read_body(body)
    except Refusal:
        texts = (body.decode("utf-8", "replace"), unquote_plus(body.decode("utf-8", "replace")))
        return any(wanted in fold_id(text) for text in texts)
    return wanted in {fold_id(text) for text in (posted.uuid, *map(str, posted.participant.values()))}
