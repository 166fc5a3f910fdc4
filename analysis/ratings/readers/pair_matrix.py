"""Square tables of counts: how often the row's condition was preferred to the column's."""

from __future__ import annotations

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.marks import FILE, LINE, MEASURE
from analysis.ratings.names import PREFERRED, UNKNOWN
from analysis.ratings.readers.table import file_of

_MOST_CHOICES = 5_000_000  # each becomes two rows, and a cell may say any number


def is_pair_matrix(table: pd.DataFrame) -> bool:
    """Say whether the first column has the names of the other columns, each once."""
    names = [name for name in table.columns if name not in (FILE, LINE, "study")]
    return len(names) > 2 and sorted(table[names[0]].astype(str)) == sorted(map(str, names[1:]))


def from_pair_matrix(table: pd.DataFrame) -> pd.DataFrame:
    """Turn counts into tidy columns with two rows per choice, as pages of two sounds have them.

    Who chose, about which item and in which order is not in such a table: listener and item are `UNKNOWN`,
    and the preferred condition stands first.

    Raises:
        RatingsError: A cell is not a whole number from 0, a condition is counted against itself, or there are
            more choices than memory holds.
    """
    names = [name for name in table.columns if name not in (FILE, LINE, "study")]
    first, others = names[0], names[1:]
    counts = table[others].apply(pd.to_numeric, errors="coerce")
    counts = counts.where(table[others].astype(str) != "", 0)
    chosen: list[tuple[str, str, int]] = []
    for place, row in enumerate(table[first].astype(str)):
        for column in others:
            count, given = float(counts[column].iloc[place]), table[column].iloc[place]
            wanted = "0 or nothing" if row == column else "a whole number of choices"
            if not (count >= 0 and count.is_integer()) or (row == column and count > 0):
                at = f"{file_of(table)}, line {table[LINE].iloc[place]}"
                raise RatingsError(
                    f"{at}: {row!r} over {column!r} is {given!r}; "
                    f"expected {wanted} (pair matrices count how often the row was preferred to the column)"
                )
            chosen.append((row, str(column), int(count)))
    total = sum(count for *_, count in chosen)
    if total > _MOST_CHOICES:
        raise RatingsError(f"{file_of(table)} counts {total:,} choices; expected at most {_MOST_CHOICES:,}")
    pairs = pd.DataFrame(chosen, columns=["winner", "loser", "count"])
    choices = pairs.loc[pairs.index.repeat(pairs["count"])].reset_index(drop=True)
    sides = [
        pd.DataFrame({"condition": choices[name], "score": score, "condition_position": place})
        for place, (name, score) in enumerate([("winner", 1.0), ("loser", 0.0)])
    ]
    rows = pd.concat(sides).rename_axis("trial_position").reset_index()
    rows = rows.sort_values("trial_position", kind="stable").reset_index(drop=True)
    lines = dict(zip(table[first].astype(str), table[LINE], strict=True))
    rows[MEASURE], rows[FILE], rows[LINE] = "share", file_of(table), rows["condition"].map(lines)
    return rows.assign(study=table["study"].iloc[0], listener=UNKNOWN, item=UNKNOWN, attribute=PREFERRED)
