"""Who may do what: accounts with a token each, their logins, and their role in each study."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, func, select

from mushra_server.database.clock import now
from mushra_server.database.settings import hash_token
from mushra_server.errors import Refusal
from mushra_server.studio.store import Store, accounts, log_action, logins, rights

__all__ = [
    "FIRST",
    "ROLES",
    "Account",
    "Role",
    "add_account",
    "close_login",
    "ensure_first_account",
    "find_by_login",
    "find_by_token",
    "give_role",
    "is_enough",
    "list_logins",
    "list_people",
    "new_token",
    "open_login",
    "role_in",
]

LOGIN_HOURS = 12
MAX_NAME_CHARS = 80
FIRST = "administrator"

Role = Literal["viewer", "assistant", "owner"]
ROLES: dict[Role, str] = {
    "viewer": "sees the study and its progress",
    "assistant": "also edits, builds, opens and closes it, and makes reports",
    "owner": "also archives it, opens its scores early and decides who else may do what",
}
_RANKS: dict[Role, int] = {role: rank for rank, role in enumerate(ROLES)}


@dataclass(frozen=True)
class Account:
    """A person; one with `everything` may do everything to every study, and invite others."""

    id: int
    name: str
    everything: bool


def ensure_first_account(store: Store) -> str | None:
    """Make the administrator's account at the first start and return its token; None if there is one."""
    with store.write() as connection:
        if connection.execute(select(func.count()).select_from(accounts)).scalar():
            return None
        return add_account(connection, FIRST, everything=True)


def add_account(connection: Connection, name: str, *, everything: bool = False) -> str:
    """Add an account and return its token, of which only the hash is kept.

    Raises:
        Refusal: 400 if the name is empty, too long or taken.
    """
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME_CHARS:
        raise Refusal(f"the name has {len(name)} characters; expected 1 to {MAX_NAME_CHARS}", 400)
    if connection.execute(select(accounts.c.id).where(accounts.c.name == name)).scalar() is not None:
        raise Refusal(f"there is an account {name!r} already; choose another name", 400)
    token = secrets.token_urlsafe(24)
    connection.execute(
        accounts.insert().values(
            name=name, token_hash=hash_token(token), everything=int(everything), created_at=now()
        )
    )
    return token


def list_logins(connection: Connection, name: str) -> list[str]:
    """Return the hashes of the logins of an account."""
    query = select(logins.c.hash).join(accounts).where(accounts.c.name == name)
    return list(connection.execute(query).scalars())


def new_token(connection: Connection, name: str) -> str:
    """Replace the token of an account, which also ends its logins, and return the new one.

    Raises:
        Refusal: 404 if the account does not exist.
    """
    account = connection.execute(select(accounts.c.id).where(accounts.c.name == name)).scalar()
    if account is None:
        raise Refusal(f"unknown account {name!r}", 404)
    token = secrets.token_urlsafe(24)
    connection.execute(accounts.update().where(accounts.c.id == account).values(token_hash=hash_token(token)))
    connection.execute(logins.delete().where(logins.c.account_id == account))
    return token


def find_by_token(connection: Connection, token: str) -> Account | None:
    """Return the account of a token."""
    found = connection.execute(select(accounts).where(accounts.c.token_hash == hash_token(token))).first()
    return None if found is None else Account(found.id, found.name, bool(found.everything))


def open_login(connection: Connection, account: Account) -> str:
    """Note a login and return its name, which goes into a signed cookie; logins that are over are removed."""
    connection.execute(logins.delete().where(logins.c.until < int(time.time())))
    name = secrets.token_urlsafe(24)
    until = int(time.time()) + 3600 * LOGIN_HOURS
    connection.execute(logins.insert().values(hash=hash_token(name), account_id=account.id, until=until))
    log_action(connection, account.name, "login")
    return name


def close_login(connection: Connection, name: str) -> None:
    """End a login: its cookie is worth nothing from now on."""
    connection.execute(logins.delete().where(logins.c.hash == hash_token(name)))


def find_by_login(connection: Connection, name: str) -> Account | None:
    """Return the account of a login that is neither ended nor over."""
    query = select(accounts).join(logins).where(logins.c.hash == hash_token(name))
    found = connection.execute(query.where(logins.c.until >= int(time.time()))).first()
    return None if found is None else Account(found.id, found.name, bool(found.everything))


def give_role(connection: Connection, study: str, name: str, role: str | None) -> Account:
    """Set what an account may do in a study, and return the account; None takes every right away.

    Raises:
        Refusal: 400 for an unknown role, 404 for an unknown account.
    """
    if role is not None and role not in ROLES:
        raise Refusal(f"unknown role {role!r}; expected one of {', '.join(ROLES)}", 400)
    found = connection.execute(select(accounts).where(accounts.c.name == name)).first()
    if found is None:
        raise Refusal(f"unknown account {name!r}", 404)
    connection.execute(rights.delete().where(rights.c.study == study, rights.c.account_id == found.id))
    if role is not None:
        connection.execute(rights.insert().values(study=study, account_id=found.id, role=role))
    return Account(found.id, found.name, bool(found.everything))


def role_in(connection: Connection, account: Account, study: str) -> Role | None:
    """Return what an account may do in a study, None if nothing."""
    if account.everything:
        return "owner"
    query = select(rights.c.role).where(rights.c.study == study, rights.c.account_id == account.id)
    found = connection.execute(query).scalar()
    return next((role for role in ROLES if role == found), None)


def is_enough(role: Role | None, wanted: Role) -> bool:
    """Tell whether a role includes another."""
    return role is not None and _RANKS[role] >= _RANKS[wanted]


def list_people(connection: Connection, study: str) -> list[tuple[str, bool, str | None]]:
    """Return every account's name, whether it may do everything, and its role in a study."""
    joined = accounts.outerjoin(rights, (rights.c.account_id == accounts.c.id) & (rights.c.study == study))
    query = select(accounts.c.name, accounts.c.everything, rights.c.role).select_from(joined)
    return [
        (row.name, bool(row.everything), row.role)
        for row in connection.execute(query.order_by(accounts.c.name))
    ]
