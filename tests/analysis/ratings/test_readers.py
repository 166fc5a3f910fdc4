"""Every kind of source becomes the same tidy frame, and what cannot be used is named by file and line."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from analysis import RatingsError, load_ratings
from tests.analysis.sources import BS1116, LMS, LSS, MUSHRA, OURS, PAIRED, TINYDB, scores, write


def test_webmushra_with_questionnaire(tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "mushra.csv", MUSHRA))
    assert scores(frame)[("uuid-1", "song1", "C1")] == 63
    assert list(frame["role"][:3]) == ["method", "hidden_reference", "low_anchor"]
    assert frame.loc[3, "q_age"] == "007", "ids and texts are never numbers"
    assert frame.loc[3, "comment"] == 'a, "b"' and pd.isna(frame.loc[1, "comment"])
    assert frame.loc[0, "time_ms"] == 48211 and frame.loc[0, "study"] == "test"
    assert not frame["simulated"].any() and frame["finished"].all()


def test_training_pages_and_simulated_results_say_so_by_name(tmp_path: Path) -> None:
    frame = load_ratings(
        write(tmp_path, "mushra.csv", MUSHRA.replace("uuid-2,song1", "uuid-2,training-song1"))
    )
    assert list(frame["kind"]) == ["trial"] * 3 + ["training"] * 3
    assert frame.attrs["notes"] == [
        "3 ratings of pages named as training do not count: 'training-song1' (--leave-out none counts them)."
    ]
    folder = tmp_path / "test-simulated"
    folder.mkdir()
    assert load_ratings(write(folder, "mushra.csv", MUSHRA))["simulated"].all()


def test_a_questionnaire_column_marks_simulated_ratings(tmp_path: Path) -> None:
    text = MUSHRA.replace("email,age", "email,simulated").replace(",30,", ",1,").replace(",007,", ",1,")
    frame = load_ratings(write(tmp_path, "mushra.csv", text))
    assert frame["simulated"].all() and "q_simulated" not in frame


@pytest.mark.parametrize("change", ["semicolons", "bom", "blank lines", "crlf", "tabs"])
def test_the_same_file_as_other_programs_save_it(tmp_path: Path, change: str) -> None:
    text, encoding = MUSHRA.replace(', ""b"""', '"'), "utf-8"
    if change in ("semicolons", "tabs"):
        text = text.replace(",", ";" if change == "semicolons" else "\t")
    if change == "blank lines":
        text = text.replace("\n", "\n\n", 3)
    if change == "crlf":
        text = text.replace("\n", "\r\n")
    if change == "bom":
        encoding = "utf-8-sig"
    path = tmp_path / "mushra.csv"
    path.write_bytes(text.encode(encoding))
    assert scores(load_ratings(path)) == scores(load_ratings(write(tmp_path, "plain.csv", MUSHRA)))


def test_a_decimal_comma_beside_semicolons_is_a_number(tmp_path: Path) -> None:
    text = "listener;item;condition;score\n3,5;1,2;x;3,5\nb;1,2;x;-4\n"
    frame = load_ratings(write(tmp_path, "excel.csv", text))
    assert list(frame["score"]) == [3.5, -4]
    assert list(frame["listener"]) == ["3,5", "b"] and set(frame["item"]) == {"1,2"}, "ids stay text"
    text = 'listener,item,condition,score\na,1,x,"3,5"\n'
    assert list(load_ratings(write(tmp_path, "quoted.csv", text))["score"]) == [3.5]


def test_without_session_ids_it_refuses_and_names_the_option(tmp_path: Path) -> None:
    lines = [",".join(line.split(",")[:3] + line.split(",")[4:]) for line in MUSHRA.splitlines()]
    path = write(tmp_path, "mushra.csv", "\n".join(lines) + "\n")
    message = (
        r"mushra.csv has no column that tells listeners apart; name one or several with --listener "
        r"\(--listener file if each file .*found .*'email', 'age'"
    )
    with pytest.raises(RatingsError, match=message):
        load_ratings(path)
    frame = load_ratings(path, listener=["email", "age"])
    assert set(frame["listener"]) == {"a@b.c/30", "d@e.f/007"}
    with pytest.raises(RatingsError, match="no column 'name' for the listener"):
        load_ratings(path, listener="name")


def test_an_empty_listener_is_named_by_line(tmp_path: Path) -> None:
    path = write(tmp_path, "mushra.csv", MUSHRA.replace("uuid-2", "", 1))
    with pytest.raises(RatingsError, match=r"mushra\.csv, line 5: the listener is empty"):
        load_ratings(path)


