"""Post-screening of listeners by ITU-R BS.1534-3, and flags that call for a look.

Both rules count a listener's own trials. Rule 1 (hidden reference): excluded when the hidden reference got
less than 90 in more than 15 % of the trials. Rule 2 (mid anchor): excluded when the mid anchor got more than
90 in more than 15 % of the trials, not counting items on which more than 25 % of the listeners rated it above
90. Flags exclude nobody by themselves.

The standard's rules are for its own scale, continuous from 0 to 100. On another one they exclude nobody,
unless they are asked for by name: then the limits are at the same share of the scale.
"""

from __future__ import annotations

import pandas as pd

from analysis.errors import DesignError
from analysis.models import screening_measures as measures
from analysis.models.repeats import repeat_differences
from analysis.ratings.tidy import scale_of, select_rated, separate_items, trial_key

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
    "hearing",
    "environment",
    "transducer",
    "agreement",
    "anchor-order",
    "spread",
)
FAILURES = ("attention", *measures.CHECKS, "unfinished")
_LIMIT, _SHARE = 0.9, 0.15
_DISORDER = 0.2  # share of items
_NARROW = 1 / 3  # of the panel's median standard deviation


def screen(
    frame: pd.DataFrame,
    *,
    attribute: str | None = None,
    scale: tuple[float, float] | None = None,
    exclude: tuple[str, ...] | None = None,
    expected: measures.Expected | None = None,
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
        attention_failed, agreement` (with the others, on the methods), `disagrees, disorder_share` (items
        with anchors and reference out of order), `relative_spread` (standard deviation over the panel's
        median one).

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
    same = frame[frame["attribute"] == rows["attribute"].iloc[0]]
    repeats = repeat_differences(separate_items(same, trials))
    names = pd.Index(sorted(rows["listener"].unique()), name="listener")
    columns: dict[str, pd.Series] = {
        "n_trials": rows.drop_duplicates(trial_key(rows)).groupby("listener").size(),
        **_columns(measures.count_low_references(rows, limit)),
        **_columns(measures.count_high_mid_anchors(rows, limit)),
        "repeat_difference": repeats.abs().groupby("listener").mean(),
        "straight_share": measures.straight_share(rows),
        "untouched_share": measures.untouched_share(same),
        "fast_share": measures.fast_share(rows),
        "attention_failed": measures.count_failed_attention(same, expected or {}),
        **_columns(measures.measure_agreement(trials)),
        "disorder_share": measures.share_of_disorder(rows),
        "relative_spread": measures.relative_spread(rows),
    }
    table = pd.DataFrame({name: values.reindex(names) for name, values in columns.items()}, index=names)
    counts = ["reference_trials", "reference_low", "mid_anchor_trials", "mid_anchor_high"]
    table[counts] = table[counts].fillna(0).astype(int)
    table["disagrees"] = table["disagrees"].eq(True)
    return _judge(table, frame, exclude, (low, high)).reset_index()


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


def find_failures(frame: pd.DataFrame, expected: measures.Expected | None = None) -> pd.DataFrame:
    """Return for each listener which checks failed that do not depend on what is asked: `FAILURES`.

    Args:
        frame: Tidy ratings of one attribute.
        expected: See `screen`.

    Returns:
        A boolean column per check, by listener.
    """
    names = pd.Index(sorted(frame["listener"].unique()), name="listener")
    failed = {
        "attention": measures.count_failed_attention(frame, expected or {}) > 0,
        **{name: measures.has_failed_check(frame, check) for name, check in measures.CHECKS.items()},
        "unfinished": ~frame.groupby("listener")["finished"].all().astype(bool),
    }
    return pd.DataFrame(failed, index=names).eq(True)


def _judge(
    table: pd.DataFrame, frame: pd.DataFrame, exclude: tuple[str, ...], scale: tuple[float, float]
) -> pd.DataFrame:
    """Put `kept, reason, flags, rules` before the numbers."""
    # The standard's rules are reported on its own scale, and where they were asked for.
    judging = [rule for rule in RULES if scale == STANDARD_SCALE or rule in exclude]
    violated = {rule: violates_rule(table, rule) for rule in judging} | _raise_flags(table, frame, scale)
    texts = _describe(table, limit_of(scale))
    reasons, flags, rules = [], [], []
    hits = pd.DataFrame(violated, index=table.index).eq(True)
    for listener, hit in zip(table.index, hits.to_numpy(), strict=True):
        names = [name for name, is_hit in zip(hits.columns, hit, strict=True) if is_hit]
        said = {
            name: text if isinstance(text := texts[name], str) else str(text.loc[listener]) for name in names
        }
        reasons.append("; ".join(said[name] for name in names if name in exclude))
        flags.append("; ".join(said[name] for name in names if name not in exclude))
        rules.append("; ".join(name for name in names if name in exclude))
    verdict = {"kept": [not reason for reason in reasons], "reason": reasons, "flags": flags, "rules": rules}
    return pd.concat([pd.DataFrame(verdict, index=table.index), table], axis=1)


def _columns(table: pd.DataFrame) -> dict[str, pd.Series]:
    return {str(name): table[name] for name in table}


def _raise_flags(
    table: pd.DataFrame, frame: pd.DataFrame, scale: tuple[float, float]
) -> dict[str, pd.Series]:
    return {
        "repeats": table["repeat_difference"] > 0.2 * (scale[1] - scale[0]),
        "straight-lining": table["straight_share"] > _SHARE,
        "untouched": table["untouched_share"] > 0.05,
        "fast": table["fast_share"] > _SHARE,
        "unfinished": ~frame.groupby("listener")["finished"].all().reindex(table.index).astype(bool),
        "attention": table["attention_failed"] > 0,
        **{
            name: measures.has_failed_check(frame, check).reindex(table.index)
            for name, check in measures.CHECKS.items()
        },
        "agreement": table["disagrees"],
        "anchor-order": table["disorder_share"] > _DISORDER,
        "spread": table["relative_spread"] < _NARROW,
    }


def _describe(table: pd.DataFrame, limit: float) -> dict[str, str | pd.Series]:
    """Return what the report says of each rule and flag, where it has numbers by listener."""
    return {
        "hidden-reference": _describe_count(
            table, "reference_low", "reference_trials", f"the hidden reference under {limit:g}"
        ),
        "mid-anchor": _describe_count(
            table, "mid_anchor_high", "mid_anchor_trials", f"the mid anchor over {limit:g}"
        ),
        "repeats": "repeats differ by more than a fifth of the scale",
        "straight-lining": "one score for all conditions of an item",
        "untouched": "stimuli not rated or not listened to",
        "fast": "trials of less than a second per stimulus",
        "unfinished": "session not finished",
        "attention": "attention check failed",
        **{name: check.words for name, check in measures.CHECKS.items()},
        "agreement": "scores of the methods do not follow those of the others",
        "anchor-order": "anchors and reference out of order on more than a fifth of the items",
        "spread": "uses less than a third of the spread of scores that others use",
    }


def _describe_count(table: pd.DataFrame, bad: str, of: str, words: str) -> pd.Series:
    return words + " in " + table[bad].astype(str) + " of " + table[of].astype(str) + " trials"
