"""What cannot be read, and rows that cannot be used: named by file, line and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis import RatingsError, load_ratings
from tests.analysis.sources import MUSHRA, OURS, scores, write


@pytest.mark.parametrize("name", ["missing.csv", "missing"])
def test_what_does_not_exist(tmp_path: Path, name: str) -> None:
    with pytest.raises(RatingsError, match="does not exist; expected a CSV or JSON file"):
        load_ratings(tmp_path / name)


def test_a_table_of_numbers_without_a_header(tmp_path: Path) -> None:
    with pytest.raises(
        RatingsError, match=r"n\.csv has no header: its first row is of numbers \(5\.0, 5\.0, 4"
    ):
        load_ratings(write(tmp_path, "n.csv", "5.0,5.0,4.0\n1.0,3.0,5.0\n"))


def test_an_empty_file_and_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(RatingsError, match=r"e\.csv is empty"):
        load_ratings(write(tmp_path, "e.csv", "\n\n"))
    (tmp_path / "folder").mkdir()
    with pytest.raises(
        RatingsError, match=r"holds no ratings; expected ratings\.sqlite3 or one of webMUSHRA's"
    ):
        load_ratings(tmp_path / "folder")
    header = MUSHRA.splitlines()[0] + "\n"
    with pytest.raises(RatingsError, match=r"no ratings in .*h\.csv"):
        load_ratings(write(tmp_path, "h.csv", header))


def test_neither_utf8_nor_cp1252(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_bytes(b"a,\x81\n")
    with pytest.raises(RatingsError, match=r"l.csv is not UTF-8 text \(byte 2\).*--encoding"):
        load_ratings(path)


def test_half_written_rows_stop_or_are_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, "mushra.csv", MUSHRA + "test,x@y.z,40,uuid-3,song1,C1\n")
    with pytest.raises(
        RatingsError, match=r"1 row cannot be used \(mushra.csv, line 8: 6 cells where the header has 9\)"
    ):
        load_ratings(path)
    frame = load_ratings(path, bad_rows="drop")
    assert len(frame) == 6 and "mushra.csv, line 8" in frame.attrs["notes"][0]


def test_contradictory_rows_name_both_lines(tmp_path: Path) -> None:
    path = write(tmp_path, "mushra.csv", MUSHRA + "test,a@b.c,30,uuid-1,song1,C1,64,48211,\n")
    message = "listener 'uuid-1' gives 'C1' of 'song1' the scores 63 and 64 .lines 2, 8.*--repeats average"
    for bad_rows in ("stop", "drop"):
        with pytest.raises(RatingsError, match=message):
            load_ratings(path, bad_rows=bad_rows)
    found = {way: load_ratings(path, repeats=way) for way in ("average", "first", "last")}
    assert [scores(frame)["uuid-1", "song1", "C1"] for frame in found.values()] == [63.5, 63, 64]


def test_an_exact_copy_counts_once_and_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "mushra.csv", MUSHRA + MUSHRA.splitlines()[1] + "\n")
    frame = load_ratings(path)
    assert len(frame) == 6
    assert frame.attrs["notes"] == ["1 row repeats another row's rating and counts once (mushra.csv line 8)."]


@pytest.mark.parametrize("score", ["x", "inf"])
def test_a_score_that_is_no_number(tmp_path: Path, score: str) -> None:
    path = write(tmp_path, "mushra.csv", MUSHRA.replace(",63,", f",{score},"))
    with pytest.raises(RatingsError, match=f"mushra.csv, line 2: the score is '{score}', expected a number"):
        load_ratings(path)


def test_a_score_outside_the_scale(tmp_path: Path) -> None:
    path = write(tmp_path, "mushra.csv", MUSHRA.replace(",63,", ",101,"))
    for scale in (None, (0, 100)):  # webMUSHRA's sliders give no other scores
        with pytest.raises(RatingsError, match=r"mushra\.csv, line 2: the score is 101, expected 0 to 100"):
            load_ratings(path, scale=scale)
    assert len(load_ratings(path, scale=(0, 101))) == 6


def test_simulated_ratings_are_never_mixed_in_silently(tmp_path: Path) -> None:
    extra = OURS.splitlines()[1].replace("se1,0123", "se2,robot").replace(",0,1,2026", ",1,1,2026")
    path = write(tmp_path, "ratings.csv", OURS + extra + "\n")
    with pytest.raises(
        RatingsError, match="mix 1 simulated rows with 3 real ones; say --simulated include, exclude or only"
    ):
        load_ratings(path)
    assert set(load_ratings(path, simulated="only")["listener"]) == {"robot"}
    assert set(load_ratings(path, simulated="exclude")["listener"]) == {"0123"}
    assert len(load_ratings(path, simulated="include")) == 4
    real = write(tmp_path, "real.csv", OURS)
    with pytest.raises(RatingsError, match="--simulated only leaves none of the 3 ratings"):
        load_ratings(real, simulated="only")


def sessions_of_one_listener(folder: Path) -> Path:
    """Write three sessions of one listener, of which a program rated one; the last one comes first."""
    row = OURS.splitlines()[1]
    rows = [
        row.replace("se1", "aa").replace("55.5", "30").replace("2026-01-01", "2026-01-03"),
        row.replace("se1", "bb").replace("55.5", "10"),
        row.replace("se1", "cc").replace("55.5", "90").replace(",0,1,2026-01-01", ",1,1,2026-01-02"),
    ]
    return write(folder, "ratings.csv", "\n".join([OURS.splitlines()[0], *rows, ""]))


@pytest.mark.parametrize(("repeats", "score"), [("first", 10), ("last", 30), ("average", 20)])
def test_the_first_and_the_last_session_are_those_of_the_clock(
    tmp_path: Path, repeats: str, score: float
) -> None:
    """Our exports list sessions by their random ids, so that the place in a file says nothing."""
    frame = load_ratings(sessions_of_one_listener(tmp_path), repeats=repeats, simulated="exclude")
    assert frame["score"].tolist() == [score]


def test_what_a_program_rated_is_no_repetition_of_a_listener(tmp_path: Path) -> None:
    path = sessions_of_one_listener(tmp_path)
    for repeats in ("first", "last", "average"):
        assert load_ratings(path, repeats=repeats, simulated="only")["score"].tolist() == [90]


def test_unknown_roles_and_flags(tmp_path: Path) -> None:
    with pytest.raises(RatingsError, match="role 'boss'; expected one of reference"):
        load_ratings(write(tmp_path, "a.csv", OURS.replace("score,method,trial", "score,boss,trial")))
    with pytest.raises(RatingsError, match="'maybe' in the column 'simulated'; expected 0 or 1"):
        load_ratings(write(tmp_path, "b.csv", OURS.replace(",0,1,2026", ",maybe,1,2026")))


def test_a_cell_without_end(tmp_path: Path) -> None:
    text = 'listener,item,condition,score\n"' + "a" * 2**20 + 'b",1,x,3\n'
    with pytest.raises(RatingsError) as error:
        load_ratings(write(tmp_path, "long.csv", text))
    assert str(error.value) == "long.csv, line 2: field larger than field limit (1048576)"
    whole = text.replace("b", "", 1)
    assert len(load_ratings(write(tmp_path, "long.csv", whole))) == 1, "the server's longest remark is read"


def test_columns_of_webmushra_that_are_missing(tmp_path: Path) -> None:
    path = write(tmp_path, "mushra.csv", MUSHRA.replace("rating_stimulus", "sating_stimulus"))
    with pytest.raises(RatingsError) as error:
        load_ratings(path)
    assert str(error.value) == (
        "mushra.csv has no column 'rating_stimulus', which webMUSHRA writes next to the score"
    )
    path.write_text("session_test_id,session_uuid,trial_id\n")
    with pytest.raises(
        RatingsError, match=r"the table has none of webMUSHRA's rating columns; found session_"
    ):
        load_ratings(path)
