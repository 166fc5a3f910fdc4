"""BS.1534-3's rules at, under and over their limits, on each listener's own trials."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis import DesignError, kept, screen
from analysis.ratings.tidy import tidy


def trials(
    bad: dict[str, int], of: int, condition: str = "reference", low: float = 89, good: float = 100
) -> pd.DataFrame:
    """Each listener gives a bad score in the first trials of `of`, a good one in the others."""
    rows = [
        (listener, f"item{number:02d}", condition, low if number < count else good)
        for listener, count in bad.items()
        for number in range(of)
    ]
    return tidy(pd.DataFrame(rows, columns=["listener", "item", "condition", "score"]))


def excluded(frame: pd.DataFrame, **options: object) -> list[str]:
    table = screen(frame, **options)  # type: ignore[arg-type]
    return list(table.loc[~table["kept"], "listener"])


def test_more_than_15_percent_of_the_own_trials_under_90() -> None:
    # 3 of 20 is exactly 15 %: kept. 4 of 20 is 20 %: excluded.
    assert excluded(trials({"never": 0, "at": 3, "over": 4}, of=20)) == ["over"]


def test_the_share_is_of_the_listeners_own_trials() -> None:
    few = trials({"few": 2}, of=4)
    many = trials({"many": 2}, of=20)
    assert excluded(pd.concat([few, many], ignore_index=True)) == ["few"]


def test_90_itself_is_not_under_90() -> None:
    assert excluded(trials({"exact": 5}, of=5, low=90)) == []
    assert excluded(trials({"less": 5}, of=5, low=89.9)) == ["less"]


def test_the_reason_gives_the_numbers() -> None:
    table = screen(trials({"a": 5}, of=8)).iloc[0]
    assert table["reason"] == "the hidden reference under 90 in 5 of 8 trials"
    assert (table["reference_trials"], table["reference_low"], table["reference_share"]) == (8, 5, 0.625)


def anchors(high: dict[str, set[int]], of: int) -> pd.DataFrame:
    rows = [
        (listener, f"item{number:02d}", "anchor70", 91.0 if number in items else 40.0)
        for listener, items in high.items()
        for number in range(of)
    ]
    return tidy(pd.DataFrame(rows, columns=["listener", "item", "condition", "score"]))


def test_the_mid_anchor_above_90_in_more_than_15_percent_of_the_items() -> None:
    panel = {f"fine{n}": set[int]() for n in range(8)}
    assert excluded(anchors({**panel, "at": {0, 1, 2}, "over": {3, 4, 5, 6}}, of=20)) == ["over"]


def test_items_on_which_over_a_quarter_rates_the_mid_anchor_high_do_not_count() -> None:
    panel = {f"fine{n}": set[int]() for n in range(4)}
    guarded = {**panel, "a": {0, 1}, "b": {0, 1}}  # 2 of 6 listeners, a third, on items 0 and 1
    table = screen(anchors(guarded, of=10)).set_index("listener")
    assert table["kept"].all() and (table["mid_anchor_trials"] == 8).all()
    alone = {**{f"fine{n}": set[int]() for n in range(3)}, "a": {0, 1}}  # exactly a quarter still counts
    assert excluded(anchors(alone, of=10)) == ["a"]


def test_training_and_repeats_do_not_count() -> None:
    frame = trials({"a": 0}, of=8)
    noise = trials({"a": 8}, of=8).assign(kind="training")
    assert excluded(pd.concat([frame, noise], ignore_index=True)) == []


def test_the_limits_follow_the_scale() -> None:
    frame = trials({"a": 5}, of=5, low=4.5, good=5.0)  # 90 % of the way from 1 to 5 is 4.6
    assert excluded(frame, scale=(1, 5)) == ["a"]
    assert excluded(trials({"a": 5}, of=5, low=4.6, good=5.0), scale=(1, 5)) == []


def test_without_reference_and_anchor_nobody_can_be_excluded() -> None:
    assert excluded(trials({"a": 5}, of=5, condition="method")) == []


def test_kept_returns_the_ratings_of_those_who_stay() -> None:
    frame = trials({"good": 0, "bad": 8}, of=8)
    assert set(kept(frame, screen(frame))["listener"]) == {"good"}


def flags(frame: pd.DataFrame, **options: object) -> str:
    return str(screen(frame, **options)["flags"].iloc[0])  # type: ignore[arg-type]


def base() -> pd.DataFrame:
    rows = [("a", f"item{i}", name, 10.0 * k + i) for i in range(6) for k, name in enumerate("XYZ")]
    frame = tidy(pd.DataFrame(rows, columns=["listener", "item", "condition", "score"]))
    frame["time_ms"], frame["listened_ms"] = 20000.0, 3000.0
    return frame


def test_an_attentive_listener_has_no_flag() -> None:
    assert flags(base()) == ""


def test_flags() -> None:
    frame = base()
    assert "one score for all" in flags(frame.assign(score=50.0))
    assert "less than a second per stimulus" in flags(frame.assign(time_ms=2999.0))
    assert flags(frame.assign(time_ms=3000.0)) == ""
    assert "not listened to" in flags(frame.assign(listened_ms=0.0))
    assert "session not finished" in flags(frame.assign(finished=False))
    assert "headphone check failed" in flags(frame.assign(q_headphone_check="failed"))
    assert flags(frame.assign(q_headphone_check="passed", q_headphone_check_correct="0")) == ""
    again = frame.assign(kind="repeat", score=frame["score"] + 30)
    assert "repeats differ" in flags(pd.concat([frame, again], ignore_index=True), scale=(0, 100))
    assert flags(pd.concat([frame, frame.assign(kind="repeat")], ignore_index=True)) == ""


def test_attention_checks_need_to_know_the_answer() -> None:
    frame = base()
    check = frame.head(1).assign(kind="attention", item="check", score=40.0)
    both = pd.concat([frame, check], ignore_index=True)
    assert flags(both) == ""
    assert "attention check failed" in flags(both, expected={"check": {"X": (90, 100)}})
    assert flags(both, expected={"check": {"X": (30, 50)}}) == ""


def test_flags_can_be_told_to_exclude() -> None:
    frame = base().assign(finished=False)
    assert excluded(frame) == [] and excluded(frame, exclude=("unfinished",)) == ["a"]
    with pytest.raises(
        DesignError, match="no screening rule 'mood'; expected one of hidden-reference, mid-anchor"
    ):
        screen(frame, exclude=("mood",))
