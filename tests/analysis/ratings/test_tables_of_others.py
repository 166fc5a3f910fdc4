"""Headers, delimiters, JSON and files as other people and programs have them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from analysis import RatingsError, load_ratings
from tests.analysis.sources import scores, write

HEAD = "listener,item,condition,score\n"
ONE = {("a", "x", "A"): 50.0}
RECORD = {"listener": "a", "item": "x", "condition": "A", "score": 50}

TABLES = {
    "bars": "listener|item|condition|score\na|x|A|50\n",
    "sep=|": "sep=|\nlistener|item|condition|score\na|x|A|50\n",
    "blanks": "listener item condition  score\na  x A 50\n",
    "R's write.table": '"listener" "item" "condition" "score"\n"1" "a" "x" "A" 50\n',
    "commas in a quoted header": '"listener";"item";"condition";"score";"say, what, did, so"\na;x;A;50;n\n',
    "lines of comments": f"# made 2024\n\n# by us\n{HEAD}a,x,A,50\n",
    "a title": f"Results of our test\n\n{HEAD}a,x,A,50\n",
    "a title of a saved sheet": f"Results,,,\n{HEAD}a,x,A,50\n",
    "empty cells at the end": "listener;item;condition;score;;\na;x;A;50;;\n;;;;;\n",
    "capitals": "Listener,ITEM,Condition,Score\na,x,A,50\n",
    "UTF-32": f"{HEAD}a,x,A,50\n".encode("utf-32"),
    "two marks": f"\ufeff\ufeff{HEAD}a,x,A,50\n",
    "records of JSON": json.dumps([RECORD]),
    "JSON in cp1252": json.dumps([{**RECORD, "age": "é"}], ensure_ascii=False).encode("cp1252"),
    "lines of JSON": json.dumps(RECORD) + "\n" + json.dumps({**RECORD, "score": None, "item": "y"}),
    "columns of JSON": json.dumps({name: [value] for name, value in RECORD.items()}),
    "a frame of pandas in JSON": pd.DataFrame([RECORD]).to_json(),
    "records below keys": json.dumps({"version": 1, "data": {"rows": [RECORD]}}),
}


@pytest.mark.parametrize("kind", TABLES)
def test_the_same_rating_in_every_table(kind: str, tmp_path: Path) -> None:
    content, path = TABLES[kind], tmp_path / "r.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    frame = load_ratings(path)
    assert scores(frame[frame["score"].notna()]) == ONE


@pytest.mark.parametrize(
    ("header", "advice"),
    [
        (
            "Participant,Stimulus,System,Rating",
            "--column listener=Participant --column item=Stimulus --column condition=System --column "
            "score=Rating",
        ),
        ("Teilnehmer;Bewertung;x;y", "for example --column listener=Teilnehmer --column score=Bewertung"),
        ("Subject ID,item,condition,score", "such as --listener 'Subject ID' (--listener file if each"),
        ("listener,item,condition,score,score", "'score' more than once in its header; give each column a"),
        (
            "listener,item,condition,rating",
            "has no column 'score'; expected listener, item, condition and score",
        ),
    ],
)
def test_a_refusal_names_the_option_that_helps(header: str, advice: str, tmp_path: Path) -> None:
    part = ";" if ";" in header else ","
    cells = part.join(str(place) for place, _ in enumerate(header.split(part)))
    with pytest.raises(RatingsError) as error:
        load_ratings(write(tmp_path, "r.csv", f"{header}\n{cells}\n"))
    assert advice in str(error.value)


def test_headers_are_found_in_any_case(tmp_path: Path) -> None:
    path = write(tmp_path, "r.csv", "Hörer;Stück;System;Bewertung\na;x;A;50\n")
    named = {"listener": "hörer", "item": "STÜCK", "condition": "system", "score": "bewertung"}
    assert scores(load_ratings(path, columns=named)) == ONE
    assert scores(load_ratings(path, listener="HÖRER", columns={**named, "listener": "system"})) == ONE


def test_columns_with_our_names_and_other_words_are_answers(tmp_path: Path) -> None:
    text = "listener,item,condition,score,kind,role\na,x,A,50,speech,expert\na,y,A,40,music,expert\n"
    frame = load_ratings(write(tmp_path, "r.csv", text))
    assert frame["q_kind"].tolist() == ["speech", "music"] and set(frame["kind"]) == {"trial"}
    assert set(frame["q_role"]) == {"expert"} and set(frame["role"]) == {"method"}
    text = "listener,item,condition,score,role\na,x,A,50,System\na,x,R,99,Ref\na,x,N,5,low-anchor\n"
    frame = load_ratings(write(tmp_path, "s.csv", text))
    assert frame["role"].tolist() == ["method", "hidden_reference", "low_anchor"]


def test_a_wide_table_says_what_it_took_for_conditions(tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "r.csv", "listener,item,A,B,age,mood\na,x,5,4,33,fine\n"))
    assert set(frame["condition"]) == {"A", "B", "age"} and frame["q_mood"].tolist() == ["fine"] * 3
    assert frame.attrs["notes"] == [
        "r.csv: each of these columns is taken as a condition: 'A', 'B', 'age'; without numbers, and no "
        "condition: 'mood' (--pattern chooses columns)."
    ]
    with pytest.raises(
        RatingsError, match=r"--pattern '\(\?P<item>z\)' matches no whole header of r.csv; found"
    ):
        load_ratings(tmp_path / "r.csv", pattern="(?P<item>z)")
    with pytest.raises(
        RatingsError, match="does not say the item of a rating; map it with --column item=song, or"
    ):
        load_ratings(write(tmp_path, "s.csv", "listener,song,A\na,x,5\n"), pattern="(?P<condition>A)")


def test_files_of_one_listener_each_are_one_study(tmp_path: Path) -> None:
    paths = [write(tmp_path, f"s{n}.csv", f"item,condition,score\nx,A,5{n}\ny{n},B,40\n") for n in (1, 2)]
    with pytest.raises(RatingsError, match="--listener file if each file is one listener's"):
        load_ratings(*paths)
    frame = load_ratings(*paths, listener="file")
    assert frame["listener"].tolist() == ["s1", "s1", "s2", "s2"] and frame["study"].nunique() == 1
    assert "2 files have one listener each: they are taken as one study." in frame.attrs["notes"]
    again = [write(tmp_path, f"t{n}.csv", f"{HEAD}p,x,A,5{n}\n") for n in (1, 2)]
    frame = load_ratings(*again)
    assert frame["session"].tolist() == ["t1", "t2"] and frame["study"].nunique() == 1
    assert "rated the same stimuli in several sessions ('p')" in " ".join(frame.attrs["notes"])
    assert load_ratings(*again, repeats="last")["score"].tolist() == [52]
    with pytest.raises(RatingsError, match=r"holds no ratings.*to read 's1.csv' and others, name the files"):
        load_ratings(tmp_path)


@pytest.mark.parametrize(
    ("rows", "preferred"),
    [
        ("a,x,opus,aac,OPUS\na,x,aac,opus,opus\na,x,aac,opus,tie\n", [1, 0, 0, 1, 0.5, 0.5]),
        ("a,x,opus,aac,first\na,x,aac,opus,second\n", [1, 0, 0, 1]),
        ("a,x,opus,aac,1\na,x,aac,opus,2\n", [1, 0, 0, 1]),
    ],
)
def test_a_choice_in_words(rows: str, preferred: list[float], tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "p.csv", f"Listener,item,First,second,choice\n{rows}"))
    assert frame["score"].tolist() == preferred


def test_a_choice_that_is_none_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "p.csv", "listener,item,first,second,choice\na,x,opus,aac,1\na,x,opus,aac,3\n")
    with pytest.raises(
        RatingsError, match=r"p.csv, line 3: the choice is '3'; expected 1, 0 or 0\.5, or the name"
    ):
        load_ratings(path)


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"<html><table>", "a web page, as some sites export for Excel"),
        (b"PAR1", "a Parquet file; read it with"),
    ],
)
def test_files_that_are_no_text_are_named(start: bytes, what: str, tmp_path: Path) -> None:
    path = tmp_path / "r.xls"
    path.write_bytes(start)
    with pytest.raises(RatingsError, match=rf"^r\.xls is {what}"):
        load_ratings(path)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("versteckte Referenz", "hidden_reference"), ("Référence", "hidden_reference"),
        ("LP 7 kHz", "mid_anchor"), ("Anchor 3.5kHz", "low_anchor"), ("Anker", "low_anchor"),
        ("lowpass_3500", "low_anchor"), ("3,5 kHz anchor", "low_anchor"), ("7 kHz", "method"),
        ("Anchorage", "method"),
    ],
)  # fmt: skip
def test_roles_in_other_languages_and_cutoffs(name: str, role: str, tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "r.csv", f'{HEAD}a,x,"{name}",50\n'))
    assert frame["role"].tolist() == [role]
