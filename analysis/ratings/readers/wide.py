"""Tables under other names: long ones, a column per condition, per item x condition or per listener."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.marks import FILE, LINE, STUDY_IS_FILE
from analysis.ratings.missing import blank_words
from analysis.ratings.numerals import parse_numbers, read_grades, strip_labels
from analysis.ratings.readers.bounds import refuse_growth
from analysis.ratings.readers.columns import (
    advise_on_columns,
    find_header,
    join_columns,
    list_headers,
    listener_of,
)
from analysis.ratings.readers.rows import NAMELESS, Problems
from analysis.ratings.readers.table import file_of
from analysis.ratings.spellings import known_role
from analysis.ratings.tidy import COLUMNS
from stimuli.vocabulary import RATING_KINDS

Columns = Mapping[str, str | Sequence[str]]
_GROUPS = ("listener", "item", "condition")
_JOINED = ("listener", "item", "condition", "session")  # may be made of several columns


def from_named(
    table: pd.DataFrame,
    columns: Columns | None = None,
    listener: list[str] | None = None,
    pattern: str | None = None,
    problems: Problems | None = None,
) -> pd.DataFrame:
    r"""Turn a table into tidy columns by a map from our names to its headers.

    A header that is one of our names need not be in the map: `simulated` or `kind` of a table mean what they
    mean in ours, except for columns of other words altogether. A long table has `listener, item, condition,
    score`. Without `score` the table is wide: every other column with numbers has the scores of one
    condition, or, with `pattern`, of one listener, item or condition, or of several of these at once.

    Args:
        table: From `read_table`.
        columns: Our name to the table's header, for example `{"listener": "subject", "item": "song"}`; an
            item, a condition or a listener may be made of several columns, some empty in places.
        listener: The column(s) that tell listeners apart, as `--listener`.
        pattern: Regular expression with some of the groups `listener`, `item` and `condition` that score
            columns match, for example `(?P<item>.+)_(?P<condition>[^_]+)`. Columns that do not match
            become `q_` columns.
        problems: Takes notes on what the columns of a wide table were taken for.

    Raises:
        RatingsError: A mapped column is missing, no column has scores, or the pattern is not one.
    """
    expression = _expression(pattern)
    mapped = _map_headers(table, columns)
    out = pd.DataFrame(
        {name: join_columns(table, headers) for name, headers in mapped.items()}, index=table.index
    )
    in_header = expression is not None and "listener" in expression.groupindex
    if not in_header or listener:
        out["listener"] = listener_of(table, listener, mapped.get("listener"))
    out[FILE], out[LINE] = table[FILE], table[LINE]
    if STUDY_IS_FILE in table and "study" not in (columns or {}):
        out[STUDY_IS_FILE] = True
    who = {find_header(table, name) for name in listener or []}
    taken = {header for headers in mapped.values() for header in headers} | {*who, FILE, LINE, STUDY_IS_FILE}
    rest = [str(name) for name in table.columns if name not in taken]
    if "score" not in mapped:
        return _check_columns(_melt(out, table, rest, expression, problems or Problems()), table)
    return _check_columns(pd.concat([out, _answers(table, rest, set(out.columns))], axis=1), table)


def _map_headers(table: pd.DataFrame, columns: Columns | None) -> dict[str, list[str]]:
    """Return the headers of each of our columns that the table has."""
    named = {
        name: [headers] if isinstance(headers, str) else list(headers)
        for name, headers in (columns or {}).items()
    }
    found: dict[str, list[str]] = {}
    for name, headers in named.items():
        if name not in COLUMNS:
            raise RatingsError(
                f"--column {name}={headers[0]} names no column of ratings; expected one of "
                f"{', '.join(COLUMNS)}"
            )
        if len(headers) > 1 and name not in _JOINED:
            raise RatingsError(
                f"--column {name} is given {len(headers)} headers; expected one (several make up a "
                f"{', '.join(_JOINED[:-1])} or {_JOINED[-1]})"
            )
        places = [(header, find_header(table, header)) for header in headers]
        for header, place in places:
            if place is None:
                raise RatingsError(
                    f"{file_of(table)} has no column {header!r} (for {name}); found {list_headers(table)}"
                )
        found[name] = [str(place) for _, place in places]
    used = {header for headers in found.values() for header in headers}
    own = {
        name: [name]
        for name in COLUMNS
        if name in table and name not in used and _has_our_words(table[name], name)
    }
    return own | found


def _has_our_words(cells: pd.Series, name: str) -> bool:
    """Return whether a column means what its name means in our own table: `kind` may be speech or music."""
    words = {str(cell) for cell in cells.dropna().unique()} - {""}
    if name == "role":
        return not words or any(map(known_role, words))
    return name != "kind" or not words or not {word.lower() for word in words}.isdisjoint(RATING_KINDS)


def _expression(pattern: str | None) -> re.Pattern[str] | None:
    if pattern is None:
        return None
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise RatingsError(f"--pattern {pattern!r} is not a regular expression: {error}") from None
    unknown = [name for name in expression.groupindex if name not in _GROUPS]
    if unknown or not expression.groupindex:
        what = f"the group {unknown[0]!r}" if unknown else "no named group"
        raise RatingsError(f"--pattern {pattern!r} has {what}; expected some of {', '.join(_GROUPS)}")
    return expression


def _answers(table: pd.DataFrame, rest: list[str], taken: set[str]) -> pd.DataFrame:
    """Take the columns that are not ratings as answers; one that already has the name `q_...` keeps it."""
    named: dict[str, pd.Series] = {}
    for name in rest:
        own = name if name.startswith("q_") else f"q_{name}"
        if own not in taken and (own == name or own not in rest):
            named[own] = table[name]
    return pd.DataFrame(named, index=table.index)


def _melt(
    out: pd.DataFrame,
    table: pd.DataFrame,
    rest: list[str],
    expression: re.Pattern[str] | None,
    problems: Problems,
) -> pd.DataFrame:
    if (
        expression is None
    ):  # every column is a condition, except those without a name or a number, and answers
        named = [name for name in rest if not (NAMELESS.fullmatch(name) or name.startswith("q_"))]
        matches = {name: {"condition": name} for name in named if _has_numbers(table[name])}
        problems.notes += _describe_columns(
            table, list(matches), [name for name in named if name not in matches]
        )
    else:
        found = {name: expression.fullmatch(name) for name in rest}
        matches = {
            name: {key: text for key, text in match.groupdict().items() if text}
            for name, match in found.items()
            if match is not None
        }
    other = [name for name in rest if name not in matches]
    out = pd.concat([out, _answers(table, other, set(out.columns))], axis=1)
    refuse_growth(file_of(table), len(matches) * len(out), len(out.columns), table.size)
    parts = [out.assign(score=table[name], **groups) for name, groups in matches.items()]
    if not parts and expression is not None:
        raise RatingsError(
            f"--pattern {expression.pattern!r} matches no whole header of {file_of(table)}; found "
            f"{list_headers(table)}"
        )
    if not parts:
        raise RatingsError(
            f"{file_of(table)} has no column of scores; map one with --column score=HEADER or give --pattern"
        )
    return pd.concat(parts, ignore_index=True)


def _has_numbers(cells: pd.Series) -> bool:
    words, _ = read_grades(blank_words(cells.replace("", np.nan))[0])
    return bool(parse_numbers(strip_labels(words), pd.Series(True, index=cells.index)).notna().any())


def _describe_columns(table: pd.DataFrame, conditions: list[str], answers: list[str]) -> list[str]:
    """Return a sentence on what was taken for a condition; a column of ages would be one, too."""
    if not conditions:
        return []
    said = (
        f"{file_of(table)}: each of these columns is taken as a condition: {', '.join(map(repr, conditions))}"
    )
    also = f"; without numbers, and no condition: {', '.join(map(repr, answers))}" if answers else ""
    return [f"{said}{also} (--pattern chooses columns)."]


def _check_columns(out: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    for name in ("listener", "item", "condition"):
        if name not in out:
            advice = advise_on_columns(map(str, table.columns), [name])
            raise RatingsError(
                f"{file_of(table)} does not say the {name} of a rating; map it with "
                f"{advice or f'--column {name}=HEADER'}, or take it from the headers with --pattern "
                f"'(?P<{name}>...)'; found {list_headers(table)}"
            )
    return out
