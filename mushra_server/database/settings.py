"""What the database knows about itself: the study that it belongs to, its keys, whether the study is open.

The key that signs cookies and audio addresses is drawn at the first start and kept here, so that every
worker process has the same one and a restart logs nobody out. The admin token is kept as a hash only.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time

from sqlalchemy import Connection, func, select

from mushra_server.database.clock import now
from mushra_server.database.database import Database
from mushra_server.database.schema import events, meta, sessions
from mushra_server.errors import StoreError
from study_builder.config.rehearsal_secret import REHEARSAL_SECRET

__all__ = [
    "claim",
    "close_login",
    "ensure_admin_token",
    "hash_token",
    "is_admin_token",
    "is_closed",
    "is_open_login",
    "load_seen_sounds",
    "log_action",
    "may_simulate",
    "new_admin_token",
    "open_login",
    "secret_key",
    "set_closed",
    "set_seen_sounds",
]

LOGIN = "admin_login."  # before the hash of a login's name, as a key


def hash_token(token: str) -> str:
    """Return the hash that is stored in place of a token: tokens are random, one round of SHA-256 will do."""
    return hashlib.sha256(token.encode()).hexdigest()


def claim(database: Database, study: str, design: str, earlier: str) -> None:
    """Tie a database to a study and its design at the first start, and check both at each later one.

    Args:
        database: The ratings database.
        study: The study's id, the `study` column of every export.
        design: Fingerprint of the study's design.
        earlier: The fingerprint that an earlier release made of it. A database that has it is of this design
            as far as that release recorded it, and gets the new one.

    Raises:
        StoreError: If the database contains another study's sessions, or sessions of another design.
    """
    with database.write() as connection:
        database.wait_for_turn(connection)
        if connection.execute(select(func.count()).select_from(sessions)).scalar():
            _check_claim(connection, database, study, {design, earlier})
        _set(connection, "study", study)
        _set(connection, "design", design)
        if _get(connection, "secret_key") is None:
            _set(connection, "secret_key", secrets.token_hex(32))
        if _get(connection, REHEARSAL_SECRET) is None:
            _set(connection, REHEARSAL_SECRET, secrets.token_urlsafe(32))


def secret_key(database: Database) -> str:
    """Return the key that signs cookies and audio addresses.

    Raises:
        StoreError: no server has used the database yet.
    """
    with database.read() as connection:
        key = _get(connection, "secret_key")
    if key is None:
        raise StoreError(f"{database.name}: has no secret key; start `listenable serve` once")
    return key


def ensure_admin_token(database: Database) -> str | None:
    """Make the admin token at the first start and return it; return None when there is one already."""
    with database.write() as connection:
        database.wait_for_turn(connection)
        if _get(connection, "admin_token_hash") is not None:
            return None
        return _draw_admin_token(connection)


def new_admin_token(database: Database) -> str:
    """Replace the admin token, which also ends every admin's login, and return the new one."""
    with database.write() as connection:
        log_action(connection, "new admin token")
        return _draw_admin_token(connection)


def is_admin_token(database: Database, token: str) -> bool:
    """Tell whether a text is the admin token."""
    return hmac.compare_digest(hash_token(token), admin_token_hash(database))


def admin_token_hash(database: Database) -> str:
    """Return the admin token's hash, empty if there is no token yet."""
    with database.read() as connection:
        return _get(connection, "admin_token_hash") or ""


def open_login(database: Database, name: str, until: int) -> None:
    """Note an admin's login, and remove those that are over."""
    with database.write() as connection:
        logins = meta.c.key.startswith(LOGIN, autoescape=True)
        for key, value in connection.execute(select(meta.c.key, meta.c.value).where(logins)).all():
            if int(value) < time.time():
                connection.execute(meta.delete().where(meta.c.key == key))
        _set(connection, _login_key(name), str(until))
        log_action(connection, "login")


def close_login(database: Database, name: str) -> None:
    """End an admin's login: its cookie is worth nothing from now on, wherever there is a copy."""
    with database.write() as connection:
        connection.execute(meta.delete().where(meta.c.key == _login_key(name)))
        log_action(connection, "logout")


def is_open_login(database: Database, name: str) -> bool:
    """Tell whether an admin's login was neither ended nor is over."""
    with database.read() as connection:
        found = _get(connection, _login_key(name))
    return found is not None and int(found) >= time.time()


def log_action(connection: Connection, action: str, reason: str | None = None) -> None:
    """Add a line to the log of what was done, or tried, on the admin pages."""
    connection.execute(events.insert().values(at=now(), action=action, reason=reason))


def _login_key(name: str) -> str:
    return LOGIN + hash_token(name)[:48]


def may_simulate(connection: Connection, secret: str) -> bool:
    """Tell whether a text lets its sender start simulated sessions: rehearsal secret or admin token."""
    rehearsal = _get(connection, REHEARSAL_SECRET) or ""
    admin = _get(connection, "admin_token_hash") or ""
    # Both are compared, whatever the first says: the time that it takes says nothing.
    equal = (
        hmac.compare_digest(secret.encode(), rehearsal.encode()),
        hmac.compare_digest(hash_token(secret), admin),
    )
    return bool(secret) and any(equal)


def load_seen_sounds(database: Database) -> str | None:
    """Return what the study's sounds looked like when their hashes were last found right, or None."""
    with database.read() as connection:
        return _get(connection, "seen_sounds")


def set_seen_sounds(database: Database, looks: str) -> None:
    """Keep what the study's sounds look like: their hashes are right."""
    with database.write() as connection:
        database.wait_for_turn(connection)
        _set(connection, "seen_sounds", looks)


def is_closed(connection: Connection) -> bool:
    """Tell whether the study was closed by its experimenter."""
    return _get(connection, "closed") == "1"


def set_closed(connection: Connection, closed: bool, reason: str) -> None:
    """Close or reopen the study; the log keeps when and why."""
    _set(connection, "closed", "1" if closed else "0")
    log_action(connection, "close" if closed else "reopen", reason)


def _check_claim(connection: Connection, database: Database, study: str, designs: set[str]) -> None:
    found = _get(connection, "study")
    if found != study:
        raise StoreError(f"{database.name}: has sessions of the study {found!r}, not of {study!r}")
    if _get(connection, "design") not in designs:
        raise StoreError(
            f"{database.name}: config.yaml no longer gives the pages, conditions, sounds, scales, items and "
            "orders of the sessions in it (it was changed, or this release plans otherwise); restore it, or "
            "copy the study without its ratings to start again"
        )


def _draw_admin_token(connection: Connection) -> str:
    token = secrets.token_urlsafe(24)
    _set(connection, "admin_token_hash", hash_token(token))
    return token


def _get(connection: Connection, key: str) -> str | None:
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()


def _set(connection: Connection, key: str, value: str) -> None:
    updated = connection.execute(meta.update().where(meta.c.key == key).values(value=value))
    if updated.rowcount == 0:
        connection.execute(meta.insert().values(key=key, value=value))
