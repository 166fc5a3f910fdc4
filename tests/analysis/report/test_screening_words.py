"""What the methods paragraph says about screening is what was done; pooled studies keep their items apart."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis import DesignError, mos, screen
from analysis.models.screening import RULES
from analysis.ratings.tidy import tidy
from analysis.report.methods_text import methods, references
from analysis.report.results import Options, analyse
from analysis.report.screening_text import describe_panel, warn_of_no_screening


def ratings(**changes: object) -> pd.DataFrame:
    """Five listeners x four items; `deaf` gives the hidden reference 50, `hasty` leaves pages at once."""
    rows = [
        {
            "listener": listener, "item": f"item{item}", "condition": condition,
            "score": 50.0 if (listener, condition) == ("deaf", "reference") else score + item + place,
            "time_ms": 500.0 if listener == "hasty" else 60_000.0,
        }
        for place, listener in enumerate(["a", "b", "c", "deaf", "hasty"])
        for item in range(4)
        for condition, score in (("reference", 91.0), ("A", 60.0), ("B", 40.0))
    ]  # fmt: skip
    return tidy(pd.DataFrame(rows).assign(**changes))


@pytest.mark.parametrize(
    ("exclude", "sentence"),
    [
        (
            ("hidden-reference", "mid-anchor"),
            "1 of 5 listeners was excluded by the hidden-reference rule of ITU-R BS.1534-3 (the hidden "
            "reference below 90 in more than 15 % of the listener's own trials).",
        ),
        (
            ("fast",),
            "Listeners were not screened by BS.1534-3. 1 of 5 listeners was excluded by further criteria "
            "(fast).",
        ),
        (
            ("hidden-reference", "fast"),
            "1 of 5 listeners was excluded by the hidden-reference rule of ITU-R BS.1534-3 (the hidden "
            "reference below 90 in more than 15 % of the listener's own trials). 1 of 5 listeners was "
            "excluded by further criteria (fast).",
        ),
        ((), "Listeners were not screened by BS.1534-3."),
    ],
)
def test_exclusions_are_credited_to_what_excluded(exclude: tuple[str, ...], sentence: str) -> None:
    results = analyse(ratings(), Options(exclude=exclude))
    assert sentence in methods(results)
    assert methods(results).count("excluded") == sentence.count("excluded")
    assert any("BS.1534" in line for line in references(results)) == ("hidden-reference" in exclude)


def test_without_a_reference_only_further_criteria_exclude() -> None:
    frame = ratings()
    plain = frame[frame["condition"] != "reference"].reset_index(drop=True)
    said = methods(analyse(plain, Options(exclude=("hidden-reference", "fast"))))
    assert (
        "There was no hidden reference and no mid anchor, so nobody was screened by BS.1534-3. 1 of 5" in said
    )


def test_with_a_mid_anchor_both_rules_apply() -> None:
    frame = ratings()
    anchors = frame[frame["condition"] == "A"].assign(condition="anchor70", role="mid_anchor", score=50.0)
    said = methods(analyse(tidy(pd.concat([frame, anchors], ignore_index=True))))
    assert (
        "1 of 5 listeners was excluded by the post-screening rules of ITU-R BS.1534-3 (the hidden reference "
        "below 90 or the mid anchor above 90 in more than 15 % of the listener's own trials)." in said
    )


@pytest.mark.parametrize(
    ("exclude", "warning"),
    [
        (("hidden-reference", "mid-anchor"), []),
        (
            (),
            [
                "Screening was switched off (--exclude none): the means include the scores of 1 of 5 "
                "listeners "
                "whom it would exclude (deaf)."
            ],
        ),
        (
            ("fast",),
            [
                "The rules of BS.1534-3 were switched off (--exclude): the means include the scores of 1 of "
                "4 "
                "listeners whom it would exclude (deaf)."
            ],
        ),
        (
            ("hidden-reference",),
            [
                "The mid-anchor rule of BS.1534-3 was switched off (--exclude), and there was nothing to "
                "screen listeners by."
            ],
        ),
    ],
)
def test_means_of_listeners_who_were_not_screened_are_warned_of(
    exclude: tuple[str, ...], warning: list[str]
) -> None:
    assert warn_of_no_screening(analyse(ratings(), Options(exclude=exclude))) == warning


def test_screening_that_would_exclude_nobody_or_could_not_is_told() -> None:
    good = ratings()
    good = good[good["listener"] != "deaf"].reset_index(drop=True)
    assert warn_of_no_screening(analyse(good, Options(exclude=()))) == [
        "Screening was switched off (--exclude none); it would have excluded nobody."
    ]
    bare = analyse(good[good["condition"] != "reference"].reset_index(drop=True))
    assert describe_panel(bare) == "of all listeners, none screened"
    assert warn_of_no_screening(bare) == [
        "Nobody was screened: there is no hidden reference and no mid anchor."
    ]


def test_many_listeners_are_not_all_named() -> None:
    frame = ratings()
    frame.loc[frame["condition"] == "reference", "score"] = 20.0
    frame = pd.concat([frame, frame.assign(listener=frame["listener"] + "2")], ignore_index=True)
    said = warn_of_no_screening(analyse(frame.assign(session=frame["listener"]), Options(exclude=())))
    assert said[0].endswith("10 of 10 listeners whom it would exclude (a, a2, b, b2, c and 5 more).")


def test_the_scale_that_the_ratings_were_read_with_is_the_screenings() -> None:
    frame = ratings()
    frame["score"] = frame["score"].where(frame["condition"] != "reference", 5.0) / 20
    frame.loc[frame["condition"] == "reference", "score"] = 5.0
    frame.attrs["scales"] = {"score": (1.0, 7.0)}
    assert screen(frame)["kept"].all()
    asked = screen(frame, exclude=RULES)
    assert not asked["kept"].any()
    assert asked["reason"].iloc[0] == "the hidden reference under 6.4 in 4 of 4 trials"
    assert screen(frame, scale=(1, 5), exclude=RULES)["kept"].all()


def test_the_standard_is_named_only_on_its_scale() -> None:
    """A test on five points is no MUSHRA test: nobody is excluded by its rules, nothing cites them."""
    frame = ratings().assign(score=lambda rows: (rows["score"] / 25 + 1).round())
    frame.attrs["scales"] = {"score": (1.0, 5.0)}
    results = analyse(frame)
    assert results.screening["kept"].all() and results.options.exclude == ()
    assert warn_of_no_screening(results) == []
    said = methods(results)
    assert "No listener was excluded." in said and "BS.1534" not in said
    assert not [line for line in references(results) if "BS.1534" in line]
    asked = methods(analyse(frame, Options(exclude=("hidden-reference",))))
    assert (
        "1 of 5 listeners was excluded by the hidden-reference rule of ITU-R BS.1534-3, at the same share of "
        "the scale from 1 to 5, (the hidden reference below 4.6" in asked
    )


def test_few_items_are_warned_of() -> None:
    assert any(note.startswith("There are 4 items: how methods") for note in analyse(ratings()).notes)
    one = analyse(ratings().query("item == 'item3'")).notes
    assert any(
        note.startswith("There is 1 item: how methods compare on others is not known.") for note in one
    )
    grades = ratings().assign(score=lambda rows: (rows["score"] / 25 + 1).round())
    grades.attrs["scales"] = dict.fromkeys(grades["attribute"], (1.0, 5.0))
    few = [note for note in analyse(grades).notes if note.startswith("There are 4 items")]
    assert few
    assert "BS.1534" not in few[0]
    more = [ratings().assign(item=lambda rows, k=k: rows["item"] + str(k)) for k in range(2)]
    assert not [n for n in analyse(pd.concat(more, ignore_index=True)).notes if "items" in n]


def test_items_of_pooled_studies_that_share_a_name_stay_apart() -> None:
    first, second = ratings(study="one"), ratings(study="two")
    second = second[second["item"] != "item3"].assign(score=second["score"] - 9)
    pooled = pd.concat([first, second], ignore_index=True)
    pooled = pooled[pooled["listener"] == "a"]
    by_item = mos(pooled, by="item")
    assert by_item["item"].nunique() == mos(pooled)["n_items"].iloc[0] == 7
    row = screen(pooled).iloc[0]
    assert (row["reference_trials"], row["reference_low"]) == (7, 3)


def test_who_excludes_everybody_is_told_why() -> None:
    frame = ratings()
    frame.loc[frame["condition"] == "reference", "score"] = 20.0
    with pytest.raises(DesignError) as caught:
        analyse(frame)
    assert str(caught.value) == (
        "screening excludes every listener (a: the hidden reference under 90 in 4 of 4 trials; b: the "
        "hidden reference under 90 in 4 of 4 trials; c: the hidden reference under 90 in 4 of 4 trials; and "
        "2 more); use --exclude none to keep them and see what they rated"
    )
