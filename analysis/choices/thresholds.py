"""Thresholds of adaptive tests: their means with intervals, and the rule that the trials followed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DesignError
from analysis.statistics import intervals
from analysis.statistics.intervals import LEVEL

ALL_ITEMS = "all items"


@dataclass(frozen=True)
class Rule:
    """What a staircase did, as its trials show it.

    Attributes:
        down: Right answers in a row after which the level fell.
        weight: The step up over the step down.
    """

    down: int
    weight: float

    @property
    def target(self) -> float:
        """The share of right answers at which levels settle (Levitt 1971, Kaernbach 1991)."""
        return float((self.weight / (1 + self.weight)) ** (1 / self.down))


def thresholds(
    tracks: pd.DataFrame,
    *,
    interval: str = "two-way",
    scale: tuple[float, float] | None = None,
    level: float = LEVEL,
) -> pd.DataFrame:
    """Return the mean threshold of each item, and of all items if there are several.

    Args:
        tracks: Columns `listener, item, trials, threshold`, a row per track; the threshold of a track that
            did not end is missing, and the track is counted and left out.
        interval: `two-way` (listeners and items), `listener` or `item`; that of one item is over listeners.
        scale: The hardest and the easiest level, which the intervals end at.
        level: Coverage of the intervals.

    Returns:
        Columns `item, threshold, ci_low, ci_high, spread` (standard deviation of the tracks), `ended, tracks,
        trials` (mean number of a track that ended), `note`.

    Raises:
        DesignError: There is no track.
    """
    if tracks.empty:
        raise DesignError("there is no track of a staircase; expected at least one")
    rows = [_mean(item, part, "listener", scale, level) for item, part in tracks.groupby("item", sort=True)]
    if len(rows) > 1:
        rows.insert(0, _mean(ALL_ITEMS, tracks, interval, scale, level))
    table = pd.DataFrame(rows)
    table.attrs["level"] = level
    return table


def _mean(
    item: object, tracks: pd.DataFrame, method: str, scale: tuple[float, float] | None, level: float
) -> dict[str, object]:
    ended = tracks[tracks["threshold"].notna()]
    values = ended["threshold"].to_numpy(float)
    row = {"item": item, "threshold": np.nan, "ci_low": np.nan, "ci_high": np.nan, "spread": np.nan}
    row |= {"ended": len(ended), "tracks": len(tracks), "trials": np.nan, "note": "no track ended"}
    if ended.empty:
        return row
    listeners, items = (pd.factorize(ended[name])[0] for name in ("listener", "item"))
    found = intervals.interval(method, values, listeners, items, level=level)
    if scale is not None:
        found = found.cut_to(scale)
    spread = float(values.std(ddof=1)) if len(values) > 1 else np.nan
    return row | {
        "threshold": found.mean, "ci_low": found.low, "ci_high": found.high, "spread": spread,
        "trials": float(ended["trials"].mean()), "note": found.note,
    }  # fmt: skip


def infer_rule(trials: pd.DataFrame) -> Rule | None:
    """Return the rule that levels followed: how many right answers preceded each fall, and how far it rose.

    Args:
        trials: Columns `listener, session, item, trial, level, correct`.

    Returns:
        The rule; None if no level fell, or none rose.
    """
    runs: list[int] = []
    falls: list[float] = []
    rises: list[float] = []
    for _, track in trials.sort_values("trial").groupby(["listener", "session", "item"], dropna=False):
        levels, correct = track["level"].to_numpy(float), track["correct"].to_numpy(float)
        run = 0
        for at in range(len(track) - 1):
            run = run + 1 if correct[at] == 1 else 0
            step = levels[at + 1] - levels[at]
            if step < 0:
                runs.append(run)
                falls.append(-step)
                run = 0
            elif step > 0:
                rises.append(step)
    if not runs or not rises:
        return None
    return Rule(int(np.median(runs)), max(rises) / float(np.median(falls)))
