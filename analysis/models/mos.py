"""Mean opinion scores: one row per condition, or per condition and group, with an interval."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.errors import DesignError
from analysis.ratings.tidy import (
    cells,
    conditions,
    fill_columns,
    is_simulated,
    known_scale,
    select_rated,
    separate_items,
)
from analysis.statistics.bootstrap import bca, bootstrap_means, influences
from analysis.statistics.intervals import INTERVALS, LEVEL, Interval, interval
from analysis.statistics.populations import OF_INTERVAL
from analysis.statistics.variance import Floats, Ints

COLUMNS = [
    "condition", "n_listeners", "n_items", "n_ratings", "mos", "ci_low", "ci_high", "interval",
    "label", "role", "median", "q1", "q3", "sd", "df", "about", "note", "simulated",
]  # fmt: skip


def mos(
    frame: pd.DataFrame,
    *,
    interval: str = "two-way",
    by: str | None = None,
    attribute: str | None = None,
    order: list[str] | None = None,
    level: float = LEVEL,
    draws: int = 10_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Mean opinion score of each condition with its interval.

    Several ratings of one listener, item and condition are averaged first; the score is the plain mean of
    these cells (kind `trial`). An interval ends where the scale does, beyond which no mean can be. Whom it
    speaks about is in `about`, see `analysis.statistics.intervals`. A single item has no variance between
    items, so that `by="item"` uses the interval over listeners.

    Args:
        frame: Tidy ratings; `listener, item, condition, score` will do.
        interval: One of `INTERVALS`.
        by: A column to split by (`item`, `study`, `attribute`, or a questionnaire column `q_...`).
        attribute: The scale, if the frame has several.
        order: Conditions in a stated order; by default references, methods by MOS, anchors.
        level: Coverage of the interval.
        draws: Draws of the bootstrap.
        seed: Seed of the bootstrap.

    Returns:
        Columns `condition, n_listeners, n_items, n_ratings, mos, ci_low, ci_high, interval, label, role,
        median, q1, q3` (Tukey's hinges, as BS.1534-3 asks), `sd, df, about` (whom the interval speaks
        about), `note, simulated`; with `by`, that column first.

    Raises:
        DesignError: An unknown interval or column, or several attributes and none chosen.
    """
    if interval not in INTERVALS:
        raise DesignError(f"unknown interval {interval!r}; expected one of {', '.join(INTERVALS)}")
    frame = fill_columns(frame)
    if by is None or by == "condition":  # which it is split by anyway
        return _table(select_rated(frame, attribute), interval, order, level, draws, seed)
    if by not in frame:
        raise DesignError(f"the ratings have no column {by!r} to split by; found {', '.join(frame.columns)}")
    rows = frame if by == "attribute" else select_rated(frame, attribute)
    rows = separate_items(rows, rows) if by == "item" else rows
    method = "listener" if by == "item" and interval != "naive-t" else interval
    listed = order or list(conditions(rows)["condition"])
    parts = []
    for group, part in rows[rows[by].notna()].groupby(by, sort=True, observed=True):
        table = _table(
            select_rated(part),
            method,
            [name for name in listed if (part["condition"] == name).any()],
            level,
            draws,
            seed,
        )
        parts.append(table.assign(**{by: group}))
    if not parts:
        raise DesignError(f"the column {by!r} is empty; there is nothing to split by")
    out = pd.concat(parts, ignore_index=True)[[by, *COLUMNS]]
    out.attrs["level"] = level
    return out


def _table(
    rows: pd.DataFrame, method: str, order: list[str] | None, level: float, draws: int, seed: int
) -> pd.DataFrame:
    table = cells(rows)
    listed = conditions(rows, order)
    names = list(listed["condition"])
    groups = _split(table, names)
    found = _intervals(table, groups, names, method, level, draws, seed)
    if scale := known_scale(rows):
        found = [(got.use_logit(scale) if method == "logit" else got).cut_to(scale) for got in found]
    elif method == "logit":
        raise DesignError("the interval logit needs the ends of the scale; give them with --scale LOW HIGH")
    records = [
        {
            "condition": name,
            "n_listeners": len(np.unique(groups[name].listeners)),
            "n_items": len(np.unique(groups[name].items)),
            "n_ratings": int(table["n"].to_numpy()[groups[name].places].sum()),
            "mos": got.mean,
            "ci_low": got.low,
            "ci_high": got.high,
            "interval": method,
            **_spread(groups[name].scores),
            "df": got.df,
            "about": OF_INTERVAL[method],
            "note": got.note,
        }
        for name, got in zip(names, found, strict=True)
    ]
    out = pd.DataFrame(records).merge(listed, on="condition", how="left", sort=False)
    out["simulated"] = is_simulated(rows)
    out.attrs["level"] = level
    return out[COLUMNS]


def _intervals(
    table: pd.DataFrame,
    groups: dict[str, _Group],
    names: list[str],
    method: str,
    level: float,
    draws: int,
    seed: int,
) -> list[Interval]:
    if method != "bootstrap":
        panel = (table["listener"].nunique(), table["item"].nunique())
        return [
            interval(method, one.scores, one.listeners, one.items, level=level, panel=panel)
            for one in (groups[name] for name in names)
        ]
    means = bootstrap_means(table, names, draws=draws, seed=seed)
    return [_bootstrap(table.iloc[groups[name].places], means[:, k], level) for k, name in enumerate(names)]


class _Group(NamedTuple):
    """The cells of a condition: their rows, scores, and numbers of listeners and items."""

    places: Ints
    scores: Floats
    listeners: Ints
    items: Ints


def _split(table: pd.DataFrame, names: list[str]) -> dict[str, _Group]:
    """Return the cells of each condition. Texts are compared once, in the whole table: they are slow to."""
    listeners, items = (pd.factorize(table[name])[0] for name in ("listener", "item"))
    conditions = pd.Index(names).get_indexer(pd.Index(table["condition"]))
    scores, found = table["score"].to_numpy(float), {}
    for number, name in enumerate(names):
        places = np.flatnonzero(conditions == number)
        own = (pd.factorize(codes[places])[0] for codes in (listeners, items))
        found[name] = _Group(places, scores[places], *own)
    return found


def _bootstrap(part: pd.DataFrame, means: Floats, level: float) -> Interval:
    mean = float(part["score"].mean())
    if part["listener"].nunique() < 2 or part["item"].nunique() < 2:
        what = "listener" if part["listener"].nunique() < 2 else "item"
        return Interval.missing(mean, level, f"not estimable from one {what}")
    low, high = bca(mean, means, influences(part), level)
    if part["score"].nunique() == 1:
        return Interval.missing(mean, level, "not estimable if all scores are equal")
    return Interval(mean, low, high, level)


def hinges(scores: Floats) -> tuple[float, float, float]:
    """Return Tukey's lower hinge, the median and the upper hinge; each half includes an odd n's median."""
    ordered = np.sort(scores)
    half = (len(ordered) + 1) // 2
    return float(np.median(ordered[:half])), float(np.median(ordered)), float(np.median(ordered[-half:]))


def _spread(scores: Floats) -> dict[str, float]:
    low, middle, high = hinges(scores)
    sd = float(scores.std(ddof=1)) if len(scores) > 1 else float("nan")
    return {"median": middle, "q1": low, "q3": high, "sd": sd}
