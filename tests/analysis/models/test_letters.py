"""Compact letters: what sharing a letter means, and the same groups as R's."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis import DesignError, compact_letters, compare

Make = Callable[..., pd.DataFrame]


def pairs(names: str, different: set[str]) -> pd.DataFrame:
    rows = [
        (a, b, f"label {a}", f"label {b}", 0.01 if a + b in different else 0.2)
        for a, b in itertools.combinations(names, 2)
    ]
    table = pd.DataFrame(rows, columns=["condition_a", "condition_b", "label_a", "label_b", "p"])
    return table.assign(about="new listeners and items", simulated=False)


@pytest.mark.parametrize("seed", range(8))
def test_two_conditions_share_a_letter_if_and_only_if_they_are_not_shown_to_differ(seed: int) -> None:
    rng = np.random.default_rng(seed)
    every = ["".join(pair) for pair in itertools.combinations("ABCDEFG", 2)]
    different = {pair for pair in every if rng.random() < 0.4}
    table = compact_letters(pairs("ABCDEFG", different)).set_index("condition")["letters"]
    for a, b in itertools.combinations("ABCDEFG", 2):
        assert (set(table[a]).isdisjoint(table[b])) == (a + b in different), (a, b)
    members = [{name for name in "ABCDEFG" if letter in table[name]} for letter in set("".join(table))]
    assert not any(one < other for one in members for other in members), "no group is inside another"


def test_the_letters_are_those_of_multcomp() -> None:
    # R 4.2.2, multcomp 1.4-22; x names the ten pairs, TRUE where they differ:
    # multcomp:::insert_absorb(x, Letters=letters, lvl_order=LETTERS[1:5],
    #                          comps=do.call(rbind, strsplit(names(x), "-")))$Letters
    found = compact_letters(pairs("ABCDE", {"AC", "AD", "AE", "BD", "BE", "CE"}))
    assert found[["condition", "letters"]].to_numpy().tolist() == [
        ["A", "a"], ["B", "ab"], ["C", "bc"], ["D", "cd"], ["E", "d"],
    ]  # fmt: skip
    assert list(found["label"]) == [f"label {name}" for name in "ABCDE"]


def test_letters_of_a_study(make: Make) -> None:
    frame = make(listeners=12, items=8, means={"A": 80.0, "B": 60.0, "C": 60.0, "D": 20.0})
    table = compare(frame, draws=200)
    found = compact_letters(table).set_index("condition")["letters"]
    assert set(found[["B", "C"]]) == {"b"} and (found["A"], found["D"]) == ("a", "c")
    with pytest.raises(DesignError, match="a comparison of every pair of conditions; found 3 of 6"):
        compact_letters(compare(frame, against="B", draws=200))
    untested = compact_letters(table.assign(p=np.nan))
    assert set(untested["letters"]) == {"a"}, "nothing is shown without p values"


def test_more_groups_than_the_alphabet_has_letters() -> None:
    # 60 conditions that all differ from all but the next one: 59 groups.
    names = [chr(0x4E00 + place) for place in range(60)]
    different = {a + b for a, b in itertools.combinations(names, 2) if names.index(b) - names.index(a) > 1}
    found = compact_letters(pairs("".join(names), different))["letters"]
    assert found.iloc[0] == "a" and found.iloc[-1] == "g1" and found.iloc[26] == "zA"
