"""Small files that ask for large tables: refused in a sentence, before the table is made."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from analysis import RatingsError, load_ratings
from analysis.ratings.readers import bounds, pair_matrix

OURS = {"study": "s", "item": "i", "condition": "c", "attribute": "score", "kind": "trial", "score": 1}
MANY = range(60)


def documents() -> dict[str, Any]:
    """As pymushra stores them, each with a question of its own."""
    shared = {"type": "mushra", "id": "t", "testId": "s", "responses": [{"stimulus": "c", "score": 1}]}
    return {"s": {str(n): {**shared, "questionaire": {f"q{n}": "x", "uuid": f"u{n}"}} for n in MANY}}


def export() -> dict[str, Any]:
    """As our server exports, each session with an answer of its own."""
    ratings = [{**OURS, "session": f"u{n}", "listener": f"u{n}"} for n in MANY]
    answers = [{"session": f"u{n}", "name": f"q{n}", "value": "x"} for n in MANY]
    return {"schema_version": 1, "study": "s", "ratings": ratings, "answers": answers}


@pytest.mark.parametrize("content", [[{f"k{n}": 1} for n in MANY], documents(), export()])
def test_a_key_of_its_own_in_each_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: Any
) -> None:
    monkeypatch.setattr(bounds, "MOST_CELLS", 1000)
    (tmp_path / "r.json").write_text(json.dumps(content))
    with pytest.raises(RatingsError, match=r"r\.json becomes a table of 60 rows and [0-9]+ columns"):
        load_ratings(tmp_path / "r.json")


def test_answers_that_each_session_has_by_itself_in_a_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MOST_CELLS", 1000)
    with closing(sqlite3.connect(tmp_path / "r.sqlite3")) as database:
        for name, rows in (("export_ratings", export()["ratings"]), ("export_answers", export()["answers"])):
            database.execute(f"CREATE TABLE {name} ({', '.join(rows[0])})")
            marks = ", ".join(f":{key}" for key in rows[0])
            database.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
        database.commit()
    with pytest.raises(RatingsError, match="becomes a table of 60 rows and 60 columns, of which it fills 60"):
        load_ratings(tmp_path / "r.sqlite3")


def test_a_wide_table_whose_answers_are_repeated_for_each_condition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MOST_CELLS", 1000)
    names = ["listener", "item", *(f"c{n}" for n in MANY), *(f"q_{n}" for n in MANY)]
    (tmp_path / "r.csv").write_text(f"{','.join(names)}\np,i,{','.join('1' for _ in names[2:])}\n")
    with pytest.raises(RatingsError, match=r"r\.csv becomes a table of 60 rows and [0-9]+ columns"):
        load_ratings(tmp_path / "r.csv")


def test_a_table_of_ordinary_size_grows_as_it_likes(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(export()))
    assert len(load_ratings(tmp_path / "r.json")) == len(MANY)


def test_counts_of_pairs_that_no_memory_holds(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("over,a,b\na,0,3000000000\nb,2,0\n")
    most = f"{pair_matrix._MOST_CHOICES:,}"
    with pytest.raises(RatingsError, match=f"r.csv counts 3,000,000,002 choices; expected at most {most}"):
        load_ratings(tmp_path / "r.csv")


def test_a_header_of_many_names_is_read_once(tmp_path: Path) -> None:
    """To look for each name among all others took minutes for a header of half a megabyte."""
    (tmp_path / "r.csv").write_text(f"{','.join(f'c{n}' for n in range(50_000))},c7\n1\n")
    before = time.process_time()
    with pytest.raises(RatingsError, match="has the column 'c7' more than once"):
        load_ratings(tmp_path / "r.csv")
    assert time.process_time() - before < 5  # it was 25 s
