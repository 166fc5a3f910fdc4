"""Several studies in one PostgreSQL database: a schema each, one pool of connections for all.

A schema per study leaves every statement, key and view as it is in a study's own database. A study is found,
dumped or dropped by its schema, and no forgotten condition can mix the ratings of two. docs/benchmarks.md has
what a schema costs.
"""

from __future__ import annotations

import hashlib
import re

from sqlalchemy import URL, Connection, Engine

__all__ = [
    "SCHEMA_OPTION",
    "enter_schema",
    "find_schemas",
    "make_schema",
    "name_schema",
    "read_schema",
    "share_engine",
    "url_in_schema",
]

SCHEMA_OPTION = "listenable_schema"
"""Execution option of an engine: in which schema its transactions look for tables."""
MAX_NAME_CHARS = 63  # PostgreSQL cuts off the rest
PREFIX = "study_"
_SHORTENED = re.compile(r".{50}-[0-9a-f]{12}", re.DOTALL)
_SEARCH_PATH = re.compile(r'-c\s*search_path="?([^"\s]+)"?')


def name_schema(study: str) -> str:
    """Return the schema of a study, by the name of its folder; two names never have one schema."""
    name = PREFIX + study
    if len(name) <= MAX_NAME_CHARS and not _SHORTENED.fullmatch(name):  # by whoever wants another's
        return name
    digest = hashlib.sha256(study.encode()).hexdigest()[:12]
    return f"{name[: MAX_NAME_CHARS - len(digest) - 1]}-{digest}"


def url_in_schema(url: URL, schema: str) -> URL:
    """Return the URL by which any client of PostgreSQL, such as `psql`, finds a schema's tables."""
    return url.update_query_dict({"options": f'-csearch_path="{schema}"'})


def read_schema(url: URL) -> str | None:
    """Return the schema that a URL names as `url_in_schema` does, or None."""
    options = url.query.get("options", "")
    found = _SEARCH_PATH.search(options if isinstance(options, str) else " ".join(options))
    return None if found is None else found[1]


def share_engine(engine: Engine, schema: str) -> Engine:
    """Return an engine with the connections of another whose transactions are in a schema."""
    shared: Engine = engine.execution_options(**{SCHEMA_OPTION: schema})
    return shared


def make_schema(engine: Engine, schema: str) -> None:
    """Make a schema unless it exists; other processes may do so at the same moment."""
    with engine.begin() as connection:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7151, 0)")
        connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')


def find_schemas(connection: Connection) -> set[str]:
    """Return the schemas that hold ratings."""
    rows = connection.exec_driver_sql(
        "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        f"WHERE c.relname = 'submissions' AND c.relkind = 'r' AND starts_with(n.nspname, '{PREFIX}')"
    )
    return {str(row[0]) for row in rows}


def enter_schema(connection: Connection) -> None:
    """Let a transaction that begins look for tables in its engine's schema only."""
    schema = connection.get_execution_options().get(SCHEMA_OPTION)
    if schema is not None:
        connection.exec_driver_sql(f'SET LOCAL search_path TO "{schema}"')
