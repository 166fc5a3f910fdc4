"""CSV files as spreadsheets and other systems save them: each gives the same ratings."""

from __future__ import annotations

import codecs
import itertools
from pathlib import Path

import pytest

from analysis import RatingsError, load_ratings

HEADER = ("listener", "item", "condition", "comment", "score")
ROWS = [
    (listener, item, condition, "fine", score)
    for listener, item in itertools.product("ab", ("x", "é"))
    for condition, score in (("reference", "100"), ("A", "63.5"), ("B", "40"))
]
PLAIN = [HEADER, *ROWS]
COMMAS = [HEADER, *(tuple(cell.replace(".", ",") for cell in row) for row in ROWS)]


def table(rows: list[tuple[str, ...]], sep: str = ",", end: str = "\n") -> str:
    return "".join(sep.join(row) + end for row in rows)


def quoted(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [tuple(f'"{cell}"' for cell in row) for row in rows]


def commented(comment: str) -> list[tuple[str, ...]]:
    """The rows with another comment in the second one, which is in the third line of the file."""
    return [*PLAIN[:2], (*PLAIN[2][:3], comment, PLAIN[2][4]), *PLAIN[3:]]


def saved(folder: Path, content: str | bytes) -> Path:
    path = folder / "ratings.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


SAME = {
    "semicolons and decimal commas": table(COMMAS, ";", "\r\n"),
    "the same in quotes": table(quoted(COMMAS), ";", "\r\n"),
    "sep= before semicolons": "sep=;\r\n" + table(COMMAS, ";", "\r\n"),
    "sep= and a byte-order mark": "\ufeffSEP=;\r\n" + table(COMMAS, ";", "\r\n"),
    "sep= in quotes": '"sep=,"\n' + table(quoted(PLAIN)),
    "sep= and the empty cells of a saved sheet": "sep=;;;;\n" + table(COMMAS, ";"),
    "UTF-16 with tabs, Excel's Unicode text": table(COMMAS, "\t", "\r\n").encode("utf-16"),
    "UTF-16 with its bytes the other way": codecs.BOM_UTF16_BE + table(PLAIN).encode("utf-16-be"),
    "empty lines at the end": table(PLAIN) + "\n\r\n,,,,\n  \n",
    "lines of an old Mac": table(PLAIN, end="\r"),
    "returns doubled by a text mode": table(PLAIN, end="\r\r\n"),
    "two files behind one another": table(PLAIN[:7]) + table([HEADER, *PLAIN[7:]]),
    "two files in quotes": table(quoted(PLAIN[:7])) + table(quoted([HEADER, *PLAIN[7:]])),
}


@pytest.mark.parametrize("kind", SAME)
def test_every_way_of_saving_gives_the_same_ratings(kind: str, tmp_path: Path) -> None:
    frame = load_ratings(saved(tmp_path, SAME[kind]))
    found = frame[["listener", "item", "condition", "q_comment" if "q_comment" in frame else "comment"]]
    assert [tuple(row) for row in found.to_numpy()] == [row[:4] for row in ROWS]
    assert frame["score"].tolist() == [float(row[4]) for row in ROWS] and frame.attrs["notes"] == []


@pytest.mark.parametrize("cell", ["one\rtwo", '"one\rtwo"', '"one, ""x""\rtwo"'])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_return_in_a_comment_ends_no_row(cell: str, end: str, tmp_path: Path) -> None:
    frame = load_ratings(saved(tmp_path, table(commented(cell), end=end)))
    assert frame["comment"].iloc[1] == cell.strip('"').replace('""', '"') and len(frame) == len(ROWS)
    assert frame["comment"].iloc[0] == frame["comment"].iloc[2] == "fine"


def test_lines_keep_their_numbers(tmp_path: Path) -> None:
    rows = commented("one\rtwo")
    rows[5] = (*rows[5][:4], "much")
    with pytest.raises(RatingsError) as error:
        load_ratings(saved(tmp_path, "sep=,\n\n" + table(rows)))
    assert str(error.value) == (
        "1 row cannot be used (ratings.csv, line 8: the score is 'much', expected a number); fix it, or "
        "skip it with --bad-rows drop"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            table(PLAIN).encode("utf-16-le"),
            "ratings.csv has zero bytes in its first line, as UTF-16 without a byte-order mark; save it as "
            "UTF-8 CSV, or name its encoding with --encoding",
        ),
        (b"sep=;\r\n", "ratings.csv is empty; expected a CSV header and ratings"),
        (
            b"\xff\xfea",
            "ratings.csv is not utf-16 text; save it as UTF-8 CSV, or name its encoding with --encoding",
        ),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(RatingsError) as error:
        load_ratings(saved(tmp_path, content))
    assert str(error.value) == message
