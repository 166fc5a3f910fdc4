"""The commands on stored ratings: `export`, `backup` and `forget`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mushra_server.commands.common import DatabaseUrl, StudyPath

__all__ = ["Format", "backup", "export", "forget"]


class Format(StrEnum):
    """What ratings are exported as."""

    csv = "csv"
    json = "json"
    webmushra = "webmushra"
    pymushra = "pymushra"


def export(
    study: StudyPath,
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    format: Annotated[Format, typer.Option(help="What to write.")] = Format.csv,
    database: DatabaseUrl = None,
    exact: Annotated[
        bool, typer.Option(help="CSV: leave texts that a spreadsheet would run as formulas as they are.")
    ] = False,
) -> None:
    """Export a study's ratings."""
    from mushra_server.app import database_url_of
    from mushra_server.database.database import Database
    from mushra_server.export.files import export_files

    opened = Database(database or _check_exists(database_url_of(study)), create=False)
    try:
        for path, count in export_files(opened, study, format.value, out, exact=exact):
            typer.echo(f"{path}: {count} rows")
    finally:
        opened.close()


def backup(
    study: StudyPath,
    out: Annotated[Path, typer.Option(help="File to write; it must not exist yet.")],
    database: DatabaseUrl = None,
) -> None:
    """Copy a study's ratings database, also while it is served."""
    from mushra_server.app import database_url_of
    from mushra_server.export.backup import back_up

    sessions = back_up(database or database_url_of(study), out)
    typer.echo(f"{out}: {sessions} sessions")


def forget(
    study: StudyPath,
    participant: Annotated[str, typer.Option(help="The participant's own id, or the session's.")],
    database: DatabaseUrl = None,
    ratings: Annotated[
        bool, typer.Option("--ratings/--keep-ratings", help="Remove the ratings as well.")
    ] = False,
) -> None:
    """Remove a participant's personal data."""
    from mushra_server.app import database_url_of
    from mushra_server.database.database import Database
    from mushra_server.export.erasure import describe_answered, find_answered
    from mushra_server.export.erasure import forget as forget_participant

    opened = Database(database or _check_exists(database_url_of(study)), create=False)
    try:
        removed = forget_participant(opened, participant, ratings=ratings)
        with opened.read(patient=True) as connection:
            answered = describe_answered(find_answered(connection, participant))
    finally:
        opened.close()
    for what, count in removed.items():
        typer.echo(f"removed {count} {what}")
    if answered:
        typer.echo(f"{participant!r} was not removed everywhere: {answered}", err=True)


def _check_exists(url: str) -> str:
    from mushra_server.errors import ServerError

    path = Path(url.removeprefix("sqlite:///"))
    if not path.exists():
        raise ServerError(f"{path}: not found; the study has not been served yet")
    return url
