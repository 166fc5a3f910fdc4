"""A table of objective metrics: one row per item and condition, one column per metric."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.errors import RatingsError

KEY = ["item", "condition"]
_EVALUATED = {"item", "method", "setting", "clip"}
_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")  # in names of stimuli
_LONGEST = 100  # name of an item


def read_metrics(source: str | Path | pd.DataFrame) -> pd.DataFrame:
    """Return a table of metrics with `item` and `condition` as text and one column of numbers per metric.

    The `.items.csv` that `listenable evaluate` writes is such a table, too: its methods are the conditions,
    and its clips the items of the study that was rendered from them (`match_items`).

    Args:
        source: CSV file, or a frame. Columns without a number, such as labels, are left out.

    Raises:
        RatingsError: The file cannot be read, has no `item` or `condition`, a row twice, or no metric; or
            clips were evaluated in mixtures only, which listeners did not hear.
    """
    name = "the frame of metrics" if isinstance(source, pd.DataFrame) else Path(source).name
    if isinstance(source, pd.DataFrame):
        table = source.copy()
    else:
        try:
            texts = dict.fromkeys([*KEY, *_EVALUATED], str)
            table = pd.read_csv(source, dtype=texts, encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            raise RatingsError(f"{name} cannot be read as a CSV file ({error})") from error
    if table.columns.isin(_EVALUATED).sum() == len(_EVALUATED) and "condition" not in table:
        table = _take_evaluation(table, name)
    missing = [key for key in KEY if key not in table]
    if missing:
        raise RatingsError(
            f"{name} has no column {missing[0]!r}; expected item, condition and one column per metric"
        )
    table = table.assign(**{key: table[key].astype(str) for key in KEY})
    metrics = [column for column in table.select_dtypes("number") if column not in KEY]
    if not metrics:
        raise RatingsError(f"{name} has no column of numbers; expected one per metric")
    twice = table[table.duplicated(KEY)]
    if len(twice):
        item, condition = twice.iloc[0][KEY]
        raise RatingsError(f"{name} has {condition!r} of {item!r} twice; expected one row per stimulus")
    return table[[*KEY, *metrics]].astype(dict.fromkeys(metrics, np.float64))


def match_items(metrics: pd.DataFrame, items: Iterable[str]) -> pd.DataFrame:
    """Call items as a study calls them: `render` makes the item `03-dog` of the third clip, `dog.wav`.

    Args:
        metrics: From `read_metrics`; if one of its items is an item of the study, names stay as they are.
        items: Of the study.
    """
    known = set(items)
    if known & set(metrics["item"]):
        return metrics
    rendered: dict[str, list[str]] = {}
    for item in known:
        number, _, clip = item.partition("-")
        if number.isdecimal() and clip:
            rendered.setdefault(clip, []).append(item)
    called = {}
    for item in metrics["item"].unique():
        stem = _UNSAFE.sub("-", Path(item).stem).strip("-.") or "clip"
        found = [full for cut in {stem, stem[: _LONGEST - 3]} for full in rendered.get(cut, ())]
        if len(found) == 1:
            called[item] = found[0]
    return metrics.assign(item=metrics["item"].map(lambda name: called.get(name, name)))


def _take_evaluation(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Take the items of an evaluation as metrics of stimuli."""
    clean = table[table["setting"] == "clean"]
    if clean.empty:
        found = ", ".join(map(repr, table["setting"].unique()))
        raise RatingsError(
            f"{name} has the setting {found}; expected 'clean', since a study has the clips without what is "
            "mixed in"
        )
    condition = clean["method"].map(lambda method: _UNSAFE.sub("-", method).lstrip("._+-") or "method")
    return clean.assign(condition=condition).drop(columns=["target", "contaminant"], errors="ignore")
