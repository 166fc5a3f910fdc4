"""Tables under other names: long ones, a column per condition, per item x condition or per listener."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.readers.columns import join_columns, listener_of
from analysis.ratings.readers.rows import FILE, LINE, NAMELESS
from analysis.ratings.readers.table import file_of
from analysis.ratings.tidy import COLUMNS

Columns = Mapping[str, str | Sequence[str]]
_GROUPS = ("listener", "item", "condition")
_JOINED = ("listener", "item", "condition", "session")  # may be made of several columns


def from_named(
    table: pd.DataFrame,
    columns: Columns | None = None,
    listener: list[str] | None = None,
    pattern: str | None = None,
) -> pd.DataFrame:
    r"""Turn a table into tidy columns by a map from our names to its headers.

    A header that is one of our names need not be in the map: `simulated` or `kind` of a table mean what they
    mean in ours. A long table has `listener, item, condition, score`. Without `score` the table is wide:
    every other column holds the scores of one condition, or, with `pattern`, of one listener, item or
    condition, or of several of these at once.

    Args:
        table: From `read_table`.
        columns: Our name to the table's header, for example `{"listener": "subject", "item": "song"}`; an
            item, a condition or a listener may be made of several columns, some empty in places.
        listener: The column(s) that tell listeners apart, as `--listener`.
        pattern: Regular expression with some of the groups `listener`, `item` and `condition` that score
            columns match, for example `(?P<item>.+)_(?P<condition>[^_]+)`. Columns that do not match
            become `q_` columns.

    Raises:
        RatingsError: A mapped column is missing, no column holds scores, or the pattern is none.
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
    taken = {header for headers in mapped.values() for header in headers} | {*(listener or []), FILE, LINE}
    rest = [str(name) for name in table.columns if name not in taken]
    if "score" not in mapped:
        return _check_columns(_melt(out, table, rest, expression), table)
    return _check_columns(pd.concat([out, _answers(table, rest, set(out.columns))], axis=1), table)


def _map_headers(table: pd.DataFrame, columns: Columns | None) -> dict[str, list[str]]:
    """Return the headers of each of our columns that the table has."""
    named = {
        name: [headers] if isinstance(headers, str) else list(headers)
        for name, headers in (columns or {}).items()
    }
    used = {header for headers in named.values() for header in headers}
    own = {name: [name] for name in COLUMNS if name in table and name not in used}
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
        for header in headers:
            if header not in table:
                found = ", ".join(repr(str(column)) for column in table if not str(column).startswith("_"))
                raise RatingsError(f"{file_of(table)} has no column {header!r} (for {name}); found {found}")
    return own | named


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
    """Take the columns that are no ratings as answers; one that already has the name `q_...` keeps it."""
    named: dict[str, pd.Series] = {}
    for name in rest:
        own = name if name.startswith("q_") else f"q_{name}"
        if own not in taken and (own == name or own not in rest):
            named[own] = table[name]
    return pd.DataFrame(named, index=table.index)


def _melt(
    out: pd.DataFrame, table: pd.DataFrame, rest: list[str], expression: re.Pattern[str] | None
) -> pd.DataFrame:
    if expression is None:  # every column is a condition, but for those without a name and answers
        matches = {
            name: {"condition": name}
            for name in rest
            if not (NAMELESS.fullmatch(name) or name.startswith("q_"))
        }
    else:
        found = {name: expression.fullmatch(name) for name in rest}
        matches = {
            name: {key: text for key, text in match.groupdict().items() if text}
            for name, match in found.items()
            if match is not None
        }
    other = [name for name in rest if name not in matches]
    out = pd.concat([out, _answers(table, other, set(out.columns))], axis=1)
    parts = [out.assign(score=table[name], **groups) for name, groups in matches.items()]
    if not parts:
        raise RatingsError(
            f"{file_of(table)} has no column that holds scores; map one with --column score=HEADER or give "
            "--pattern"
        )
    return pd.concat(parts, ignore_index=True)


def _check_columns(out: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    for name in ("listener", "item", "condition"):
        if name not in out:
            raise RatingsError(
                f"{file_of(table)} does not say the {name} of a rating; map it with --column {name}=HEADER"
            )
    return out