def test_likert_single_stimulus_has_an_attribute_per_scale(tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "lss.csv", LSS), listener="name")
    table = frame.pivot(index="condition", columns="attribute", values="score")
    assert (
        table.loc["C1", "rating1"] == 4
        and pd.isna(table.loc["C1", "rating2"])
        and table.loc["C2", "rating2"] == 2
    )


def test_likert_multi_stimulus_with_its_spaces(tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "lms.csv", LMS), listener="name")
    assert list(frame["score"]) == [3, 4] and list(frame["attribute"]) == ["score", "score"]


def test_bs1116_gives_the_difference_grade(tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "bs1116.csv", BS1116), listener="name")
    table = frame.pivot(index="condition", columns="attribute", values="score")
    assert table.loc["C1"].to_dict() == pytest.approx(
        {"difference": -1.8, "hidden_reference": 5, "score": 3.2}
    )
    assert table.loc["C2", "difference"] == pytest.approx(0.5)


@pytest.mark.parametrize("missing", ["rating_reference_score", "rating_non_reference"])
def test_a_bs1116_file_without_one_of_its_columns_is_refused(tmp_path: Path, missing: str) -> None:
    path = write(tmp_path, "bs1116.csv", BS1116.replace(f",{missing},", ",else,", 1))
    said = f"bs1116.csv has no column '{missing}', which webMUSHRA writes next to the score"
    with pytest.raises(RatingsError, match=re.escape(said)):
        load_ratings(path, listener="name")


def test_paired_comparison_counts_the_correct_answers(tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "paired_comparison.csv", PAIRED), listener="name")
    assert list(frame["score"])[:3] == [1, 0, 0.5] and pd.isna(frame["score"].iloc[3])
    assert set(frame["attribute"]) == {"correct"}


def test_a_results_folder_is_read_whole(tmp_path: Path) -> None:
    write(tmp_path, "lss.csv", LSS)
    write(tmp_path, "lms.csv", LMS)
    frame = load_ratings(tmp_path, listener="name")
    assert len(frame) == 6 and set(frame["listener"]) == {"Ann", "Bob"}


def test_pymushra_database(tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "db.json", json.dumps(TINYDB)))
    assert scores(frame) == {
        ("123456789012345678901234", "7", "C1"): 63,
        ("123456789012345678901234", "7", "reference"): 100,
        ("123456789012345678901234", "page", "C1"): 4,
    }
    assert set(frame["q_age"]) == {"30"}


def test_pymushra_csv(tmp_path: Path) -> None:
    text = (
        "wm_id;wm_type;wm_testId;wm_date;questionaire_uuid;questionaire_age;responses_stimulus;responses_score;responses_time\n"
        "song;mushra;test;2024;u1;30;C1;63;100\nsong;mushra;test;2024;u2;31;C1;40;100\n"
    )
    frame = load_ratings(write(tmp_path, "test.csv", text))
    assert scores(frame) == {("u1", "song", "C1"): 63, ("u2", "song", "C1"): 40}


def test_a_table_without_a_column_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(RatingsError, match=r"^x\.csv is none of the known tables .*\(found 'study'\)"):
        load_ratings(write(tmp_path, "x.csv", "study\n1\n"))


def test_a_json_file_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(RatingsError, match=r"x\.json has no table of ratings; expected a list of records"):
        load_ratings(write(tmp_path, "x.json", '{"a": 1}'))
    with pytest.raises(RatingsError, match=r"x\.json has no table of ratings; expected a list of records"):
        load_ratings(write(tmp_path, "x.json", "[{}, {}]"))
    with pytest.raises(RatingsError, match=r"y\.json is not JSON"):
        load_ratings(write(tmp_path, "y.json", "{"))
    with pytest.raises(RatingsError, match=r"z\.json is not JSON: maximum recursion depth exceeded"):
        load_ratings(write(tmp_path, "z.json", "[" * 100_000))


def test_a_column_per_condition(tmp_path: Path) -> None:
    path = write(tmp_path, "wide.csv", "subject,song,A,B\ns1,x,3,4\ns1,y,5,\ns2,x,1,2\n")
    frame = load_ratings(path, columns={"listener": "subject", "item": "song"})
    found = scores(frame)
    assert found[("s1", "x", "A")] == 3 and found[("s2", "x", "B")] == 2 and pd.isna(found[("s1", "y", "B")])
    assert set(frame["study"]) == {"wide"}


