"""The nine CSV files that webMUSHRA writes, with its headers to the byte.

webMUSHRA appends to a file whatever its header says, so a changed questionnaire shifts every later column.
Here rows with another header go to a separate file: ``mushra.csv``, ``mushra-2.csv``. Quotes are
doubled as RFC 4180 has it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from analysis.ratings.names import WEBMUSHRA_FILES
from mushra_server.study.scales import write_number
from mushra_server.webmushra.wire_format import WireSession

__all__ = ["TABLES", "csv_line", "folder_name", "iter_csv_rows"]

Row = list[Any]
QUOTED = re.compile(r'[",\\\s]')
POINT = ("x", "y", "z")
WIDTH_POINTS = ("position_outerRight", "position_innerRight", "position_innerLeft", "position_outerLeft")
LEV_POINTS = ("position_center", "position_height", "position_width1", "position_width2")


def iter_csv_rows(sessions: Iterable[WireSession]) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield the rows of the CSV files, each with the name of its file; the first row of a file is its header.

    Args:
        sessions: The sessions, in the order in which they came.
    """
    names: dict[tuple[str, tuple[str, ...]], str] = {}
    tables: Counter[str] = Counter()
    for session in sessions:
        for table, header, row in _rows(session):
            if (table, header) not in names:
                tables[table] += 1
                number = f"-{tables[table]}" if tables[table] > 1 else ""
                names[table, header] = f"{table}{number}.csv"
                yield names[table, header], header
            yield names[table, header], row


def folder_name(test_id: str) -> str:
    """Return the folder in which webMUSHRA keeps a study's results."""
    return re.sub(r"[^\w\-'\s]", "-", test_id.lower()).strip() or "results"


def _rows(session: WireSession) -> Iterator[tuple[str, tuple[str, ...], Row]]:
    names, answers = tuple(session.participant), list(session.participant.values())
    for trial in session.trials:
        if trial["type"] not in TABLES:
            continue
        name, columns, write = TABLES[trial["type"]]
        for response in trial["responses"]:
            head: tuple[str, ...] = ("session_test_id", *names)
            start: Row = [session.test_id, *answers]
            if name == "mushra":
                head, start = (*head, "session_uuid"), [*start, session.uuid]
            yield name, (*head, "trial_id", *columns(response)), [*start, trial["id"], *write(response)]


def _mushra(response: dict[str, Any]) -> Row:
    return [response.get(name) for name in ("stimulus", "score", "time", "comment")]


def _paired_comparison(response: dict[str, Any]) -> Row:
    return [response.get(name) for name in ("reference", "nonReference", "answer", "time", "comment")]


def _bs1116(response: dict[str, Any]) -> Row:
    names = ("reference", "nonReference", "referenceScore", "nonReferenceScore", "time", "comment")
    return [response.get(name) for name in names]


def _lms(response: dict[str, Any]) -> Row:
    return [f" {_cell(response.get('stimulusRating'))} ", response.get("stimulus"), response.get("time")]


def _lss(response: dict[str, Any]) -> Row:
    return [*_ratings(response), response.get("stimulus"), response.get("time")]


def _localization(response: dict[str, Any]) -> Row:
    return [response.get("name"), response.get("stimulus"), *_points(response, ("position",))]


def _asw(response: dict[str, Any]) -> Row:
    return [response.get("name"), response.get("stimulus"), *_points(response, WIDTH_POINTS)]


def _hwd(response: dict[str, Any]) -> Row:
    return [*_asw(response), response.get("height"), response.get("depth")]


def _lev(response: dict[str, Any]) -> Row:
    return [response.get("name"), response.get("stimulus"), *_points(response, LEV_POINTS)]


def _ratings(response: dict[str, Any]) -> list[Any]:
    found = response.get("stimulusRating")
    return found if isinstance(found, list) else [found]


def _lss_columns(response: dict[str, Any]) -> tuple[str, ...]:
    count = len(_ratings(response))
    ratings = ("stimuli_rating",) if count < 2 else tuple(f"stimuli_rating{n}" for n in range(1, count + 1))
    return (*ratings, "stimuli", "rating_time")


def _points(response: dict[str, Any], names: Sequence[str]) -> Row:
    cells: Row = []
    for name in names:
        found = response.get(name)
        point = list(found)[:3] if isinstance(found, list) else []
        cells += [*point, *([None] * (3 - len(point)))]
    return cells


def _name_fixed(*columns: str) -> Callable[[dict[str, Any]], tuple[str, ...]]:
    return lambda _: columns


def _axes(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}_{axis}" for name in names for axis in POINT)


TABLES: dict[
    str, tuple[str, Callable[[dict[str, Any]], tuple[str, ...]], Callable[[dict[str, Any]], Row]]
] = {
    "mushra": (
        WEBMUSHRA_FILES["mushra"],
        _name_fixed("rating_stimulus", "rating_score", "rating_time", "rating_comment"),
        _mushra,
    ),
    "paired_comparison": (
        WEBMUSHRA_FILES["paired_comparison"],
        _name_fixed(
            "choice_reference", "choice_non_reference", "choice_answer", "choice_time", "choice_comment"
        ),
        _paired_comparison,
    ),
    "bs1116": (
        WEBMUSHRA_FILES["bs1116"],
        _name_fixed(
            "rating_reference",
            "rating_non_reference",
            "rating_reference_score",
            "rating_non_reference_score",
            "rating_time",
            "choice_comment",
        ),
        _bs1116,
    ),
    "likert_multi_stimulus": (
        WEBMUSHRA_FILES["likert_multi_stimulus"],
        _name_fixed("stimuli_rating", "stimuli", "rating_time"),
        _lms,
    ),
    "likert_single_stimulus": (WEBMUSHRA_FILES["likert_single_stimulus"], _lss_columns, _lss),
    "localization": (
        "spatial_localization",
        _name_fixed("name", "stimulus", *_axes("position")),
        _localization,
    ),
    "asw": ("spatial_asw", _name_fixed("name", "stimulus", *_axes(*WIDTH_POINTS)), _asw),
    "hwd": ("spatial_hwd", _name_fixed("name", "stimulus", *_axes(*WIDTH_POINTS), "height", "depth"), _hwd),
    "lev": ("spatial_lev", _name_fixed("name", "stimulus", *_axes(*LEV_POINTS)), _lev),
}


def csv_line(row: Sequence[Any]) -> str:
    """Return a row as a line of CSV."""
    return ",".join(_quote(_cell(value)) for value in row) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else ""
    return write_number(value) if isinstance(value, float) else str(value)


def _quote(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if QUOTED.search(text) else text
