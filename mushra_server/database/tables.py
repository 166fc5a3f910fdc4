"""The tables and views of a new database, and what one of an earlier release lacks."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, exists, inspect, select, text

from analysis.ratings.names import RATING_COLUMNS
from mushra_server.database.participant_ids import fold_id
from mushra_server.database.schema import SCHEMA_VERSION, VIEWS, meta, metadata, participant_ids, sessions

__all__ = ["complete_tables", "create_tables", "find_missing", "fold_ids", "has_folded_ids", "is_complete"]

LATER_TABLES = {"activity", "participant_ids", "refused_posts"}
"""That a database of an earlier release may be without: none of them has a rating."""


def create_tables(connection: Connection) -> None:
    """Make the tables and views of a new database."""
    complete_tables(connection)
    connection.execute(meta.insert().values(key="schema_version", value=str(SCHEMA_VERSION)))


def find_missing(engine: Engine) -> str | None:
    """Return a table or column that every release makes and that another program removed, or None."""
    found = {
        name: {column["name"] for column in columns}
        for (_, name), columns in inspect(engine).get_multi_columns().items()
    }
    for table in metadata.sorted_tables:
        if table.name not in found and table.name not in LATER_TABLES:
            return f"table {table.name!r}"
        for column in table.columns.keys() if table.name in found else ():
            if column not in found[table.name]:
                return f"column {column!r} in the table {table.name!r}"
    return None


def is_complete(engine: Engine) -> bool:
    """Tell whether all tables, views and columns of the ratings are there."""
    found = inspect(engine)
    if not set(metadata.tables) <= set(found.get_table_names()) or not set(VIEWS) <= set(
        found.get_view_names()
    ):
        return False
    return set(RATING_COLUMNS) <= {column["name"] for column in found.get_columns("export_ratings")}


def complete_tables(connection: Connection) -> None:
    """Add what is missing, and the folded ids of sessions that an earlier release stored."""
    metadata.create_all(connection)
    sqlite = connection.dialect.name == "sqlite"
    for name, query in VIEWS.items():
        # PostgreSQL keeps the rights to a view that is replaced. SQLite has none, and cannot replace one.
        if sqlite:
            connection.execute(text(f"DROP VIEW IF EXISTS {name}"))
        connection.execute(text(f"CREATE {'' if sqlite else 'OR REPLACE '}VIEW {name} AS {query}"))
    fold_ids(connection)


def has_folded_ids(connection: Connection) -> bool:
    """Tell whether the ids of all sessions are folded; an earlier release that stored some did not do so."""
    return connection.execute(_UNFOLDED.limit(1)).first() is None


def fold_ids(connection: Connection) -> None:
    """Fold the ids of sessions that an earlier release stored, so that they are found again."""
    rows = [
        {"session_id": row.id, "folded": fold_id(row.participant)} for row in connection.execute(_UNFOLDED)
    ]
    if rows:
        connection.execute(participant_ids.insert(), rows)


_UNFOLDED = select(sessions.c.id, sessions.c.participant).where(
    sessions.c.participant.is_not(None),
    # Not with NOT IN, for which PostgreSQL reads all ids for each session once they take 8 MB.
    ~exists().where(participant_ids.c.session_id == sessions.c.id),
)
