"""Cells as people and spreadsheets write them: each is the number that is meant, or an error says why not."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from analysis import RatingsError, load_ratings
from analysis.ratings.readers import workbook
from tests.analysis.sources import write

HEAD = "listener,item,condition,score\n"
NAN = float("nan")


def column(folder: Path, *cells: str) -> list[float]:
    """Read cells as scores, each quoted."""
    quoted = (cell.replace('"', '""') for cell in cells)
    rows = "".join(f'a,i{n},A,"{cell}"\n' for n, cell in enumerate(quoted))
    return [float(score) for score in load_ratings(write(folder, "r.csv", HEAD + rows))["score"]]


@pytest.mark.parametrize(
    ("cells", "scores"),
    [
        (("63,5", "1,25"), [63.5, 1.25]),
        (("1.234,5", "7"), [1234.5, 7]),
        (("12'345.5", "1 000"), [12345.5, 1000]),
        (("−3", "+2", "４", "'50"), [-3, 2, 4, 50]),
        (("80%", "62,5 %", "７０％", "40\u00a0%"), [80, 62.5, 70, 40]),
        (("4/5", "3 / 5"), [4, 3]),
        (("Excellent (5)", "Good - 4", "Fair: 3", "2 = poor"), [5, 4, 3, 2]),
        (("4: Good (60 to 80)", "5 – Excellent"), [4, 5]),
        (("Excellent", "fair", "Bad"), [5, 3, 1]),
        (("Perceptible, but not annoying", "Very annoying"), [4, 1]),
        (("1e1", ".5", "5."), [10, 0.5, 5]),
    ],
)
def test_numbers_in_other_spellings(cells: tuple[str, ...], scores: list[float], tmp_path: Path) -> None:
    assert column(tmp_path, *cells) == scores


@pytest.mark.parametrize("cell", ["3. Mai", "05. Apr", "3-May", "May-03", "2024-05-03 00:00:00", "3.5.2024"])
def test_a_date_made_of_a_number_is_not_read_as_its_day(cell: str, tmp_path: Path) -> None:
    with pytest.raises(RatingsError, match=r"a date, as spreadsheets make of numbers; expected a number"):
        column(tmp_path, cell, "4")


@pytest.mark.parametrize("cells", [("4/5", "30/100"), ("fifty",), ("5-6",), ("1,234,5",)])
def test_what_may_mean_several_numbers_is_refused(cells: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(RatingsError, match=f"the score is '{cells[0]}', expected a number"):
        column(tmp_path, *cells)


def test_thousands_and_missing_times_cost_no_rating(tmp_path: Path) -> None:
    rows = 'a,x,A,63.5,"12,345"\na,x,B,50,"1,234,567"\na,y,A,5,NA\n'
    frame = load_ratings(write(tmp_path, "r.csv", "listener,item,condition,score,time_ms\n" + rows))
    assert frame["time_ms"].tolist()[:2] == [12345, 1234567] and frame["time_ms"].isna().tolist()[2]
    assert frame["score"].tolist() == [63.5, 50, 5]


def test_zeros_among_grades_and_a_lone_99(tmp_path: Path) -> None:
    rows = "".join(f"l{n},x,{c},{score}\n" for n in range(6) for c, score in (("A", 4), ("B", 1)))
    frame = load_ratings(write(tmp_path, "z.csv", f"{HEAD}{rows}z,x,A,0\n"))
    assert frame["score"].notna().all()
    assert frame.attrs["notes"] == [
        "1 score of 0 counts, though the others are grades from 1 to 4; if it means 'not rated', say "
        "--missing 0."
    ]
    assert load_ratings(write(tmp_path, "n.csv", f"{HEAD}{rows}z,x,A,99\n"))["score"].isna().sum() == 1
    few = load_ratings(write(tmp_path, "f.csv", f"{HEAD}a,x,A,8\na,x,reference,99\n"))
    assert few["score"].tolist() == [8, 99] and "say --missing 99" in few.attrs["notes"][0]


def test_cells_of_a_workbook(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["My test", None], [], ["listener", "item", "condition", "score"], [1, "x", "A", 0.8],
                [None, None, "B", "3,5"], [2, "x", "A", "#N/A"]):  # fmt: skip
        sheet.append(row)
    sheet["D4"].number_format = "0%"
    sheet.merge_cells("A4:A5")
    sheet.merge_cells("B4:B5")
    book.save(tmp_path / "r.xlsx")
    frame = load_ratings(tmp_path / "r.xlsx")
    assert frame[["listener", "item", "condition"]].to_numpy().tolist() == [
        ["1", "x", "A"], ["1", "x", "B"], ["2", "x", "A"],
    ]  # fmt: skip
    assert frame["score"].tolist()[:2] == [80, 3.5] and frame["score"].isna().tolist()[2]
    sheet["D6"] = datetime.datetime(2024, 5, 3)
    book.save(tmp_path / "r.xlsx")
    with pytest.raises(RatingsError, match="line 6: the score is '2024-05-03 00:00:00', a date"):
        load_ratings(tmp_path / "r.xlsx")


def test_frames_with_an_index_and_ids_that_became_floats() -> None:
    frame = pd.DataFrame(
        {"listener": [1.0, 2.0], "item": ["x", " y"], "condition": pd.Categorical(["A", "B"]),
         "score": ["5 - good", "3,5"]}
    )  # fmt: skip
    for given in (frame, frame.set_index("listener"), frame.set_index(["listener", "item"])):
        loaded = load_ratings(given)
        assert loaded[["listener", "item"]].to_numpy().tolist() == [["1", "x"], ["2", "y"]]
        assert loaded["score"].tolist() == [5, 3.5]
    with pytest.raises(RatingsError, match="the data frame has the column 'item' more than once"):
        load_ratings(frame.set_axis(["listener", "item", "item", "score"], axis=1))
    with pytest.raises(RatingsError, match="the data frame has the column 'listener' more than once"):
        load_ratings(frame.set_index("listener", drop=False))


ALL_CELLS = {  # each in its own spelling, all of which openpyxl understands
    "merged": '<mergeCells count="1"><mergeCell ref="A3:XFD1048576"/></mergeCells>',
    "merged in single quotes": "<mergeCells><mergeCell  ref = 'A3:XFD1048576' /></mergeCells>",
    "merged by whole columns": '<mergeCells><mergeCell ref="$A:$XFD"/></mergeCells>',
    "linked": '<hyperlinks><hyperlink ref="A3:XFD1048576" location="A1"/></hyperlinks>',
}


@pytest.mark.parametrize("how", ["far", *ALL_CELLS, "in UTF-16", "in another part", "unpacked"])
def test_a_small_workbook_that_becomes_gigabytes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (("listener", "item", "condition", "score"), ("p", "i", "c", 1)):
        book.active.append(row)
    if how == "far":
        book.active["XFD1048576"] = " "
    book.save(tmp_path / "r.xlsx")
    if how not in ("far", "unpacked"):  # openpyxl would make each of these cells to write it
        with zipfile.ZipFile(tmp_path / "r.xlsx") as packed:
            parts = {name: packed.read(name) for name in packed.namelist()}
        sheet = parts.pop("xl/worksheets/sheet1.xml").decode()
        sheet = sheet.replace("</sheetData>", f"</sheetData>{ALL_CELLS.get(how, ALL_CELLS['merged'])}")
        encoding = "utf-16" if how == "in UTF-16" else "utf-8"
        place = "other.bin" if how == "in another part" else "xl/worksheets/sheet1.xml"
        for name in ("xl/_rels/workbook.xml.rels", "[Content_Types].xml"):
            parts[name] = parts[name].replace(b"/xl/worksheets/sheet1.xml", b"/" + place.encode())
        with zipfile.ZipFile(tmp_path / "r.xlsx", "w") as packed:
            for name, content in parts.items():
                packed.writestr(name, content)
            packed.writestr(place, sheet.encode(encoding))
    if how == "unpacked":
        monkeypatch.setattr(workbook, "_MOST_BYTES", 1000)
    sentence = (
        "r.xlsx unpacks to"
        if how == "unpacked"
        else "has 17,1[78][0-9],[0-9,]* cells; expected at most 5,000"
    )
    with pytest.raises(RatingsError, match=sentence):
        load_ratings(tmp_path / "r.xlsx")
