"""A rating that came more than once: a copy of a row, a repetition, or a second session."""

from __future__ import annotations

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.marks import FILE, LINE
from analysis.ratings.names import BEST_WORST, COMPARISON, CORRECT, LEVEL, PREFERRED, THRESHOLD, X_WAS
from analysis.ratings.tidy import KEY

CHOICES = ("average", "first", "last", "model")
_SHOWN = 5
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d"


def drop_repeats(frame: pd.DataFrame, repeats: str | None = None) -> tuple[pd.DataFrame, list[str]]:
    """Keep one row of each rating.

    Rows with one score count once. Rows with different scores are repetitions, or errors: only the caller can
    say which, because keeping those that agree would choose by the outcome.

    Args:
        frame: Tidy ratings with file and line.
        repeats: `average` them, keep the `first` or the `last` (by the time if it is known, else as the
            rows come), or keep all of them for a model of repeats (`model`); across sessions too.

    Returns:
        The rows, and sentences on what became of the others.

    Raises:
        RatingsError: Different scores, and `repeats` does not say what they are.
    """
    if repeats is not None and repeats not in CHOICES:
        raise RatingsError(f"--repeats is {repeats!r}; expected average, first, last or model")
    # The same choice is asked again and again; a score that is asked for twice is marked as a repeat.
    several = frame["attribute"].isin([PREFERRED, COMPARISON, BEST_WORST, CORRECT, X_WAS, LEVEL, THRESHOLD])
    place = frame["trial_position"].where(several | (frame["kind"] != "trial"), -1.0).fillna(-1.0)
    side = (
        frame["condition_position"].where(several, -1.0).fillna(-1.0)
    )  # a sound may be compared with itself
    key = [*(name for name in KEY if repeats is None or name != "session"), "_side"]
    marked = frame.assign(_place=place, _side=side)
    again = marked.duplicated([*key, "_place"], keep=False)
    if not again.any():
        return frame.reset_index(drop=True), _sessions(frame)
    rows = marked[again]
    groups = rows.groupby([*key, "_place"], sort=False, dropna=False)["score"]
    blank = rows["score"].isna() & (groups.transform("count") > 0)
    notes = _describe_rows(
        rows[blank],
        "row without a score does not count, because another gives the score",
        "rows without a score do not count, because others give the score",
    )
    scored = _sort_by_time(rows[~blank])
    groups = scored.groupby([*key, "_place"], sort=False, dropna=False)["score"]
    if repeats == "model":
        # Two equal scores are two ratings, too: leaving one out would make listeners less consistent.
        kept = frame[~marked.index.isin(rows.index[blank])].reset_index(drop=True)
        return kept, notes + _describe_kept(int(groups.ngroups), len(scored))
    differ = groups.transform("nunique") > 1
    if differ.any() and repeats is None:
        raise RatingsError(_contradiction(scored[differ], key))
    gone = marked.index.isin(rows.index[blank])
    copies = scored.duplicated([*key, "_place"], keep="last" if repeats == "last" else "first")
    kept = frame.copy()
    if repeats == "average":
        kept.loc[scored.index, "score"] = groups.transform("mean")
    cells = int(scored[differ].groupby([*key, "_place"], dropna=False).ngroups) if differ.any() else 0
    notes += _describe_rows(
        scored[copies & ~differ],
        "row repeats another row's rating and counts once",
        "rows repeat another row's rating and count once",
    )
    if cells:
        did = {
            "average": "averaged",
            "first": "the first of each is kept",
            "last": "the last of each is kept",
        }
        notes.append(
            f"{cells} rating{' was' if cells == 1 else 's were'} given more than once, {int(differ.sum())} "
            "times in all: "
            f"{did[str(repeats)]} (--repeats {repeats})."
        )
    gone |= marked.index.isin(scored.index[copies])
    out = kept[~gone].reset_index(drop=True)
    return out, notes + (_sessions(out) if repeats is None else [])


def _sort_by_time(rows: pd.DataFrame) -> pd.DataFrame:
    """Put rows in the order in which they were given: our exports list sessions by their random ids."""
    if not rows["submitted_at"].astype(str).str.match(_TIME).all():
        return rows
    return rows.sort_values("submitted_at", kind="stable")


def _describe_kept(cells: int, ratings: int) -> list[str]:
    if ratings == 0:
        return []
    return [
        f"{cells} rating{' was' if cells == 1 else 's were'} given more than once, {ratings} times in all: "
        "all are kept (--repeats model); the mixed model has a variance of repeating, and all else averages "
        "them."
    ]


def _contradiction(rows: pd.DataFrame, key: list[str]) -> str:
    found = []
    groups = rows.groupby([*key, "_place"], sort=False, dropna=False)
    for _, same in groups:
        first = same.iloc[0]
        scores = " and ".join(f"{score:g}" for score in same["score"])
        found.append(
            f"{first[FILE]}: listener {first['listener']!r} gives {first['condition']!r} of "
            f"{first['item']!r} the scores {scores} (lines {', '.join(map(str, same[LINE]))})"
        )
        if len(found) == _SHOWN:
            break
    more = f"; and {groups.ngroups - len(found)} more" if groups.ngroups > len(found) else ""
    many = "1 rating was" if groups.ngroups == 1 else f"{groups.ngroups} ratings were"
    return (
        f"{many} given more than once with different scores ({'; '.join(found)}{more}); say what becomes of "
        "them with --repeats average, first or last, or model to keep all as repeats"
    )


def _sessions(frame: pd.DataFrame) -> list[str]:
    """Report listeners who rated the same in several sessions: the analysis averages those ratings."""
    rows = frame[(frame["kind"] == "trial") & frame["score"].notna()]
    key = ["study", "listener", "item", "condition", "attribute"]
    several = rows[rows.duplicated(key, keep=False)]
    several = several[several.groupby(key)["session"].transform("nunique") > 1]
    if several.empty:
        return []
    who = [repr(str(name)) for name in several["listener"].unique()]
    names = ", ".join(who[:_SHOWN]) + (f" and {len(who) - _SHOWN} more" if len(who) > _SHOWN else "")
    return [
        f"{len(who)} listener{'s' if len(who) > 1 else ''} rated the same stimuli in several sessions "
        f"({names}): the sessions are averaged; --repeats first or last keeps one."
    ]


def _describe_rows(rows: pd.DataFrame, one: str, many: str) -> list[str]:
    """One sentence on a row or several, with the places of the first of them; none without rows."""
    if rows.empty:
        return []
    where = ", ".join(f"{row[FILE]} line {row[LINE]}" for _, row in rows.head(_SHOWN).iterrows())
    return [f"{len(rows)} {one if len(rows) == 1 else many} ({where})."]
