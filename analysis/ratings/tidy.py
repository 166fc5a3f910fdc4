"""The tidy frame that all the package takes: a row per listener, item, condition and attribute.

| column | type | meaning |
|---|---|---|
| `study`, `listener`, `session`, `item`, `condition`, `attribute` | text | who rated what on which scale |
| `score` | float | the rating; missing where nothing was rated |
| `role` | text | one of `stimuli.vocabulary.ROLES` |
| `kind` | text | `trial`, `training`, `attention` or `repeat`; only `trial` counts towards a MOS |
| `time_ms`, `listened_ms` | float | time spent on the page and with the stimulus |
| `trial_position`, `condition_position` | float | order of presentation, from 0 or 1 |
| `comment`, `submitted_at` | text | as the listener or the server wrote it |
| `simulated`, `finished` | bool | made by a program; the session reached its end |
| `label`, `item_label` | text | the condition's and the item's name in figures and tables |
| `q_...` | text | one column per questionnaire answer or URL parameter |

`frame.attrs["scales"]` maps an attribute to the lowest and highest score of its scale, where that is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import DesignError, RatingsError
from analysis.ratings.reuse import reusable
from analysis.ratings.spellings import known_role, role_of
from stimuli.vocabulary import RATING_KINDS, ROLES

KEY = ["study", "session", "listener", "item", "condition", "attribute", "kind"]
TEXT = [
    "study",
    "listener",
    "session",
    "item",
    "condition",
    "attribute",
    "role",
    "kind",
    "comment",
    "submitted_at",
    "label",
    "item_label",
]
NUMBERS = ["score", "time_ms", "listened_ms", "trial_position", "condition_position"]
FLAGS = ["simulated", "finished"]
COLUMNS = [
    "study", "listener", "session", "item", "condition", "attribute", "score", "time_ms", "comment", "role",
    "simulated", "kind", "listened_ms", "trial_position", "condition_position", "finished", "submitted_at",
    "label", "item_label",
]  # fmt: skip


def iter_rows(table: pd.DataFrame) -> Iterator[Any]:
    """Walk over the rows of a table, each with its columns as attributes."""
    yield from table.itertuples()


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as plain mappings."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def tidy(frame: pd.DataFrame, *, source: str = "the ratings") -> pd.DataFrame:
    """Bring a frame with at least `listener, item, condition, score` into the tidy shape.

    Missing columns get their defaults (`session` = `listener`, `attribute` = `score`, `kind` = `trial`, role
    from the name, not simulated). Ids become text and are never cast to numbers.

    Args:
        frame: Ratings with some of `COLUMNS` and any `q_` columns; others are dropped.
        source: What the ratings are called in an error.

    Raises:
        RatingsError: A needed column is missing, or a role or kind is unknown.
    """
    missing = [name for name in ("listener", "item", "condition", "score") if name not in frame]
    if missing:
        raise RatingsError(f"{source} has no column {_quote(missing)}; found {_quote(frame.columns)}")
    extra = [name for name in frame.columns if str(name).startswith("q_")]
    # At once: pandas warns of tables with a hundred columns that are set one by one.
    given = frame.reindex(columns=[*COLUMNS, *extra])
    texts = {*TEXT, *extra}
    out = pd.DataFrame(
        {name: _as_text(given[name]) if name in texts else given[name] for name in given.columns},
        index=given.index,
    )
    for name in NUMBERS:
        out[name] = pd.to_numeric(out[name]).astype(float)
    for name in FLAGS:
        out[name] = _as_flag(out[name], default=name == "finished", source=source)
    out["role"] = map_values(out["role"], lambda word: known_role(word) or word)
    out["kind"] = map_values(out["kind"], str.lower)
    defaults: dict[str, Any] = {
        "study": "study", "session": out["listener"], "attribute": "score", "kind": "trial",
        "role": map_values(out["condition"], role_of).fillna("method"), "label": out["condition"],
        "item_label": out["item"],
    }  # fmt: skip
    for name, value in defaults.items():
        out[name] = out[name].fillna(value)
    for name, known in (("role", ROLES), ("kind", RATING_KINDS)):
        unknown = sorted(set(out[name]) - set(known))
        if unknown:
            raise RatingsError(
                f"{source} has the {name} {_quote(unknown)}; expected one of {', '.join(known)}"
            )
    return out.reset_index(drop=True)


def fill_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a frame with `listener, item, condition, score` the tidy columns that it lacks.

    Raises:
        RatingsError: One of the four is missing.
    """
    if set(COLUMNS) <= set(frame.columns):
        return frame
    whole = tidy(frame, source="the frame").set_axis(frame.index)
    return frame.assign(**{name: whole[name] for name in COLUMNS})


