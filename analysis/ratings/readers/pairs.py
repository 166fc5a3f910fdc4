"""Tables of pairs as people keep them: what came first, what second, and the answer."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.marks import FILE, LINE, MEASURE
from analysis.ratings.names import COMPARISON, CORRECT, PREFERRED
from analysis.ratings.readers.columns import advise_on_columns, find_header, list_headers
from analysis.ratings.readers.table import file_of
from analysis.ratings.readers.wide import Columns, from_named
from analysis.ratings.tidy import map_values

_SOUNDS = ("first", "second")
# The answer's column, and what it is an answer to.
_ANSWERS = {"choice": PREFERRED, "correct": CORRECT, "score": COMPARISON}

_TIES = dict.fromkeys(("neither", "tie", "equal", "same", "both", "no preference", "undecided"), "0.5")
_WORDS = {
    "choice": {
        **dict.fromkeys(("first", "1st", "a"), "1"),
        **dict.fromkeys(("second", "2nd", "b"), "0"),
        **_TIES,
    },
    "correct": {
        **dict.fromkeys(("true", "yes", "right", "correct"), "1"),
        **dict.fromkeys(("false", "no", "wrong", "incorrect"), "0"),
        **_TIES,
    },
}


def is_pairs(header: Sequence[str], columns: Columns | None) -> bool:
    """Say whether a table's header, or the names given to it, are those of pairs."""
    return {*_SOUNDS} <= {*header, *(columns or {})}


def advise_on_pairs(table: pd.DataFrame) -> str:
    """Return the options that would read a table with headers such as `first_label` and `second_label`.

    What was compared is the user's to say, so that nothing is guessed; the advice is empty if there are no
    such headers.
    """
    header = [str(name) for name in table.columns]
    named = [name for name in header if "first" in name.lower() and _second_of(name) in header]
    if not named:
        return ""
    named.sort(key=lambda name: int((table[[name, _second_of(name)]] == "").sum().sum()))  # the fullest first
    advice = advise_on_columns(header, ["listener", "item", "score", "choice"])
    columns = " ".join(
        f"--column {shlex.quote(f'{part}={name}')}"
        for part, name in (("first", named[0]), ("second", _second_of(named[0])))
    )
    more = " and ".join(f"{name!r} and {_second_of(name)!r}" for name in named[1:])
    return (
        f"say what is compared, for example {columns}"
        + (f" {advice}" if advice else "")
        + (f"; first and second may also be {more}" if more else "")
    )


def _second_of(name: str) -> str:
    return name.replace("first", "second").replace("First", "Second").replace("FIRST", "SECOND")


def from_pairs(table: pd.DataFrame, columns: Columns | None, listener: list[str] | None) -> pd.DataFrame:
    """Turn rows of `listener, item, first, second` and an answer into tidy columns.

    The answer is `choice` (1: the first was preferred, 0: the second, 0.5: neither; or the name of the
    preferred condition), `correct` (ABX: 1 or 0) or `score` (the second rated against the first, as in CCR).
    Without `trial_position`, each row of a listener is a trial, in the order of the file.

    Raises:
        RatingsError: There is none of the three answers or more than one, or see `from_named`.
    """
    table, columns = _rename_pair(table, columns)
    answers = [name for name in _ANSWERS if name in table or name in columns]
    if len(answers) != 1:
        found = " and ".join(repr(name) for name in answers) or "no answer"
        raise RatingsError(
            f"{file_of(table)} has {found} for its pairs; expected one of 'choice' (1, 0 or 0.5), 'correct' "
            "(1 or 0) and 'score' (the second against the first)"
        )
    answer = answers[0]
    out = from_named(table, {"condition": "first", "score": answer, **columns}, listener)
    out["attribute"] = _ANSWERS[answer]
    if answer != "score":
        out[MEASURE] = "share"
    if "trial_position" not in out:
        out["trial_position"] = out.groupby([FILE, "listener"]).cumcount()
    out = out.drop(columns=[f"q_{name}" for name in (*_SOUNDS, answer) if f"q_{name}" in out])
    return _both_sounds(out, table["second"], answer)


def _both_sounds(out: pd.DataFrame, second: pd.Series, answer: str) -> pd.DataFrame:
    """Give each trial a row per sound, as pages have them."""
    if answer != "score":
        out = out.assign(score=_read_words(out["score"], out["condition"], second, _WORDS[answer]))
    score = pd.to_numeric(out["score"].replace("", np.nan), errors="coerce")
    if answer == "choice" and set(score.dropna()) == {1.0, 2.0}:  # the first and the second
        score = 2 - score
    if answer != "score" and not score.dropna().isin([0.0, 0.5, 1.0]).all():
        row = out[score.notna() & ~score.isin([0.0, 0.5, 1.0])].iloc[0]
        raise RatingsError(
            f"{row[FILE]}, line {row[LINE]}: the {answer} is {row['score']!r}; expected 1, 0 or 0.5, or the "
            "name of one of the two conditions"
        )
    # A score is of the second sound against the first; what is not a number is reported as it stands.
    first = out["score"].where(score.isna(), -score if answer == "score" else score)
    other = out["score"].where(score.isna(), {"choice": 1 - score, "correct": score, "score": score}[answer])
    rows = [
        out.assign(score=first, condition_position=0.0),
        out.assign(condition=second, score=other, condition_position=1.0),
    ]
    return pd.concat(rows).sort_index(kind="stable").reset_index(drop=True)


def _read_words(answers: pd.Series, first: pd.Series, second: pd.Series, words: dict[str, str]) -> pd.Series:
    """Return answers as 1, 0 or 0.5: those that name one of the two conditions, or are one of the words."""
    said, *sounds = (cells.astype(str).str.strip().str.casefold() for cells in (answers, first, second))
    read = map_values(said, words.get)
    names_first, names_second = (said == sound for sound in sounds)
    read = read.mask(names_first & ~names_second, "1").mask(names_second & ~names_first, "0")
    return answers.where(read.isna(), read)


def _rename_pair(
    table: pd.DataFrame, columns: Columns | None
) -> tuple[pd.DataFrame, dict[str, str | Sequence[str]]]:
    """Give the columns of a pair our names; the other names are left to `from_named`."""
    left: dict[str, str | Sequence[str]] = dict(columns or {})
    own: Mapping[str, str | Sequence[str]] = {
        name: left.pop(name) for name in (*_SOUNDS, "choice", "correct") if name in left
    }
    for name, headers in own.items():
        header = headers if isinstance(headers, str) else headers[0]
        place = find_header(table, header)
        if place is None:
            raise RatingsError(
                f"{file_of(table)} has no column {header!r} (for {name}); found {list_headers(table)}"
            )
        table = table.assign(**{name: table[place]}).drop(columns=place if place != name else [])
    return table, left
