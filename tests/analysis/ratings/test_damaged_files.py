"""Files of ratings that are damaged or odd in a way that a library answers with an error of its own."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from analysis import RatingsError, load_ratings
from tests.analysis.sources import write

RECORD: dict[str, Any] = {"listener": "a", "item": "x", "condition": "A", "score": 1}


@pytest.mark.parametrize("name", ["r.csv", "r.xls"])
def test_a_damaged_archive_of_any_name_is_no_workbook(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("xl/workbook.xml", "<a/>")
    path.write_bytes(path.read_bytes().replace(b"PK\x01\x02", b"PK\x01\x03"))  # of the list of its files
    with pytest.raises(RatingsError, match=rf"^{name} is a zip archive or an OpenDocument sheet; save"):
        load_ratings(path)


def test_a_workbook_without_a_sheet_of_cells(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.create_chartsheet("chart").add_chart(openpyxl.chart.BarChart())
    del book["Sheet"]
    book.save(tmp_path / "r.xlsx")
    with pytest.raises(RatingsError, match=r"^r\.xlsx has no sheet with cells; expected a table of ratings$"):
        load_ratings(tmp_path / "r.xlsx")


def test_a_percentage_that_no_number_of_the_machine_is(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(list(RECORD))
    book.active.append(["a", "x", "A", 123456])
    book.active["D2"].number_format = "0%"
    book.save(tmp_path / "plain.xlsx")
    with zipfile.ZipFile(tmp_path / "plain.xlsx") as plain, zipfile.ZipFile(tmp_path / "r.xlsx", "w") as made:
        for name in plain.namelist():  # openpyxl reads such a number, and does not write it
            made.writestr(name, plain.read(name).replace(b"123456", b"1" + 400 * b"0"))
    with pytest.raises(RatingsError, match=r"^1 row cannot be used \(r\.xlsx, line 2: the score is '10"):
        load_ratings(tmp_path / "r.xlsx")


@pytest.mark.parametrize("encoding", ["klingon", "shift_jis"])
def test_xml_in_an_encoding_that_its_parser_does_not_know(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, "r.xml", f"<?xml version='1.0' encoding='{encoding}'?><waet/>")
    with pytest.raises(RatingsError, match=r"^r\.xml is not XML that can be read: .*encoding"):
        load_ratings(path)


def test_an_encoding_that_is_not_of_texts(tmp_path: Path) -> None:
    path = write(tmp_path, "r.csv", "listener,item,condition,score\na,x,A,1\n")
    with pytest.raises(RatingsError, match=r"^r\.csv is not undefined text; save it as UTF-8 CSV"):
        load_ratings(path, encoding="undefined")


def test_records_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Since Python 3.12 the parser goes deeper than what is written in Python."""
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"a": deep}
    monkeypatch.setattr("analysis.ratings.readers.read_json", lambda *_: [{**RECORD, "more": deep}])
    with pytest.raises(RatingsError, match=r"^r\.json has lists in lists, or keys in keys, without end; exp"):
        load_ratings(write(tmp_path, "r.json", "[]"))


@pytest.mark.parametrize(
    ("ratings", "said"),
    [
        ([{**RECORD, "comment": ["a", "b"]}], "'comment' has a list or keys in a place for one value"),
        ([{**RECORD, "item": {"a": 1}}], "'item' has a list or keys in a place for one value"),
        ([{"page_type": "ab", "score": 1}], "no 'listener'"),
    ],
)
def test_our_export_with_something_else_in_a_cell(
    tmp_path: Path, ratings: list[dict[str, Any]], said: str
) -> None:
    content = json.dumps({"schema_version": 1, "ratings": ratings, "answers": []})
    with pytest.raises(RatingsError, match=rf"^r\.json holds no ratings as our server exports them: {said}$"):
        load_ratings(write(tmp_path, "r.json", content))


def test_our_export_of_pages_without_an_attribute(tmp_path: Path) -> None:
    content = {"schema_version": 1, "ratings": [{**RECORD, "page_type": "acr"}], "answers": []}
    frame = load_ratings(write(tmp_path, "r.json", json.dumps(content)))
    assert frame["attribute"].tolist() == ["score"]