@reusable
def select_rated(frame: pd.DataFrame, attribute: str | None = None) -> pd.DataFrame:
    """Return the rows that count towards a MOS: kind `trial`, with a score, of one attribute.

    Args:
        frame: Tidy ratings.
        attribute: The scale to keep; may be left out where the frame has only one.

    Raises:
        DesignError: No such rows, or several attributes and none chosen.
    """
    rows = _take(frame, (frame["kind"] == "trial") & frame["score"].notna())
    names = list(rows["attribute"].unique())
    if attribute is not None:
        rows = _take(rows, rows["attribute"] == attribute)
        if rows.empty:
            raise DesignError(f"no rating has the attribute {attribute!r}; found {_quote(names)}")
    elif len(names) > 1:
        raise DesignError(f"the ratings have the attributes {_quote(names)}; choose one with attribute=")
    if rows.empty:
        raise DesignError("there is no rating of kind 'trial' with a score to analyse")
    return rows


@reusable
def cells(frame: pd.DataFrame, attribute: str | None = None) -> pd.DataFrame:
    """Average repeated ratings: one row per listener, item and condition with its mean `score`.

    An item is identified by its study as well, so that pooled studies do not share items by accident of
    naming.

    Returns:
        Columns `listener, item, condition, score, n` (`n` ratings went into the mean), sorted.
    """
    rows = select_rated(frame, attribute)
    rows = separate_items(rows, rows)
    names = ["listener", "item", "condition"]
    codes, levels = zip(*(pd.factorize(rows[name], sort=True) for name in names), strict=True)
    known = np.minimum.reduce(codes) >= 0
    scores = rows["score"].to_numpy(float)
    if not known.all():
        codes, scores = tuple(code[known] for code in codes), scores[known]
    shape = tuple(map(len, levels))
    # One number per cell: a fraction of the time that grouping by three columns of texts takes.
    cell, place, n = _number_cells(np.asarray(np.ravel_multi_index(codes, shape)), int(np.prod(shape)))
    means = np.bincount(place, scores) / n
    at = dict(zip(names, np.unravel_index(cell, shape), strict=True))
    ids = {name: level[at[name]] for name, level in zip(names, levels, strict=True)}
    return pd.DataFrame({**ids, "score": means, "n": n})


