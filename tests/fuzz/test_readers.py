"""Spoiled ratings in every form that is read, and their analysis: done, or refused in a sentence."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from analysis import load_ratings, mos, screen
from analysis.ratings.choices import test_of as find_test
from analysis.ratings.selection import list_attributes
from analysis.report.choices.write import analyse_choices
from analysis.report.results import Options, analyse
from tests.fuzz import rating_sources as sources
from tests.fuzz.mutations import EXAMPLES, bounded, fewer, refused_in_words, spoiled, spoiled_bytes, storable

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl, which reads workbooks, is not installed")
quarter = fewer(0.25)
FORMATS = ("General", "0%", "0.00", "yyyy-mm-dd")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def examine(path: Path, how: dict[str, Any]) -> int:
    """Read ratings and analyse each attribute as `listenable analyze` does; return how many were analysed."""
    read: list[Any] = []
    for more in ({}, {"bad_rows": "drop", "simulated": "include"}):
        if not refused_in_words(lambda more=more: read.append(load_ratings(path, **how, **more))):
            break
    else:
        return 0
    found: list[str] = []
    refused_in_words(lambda: found.extend(list_attributes(read[0])))
    whole = (
        EXAMPLES > 100 and crc32((path if path.is_file() else path / "config.yaml").read_bytes()) % 10 == 0
    )  # takes a second
    return sum(not refused_in_words(lambda name=name: _analyse(read[0], name, whole)) for name in found)


def _analyse(frame: Any, attribute: str, whole: bool) -> None:
    test, options = find_test(attribute), Options(attribute=attribute, draws=100)
    if test is not None:
        analyse_choices(frame, test, options)
    elif whole:
        analyse(frame, options)
    else:
        mos(frame, attribute=attribute)
        screen(frame, attribute=attribute)


def as_rows(value: Any) -> list[list[Any]]:
    rows = value if isinstance(value, list) else [value]
    return [row if isinstance(row, list) else [row] for row in rows]


def as_csv(rows: Any) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows(as_rows(rows))
    return written.getvalue().encode("utf-8", "replace")


def as_workbook(rows: Any, number_format: str) -> bytes:
    book, written = openpyxl.Workbook(), io.BytesIO()
    for row in as_rows(rows):
        book.active.append([_as_cell(storable(value)) for value in row])
    for row in book.active.iter_rows(min_row=2):
        for cell in row:
            cell.number_format = number_format
    book.save(written)
    return written.getvalue()


def _as_cell(value: Any) -> Any:
    """Return what openpyxl writes: no signs that XML does not have, and numbers of the machine."""
    if isinstance(value, str):
        return openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", value)
    return str(value) if isinstance(value, int) and abs(value) > 10**300 else value


def as_records(value: Any) -> list[dict[str, Any]]:
    found = value if isinstance(value, list) else [value]
    return [record if isinstance(record, dict) else {"session": record} for record in found]


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_what_is_spoiled_is_sound_before(folder: Path) -> None:
    for name, source in sources.TABLES.items():
        path = write(folder, f"{source.file}.csv", as_csv(source.rows))
        assert len(load_ratings(path, bad_rows="drop", **source.how)), name
    for test in sources.CHOICES:
        assert examine(write(folder, "ratings.csv", as_csv(sources.TABLES[test].rows)), {}) == 1, test
    for name, document in sources.DOCUMENTS.items():
        assert len(load_ratings(write(folder, "ratings.json", json.dumps(document).encode()))), name
    assert len(load_ratings(write(folder, "lines.jsonl", LINES.encode())))
    assert examine(write(folder, "ratings.xlsx", WORKBOOK), {}) == 1
    assert len(load_ratings(write(folder, "ratings.xml", sources.WAET.encode())))
    assert examine(write(folder, "ratings.sqlite3", DATABASE), {}) == 2


LINES = "\n".join(json.dumps(record) for record in sources.RECORDS)
DATABASE = sources.database(sources.OURS, sources.ANSWERS)
WORKBOOK = as_workbook(sources.LONG, "0%")


@quarter
@given(st.sampled_from(list(sources.TABLES.values())), st.booleans(), st.data())
def test_tables(folder: Path, source: sources.Source, by_bytes: bool, data: st.DataObject) -> None:
    if by_bytes:
        content = data.draw(spoiled_bytes(as_csv(source.rows)))
    else:
        content = as_csv(data.draw(spoiled(source.rows)))
    examine(write(folder, f"{source.file}.csv", content), source.how)


@quarter
@given(st.sampled_from(list(sources.TABLES.values())), st.sampled_from(FORMATS), st.data())
def test_workbooks_of_other_cells(
    folder: Path, source: sources.Source, number_format: str, data: st.DataObject
) -> None:
    content = as_workbook(data.draw(spoiled(source.rows)), number_format)
    examine(write(folder, f"{source.file}.xlsx", content), source.how)


@bounded
@given(spoiled_bytes(WORKBOOK), st.sampled_from(["xlsx", "csv", "zip"]))
def test_workbooks_of_other_bytes(folder: Path, content: bytes, ending: str) -> None:
    examine(write(folder, f"ratings.{ending}", content), {})


@quarter
@given(st.sampled_from(list(sources.DOCUMENTS.values())).flatmap(spoiled))
def test_documents_of_other_values(folder: Path, document: Any) -> None:
    examine(write(folder, "ratings.json", json.dumps(document).encode("utf-8", "replace")), {})


TEXTS = {
    **{f"{name}.json": json.dumps(document) for name, document in sources.DOCUMENTS.items()},
    "lines.jsonl": LINES,
    "waet.xml": f"<?xml version='1.0' encoding='utf-8'?>{sources.WAET}",
}


@bounded
@given(st.sampled_from(sorted(TEXTS)), st.data())
def test_documents_of_other_bytes(folder: Path, name: str, data: st.DataObject) -> None:
    content = TEXTS[name].encode()
    examine(write(folder, name, data.draw(spoiled_bytes(content) | spoiled_bytes(content, head=64))), {})


@quarter
@given(spoiled(sources.OURS), spoiled(sources.ANSWERS))
def test_databases_of_other_values(folder: Path, ratings: Any, answers: Any) -> None:
    examine(write(folder, "ratings.sqlite3", sources.database(as_records(ratings), as_records(answers))), {})


@quarter
@given(spoiled_bytes(DATABASE))
def test_databases_of_other_bytes(folder: Path, content: bytes) -> None:
    examine(write(folder, "ratings.sqlite3", content), {})


@quarter
@given(spoiled(sources.CONFIG))
def test_folders_of_studies(folder: Path, config: Any) -> None:
    """What the config says is used for labels, scales, attention checks and the kinds of pages."""
    study = folder / "study"
    study.mkdir(exist_ok=True)
    write(study, "ratings.sqlite3", DATABASE)
    write(study, "config.yaml", yaml.safe_dump(config).encode())
    examine(study, {})
