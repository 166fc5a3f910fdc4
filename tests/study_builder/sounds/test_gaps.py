from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from study_builder import identifiers
from study_builder.errors import LayoutError
from study_builder.identifiers import safe_ids
from study_builder.sounds.flat_folder import split_flat_names
from study_builder.sounds.gaps import find_gaps
from study_builder.sounds.sound_set import read_sounds


class Counted(set[tuple[str, str]]):
    """Pairs that count how often one of them is looked for."""

    looks = 0

    def __contains__(self, pair: object) -> bool:
        self.looks += 1
        return super().__contains__(pair)


@pytest.mark.parametrize("most", [1, 3, 100])
def test_the_first_gaps_and_their_number_are_those_of_a_full_search(most: int) -> None:
    rows, columns = "abcd", "wxyz"
    there = {("a", "w"), ("a", "x"), ("b", "z"), ("d", "y"), ("q", "w"), ("a", "q")}
    every = [pair for pair in itertools.product(rows, columns) if pair not in there]
    assert find_gaps(rows, columns, there, most) == (every[:most], len(every))


def test_files_without_a_common_name_are_not_paired_one_by_one() -> None:
    """An upload may have ten thousand: a hundred million pairs would take the server's memory."""
    names = [str(number) for number in range(2000)]
    there = Counted(zip(names, names, strict=True))
    assert find_gaps(names, names, there, 12)[1] == 2000 * 1999
    assert there.looks < 20


def test_a_set_with_gaps_names_the_first_and_their_number(tmp_path: Path) -> None:
    for name in ("a/reference", "a/x", "b/reference", "c/reference", "c/y"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.wav").touch()
    with pytest.raises(
        LayoutError, match=r"'a' has no condition 'y', which 1 of 3 items has \(and 3 more gaps"
    ):
        read_sounds(tmp_path)


def test_names_are_split_at_the_longest_item_that_a_reference_names() -> None:
    stems = ["a_ref", "a_b_ref", "a_b_c_d", "a_x_y", "q_r_s", "plain", "_c"]
    assert split_flat_names(stems, "item_condition", ["ref"]) == {
        "a_ref": ("a", "ref"),
        "a_b_ref": ("a_b", "ref"),
        "a_b_c_d": ("a_b", "c_d"),
        "a_x_y": ("a", "x_y"),
        "q_r_s": ("q_r", "s"),
        "plain": None,
        "_c": None,
    }


def test_names_of_other_letters_are_numbered_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []

    def count(start: int) -> Iterator[int]:
        for number in itertools.count(start):
            drawn.append(number)
            yield number

    monkeypatch.setattr(identifiers, "count", count)
    ids = list(safe_ids([chr(0x4E00 + number) for number in range(500)]).values())
    assert ids[:3] == ["sound", "sound-2", "sound-3"] and ids[-1] == "sound-500"
    assert len(drawn) < 500
