"""The methods paragraph says what was done, whatever was chosen, and cites what it rests on."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from analysis.models.compare import TESTS
from analysis.report.methods_text import REFERENCES_OF, methods, references
from analysis.report.results import Options, Results, analyse
from analysis.statistics.intervals import INTERVALS

MODEL = "listeners and items as random (generalised inference on the variance components: Tsui and"


def analysed(frame: pd.DataFrame, **choices: object) -> Results:
    return analyse(frame, Options(draws=100, **choices))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("interval", "test", "correction"),
    [
        *itertools.product(INTERVALS, ["two-way"], ["holm"]),
        *itertools.product(["listener"], TESTS, ["hochberg"]),
    ],
)
def test_what_is_cited_is_listed_and_what_is_listed_is_cited(
    mushra: pd.DataFrame, interval: str, test: str, correction: str
) -> None:
    results = analysed(mushra, interval=interval, test=test, correction=correction)
    said, listed = methods(results), references(results)
    for key, reference in REFERENCES_OF.items():
        name = {"mendonca": "Mendonça", "bs1534": "BS.1534-3"}.get(key, key.capitalize())
        assert (name in said) == (reference in listed), name


def test_the_model_is_told_once_where_means_and_differences_share_it(mushra: pd.DataFrame) -> None:
    said = methods(analysed(mushra))
    assert said.count(MODEL) == 1
    assert (
        "The 2 methods were compared in pairs on the differences within listener and item by a test that "
        in said
    )
    assert (
        "treats them in the same way; p values are corrected by Holm (1979) over 1 comparison. Intervals and "
        "p values speak about new listeners and items." in said
    )


def test_simultaneous_intervals_are_described(mushra: pd.DataFrame) -> None:
    said = methods(analysed(mushra, against="good"))
    assert (
        "over 4 comparisons, and the 95 % intervals hold for all 4 at once (Bonferroni); where the p value "
        "finds a difference that the interval does not, it ends at 0. " in said
    )


def test_means_of_repeated_ratings_and_of_other_items_are_described(mushra: pd.DataFrame) -> None:
    assert f"plain means of {len(mushra)} ratings; their" in methods(analysed(mushra))
    again = pd.concat([mushra, mushra.assign(session="second")], ignore_index=True)
    assert (
        f"plain means of {len(mushra)} cell means, one per listener, item and condition, of "
        f"{2 * len(mushra)} ratings; their" in methods(analysed(again))
    )
    rows = mushra[mushra["condition"].isin(["good", "poor"])]
    nested = rows[(rows["condition"] == "good") == (rows["item"] < "item 03")].reset_index(drop=True)
    results = analysed(nested)
    assert "on the means over their different items or listeners by Welch's t test" in methods(results)
    assert any(reference.startswith("H. H. Clark") for reference in references(results))


@pytest.mark.parametrize(
    ("test", "sentence"),
    [
        ("two-way", f"by a test that treats {MODEL}"),
        (
            "wilcoxon",
            "by the Wilcoxon signed-rank test over the listeners' mean differences (zeros by Pratt, 1959)",
        ),
        ("permutation", "by a sign-flip permutation test over the listeners' summed differences;"),
        (
            "medians",
            "by the permutation test of medians of ITU-R BS.1534-3, attachment 3, which ignores the pairing",
        ),
    ],
)
def test_differences_have_their_own_model_beside_other_intervals(
    mushra: pd.DataFrame, test: str, sentence: str
) -> None:
    said = methods(analysed(mushra, interval="naive-t", test=test, correction="none"))
    assert sentence in said and said.count(MODEL) == (test == "two-way")
    assert "p values and intervals are not corrected for the number of comparisons" in said
    ends = {
        "two-way": "Intervals and p values speak about new listeners and items.",
        "medians": "Intervals (t, over single ratings) and p values speak about single ratings as if",
    }
    of_listeners = "Intervals (t, over listeners) and p values speak about new listeners, these items."
    assert ends.get(test, of_listeners) in said


def test_who_is_compared_with_whom(mushra: pd.DataFrame) -> None:
    named = mushra.assign(label=mushra["condition"].replace("good", "Our method"))
    said = methods(analysed(named, against="good"))
    assert (
        "Each other condition was compared with Our method (differences: condition minus Our method) on the "
        "differences" in said
    )
    assert "over 4 comparisons" in said
    one = mushra[mushra["condition"].isin(["good", "reference"])].reset_index(drop=True)
    assert "The 2 conditions were compared in pairs" in methods(analysed(one))


def test_a_part_of_the_items_is_told(mushra: pd.DataFrame) -> None:
    assert methods(analysed(mushra)).startswith(
        "10 listeners rated 5 conditions of 6 items on a scale from 0 to"
    )
    item, listener = (mushra[name].str[-2:].astype(int) for name in ("item", "listener"))
    half = mushra[(item + listener) % 2 == 0].reset_index(drop=True)
    assert " of 6 items, each listener 3 of them, on a scale from" in methods(analysed(half))
    some = mushra[(item != 5) | (listener < 4)].reset_index(drop=True)
    assert " of 6 items, each listener 5 to 6 of them, on a scale from" in methods(analysed(some))
