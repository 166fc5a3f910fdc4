"""BS.1534-3's rules at, under and over their limits, on each listener's own trials."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis import DesignError, kept, screen
from analysis.models.screening import RULES, violates_rule
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
    assert excluded(frame, scale=(1, 5), exclude=RULES) == ["a"]
    assert excluded(trials({"a": 5}, of=5, low=4.6, good=5.0), scale=(1, 5), exclude=RULES) == []


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
    assert flags(frame.assign(q_hearing_check="failed")) == "hearing check failed"
    assert flags(frame.assign(q_environment_check="failed")) == "check of the surroundings failed"
    assert flags(frame.assign(q_transducer="built-in loudspeakers")) == "listened with built-in loudspeakers"
    assert flags(frame.assign(q_transducer="headphones", q_device="built-in loudspeakers")) == ""
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
        DesignError, match="unknown screening rule 'mood'; expected one of hidden-reference, mid-anchor"
    ):
        screen(frame, exclude=("mood",))


def twenty(**columns: object) -> pd.DataFrame:
    """A listener's 20 trials of three conditions; every score differs."""
    rows = [("a", f"item{i:02d}", name, 10.0 * k + i) for i in range(20) for k, name in enumerate("XYZ")]
    frame = tidy(pd.DataFrame(rows, columns=["listener", "item", "condition", "score"]))
    return frame.assign(**{"time_ms": 20_000.0, "listened_ms": 3000.0, **columns})


def within(frame: pd.DataFrame, trials: int) -> pd.Series:
    return frame["item"] < f"item{trials:02d}"


# Of 20 trials, 3 are 15 % and 4 are 20 %; of 60 stimuli, 3 are 5 % and 4 are 6.7 %.
@pytest.mark.parametrize(("count", "flagged"), [(0, False), (3, False), (4, True)])
def test_the_shares_that_raise_a_flag(count: int, flagged: bool) -> None:
    frame = twenty()
    straight = frame.assign(score=frame["score"].mask(within(frame, count), 50.0))
    assert flags(straight) == ("one score for all conditions of an item" if flagged else "")
    fast = frame.assign(time_ms=frame["time_ms"].mask(within(frame, count), 2999.0))
    assert flags(fast) == ("trials of less than a second per stimulus" if flagged else "")
    silent = frame.assign(listened_ms=frame["listened_ms"].mask(frame.index < count, 0.0))
    unrated = frame.assign(score=frame["score"].mask(frame.index < count))
    for untouched in (silent, unrated):
        assert flags(untouched) == ("stimuli not rated or not listened to" if flagged else "")


def test_the_numbers_behind_the_flags() -> None:
    frame = twenty()
    changed = frame.assign(
        score=frame["score"].mask(within(frame, 5), 50.0),
        time_ms=frame["time_ms"].mask(within(frame, 2), 10.0),
        listened_ms=frame["listened_ms"].mask(frame.index < 6, 0.0),
    )
    row = screen(changed).iloc[0]
    assert (row["straight_share"], row["fast_share"], row["untouched_share"]) == (0.25, 0.1, 0.1)
    assert (row["n_trials"], row["kept"]) == (20, True)


def test_two_equal_scores_are_not_a_straight_line() -> None:
    pairs = twenty(score=50.0)
    assert flags(pairs[pairs["condition"] != "Z"]) == ""
    assert "one score" in flags(pairs)


def test_a_second_per_stimulus_is_the_pages_own_number_of_stimuli() -> None:
    two = twenty(time_ms=2000.0)
    two = two[two["condition"] != "Z"]
    assert flags(two) == "" and "less than a second" in flags(two.assign(time_ms=1999.0))
    assert flags(twenty(time_ms=float("nan"))) == "", "no time was recorded"


