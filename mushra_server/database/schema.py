"""The tables of the ratings database, and the two views that readers use.

One schema for SQLite and PostgreSQL. Nothing that a listener sent is ever updated or deleted, except by
`forget`: a page that is rated again becomes a new submission, and the one before it is marked as
superseded. Times are UTC text (ISO 8601), flags are 0 or 1, and what a participant wrote stays text.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)

__all__ = [
    "IS_CURRENT",
    "SCHEMA_VERSION",
    "VIEWS",
    "activity",
    "answers",
    "drafts",
    "events",
    "meta",
    "metadata",
    "parameters",
    "participant_ids",
    "ratings",
    "refused_posts",
    "sessions",
    "slots",
    "submissions",
    "wire_sessions",
]

SCHEMA_VERSION = 1

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("uuid", String(64), nullable=False, unique=True),
    Column("token_hash", String(64), unique=True),
    Column("slot", Integer),
    Column("simulated", Integer, nullable=False, server_default="0"),
    Column("participant", Text),
    Column("source", String(16), nullable=False, server_default="own"),
    Column("created_at", String(32), nullable=False),
    Column("last_seen_at", String(32), nullable=False),
    Column("finished_at", String(32)),
    Column("excluded_at", String(32)),
    Column("exclusion_reason", Text),
    Index("sessions_by_participant", "participant"),
    Index("sessions_by_activity", "finished_at", "last_seen_at"),
    Index("sessions_by_pool", "simulated", "finished_at", "excluded_at"),
)

# What two writings of a participant's id have in common; the id itself is as it was first typed.
participant_ids = Table(
    "participant_ids",
    metadata,
    Column("session_id", ForeignKey("sessions.id"), primary_key=True),
    Column("folded", Text, nullable=False),
    Index("participant_ids_by_folded", "folded"),
)

# When a listener was last there by a clock that nobody sets; it counts from the start of one machine.
activity = Table(
    "activity",
    metadata,
    Column("session_id", ForeignKey("sessions.id"), primary_key=True),
    Column("boot", String(64), nullable=False),
    Column("seen_s", Float, nullable=False),
    Column("seen_at", String(32), nullable=False),
)

# A slot is one row of the balanced design. A slot without a session was given back and is handed out again.
slots = Table(
    "slots",
    metadata,
    Column("simulated", Integer, primary_key=True, autoincrement=False),
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("session_id", ForeignKey("sessions.id"), unique=True),
    Index("slots_free", "simulated", "session_id", "slot"),
)

parameters = Table(
    "parameters",
    metadata,
    Column("session_id", ForeignKey("sessions.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

submissions = Table(
    "submissions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("session_id", ForeignKey("sessions.id"), nullable=False),
    Column("page_index", Integer, nullable=False),
    Column("attempt", String(64), nullable=False),
    Column("page_id", Text, nullable=False),
    Column("page_type", String(32), nullable=False),
    Column("kind", String(16)),
    Column("trial_position", Integer),
    Column("time_ms", Integer),
    Column("body", Text, nullable=False),
    Column("superseded", Integer, nullable=False, server_default="0"),
    Column("submitted_at", String(32), nullable=False),
    UniqueConstraint("session_id", "page_index", "attempt"),
    Index(
        "submissions_current",
        "session_id",
        "page_index",
        unique=True,
        sqlite_where=text("superseded = 0"),
        postgresql_where=text("superseded = 0"),
    ),
)

IS_CURRENT = submissions.c.superseded == literal_column("0")
"""Whether an attempt is its page's answer; written out, so that every plan uses their index."""

drafts = Table(
    "drafts",
    metadata,
    Column("session_id", ForeignKey("sessions.id"), primary_key=True),
    Column("page_index", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("saved_at", String(32), nullable=False),
)

ratings = Table(
    "ratings",
    metadata,
    Column("submission_id", ForeignKey("submissions.id"), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("attribute", Text, primary_key=True),
    Column("item", Text),
    Column("condition", Text, nullable=False),
    Column("role", String(32)),
    Column("score", Float),
    Column("listened_ms", Integer),
    Column("comment", Text),
    Column("condition_position", Integer),
)

answers = Table(
    "answers",
    metadata,
    Column("submission_id", ForeignKey("submissions.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# What webMUSHRA posted, as it came: the source of its CSV files.
wire_sessions = Table(
    "wire_sessions",
    metadata,
    Column("session_id", ForeignKey("sessions.id"), primary_key=True),
    Column("body", Text, nullable=False),
)

# What webMUSHRA posted and the server refused, byte for byte: it posts once, and nobody else has it.
refused_posts = Table(
    "refused_posts",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("at", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", String(32), nullable=False),
    Column("session_id", ForeignKey("sessions.id")),
    Column("action", String(32), nullable=False),
    Column("reason", Text),
)

_STUDY = "(SELECT value FROM meta WHERE key = 'study') AS study"

# An excluded session stays in the tables and in the log, and leaves the views. A column that is added is
# last: PostgreSQL replaces a view in no other way, and readers of the earlier columns need no change.
VIEWS = {
    "export_ratings": f"""
        SELECT {_STUDY}, s.uuid AS session, COALESCE(s.participant, s.uuid) AS listener, r.item, r.condition,
               r.attribute, r.role, p.kind, r.score, p.time_ms, r.listened_ms, r.comment, p.trial_position,
               r.condition_position, s.simulated,
               CASE WHEN s.finished_at IS NULL THEN 0 ELSE 1 END AS finished, p.submitted_at, p.page_type
        FROM ratings r
        JOIN submissions p ON p.id = r.submission_id
        JOIN sessions s ON s.id = p.session_id
        WHERE p.superseded = 0 AND s.excluded_at IS NULL""",
    "export_answers": f"""
        SELECT {_STUDY}, s.uuid AS session, a.name, a.value
        FROM answers a
        JOIN submissions p ON p.id = a.submission_id
        JOIN sessions s ON s.id = p.session_id
        WHERE p.superseded = 0 AND s.excluded_at IS NULL
        UNION ALL
        SELECT {_STUDY}, s.uuid AS session, q.name, q.value
        FROM parameters q
        JOIN sessions s ON s.id = q.session_id
        WHERE s.excluded_at IS NULL""",
}
