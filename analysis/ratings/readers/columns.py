"""Columns by the names of their headers: found in any spelling, joined, and advised on."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.marks import FILE, LINE, STUDY_IS_FILE
from analysis.ratings.readers.table import file_of
from analysis.ratings.spellings import fold_text
from analysis.ratings.tidy import COLUMNS, map_values

PAIR_COLUMNS = ("first", "second", "choice", "correct")
_FILE_NAME = "file"  # as a name for the listener, item or session: each file is of one
_SHOWN = 40

# As `_plain` leaves them; for advice, because what a column means is for the user to say.
_USUAL = {
    "listener": (
        "listener", "listenerid", "subject", "subjectid", "participant", "participantid", "user", "userid",
        "rater", "raterid", "assessor", "judge", "worker", "workerid", "prolificpid", "proband", "probandid",
        "teilnehmer", "horer", "vp", "sujet", "auditeur", "participante", "oyente", "partecipante",
        "ascoltatore", "id",
    ),
    "item": (
        "item", "itemid", "src", "source", "stimulus", "stim", "song", "sample", "excerpt", "clip",
        "utterance", "sentence", "track", "stuck", "satz", "extrait", "morceau", "trial", "page",
    ),
    "condition": (
        "condition", "conditionid", "system", "method", "model", "codec", "algorithm", "hrc", "variant",
        "processing", "bedingung", "verfahren", "systeme", "methode", "sistema", "metodo",
    ),
    "score": (
        "score", "rating", "vote", "grade", "points", "response", "sliderresponse", "opinion", "bewertung",
        "note", "punkte", "puntuacion", "voto",
    ),
    "choice": ("choice", "preference", "preferred"),
}  # fmt: skip


def find_header(table: pd.DataFrame, name: str) -> str | None:
    """Return a table's header of this name, or the only one that is spelled like it apart from capitals.

    `file` is the name of the file that a row came from, if no header is called so.
    """
    if name in table:
        return name
    headers = [str(header) for header in table.columns if header not in (FILE, LINE)]
    alike = [header for header in headers if _plain(header) == _plain(name)]
    if len(alike) == 1:
        return alike[0]
    return FILE if name == _FILE_NAME else None


def rename_to_ours(table: pd.DataFrame) -> pd.DataFrame:
    """Spell the headers that are our names in another way as we do: `Listener`, `CONDITION`, `Time ms`."""
    ours = {_plain(name): name for name in (*COLUMNS, *PAIR_COLUMNS)}
    alike: dict[str, list[str]] = {}
    for header in map(str, table.columns):
        if _plain(header) in ours and header not in ours.values():
            alike.setdefault(ours[_plain(header)], []).append(header)
    names = {headers[0]: name for name, headers in alike.items() if len(headers) == 1 and name not in table}
    return table.rename(columns=names)


def list_headers(table: pd.DataFrame) -> str:
    """Return the headers of a table as part of a message, without our own marks."""
    made = {"study"} if STUDY_IS_FILE in table else set()
    names = [repr(str(name)) for name in table.columns if not str(name).startswith("_") and name not in made]
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def advise_on_columns(header: Iterable[str], wanted: Sequence[str]) -> str:
    """Return `--column` options for the columns with a usual name of what is wanted; empty without any."""
    found: dict[str, str] = {}
    for name in wanted:
        usual = [
            column for column in header if _plain(column) in _USUAL[name] and column not in found.values()
        ]
        if usual:
            found[name] = min(usual, key=lambda column: _USUAL[name].index(_plain(column)))
    return " ".join(
        f"--column {name}={shlex.quote(column)}" for name, column in found.items() if column != name
    )


def join_columns(table: pd.DataFrame, names: list[str]) -> pd.Series:
    """Join columns with a slash, leaving out empty cells; all cells where that would make two values one."""
    cells = table[names].fillna("").astype(str)
    if FILE in names:
        cells[FILE] = map_values(cells[FILE], lambda name: Path(name).stem)
    if len(names) == 1:
        return cells[names[0]]
    kinds = [tuple(row) for row in cells.drop_duplicates().itertuples(index=False, name=None)]
    short = ["/".join(filter(None, kind)) for kind in kinds]
    if len(set(short)) < len(short):
        short = ["/".join(kind) if any(kind) else "" for kind in kinds]
    place = cells.groupby(names, sort=False).ngroup()
    return pd.Series(np.array(short, dtype=object)[place], index=table.index, dtype=object)


def listener_of(table: pd.DataFrame, names: list[str] | None, default: str | list[str] | None) -> pd.Series:
    """Return who rated each row: the named column(s), joined with a slash, or the default column.

    A row in which all of them are empty gives an empty name, which is reported with its line later.

    Raises:
        RatingsError: Listeners cannot be told apart, or a named column does not exist.
    """
    usual = [default] if isinstance(default, str) else list(default or [])
    chosen = [(name, find_header(table, name)) for name in names or []]
    chosen = chosen or [(name, name) for name in usual if name in table]
    file = file_of(table)
    if not chosen:
        advice = advise_on_columns(map(str, table.columns), ["listener"]).replace(
            "--column listener=", "--listener "
        )
        raise RatingsError(
            f"{file} has no column that tells listeners apart; name one or several with --listener"
            f"{f', such as {advice}' if advice else ''} (--listener file if each file is one listener's; "
            f"--pattern if listeners are in the header); found {list_headers(table)}"
        )
    for name, header in chosen:
        if header is None:
            raise RatingsError(
                f"{file} has no column {name!r} for the listener; found {list_headers(table)} (--listener)"
            )
    return join_columns(table, [str(header) for _, header in chosen])


def _plain(header: str) -> str:
    return re.sub(r"[\W_]", "", fold_text(header))