def test_pages_of_one_sound_are_trials_of_their_own() -> None:
    # As in ACR and DCR: each sound has a page, so that 1.5 s for each of three are no hurry.
    alone = twenty(time_ms=1500.0, trial_position=lambda f: range(len(f)))
    assert flags(alone) == "" and screen(alone).iloc[0]["n_trials"] == 60
    together = twenty(time_ms=1500.0, trial_position=lambda f: f.index // 3)
    assert "less than a second" in flags(together) and screen(together).iloc[0]["n_trials"] == 20
    assert "less than a second" in flags(alone.assign(time_ms=999.0))


@pytest.mark.parametrize(("scale", "step"), [((0, 100), 20.0), ((1, 5), 0.8), ((-2, 2), 0.8)])
def test_repeats_may_differ_by_a_fifth_of_the_scale(scale: tuple[float, float], step: float) -> None:
    frame = twenty(score=1.0)
    for sign in (1, -1):
        at, over = (
            pd.concat([frame, frame.assign(kind="repeat", score=1.0 + sign * gap)], ignore_index=True)
            for gap in (step, 1.01 * step)
        )
        assert "repeats differ" not in flags(at, scale=scale)
        assert "repeats differ by more than a fifth of the scale" in flags(over, scale=scale)
    half = pd.concat([frame, frame.head(30).assign(kind="repeat", score=1.5)], ignore_index=True)
    assert screen(half, scale=scale)["repeat_difference"].iloc[0] == 0.5


def test_attention_checks_count_scores_outside_both_ends() -> None:
    frame = twenty()
    checks = frame.head(4).assign(kind="attention", item="check", condition=list("XYZW"))
    both = pd.concat([frame, checks.assign(score=[30.0, 50.0, 29.9, 50.1])], ignore_index=True)
    asked = {"check": dict.fromkeys("XYZW", (30.0, 50.0))}
    assert screen(both, expected=asked)["attention_failed"].iloc[0] == 2
    kept_ends = {"check": dict.fromkeys("XY", (30.0, 50.0))}
    assert screen(both, expected=kept_ends)["attention_failed"].iloc[0] == 0
    assert pd.isna(screen(both)["attention_failed"].iloc[0])


@pytest.mark.parametrize("answer", ["fail", "Failed", "FALSE", "0", "no", False, 0])
def test_answers_that_say_that_the_headphone_check_failed(answer: object) -> None:
    frame = twenty()
    assert flags(frame.assign(q_headphone_check=answer)) == "headphone check failed"
    assert flags(frame.assign(q_headphone_check="passed")) == ""


def test_each_rule_excludes_or_flags_as_asked() -> None:
    frame = pd.concat([trials({"a": 8}, of=8), anchors({"a": set(range(8))}, of=8)], ignore_index=True)
    guard = anchors({f"fine{n}": set() for n in range(4)}, of=8)
    both = pd.concat([frame, guard], ignore_index=True)
    first, second = (
        "the hidden reference under 90 in 8 of 8 trials",
        "the mid anchor over 90 in 8 of 8 trials",
    )
    order = "anchors and reference out of order on more than a fifth of the items"
    row = screen(both).set_index("listener").loc["a"]
    assert (row["reason"], row["flags"]) == (f"{first}; {second}", order)
    assert row["rules"] == "hidden-reference; mid-anchor" and not row["kept"]
    row = screen(both, exclude=("mid-anchor",)).set_index("listener").loc["a"]
    assert (row["reason"], row["flags"], row["rules"]) == (second, f"{first}; {order}", "mid-anchor")
    row = screen(both, exclude=()).set_index("listener").loc["a"]
    assert (row["reason"], row["flags"], row["kept"]) == ("", f"{first}; {second}; {order}", True)
    table = screen(both, exclude=())
    assert list(violates_rule(table, "hidden-reference")) == [True, False, False, False, False]
    assert list(violates_rule(table, "mid-anchor")) == [True, False, False, False, False]


def test_a_trials_own_mean_is_held_against_the_limit() -> None:
    # Two hidden references in a trial: their mean decides.
    frame = trials({"a": 4}, of=4, low=80)
    twice = pd.concat([frame, frame.assign(score=100.0)], ignore_index=True)
    assert excluded(twice) == [] and screen(twice)["reference_trials"].iloc[0] == 4


def test_the_rules_are_for_the_standards_scale() -> None:
    """Nobody is excluded by BS.1534-3 on a scale of five points unless it is asked for."""
    frame = trials({"a": 5}, of=5, low=4.0, good=5.0)
    by_default = screen(frame, scale=(1, 5))
    assert by_default["kept"].all() and (by_default["flags"] == "").all()
    asked = screen(frame, scale=(1, 5), exclude=("hidden-reference",)).set_index("listener")
    assert list(asked.index[~asked["kept"]]) == ["a"]
    assert asked.loc["a", "reason"] == "the hidden reference under 4.6 in 5 of 5 trials"
    on_hundred = screen(frame.assign(score=frame["score"] * 20), scale=(0, 100))
    assert list(on_hundred.loc[~on_hundred["kept"], "listener"]) == ["a"]


def test_who_finds_the_reference_and_guesses_the_rest_is_flagged(mushra: pd.DataFrame) -> None:
    guesses = (mushra["listener"] == "listener 003") & (mushra["condition"] != "reference")
    scores = np.random.default_rng(1).uniform(0, 100, int(guesses.sum()))
    mushra.loc[guesses, "score"] = scores.round()
    mushra.loc[guesses & (mushra["role"] == "mid_anchor"), "score"] = 40.0
    table = screen(mushra).set_index("listener")
    flagged = table.index[table["flags"].str.contains("scores of the methods do not follow")]
    assert list(flagged) == ["listener 003"] and bool(table.loc["listener 003", "kept"])
    assert not screen(mushra, exclude=("agreement",)).set_index("listener").loc["listener 003", "kept"]


def test_anchors_and_reference_out_of_order_are_flagged(mushra: pd.DataFrame) -> None:
    of_one = mushra["listener"] == "listener 003"
    swapped = {"anchor35": "anchor70", "anchor70": "anchor35"}
    for items, share in ((1, 1 / 6), (2, 2 / 6)):  # a fifth of six trials is 1.2
        where = of_one & (mushra["item"] < f"item {items:02d}")
        frame = mushra.assign(condition=mushra["condition"].mask(where, mushra["condition"].replace(swapped)))
        frame["role"] = frame["condition"].map(
            mushra.drop_duplicates("condition").set_index("condition")["role"]
        )
        table = screen(frame).set_index("listener")
        assert table.loc["listener 003", "disorder_share"] == pytest.approx(share)
        flagged = table.index[table["flags"].str.contains("anchors and reference out of order")]
        assert list(flagged) == (["listener 003"] if items == 2 else [])
    above = mushra.assign(score=mushra["score"].mask(of_one & (mushra["role"] == "low_anchor"), 100.5))
    two = above[above["role"] != "mid_anchor"]
    assert screen(two).set_index("listener")["disorder_share"].to_dict() == {
        **dict.fromkeys(mushra["listener"].unique(), 0.0),
        "listener 003": 1.0,
    }
    level = above.assign(score=50.0)
    assert (screen(level)["disorder_share"] == 0).all(), "equal scores are in order"
    assert screen(above[above["role"] == "method"])["disorder_share"].isna().all()


def test_who_uses_little_of_the_scale_is_flagged(mushra: pd.DataFrame) -> None:
    of_one = mushra["listener"] == "listener 003"
    spreads = mushra.groupby("listener")["score"].std()
    for share, flagged in ((0.5, False), (0.3, True)):
        frame = mushra.assign(score=mushra["score"].mask(of_one, 60 + share * (mushra["score"] - 60)))
        table = screen(frame, exclude=("spread",)).set_index("listener")
        middle = spreads.drop("listener 003").to_list()
        median = np.median([*middle, share * spreads["listener 003"]])
        expected = share * spreads["listener 003"] / median
        assert table.loc["listener 003", "relative_spread"] == pytest.approx(expected)
        assert table["kept"].to_dict()["listener 003"] is not flagged
    few = mushra[mushra["listener"].isin(["listener 002", "listener 003"])]
    assert screen(few)["relative_spread"].isna().all(), "two listeners are no panel"
    short = mushra[mushra["item"] == "item 00"]
    assert screen(short)["relative_spread"].isna().all(), "five ratings say little of a spread"
