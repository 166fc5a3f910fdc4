"""What each listener did, in numbers: the measures that the rules and flags of `screening` judge.

Each takes tidy ratings and returns values by listener; listeners whom it cannot judge are missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.models.reliability import listeners
from analysis.ratings.tidy import trial_key
from stimuli.vocabulary import REFERENCE_ROLES

Expected = Mapping[str, Mapping[str, tuple[float, float]]]

_GUARD = 0.25
_FEWEST_STIMULI, _FEWEST_LISTENERS = 10, 3  # to compare a listener with the panel
_PANEL_AGREES = 0.5  # median agreement; a panel that agrees less says little about one of its listeners
_FAST_MS = 1000.0  # per stimulus of a page
_FAILED = frozenset({"fail", "failed", "false", "0", "no"})
_QUALITY = {"low_anchor": 0, "mid_anchor": 1, **dict.fromkeys(REFERENCE_ROLES, 2)}


@dataclass(frozen=True)
class Check:
    """A check of what a listener heard with, as an answer that the study stored.

    Attributes:
        column: Of the answer.
        words: What is said of who failed.
        failing: Answers that fail, in lower case.
    """

    column: str
    words: str
    failing: frozenset[str] = _FAILED


CHECKS = {
    "headphones": Check("q_headphone_check", "headphone check failed"),
    "hearing": Check("q_hearing_check", "hearing check failed"),
    "environment": Check("q_environment_check", "check of the surroundings failed"),
    "transducer": Check(
        "q_transducer", "listened with built-in loudspeakers", frozenset({"built-in loudspeakers"})
    ),
}
"""The checks of a study's `headphone_check` and `screens`, by the name of their flag."""


def count_low_references(rows: pd.DataFrame, limit: float) -> pd.DataFrame:
    """Count trials whose reference got less than `limit`: `reference_trials, reference_low, ..._share`."""
    trials = _trial_means(rows[rows["role"].isin(REFERENCE_ROLES)])
    return _count(trials["score"] < limit, trials["listener"], ("reference", "low"))


def count_high_mid_anchors(rows: pd.DataFrame, limit: float) -> pd.DataFrame:
    """Count trials whose mid anchor got more than `limit`: `mid_anchor_trials, mid_anchor_high, ..._share`.

    An item whose mid anchor more than a quarter of the listeners rate so says nothing about one of them.
    """
    trials = _trial_means(rows[rows["role"] == "mid_anchor"])
    above = trials["score"] > limit
    usable = above.groupby(trials["item"]).transform("mean") <= _GUARD
    return _count(above[usable], trials.loc[usable, "listener"], ("mid_anchor", "high"))


def share_of_disorder(rows: pd.DataFrame) -> pd.Series:
    """Return the share of items on which a lower anchor got more than a higher one or the reference.

    Only items with two of low anchor, mid anchor and reference count.
    """
    known = rows[rows["role"].isin(_QUALITY)]
    means = known.groupby(["listener", "item", known["role"].map(_QUALITY)])["score"].mean().unstack()
    disordered = (means < means.cummax(axis=1)).any(axis=1)
    judged = disordered[means.notna().sum(axis=1) >= 2]
    return judged.groupby("listener").mean()


def relative_spread(rows: pd.DataFrame) -> pd.Series:
    """Return each listener's standard deviation of scores over the panel's median one.

    Listeners with fewer than ten ratings, and those of panels of fewer than three, cannot be judged.
    """
    by = rows.groupby("listener")["score"]
    spread = by.std()[by.size() >= _FEWEST_STIMULI]
    middle = float(spread.median()) if len(spread) >= _FEWEST_LISTENERS else float("nan")
    return spread / middle if middle > 0 else spread * float("nan")


def straight_share(rows: pd.DataFrame) -> pd.Series:
    """Return the share of items with three or more conditions that all got the same score."""
    items = rows.groupby(["listener", "item"], observed=True)["score"].agg(["min", "max", "size"])
    items = items[items["size"] >= 3]
    return (items["min"] == items["max"]).groupby("listener").mean()


def untouched_share(frame: pd.DataFrame) -> pd.Series:
    """Return the share of stimuli not rated, or rated without being listened to if that was recorded."""
    trials = frame[frame["kind"] == "trial"]
    return (trials["score"].isna() | (trials["listened_ms"] == 0)).groupby(trials["listener"]).mean()


def fast_share(rows: pd.DataFrame) -> pd.Series:
    """Return the share of trials left in less than a second per stimulus."""
    timed = rows[rows["time_ms"].notna()]
    trials = timed.groupby(trial_key(rows), observed=True)["time_ms"].agg(["max", "size"])
    return (trials["max"] < _FAST_MS * trials["size"]).groupby("listener").mean()


def count_failed_attention(frame: pd.DataFrame, expected: Expected) -> pd.Series:
    """Count attention scores outside what was asked for; missing if there was no check."""
    checks = frame[(frame["kind"] == "attention") & frame["score"].notna()]
    asked = [
        expected.get(item, {}).get(name)
        for item, name in zip(checks["item"], checks["condition"], strict=True)
    ]
    failures = [
        np.nan if ends is None else float(not ends[0] <= score <= ends[1])
        for score, ends in zip(checks["score"], asked, strict=True)
    ]
    failed = pd.Series(failures, index=checks.index, dtype=float)
    return failed.groupby(checks["listener"]).sum(min_count=1)


def has_failed_check(frame: pd.DataFrame, check: Check) -> pd.Series:
    """Return whether a check was failed, by its answer; who was not asked did not fail."""
    if check.column not in frame:
        return pd.Series(dtype=bool)
    failed = frame[check.column].map(lambda answer: str(answer).lower() in check.failing)
    return failed.groupby(frame["listener"]).any()


def measure_agreement(trials: pd.DataFrame) -> pd.DataFrame:
    """Return `agreement` on the methods, and `disagrees`: none at all, though the panel agrees."""
    table = listeners(trials).set_index("listener")
    enough = table["n_ratings"] >= _FEWEST_STIMULI
    agree = bool(table["agreement"].median() > _PANEL_AGREES) and len(table) >= _FEWEST_LISTENERS
    disagrees = (table["p_agreement"] > 0.05) & enough & agree
    return pd.DataFrame({"agreement": table["agreement"], "disagrees": disagrees})


def _trial_means(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.groupby(["listener", "item"], sort=False, observed=True)["score"].mean().reset_index()


def _count(bad: pd.Series, listener: pd.Series, names: tuple[str, str]) -> pd.DataFrame:
    """Count trials and bad ones: `{what}_trials, {what}_{bad}, {what}_share`."""
    by_listener = bad.groupby(listener)
    what, word = names
    table = pd.DataFrame({f"{what}_trials": by_listener.size(), f"{what}_{word}": by_listener.sum()})
    return table.assign(**{f"{what}_share": table[f"{what}_{word}"] / table[f"{what}_trials"]})
