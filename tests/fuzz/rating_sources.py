"""A small sound source of ratings in each form that is read, with enough in it to be analysed."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pandas as pd

from analysis.ratings.names import RATING_COLUMNS, SCHEMA_VERSION
from tests.analysis.choices.tables import draw_table
from tests.analysis.sources import BS1116, LMS, LSS, PAIRED, TINYDB
from tests.fuzz.mutations import storable

WHO, ITEMS = ("ann", "bob", "kim"), ("x", "y")
SCORES = {"reference": 96, "new": 70, "old": 41, "anchor35": 15}
CELLS = [
    (who, item, condition, score + 3 * place - number)
    for (place, who), (number, item) in product(enumerate(WHO), enumerate(ITEMS))
    for condition, score in SCORES.items()
]
"""Listener, item, condition and score."""
LONG = [["listener", "item", "condition", "score", "comment", "age"], *([*c, "fine", "30"] for c in CELLS)]
RECORDS = [dict(zip(("listener", "item", "condition", "score"), cells, strict=True)) for cells in CELLS]


@dataclass(frozen=True)
class Source:
    """Rows of cells with the header first, the options that they are read with, and the name of the file."""

    rows: list[list[Any]]
    how: dict[str, Any] = field(default_factory=dict)
    file: str = "ratings"


def _rows(frame: pd.DataFrame) -> list[list[Any]]:
    return [list(frame.columns), *frame.to_numpy().tolist()]


def _of_text(text: str) -> list[list[Any]]:
    return _rows(pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False))


def _wide() -> list[list[Any]]:
    rows = pd.DataFrame(RECORDS).pivot(index=["listener", "item"], columns="condition", values="score")
    return _rows(rows.reset_index())


def _wider() -> list[list[Any]]:
    """A column per item and condition, next to an age."""
    rows = pd.DataFrame(RECORDS).assign(cell=lambda table: table["item"] + "_" + table["condition"])
    wide = rows.pivot(index="listener", columns="cell", values="score")
    return _rows(wide.assign(age=30).reset_index().rename(columns={"listener": "subject"}))


def _staircase() -> list[list[Any]]:
    """Two rows per trial, of its level and of whether the answer was right; the last one has a threshold."""
    rows: list[list[Any]] = []
    for who, item in product(WHO, ITEMS):
        for trial, (level, right) in enumerate([(3, 1), (3, 1), (2, 1), (2, 0), (3, 1), (3, 1), (2, 0)]):
            values = {"level": level, "correct": right} | ({"threshold": 2.5} if trial == 6 else {})
            for (place, sound), (name, value) in product(
                enumerate((f"q{level}", "reference")), values.items()
            ):
                rows.append([who, item, sound, name, value, trial, place])
    head = ["listener", "item", "condition", "attribute", "score", "trial_position", "condition_position"]
    return [head, *rows]


def _ours() -> list[dict[str, Any]]:
    """Ratings as our server exports them: preferences, and the scores of a MUSHRA page."""
    shared = dict.fromkeys(RATING_COLUMNS) | {"study": "s", "kind": "trial", "simulated": 0, "finished": 1}
    rows: list[dict[str, Any]] = []
    for who, (number, item) in product(WHO, enumerate(ITEMS)):
        page = {**shared, "session": f"of-{who}", "listener": who, "item": item, "time_ms": 900}
        for place, (sound, score) in enumerate([("new", 1.0), ("old", 0.0)]):
            at = {"trial_position": number, "condition_position": place}
            pair = {"attribute": "preferred", "role": "method", "page_type": "ab", "condition": sound}
            rows.append({**page, **at, **pair, "score": score})
    for who, item, condition, score in CELLS:
        role = {"reference": "hidden_reference", "anchor35": "low_anchor"}.get(condition, "method")
        page = {**shared, "session": f"of-{who}", "listener": who, "item": item, "trial_position": 5}
        told = {"attribute": "score", "role": role, "page_type": "mushra", "condition": condition}
        rows.append({**page, **told, "score": score})
    return rows


OURS = _ours()
ANSWERS = [{"study": "s", "session": f"of-{who}", "name": "age", "value": "30"} for who in WHO]
MATRIX = [["", "mono", "wide", "surround"], ["mono", 0, 4, 2], ["wide", 6, 0, 5], ["surround", 7, 3, 0]]
CHOICES = {
    test: Source(_rows(draw_table(test, n_listeners=3, n_items=2)))
    for test in ("ab", "abx", "ccr", "bs1116", "best-worst")
}
TABLES: dict[str, Source] = {
    **CHOICES,
    "staircase": Source(_staircase()),
    "pair matrix": Source(MATRIX),
    "long": Source(LONG),
    "under other names": Source(
        [["who", "song", "system", "points", "mood", "age"], *LONG[1:]],
        {"columns": {"listener": "who", "item": "song", "condition": "system", "score": "points"}},
    ),
    "wide": Source(_wide()),
    "wide, by a pattern": Source(
        _wider(), {"columns": {"listener": "subject"}, "pattern": "(?P<item>.+)_(?P<condition>[^_]+)"}
    ),
    "our export": Source([
        list(RATING_COLUMNS),
        *([("" if row[name] is None else row[name]) for name in RATING_COLUMNS] for row in OURS),
    ]),
    **{f"webMUSHRA's {name}": Source(_of_text(text), {"listener": "name"}, name) for name, text in
       {"lss": LSS, "lms": LMS, "bs1116": BS1116, "paired_comparison": PAIRED}.items()},
    "pymushra": Source([
        ["wm_id", "wm_type", "wm_testId", "questionaire_uuid", "questionaire_age", "responses_stimulus",
         "responses_score", "responses_time"],
        *([item, "mushra", "test", who, 30, condition, score, 900] for who, item, condition, score in CELLS),
    ]),
}  # fmt: skip
DOCUMENTS: dict[str, Any] = {
    "records": RECORDS,
    "records below keys": {"version": 1, "data": {"rows": RECORDS}},
    "columns": {name: [record[name] for record in RECORDS] for name in RECORDS[0]},
    "a frame": json.loads(pd.DataFrame(RECORDS).to_json()),
    "pairs": [dict(zip(CHOICES["ab"].rows[0], row, strict=True)) for row in CHOICES["ab"].rows[1:]],
    "our export": {"schema_version": SCHEMA_VERSION, "study": "s", "ratings": OURS, "answers": ANSWERS},
    "mushraJS": [{"id": who, "ratings": dict.fromkeys(ITEMS, SCORES)} for who in WHO],
    "beaqleJS": [
        *({"TestID": item, "rating": SCORES, "Runtime": 9} for item in ITEMS), {"UserName": "Kim", "Age": 30}
    ],
    "pymushra": TINYDB,
}  # fmt: skip
WAET = "<waet key='kim'>{}</waet>".format(
    "".join(
        f"<page ref='{item}'>{{}}</page>".format(
            "".join(
                f"<audioelement ref='{name}' type='{'reference' if name == 'reference' else 'evaluation'}'>"
                f"<value>{score / 100}</value></audioelement>"
                for name, score in SCORES.items()
            )
        )
        for item in ITEMS
    )
)
CONFIG: dict[str, Any] = {
    "testname": "A study", "testId": "s",
    "pages": [
        {"type": "mushra", "id": f"trial-{item}", "name": item, "content": "", "reference": "r.wav",
         "stimuli": {name: f"{name}.wav" for name in SCORES if name != "reference"}}
        for item in ITEMS
    ],
    "listenable": {
        "schema_version": 1, "items": {"x": {"label": "A dog"}},
        "conditions": {"new": {"role": "method", "label": "New (ours)"}},
        "scales": [{"name": "score", "min": 0, "max": 100}],
        "trials": {f"trial-{item}": {"item": item, "kind": "trial", "label": "dog"} for item in ITEMS},
    },
}  # fmt: skip


def database(ratings: Sequence[dict[str, Any]], answers: Sequence[dict[str, Any]]) -> bytes:
    """Return an SQLite file with what our server's two views have."""
    with closing(sqlite3.connect(":memory:")) as made:
        for name, rows in (("export_ratings", ratings), ("export_answers", answers)):
            columns = {_plain(key): key for row in rows for key in row} or {"session": "session"}
            made.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
            cells = ([_cell(row.get(key)) for key in columns.values()] for row in rows)
            made.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})", cells)
        made.commit()
        return made.serialize()


def _plain(name: str) -> str:
    """Return a name as SQLite may have it, which takes capitals for small letters."""
    kept = str(storable(name)).replace("\0", "").replace('"', "").lower()
    return f'"{kept}"'


def _cell(value: Any) -> Any:
    found = storable(value)
    return str(found) if isinstance(found, int) and abs(found) >= 2**63 else found
