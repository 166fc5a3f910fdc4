"""No table that people open has a cell that a spreadsheet runs; the texts come back exactly."""

from __future__ import annotations

import csv
import io
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.ratings.names import defuse, restore_exact

ALPHABET = "=+-@\uff1d\uff0b\uff0d\uff20;'\"\t\r\n, \u00a0ab1"


def cells(text: str, delimiter: str) -> list[str]:
    """Split a written CSV as another program may: at this delimiter, and at every line end outside quotes."""
    return [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) for cell in row]


def runs(cell: str) -> bool:
    """Say whether a spreadsheet would run a cell: written without the module's own patterns."""
    plain = unicodedata.normalize("NFKC", cell.lstrip(' \u00a0"\t\r\n'))
    return plain[:1] in set("=+-@")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("-1", "'-1"),
        ("\uff1dSUM(1)", "'\uff1dSUM(1)"),
        ("\uff0b1", "'\uff0b1"),
        ("\uff0d1", "'\uff0d1"),
        ("\uff20x", "'\uff20x"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        (" =1", "' =1"),
        ("ok;=1", "ok;'=1"),
        ("ok; =1", "ok;' =1"),
        ('ok;"=1', "ok;'\"=1"),
        ("one\n=2", "one\n'=2"),
        ("one\r\n@two", "one\r\n'@two"),
        ("'=1", "''=1"),
        ("'plain", "'plain"),
        ("a-b=c; d", "a-b=c; d"),
        ("\t ", "\t "),
        ("", ""),
        (-1, -1),
        (-1.5, -1.5),
        (None, None),
        (True, True),
    ],
)
def test_each_place_gets_one_apostrophe(text: object, expected: object) -> None:
    assert defuse(text) == expected
    assert restore_exact(defuse(text)) == text


@given(st.text(st.sampled_from(ALPHABET), max_size=12) | st.text())
def test_no_part_of_a_cell_runs_and_the_text_comes_back(text: str) -> None:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow(["id", defuse(text), "end"])
    for part in cells(written.getvalue(), ","):
        assert not runs(part), part
    for part in re.split(r"[;\r\n]", written.getvalue().removeprefix("id,").removeprefix('"')):
        assert not runs(part.replace('""', '"')), part
    assert restore_exact(defuse(text)) == text
