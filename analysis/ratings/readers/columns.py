"""One value from several columns: who rated, which item, which condition."""

from __future__ import annotations

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.readers.table import file_of


def join_columns(table: pd.DataFrame, names: list[str]) -> pd.Series:
    """Join columns with a slash, leaving out empty cells; all cells where that would make two values one."""
    cells = table[names].fillna("").astype(str)
    if len(names) == 1:
        return cells[names[0]]
    whole = cells.agg("/".join, axis=1)
    short = cells.apply(lambda row: "/".join(cell for cell in row if cell), axis=1)
    distinct = pd.DataFrame({"whole": whole, "short": short}).drop_duplicates()
    if distinct["short"].duplicated().any():
        return whole.where(short != "", "")
    return short.astype(object)


def listener_of(table: pd.DataFrame, names: list[str] | None, default: str | list[str] | None) -> pd.Series:
    """Return who rated each row: the named column(s), joined with a slash, or the default column.

    A row in which all of them are empty gives an empty name, which is reported with its line later.

    Raises:
        RatingsError: Listeners cannot be told apart, or a named column does not exist.
    """
    usual = [default] if isinstance(default, str) else list(default or [])
    chosen = list(names or [name for name in usual if name in table])
    others = ", ".join(repr(str(name)) for name in table.columns if not str(name).startswith("_"))
    file = file_of(table)
    if not chosen:
        raise RatingsError(
            f"{file} has no column that tells listeners apart; name one or several with --listener (found "
            f"{others})"
        )
    for name in chosen:
        if name not in table:
            raise RatingsError(f"{file} has no column {name!r} for the listener; found {others} (--listener)")
    return join_columns(table, chosen)
