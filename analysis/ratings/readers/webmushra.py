"""The five rating CSVs that webMUSHRA's server script writes, as tidy ratings.

webMUSHRA's `rating_stimulus` and `stimuli` hold conditions and its `trial_id` is the item. Its wire names
stay in this module.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.marks import FILE, LINE, MEASURE, PAGE, SLIDER
from analysis.ratings.names import (
    ANSWER,
    ATTRIBUTE_MARK,
    CORRECT,
    DIFFERENCE,
    HIDDEN_REFERENCE,
    UNRATED,
    WEBMUSHRA_FILES,
)
from analysis.ratings.readers.columns import listener_of
from analysis.ratings.readers.table import file_of
from analysis.ratings.spellings import is_training
from analysis.ratings.tidy import map_values

PAGES = {file: page_type for page_type, file in WEBMUSHRA_FILES.items()}
_FILE = re.compile(rf"({'|'.join(PAGES)})(-\d+)?\.csv")
_ANSWERS = {"correct": "1", "incorrect": "0", "undecided": "0.5", "unknown": ""}


def is_webmushra(header: list[str]) -> bool:
    """Say whether a header is one of webMUSHRA's rating files."""
    return "session_test_id" in header and "trial_id" in header


def page_of(path: Path) -> str | None:
    """Return the type of page whose ratings webMUSHRA writes to a file of this name."""
    match = _FILE.fullmatch(path.name)
    return PAGES[match[1]] if match else None


def from_webmushra(
    table: pd.DataFrame, listener: list[str] | None = None, page: str | None = None
) -> pd.DataFrame:
    """Turn a table of one of webMUSHRA's files into tidy columns; scores are still text.

    `mushra` and `lms` give the attribute `score`, `lss` with several scales `rating1`, `rating2`, ...;
    `bs1116` gives `difference` (non-reference minus hidden reference, the subjective difference grade),
    `score` (the non-reference) and `hidden_reference`; `paired_comparison` gives `correct` (1 correct, 0
    incorrect, 0.5 undecided). A trial `trial0:attribute=speech`, as our server exports pages with several
    scales, is the attribute `speech` of the item `trial0`.

    Args:
        table: From `read_table`.
        listener: The column(s) that identify listeners; by default `session_uuid`, which only `mushra.csv`
            has.
        page: Type of the pages, one of `PAGES`' values; the columns do not show it for Likert pages.

    Raises:
        RatingsError: Listeners cannot be identified, or the columns are those of none of the five files.
    """
    common = pd.DataFrame(
        {
            "study": table["session_test_id"],
            "listener": listener_of(table, listener, "session_uuid"),
            "item": table["trial_id"],
            FILE: table[FILE],
            LINE: table[LINE],
            PAGE: page,
        }
    )
    # The format knows no kinds of pages; a training page can only say so in its id.
    training = map_values(table["trial_id"], is_training).eq(True)
    common["kind"] = training.map({True: "training", False: "trial"})
    common["session"] = table["session_uuid"] if "session_uuid" in table else common["listener"]
    for name in _questions(list(table.columns)):
        # A questionnaire answer of this name is how made-up ratings say so in a format that cannot.
        common["simulated" if name == "simulated" else f"{ANSWER}{name}"] = table[name]
    for new, old in (
        ("time_ms", "rating_time"),
        ("time_ms", "choice_time"),
        ("comment", "rating_comment"),
        ("comment", "choice_comment"),
    ):
        if old in table:
            common[new] = table[old]
    tidy = pd.concat([common.assign(**part) for part in _parts(table)], ignore_index=True)
    marked = tidy["item"].str.contains(ATTRIBUTE_MARK, regex=False)
    if marked.any():
        parts = tidy.loc[marked, "item"].str.rpartition(ATTRIBUTE_MARK)
        tidy.loc[marked, "item"], tidy.loc[marked, "attribute"] = parts[0], parts[2]
    return tidy


def _parts(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The columns condition, attribute and score, once per attribute that the file holds."""
    if "rating_score" in table:
        _check_columns(table, "rating_stimulus")
        found = {"condition": table["rating_stimulus"], "attribute": "score", "score": table["rating_score"]}
        return [{**found, MEASURE: SLIDER}]
    if "rating_non_reference_score" in table:
        _check_columns(table, "rating_reference_score", "rating_non_reference")
        return _bs1116(table)
    if "choice_answer" in table:
        _check_columns(table, "choice_non_reference")
        score = table["choice_answer"].map(lambda word: _ANSWERS.get(word, word))
        condition = table["choice_non_reference"]
        return [{"condition": condition, "attribute": CORRECT, "score": score, MEASURE: "share"}]
    scales = [str(name) for name in table if re.fullmatch(r"stimuli_rating\d*", str(name))]
    if not scales or "stimuli" not in table:
        raise RatingsError(
            f"{file_of(table)} has none of webMUSHRA's rating columns; found "
            f"{', '.join(str(name) for name in table if not str(name).startswith('_'))}"
        )
    return [
        {
            "condition": table["stimuli"],
            "attribute": _scale_name(name),
            "score": table[name].replace(UNRATED, ""),
        }
        for name in scales
    ]


def _check_columns(table: pd.DataFrame, *names: str) -> None:
    for name in names:
        if name not in table:
            raise RatingsError(
                f"{file_of(table)} has no column {name!r}, which webMUSHRA writes next to the score"
            )


def _bs1116(table: pd.DataFrame) -> list[dict[str, Any]]:
    given = pd.to_numeric(table["rating_non_reference_score"], errors="coerce")
    hidden = pd.to_numeric(table["rating_reference_score"], errors="coerce")
    condition = table["rating_non_reference"]
    return [
        {
            "condition": condition,
            "attribute": DIFFERENCE,
            "score": (given - hidden).round(9),  # 3.2 - 5 is not -1.8 to a computer
            MEASURE: "difference",
        },
        {"condition": condition, "attribute": "score", "score": table["rating_non_reference_score"]},
        {"condition": condition, "attribute": HIDDEN_REFERENCE, "score": table["rating_reference_score"]},
    ]


def _scale_name(column: str) -> str:
    number = column.removeprefix("stimuli_rating")
    return f"rating{number}" if number else "score"


def _questions(header: list[str]) -> list[str]:
    """The questionnaire's columns: between the test's id and the trial's, but for the session's."""
    between = header[header.index("session_test_id") + 1 : header.index("trial_id")]
    return [name for name in between if name != "session_uuid"]
