"""Which trials are training and do not count: by option, or by a usual word in many languages."""

from __future__ import annotations

import fnmatch

import pandas as pd

from analysis.errors import RatingsError
from analysis.ratings.spellings import fold_text, is_training
from analysis.ratings.tidy import map_values

_UNTOUCHED = 0.8  # share of listeners who gave every condition of an item the same score


def mark_training(raw: pd.DataFrame, leave_out: list[str] | None) -> tuple[pd.DataFrame, list[str]]:
    """Set the kind of trials that are training, where the source says nothing of kinds.

    Args:
        raw: Ratings; `kind` may be missing.
        leave_out: Names of items, with `*` and `?`, that do not count; `none` lets every item count.

    Raises:
        RatingsError: A name fits no item.
    """
    wanted = [name.strip() for names in leave_out or [] for name in names.split(",") if name.strip()]
    kind = raw["kind"] if "kind" in raw else pd.Series(None, index=raw.index, dtype=object)
    items = [str(item) for item in raw["item"].dropna().unique() if item != ""]
    if wanted == ["none"]:
        return raw.assign(kind=kind.where(kind != "training", "trial")), []
    left = _match_items(items, wanted)
    said = raw["item"].isin(left)
    usual = map_values(raw["item"], lambda item: is_training(str(item))).eq(True) & ~said
    usual &= kind.isna() | (kind == "") | (kind == "training")
    notes = []
    if said.any():
        notes.append(
            f"{int(said.sum())} ratings of {_list_items(raw['item'][said])} do not count (--leave-out)."
        )
    if usual.any():
        notes.append(
            f"{int(usual.sum())} ratings of pages named as training do not count: "
            f"{_list_items(raw['item'][usual])} (--leave-out none counts them)."
        )
    return raw.assign(kind=kind.mask(said | usual, "training")), notes


def find_untouched(frame: pd.DataFrame) -> list[str]:
    """Name items on which nearly every listener left all conditions at one score, as in training."""
    rows = frame[(frame["kind"] == "trial") & frame["score"].notna()]
    if rows["item"].nunique() < 2 or rows["listener"].nunique() < 2:
        return []
    scores = rows.groupby(["item", "listener"], sort=False)["score"].agg(["nunique", "size"])
    flat = scores[scores["size"] > 1]["nunique"].eq(1).groupby("item", sort=False).mean()
    if flat.empty or (flat >= _UNTOUCHED).all():
        return []
    return [
        f"{item!r} is rated the same for all conditions by nearly every listener; if it was training, say "
        f"--leave-out {item!r}."
        for item in flat[flat >= _UNTOUCHED].index
    ]


def _match_items(items: list[str], wanted: list[str]) -> list[str]:
    left: list[str] = []
    for name in wanted:
        fits = [item for item in items if fnmatch.fnmatchcase(fold_text(item), fold_text(name))]
        if not fits:
            raise RatingsError(f"--leave-out {name!r} fits no item; found {', '.join(map(repr, items[:20]))}")
        left += fits
    return left


def _list_items(items: pd.Series) -> str:
    names = [repr(str(item)) for item in items.unique()]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
