"""Tables under other names: long ones, a column per condition or per item x condition."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.readers.table import FILE, LINE, file_of, listener_of
from analysis.ratings.tidy import COLUMNS


def from_named(
    table: pd.DataFrame,
    columns: Mapping[str, str] | None = None,
    listener: list[str] | None = None,
    pattern: str | None = None,
) -> pd.DataFrame:
    r"""Turn a table into tidy columns by a map from our names to its headers.

    A header that is one of our names need not be in the map: `simulated` or `kind` of a table mean what they
    mean in ours. A long table has `listener, item, condition, score`. Without `score` the table is wide:
    every other column holds the scores of one condition, or, with `pattern`, of one item and condition.

    Args:
        table: From `read_table`.
        columns: Our name to the table's header, for example `{"listener": "subject", "item": "song"}`.
        listener: The column(s) that tell listeners apart, as `--listener`.
        pattern: Regular expression with the groups `condition` and (optionally) `item` that score columns
            match, for example `(?P<item>.+)_(?P<condition>[^_]+)`. Columns that do not match become `q_`
            columns.

    Raises:
        RatingsError: A mapped column is missing, no column holds scores, or the pattern is none.
    """
    named = dict(columns or {})
    own = {name: name for name in COLUMNS if name in table and name not in named.values()}
    mapped = {**own, **named}
    for name, header in mapped.items():
        if name not in COLUMNS:
            raise RatingsError(
                f"--column {name}={header} names no column of ratings; expected one of {', '.join(COLUMNS)}."
            )
        if header not in table:
            found = ", ".join(f"'{column}'" for column in table if not str(column).startswith("_"))
            raise RatingsError(f"{file_of(table)} has no column '{header}' (for {name}); found {found}.")
    who = listener_of(table, listener, mapped.get("listener"))
    out = pd.DataFrame({name: table[header] for name, header in mapped.items()})
    out["listener"], out[FILE], out[LINE] = who, table[FILE], table[LINE]
    taken = {*mapped.values(), *(listener or []), FILE, LINE}
    rest = [str(name) for name in table.columns if name not in taken]
    if "score" in mapped:
        for name in rest:
            out[name if name.startswith("q_") else f"q_{name}"] = table[name]
        return _need(out, table)
    return _need(_melt(out, table, rest, pattern), table)


def _melt(out: pd.DataFrame, table: pd.DataFrame, rest: list[str], pattern: str | None) -> pd.DataFrame:
    try:
        expression = re.compile(pattern or r"(?P<condition>.+)")
    except re.error as error:
        raise RatingsError(f"--pattern '{pattern}' is not a regular expression: {error}.") from None
    matches = {name: expression.fullmatch(name) for name in rest}
    for name, match in matches.items():
        if match is None:
            out[f"q_{name}"] = table[name]
    parts = [
        out.assign(
            score=table[name], **{key: text for key, text in match.groupdict().items() if text is not None}
        )
        for name, match in matches.items()
        if match is not None
    ]
    if not parts:
        raise RatingsError(
            f"{file_of(table)} has no column that holds scores; map one with --column score=HEADER or give "
            "--pattern."
        )
    return pd.concat(parts, ignore_index=True)


def _need(out: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    for name in ("item", "condition"):
        if name not in out:
            raise RatingsError(
                f"{file_of(table)} does not say the {name} of a rating; map it with --column {name}=HEADER."
            )
    return out
