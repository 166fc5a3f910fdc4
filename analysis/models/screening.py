"""Post-screening of listeners by ITU-R BS.1534-3, and flags that call for a look.

Both rules count a listener's own trials. Rule 1 (hidden reference): excluded when the hidden reference got
less than 90 in more than 15 % of the trials. Rule 2 (mid anchor): excluded when the mid anchor got more than
90 in more than 15 % of the trials, not counting items on which more than 25 % of the listeners rated it above
90. Flags exclude nobody by themselves.

The standard's rules are for its own scale, continuous from 0 to 100. On another one they exclude nobody,
unless they are asked for by name: then the limits are at the same share of the scale.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.errors import DesignError
from analysis.models.reliability import listeners
from analysis.models.repeats import repeat_differences
from analysis.ratings.tidy import scale_of, select_rated, separate_items
from stimuli.vocabulary import REFERENCE_ROLES

RULES = ("hidden-reference", "mid-anchor")
STANDARD_SCALE = (0.0, 100.0)
FLAGS = (
    "repeats",
    "straight-lining",
    "untouched",
    "fast",
    "unfinished",
    "attention",
    "headphones",
    "agreement",
)
FAILURES = ("attention", "headphones", "unfinished")
_LIMIT, _SHARE, _GUARD = 0.9, 0.15, 0.25
_STIMULI_TO_AGREE_ON, _PANEL_AGREES = 10, 0.5  # fewer, or a panel that agrees less, tell nothing
_FAST_MS = 1000.0  # per stimulus of a page
_FAILED = frozenset({"fail", "failed", "false", "0", "no"})


def screen(
    frame: pd.DataFrame,
    *,
    attribute: str | None = None,
    scale: tuple[float, float] | None = None,
    exclude: tuple[str, ...] | None = None,
    expected: Mapping[str, Mapping[str, tuple[float, float]]] | None = None,
) -> pd.DataFrame:
    """Decide for each listener whether the ratings count, and why.

    Args:
        frame: Tidy ratings.
        attribute: The scale, if the frame has several.
        scale: Its ends; by default those that the ratings were read with, or guessed from the scores.
        exclude: The rules and flags that exclude, others are only reported; by default `RULES` on a scale
            from 0 to 100 and nothing on another one.
        expected: For attention checks: item to condition to the lowest and highest score of someone who
            listened.

    Returns:
        One row per listener: `listener, kept, reason, flags, rules, n_trials` (`rules`: the names of those
        that exclude the listener), and the numbers behind each:
        `reference_trials, reference_low` (trials under the limit), `reference_share, mid_anchor_trials,
        mid_anchor_high, mid_anchor_share, repeat_difference, straight_share, untouched_share, fast_share,
        attention_failed, agreement` (with the others, on the methods), `disagrees`.

    Raises:
        DesignError: `exclude` names an unknown rule.
    """
    unknown = sorted(set(exclude or ()) - {*RULES, *FLAGS})
    if unknown:
        raise DesignError(
            f"unknown screening rule {unknown[0]!r}; expected one of {', '.join((*RULES, *FLAGS))}"
        )
    trials = select_rated(frame, attribute)
    rows = separate_items(trials, trials)
    low, high = scale or scale_of(trials)
    exclude = default_rules((low, high)) if exclude is None else exclude
    limit = limit_of((low, high))
    table = pd.DataFrame(index=pd.Index(sorted(rows["listener"].unique()), name="listener"))
    table["n_trials"] = rows.groupby("listener")["item"].nunique()
    table = _reference_rule(table, rows, limit)
    table = _mid_anchor_rule(table, rows, limit)
    same = frame[frame["attribute"] == rows["attribute"].iloc[0]]
    table["repeat_difference"] = (
        repeat_differences(separate_items(same, trials)).abs().groupby("listener").mean()
    )
    table["straight_share"] = _straight_share(rows)
    table["untouched_share"] = _untouched_share(same)
    table["fast_share"] = _fast_share(rows)
    table["attention_failed"] = _attention_failed(same, expected or {}, table.index)
    table["agreement"], table["disagrees"] = _agreement(trials, table.index)
    return _verdict(table, frame, exclude, (low, high), limit).reset_index()


def default_rules(scale: tuple[float, float]) -> tuple[str, ...]:
    """Return the rules that exclude unless something else is asked for: those of BS.1534-3 on its scale."""
    return RULES if scale == STANDARD_SCALE else ()


def limit_of(scale: tuple[float, float]) -> float:
    """Return the score that references and mid anchors are compared with: 90 on a scale from 0 to 100."""
    return scale[0] + _LIMIT * (scale[1] - scale[0])


def violates_rule(screening: pd.DataFrame, rule: str) -> pd.Series:
    """Return for each listener whether a rule of BS.1534-3 excludes them, whatever was asked for."""
    share = {"hidden-reference": "reference_share", "mid-anchor": "mid_anchor_share"}[rule]
    return screening[share] > _SHARE


def kept(frame: pd.DataFrame, screening: pd.DataFrame) -> pd.DataFrame:
    """Return the ratings of the listeners that a screening keeps."""
    return frame[frame["listener"].isin(screening.loc[screening["kept"], "listener"])].reset_index(drop=True)


def find_failures(
    frame: pd.DataFrame, expected: Mapping[str, Mapping[str, tuple[float, float]]] | None = None
) -> pd.DataFrame:
    """Return for each listener which checks failed that do not depend on what is asked: `FAILURES`.

    Args:
        frame: Tidy ratings of one attribute.
        expected: See `screen`.

    Returns:
        A boolean column per check, by listener.
    """
    names = pd.Index(sorted(frame["listener"].unique()), name="listener")
    finished = frame.groupby("listener")["finished"].all().reindex(names)
    return pd.DataFrame(
        {
            "attention": _attention_failed(frame, expected or {}, names) > 0,
            "headphones": _headphones_failed(frame, names),
            "unfinished": ~finished.astype(bool),
        }
    )


def _reference_rule(table: pd.DataFrame, rows: pd.DataFrame, limit: float) -> pd.DataFrame:
    trials = _per_trial(rows[rows["role"].isin(REFERENCE_ROLES)])
    by_listener = (trials["score"] < limit).groupby(trials["listener"])
    return _counts(
        table, by_listener.size(), by_listener.sum(), "reference_trials", "reference_low", "reference_share"
    )


def _mid_anchor_rule(table: pd.DataFrame, rows: pd.DataFrame, limit: float) -> pd.DataFrame:
    trials = _per_trial(rows[rows["role"] == "mid_anchor"])
    above = trials["score"] > limit
    # The guard: an item whose mid anchor many rate above the limit says nothing about the listener.
    usable = above.groupby(trials["item"]).transform("mean") <= _GUARD
    by_listener = above[usable].groupby(trials.loc[usable, "listener"])
    return _counts(
        table,
        by_listener.size(),
        by_listener.sum(),
        "mid_anchor_trials",
        "mid_anchor_high",
        "mid_anchor_share",
    )


def _per_trial(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.groupby(["listener", "item"], sort=False, observed=True)["score"].mean().reset_index()


def _counts(
    table: pd.DataFrame, size: pd.Series, bad: pd.Series, trials: str, count: str, share: str
) -> pd.DataFrame:
    table[trials] = size.reindex(table.index).fillna(0).astype(int)
    table[count] = bad.reindex(table.index).fillna(0).astype(int)
    table[share] = table[count] / table[trials].where(table[trials] > 0)
    return table


def _straight_share(rows: pd.DataFrame) -> pd.Series:
    """Share of trials of three or more conditions that all got the same score."""
    trials = rows.groupby(["listener", "item"], observed=True)["score"].agg(["min", "max", "size"])
    trials = trials[trials["size"] >= 3]
    return (trials["min"] == trials["max"]).groupby("listener").mean()


def _untouched_share(frame: pd.DataFrame) -> pd.Series:
    """Share of stimuli that were not rated, or rated without being listened to if that was recorded."""
    trials = frame[frame["kind"] == "trial"]
    return (trials["score"].isna() | (trials["listened_ms"] == 0)).groupby(trials["listener"]).mean()


def _fast_share(rows: pd.DataFrame) -> pd.Series:
    """Share of trials left in less than a second per stimulus."""
    timed = rows[rows["time_ms"].notna()]
    trials = timed.groupby(["listener", "item"], observed=True)["time_ms"].agg(["max", "size"])
    return (trials["max"] < _FAST_MS * trials["size"]).groupby("listener").mean()


def _attention_failed(
    frame: pd.DataFrame, expected: Mapping[str, Mapping[str, tuple[float, float]]], listeners: pd.Index
) -> pd.Series:
    """Number of attention scores outside what was asked for; missing if there was no check."""
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
    return failed.groupby(checks["listener"]).sum(min_count=1).reindex(listeners)


def _agreement(trials: pd.DataFrame, names: pd.Index) -> tuple[pd.Series, pd.Series]:
    """Agreement on the methods, and who shows none though the panel does: they may have guessed."""
    table = listeners(trials).set_index("listener").reindex(names)
    enough = table["n_ratings"] >= _STIMULI_TO_AGREE_ON
    agree = bool(table["agreement"].median() > _PANEL_AGREES) and len(names) > 2
    return table["agreement"], (table["p_agreement"] > 0.05) & enough & agree


def _verdict(
    table: pd.DataFrame,
    frame: pd.DataFrame,
    exclude: tuple[str, ...],
    scale: tuple[float, float],
    limit: float,
) -> pd.DataFrame:
    def judged(rule: str) -> bool:
        """Whether a rule is reported at all: on the standard's scale, or if it was asked for."""
        return scale == STANDARD_SCALE or rule in exclude

    width = scale[1] - scale[0]
    unfinished = ~frame.groupby("listener")["finished"].all().reindex(table.index)
    found: dict[str, tuple[pd.Series, str | pd.Series]] = {
        "hidden-reference": (
            violates_rule(table, "hidden-reference") & judged("hidden-reference"),
            _describe_share(table, "reference", f"the hidden reference under {limit:g}"),
        ),
        "mid-anchor": (
            violates_rule(table, "mid-anchor") & judged("mid-anchor"),
            _describe_share(table, "mid_anchor", f"the mid anchor over {limit:g}"),
        ),
        "repeats": (
            table["repeat_difference"] > 0.2 * width,
            "repeats differ by more than a fifth of the scale",
        ),
        "straight-lining": (table["straight_share"] > _SHARE, "one score for all conditions of a trial"),
        "untouched": (table["untouched_share"] > 0.05, "stimuli not rated or not listened to"),
        "fast": (table["fast_share"] > _SHARE, "trials of less than a second per stimulus"),
        "unfinished": (unfinished, "session not finished"),
        "attention": (table["attention_failed"] > 0, "attention check failed"),
        "headphones": (_headphones_failed(frame, table.index), "headphone check failed"),
        "agreement": (table["disagrees"], "scores of the methods do not follow those of the others"),
    }
    reasons, flags, rules = [], [], []
    for listener in table.index:
        hit = [name for name, (where, _) in found.items() if bool(where.get(listener, False))]
        texts = {name: found[name][1] for name in hit}
        said = {
            name: text if isinstance(text, str) else str(text.loc[listener]) for name, text in texts.items()
        }
        reasons.append("; ".join(said[name] for name in hit if name in exclude))
        flags.append("; ".join(said[name] for name in hit if name not in exclude))
        rules.append("; ".join(name for name in hit if name in exclude))
    table.insert(0, "kept", [not reason for reason in reasons])
    table.insert(1, "reason", reasons)
    table.insert(2, "flags", flags)
    table.insert(3, "rules", rules)
    return table


def _describe_share(table: pd.DataFrame, what: str, words: str) -> pd.Series:
    bad = "reference_low" if what == "reference" else "mid_anchor_high"
    counts = table[bad].astype(str) + " of " + table[f"{what}_trials"].astype(str)
    return words + " in " + counts + " trials"


def _headphones_failed(frame: pd.DataFrame, listeners: pd.Index) -> pd.Series:
    """Return the listeners who failed the headphone check, by the answer `headphone_check`."""
    if "q_headphone_check" not in frame:
        return pd.Series(False, index=listeners)
    failed = frame["q_headphone_check"].map(lambda answer: str(answer).lower() in _FAILED)
    return failed.groupby(frame["listener"]).any().reindex(listeners)