def test_a_column_per_item_and_condition(tmp_path: Path) -> None:
    path = write(tmp_path, "wide.csv", "subject,age,x_A,x_B,y_A\ns1,40,3,4,5\n")
    frame = load_ratings(path, columns={"listener": "subject"}, pattern=r"(?P<item>.+)_(?P<condition>[^_]+)")
    assert scores(frame) == {("s1", "x", "A"): 3, ("s1", "x", "B"): 4, ("s1", "y", "A"): 5}
    assert set(frame["q_age"]) == {"40"}


def test_a_long_table_under_other_names(tmp_path: Path) -> None:
    path = write(tmp_path, "long.csv", "who;what;how;points\n01;x;A;three\n")
    columns = {"listener": "who", "item": "what", "condition": "how", "score": "points"}
    with pytest.raises(RatingsError, match=r"long\.csv, line 2: the score is 'three', expected a number"):
        load_ratings(path, columns=columns)
    path.write_text(path.read_text().replace("three", "3.5"))
    assert scores(load_ratings(path, columns=columns)) == {("01", "x", "A"): 3.5}


def test_an_unknown_table_names_the_option_and_the_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", "a,b\n1,2\n")
    with pytest.raises(RatingsError, match=r"map its columns with --column NAME=HEADER \(found 'a', 'b'\)"):
        load_ratings(path)
    with pytest.raises(RatingsError, match=r"x.csv has no column 'c' \(for item\); found 'a', 'b'"):
        load_ratings(path, columns={"item": "c", "listener": "a"})
    with pytest.raises(
        RatingsError, match="does not say the item of a rating; map it with --column item=HEADER"
    ):
        load_ratings(path, columns={"listener": "a"})


def test_our_own_csv(tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "ratings.csv", OURS))
    assert list(frame["kind"]) == ["trial", "trial", "repeat"]
    assert (
        frame.loc[0, "listener"] == "0123"
        and frame.loc[0, "score"] == 55.5
        and pd.isna(frame.loc[1, "score"])
    )
    assert frame.loc[0, "q_age"] == "30" and frame.loc[0, "trial_position"] == 1


def database(path: Path) -> None:
    names = OURS.splitlines()[0].split(",")[:-1]
    rows = [line.split(",")[:-1] for line in OURS.splitlines()[1:]]
    with sqlite3.connect(path) as connection:
        connection.execute(f"CREATE TABLE r ({', '.join(names)})")
        marks = ", ".join("?" * len(names))
        connection.executemany(
            f"INSERT INTO r VALUES ({marks})", [[cell or None for cell in row] for row in rows]
        )
        connection.execute("CREATE TABLE a (study, session, name, value)")
        connection.execute("INSERT INTO a VALUES ('st', 'se1', 'age', '007')")
        connection.execute("CREATE VIEW export_ratings AS SELECT * FROM r")
        connection.execute("CREATE VIEW export_answers AS SELECT * FROM a")
    connection.close()


def test_our_database_as_folder_file_and_url(tmp_path: Path) -> None:
    database(tmp_path / "ratings.sqlite3")
    (tmp_path / "config.yaml").write_text(
        "testname: A study\npages: []\nlistenable:\n  conditions:\n    lmac: "
        "{role: method, label: 'L-MAC (ours)'}\n"
        "  scales: [{name: score, min: 0, max: 100}]\n"
    )
    frames = [load_ratings(source) for source in (
        tmp_path, tmp_path / "ratings.sqlite3", f"sqlite:///{tmp_path / 'ratings.sqlite3'}",
    )]  # fmt: skip
    for frame in frames:
        assert scores(frame[frame["kind"] == "trial"].dropna(subset="score")) == {
            ("0123", "dog", "lmac"): 55.5
        }
        assert set(frame["q_age"]) == {"007"}
    assert set(frames[0]["label"]) == {"L-MAC (ours)", "reference"}
    assert frames[0].attrs["title"] == "A study" and frames[0].attrs["scales"] == {"score": (0, 100)}


def test_a_database_without_ratings(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "ratings.sqlite3").close()
    with pytest.raises(
        RatingsError, match=r"has no ratings to read .views export_ratings and export_answers"
    ):
        load_ratings(tmp_path)


def test_an_url_never_shows_its_password() -> None:
    with pytest.raises(RatingsError) as caught:
        load_ratings("nonsense://user:secret@host/db")
    assert "secret" not in str(caught.value) and "the database" in str(caught.value)


def test_a_pattern_that_is_no_regular_expression(tmp_path: Path) -> None:
    path = write(tmp_path, "wide.csv", "subject,A\ns1,3\n")
    with pytest.raises(RatingsError) as error:
        load_ratings(path, columns={"listener": "subject"}, pattern="(")
    assert str(error.value) == (
        "--pattern '(' is not a regular expression: missing ), unterminated subpattern at position 0"
    )
