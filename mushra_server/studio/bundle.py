"""Everything of a study in one archive, with a dictionary of every column."""

from __future__ import annotations

import csv
import io
import itertools
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any, cast
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from analysis.ratings.names import ANSWER, defuse
from mushra_server.database.database import Database
from mushra_server.export.files import export_files
from mushra_server.export.looking_file import LookingFile
from mushra_server.web.temporary import temporary_folder
from study_builder.building.archive import pack_study

__all__ = ["DICTIONARY", "write_bundle"]

DICTIONARY = {
    "study": ("text", "id of the study"),
    "session": ("text", "random id of the session"),
    "listener": ("text", "the participant's own id if one was given, else the session"),
    "item": ("text", "id of the content"),
    "condition": ("text", "id of the method, anchor or reference that was heard"),
    "attribute": ("text", "what was scored: the name of the scale, or what a test stores"),
    "role": ("text", "method, hidden_reference, mid_anchor or low_anchor"),
    "kind": ("text", "trial counts towards results; training, attention and repeat do not"),
    "score": ("number", "the answer, on the scale of the page; empty if nothing was answered"),
    "time_ms": ("milliseconds", "time on the page"),
    "listened_ms": ("milliseconds", "time that this sound was played"),
    "comment": ("text", "the listener's remark on the page"),
    "trial_position": ("number", "place of the page among the session's rating pages, from 0"),
    "condition_position": ("number", "place of the sound on the page, from 0"),
    "simulated": ("0 or 1", "1 for the answers of a program"),
    "finished": ("0 or 1", "1 if the session came to the end"),
    "submitted_at": ("UTC, ISO 8601", "when the page was stored"),
    "page_type": ("text", "type of the page; scores of different types are not comparable"),
}
LOG_COLUMNS = ("id", "at", "account", "study", "action", "detail")


def write_bundle(
    out: IO[bytes],
    study: Path,
    database: Database,
    report: Path | None,
    log: Iterable[tuple[Any, ...]],
    look: Callable[[], None] = lambda: None,
) -> None:
    """Write the archive: `study/`, `ratings/`, `report/`, `log.csv` and `data_dictionary.csv`.

    Args:
        out: Where the archive is written to.
        study: Folder of the study.
        database: Its ratings.
        report: Folder of a report, or None.
        log: What was done to the study, as rows of the studio's log; there may be any number.
        look: Called now and then while something is written; what it raises ends that.
    """
    looking = cast("IO[bytes]", LookingFile(out, look))
    with temporary_folder() as folder, ZipFile(looking, "w", ZIP_DEFLATED) as archive:
        pack_study(study, folder / "study.zip")
        with ZipFile(folder / "study.zip") as packed:
            for entry in packed.infolist():
                copy = ZipInfo(f"study/{entry.filename}", entry.date_time)
                copy.compress_type, copy.external_attr = ZIP_DEFLATED, entry.external_attr
                copy.file_size = entry.file_size
                with packed.open(entry) as source, archive.open(copy, "w") as target:
                    shutil.copyfileobj(source, target)  # a sound may be gigabytes
        columns: list[str] = []
        for format in ("csv", "json"):
            for path, _ in export_files(database, study, format, folder / "ratings", look=look):
                archive.write(path, f"ratings/{path.name}")
                if format == "csv":
                    with path.open(encoding="utf-8-sig", newline="") as file:
                        columns = next(csv.reader(file), [])
        if report is not None:
            for path in sorted(path for path in report.rglob("*") if path.is_file()):
                archive.write(path, f"report/{path.relative_to(report).as_posix()}")
        _write_table(archive, "log.csv", itertools.chain([LOG_COLUMNS], log))
        _write_table(
            archive, "data_dictionary.csv", [("column", "type", "meaning"), *map(_describe, columns)]
        )


def _describe(column: str) -> tuple[str, str, str]:
    if column.startswith(ANSWER):
        return column, "text", f"answer to the question or parameter {column.removeprefix(ANSWER)}"
    return (column, *DICTIONARY[column])


def _write_table(archive: ZipFile, name: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with archive.open(name, "w", force_zip64=True) as raw, io.TextIOWrapper(raw, "utf-8", newline="") as file:
        csv.writer(file).writerows([defuse(cell) for cell in row] for row in rows)