def _number_cells(code: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the codes that occur, the place of each row among them, and how many rows each has."""
    if size > 4 * len(code):
        return np.unique(code, return_inverse=True, return_counts=True)
    counts = np.bincount(code, minlength=size)
    found = np.flatnonzero(counts)
    places = np.cumsum(counts > 0) - 1
    return found, places[code], counts[found]


@reusable
def trial_key(rows: pd.DataFrame) -> list[str]:
    """Return the columns that tell trials apart: those of a page, which may have one sound or several.

    Pages of one sound, as in ACR, are known by their positions, which no two conditions share. If there are
    no positions, what a listener gave to an item is one trial.
    """
    known = rows[rows["trial_position"].notna()]
    page = ["study", "session", "trial_position"]
    several = known.drop_duplicates([*page, "condition"]).duplicated(page)
    alone = len(known) > 0 and not several.any()
    return ["listener", "item", "condition"] if alone else ["listener", "item"]


def _take(frame: pd.DataFrame, mask: pd.Series) -> pd.DataFrame:
    """Return the rows of a mask; if it is all of them the frame itself, which saves copying every column."""
    return frame if mask.all() else frame[mask]


def separate_items(frame: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Put the study before its items where the trials `rows` of pooled studies have different ones."""
    if rows["study"].nunique() < 2 or shares_items(rows):
        return frame
    return frame.assign(item=frame["study"] + "/" + frame["item"])


def shares_items(frame: pd.DataFrame) -> bool:
    """Say whether the studies of a frame all have the same items."""
    return len({frozenset(items) for _, items in frame.groupby("study")["item"]}) == 1


@reusable
def conditions(frame: pd.DataFrame, order: list[str] | None = None) -> pd.DataFrame:
    """List the conditions of a frame in the order of every table and figure.

    References first, then methods by falling mean score, then the anchors; or `order` where it is given, here
    or as the frame's attribute (conditions that it does not name follow in the usual order).

    Returns:
        Columns `condition, role, label`, one row per condition.

    Raises:
        DesignError: `order` names a condition that has no rating.
    """
    rated = (frame["kind"] == "trial") & frame["score"].notna() & frame["condition"].notna()
    rows = np.flatnonzero(rated)
    codes, names = pd.factorize(frame["condition"].to_numpy()[rows], sort=True)
    first_row = rows[np.unique(codes, return_index=True)[1]]
    means = np.bincount(codes, frame["score"].to_numpy(float)[rows]) / np.bincount(codes)
    table = pd.DataFrame(
        {name: frame[name].to_numpy()[first_row] for name in ("role", "label")},
        index=pd.Index(names, name="condition"),
    ).assign(mean=means)
    if order is None:
        order = [name for name in frame.attrs.get("order", ()) if name in table.index]
    unknown = [name for name in order if name not in table.index]
    if unknown:
        raise DesignError(f"no rating has the condition {_quote(unknown)}; found {_quote(table.index)}")
    first = {name: place for place, name in enumerate(order)}
    table["place"] = [first.get(name, len(first)) for name in table.index]
    table["rank"] = table["role"].map(ROLES.index)
    table = table.sort_values(
        ["place", "rank", "mean"], ascending=[True, True, False], kind="stable"
    ).reset_index()
    return table[["condition", "role", "label"]]


def is_simulated(frame: pd.DataFrame) -> bool:
    """Say whether any rating of the frame was made by a program."""
    return bool(frame["simulated"].any())


@reusable
def scale_of(frame: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the scale: those that the ratings were read with, or a guess from the scores.

    `frame.attrs["scales"]`, which pandas carries along, maps attributes to their ends. Where it does not name
    all of the frame's, it is the narrowest usual scale that holds the scores.
    """
    scores = frame["score"].dropna()
    low, high = float(scores.min()), float(scores.max())
    return known_scale(frame) or ((low, high) if low < high else (min(low, 0.0), max(high, 0.0)))


def known_scale(frame: pd.DataFrame) -> tuple[float, float] | None:
    """Return the ends of the scale as in `scale_of`; None if no usual scale holds the scores."""
    known = frame.attrs.get("scales", {})
    declared = [known.get(name) for name in frame["attribute"].unique()]
    if declared and all(declared):
        return min(ends[0] for ends in declared), max(ends[1] for ends in declared)
    scores = frame["score"].dropna()
    low, high = (float(scores.min()), float(scores.max())) if len(scores) else (0.0, 100.0)
    for ends in ((0.0, 1.0), (1.0, 5.0), (0.0, 5.0), (1.0, 7.0), (0.0, 10.0), (0.0, 100.0), (-100.0, 100.0)):
        if ends[0] <= low and high <= ends[1]:
            return ends
    return None


def map_values(column: pd.Series, function: Callable[[Any], Any]) -> pd.Series:
    """Map a column through a function that is called once per different value; the missing are None."""
    codes, values = pd.factorize(column)
    mapped = np.array([*(function(value) for value in values), None], dtype=object)
    return pd.Series(mapped[codes], index=column.index, dtype=object, name=column.name)


def _as_text(column: pd.Series) -> pd.Series:
    """Turn a column into Python text, keeping the missing missing."""
    return map_values(
        column, lambda value: None if value == "" else value if isinstance(value, str) else str(value)
    )


def _as_flag(column: pd.Series, *, default: bool, source: str) -> pd.Series:
    yes, no = ("1", "1.0", "true", "t", "yes", "y"), ("0", "0.0", "false", "f", "no", "n")
    words = {"": default, **dict.fromkeys(yes, True), **dict.fromkeys(no, False)}
    flags = map_values(column, lambda value: words.get(str(value).lower(), value))
    flags = flags.where(column.notna(), default)
    unknown = [value for value in flags.unique() if not isinstance(value, bool)]
    if unknown:
        raise RatingsError(f"{source} has {unknown[0]!r} in the column {column.name!r}; expected 0 or 1")
    return flags.astype(bool)


def _quote(names: Iterable[object]) -> str:
    return ", ".join(repr(str(name)) for name in names)
