"""Where a CSV file's cells and rows end, and what is refused because nobody can say."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis import RatingsError, load_ratings
from tests.analysis.sources import MUSHRA, scores, write

HEADER = MUSHRA.splitlines()[0] + "\n"
QUOTE = "a cell opens with a quote and does not end with one"
WANTED = "expected both or none, and quotes inside such a cell twice"


def rows(*comments: str) -> str:
    lines = [
        f"test,a@b.c,30,uuid-{number},song,C1,60,1000,{comment}\n" for number, comment in enumerate(comments)
    ]
    return HEADER + "".join(lines)


@pytest.mark.parametrize(
    ("comments", "sentence"),
    [
        (
            ("fine", '"good" one', "x", '"bad'),
            f"q.csv, line 3: {QUOTE} (',' expected after '\"', line 3); {WANTED}",
        ),
        (
            ("fine", '"open', "x", '"open too', "y"),
            f"q.csv, line 3: {QUOTE} (',' expected after '\"', line 5); {WANTED}",
        ),
        (("fine", '"open', "x", "y"), f"q.csv, line 3: {QUOTE} (unexpected end of data, line 5); {WANTED}"),
        (("fine", '"a \\"b\\" c"'), f"q.csv, line 3: {QUOTE} (',' expected after '\"', line 3); {WANTED}"),
    ],
)
def test_an_open_quote_swallows_nobody(tmp_path: Path, comments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(RatingsError) as error:
        load_ratings(write(tmp_path, "q.csv", rows(*comments)))
    assert str(error.value) == sentence


def test_quotes_inside_a_cell_and_line_breaks_in_quotes_are_text(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_bytes(rows('a 5" speaker', '"two\r\nlines"', '"say ""no"""').encode())
    assert list(load_ratings(path)["comment"]) == ['a 5" speaker', "two\r\nlines", 'say "no"']


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0c", "\x0b", "\x1c"])
@pytest.mark.parametrize("other", ["plain", '"quoted"'])
def test_only_a_newline_ends_a_row(tmp_path: Path, mark: str, other: str) -> None:
    frame = load_ratings(write(tmp_path, "n.csv", rows(f"hello{mark}world", other)))
    assert list(frame["comment"]) == [f"hello{mark}world", other.strip('"')]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_newlines_of_every_system(tmp_path: Path, end: str) -> None:
    path = tmp_path / "n.csv"
    path.write_bytes(rows("x ", "y").replace("\n", end).encode())
    assert list(load_ratings(path)["comment"]) == ["x", "y"]


def test_a_blank_beside_a_score_does_not_take_its_place(tmp_path: Path) -> None:
    blank, copy = "test,a@b.c,30,u,song,C1,,1000,\n", "test,a@b.c,30,u,song,C1,60,1000,\n"
    note = "1 row without a score does not count, because another gives the score (b.csv line {})."
    for text, line in ((blank + copy, 2), (copy + blank, 3)):
        frame = load_ratings(write(tmp_path, "b.csv", HEADER + text))
        assert scores(frame) == {("u", "song", "C1"): 60}
        assert frame.attrs["notes"] == [note.format(line)]
    frame = load_ratings(write(tmp_path, "b.csv", HEADER + blank + copy + copy))
    assert frame.attrs["notes"] == [
        note.format(2),
        "1 row repeats another row's rating and counts once (b.csv line 4).",
    ]
    other = copy.replace(",60,", ",70,")
    with pytest.raises(RatingsError, match=r"the scores 60 and 70 \(lines 3, 4\)\)"):
        load_ratings(write(tmp_path, "b.csv", HEADER + blank + copy + other))


def test_a_database_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "missing.db"
    with pytest.raises(RatingsError) as error:
        load_ratings(f"sqlite:///{path}")
    assert str(error.value) == f"the database {path} does not exist; expected one that the server wrote"
    assert not path.exists()
