"""Tables as people and other programs leave them, each with ratings that are known."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import pandas as pd
import pytest

from analysis import RatingsError, compare, load_ratings, mos
from tests.analysis.sources import scores, write

HEAD = "listener,item,condition,score\n"


def notes(frame: pd.DataFrame) -> str:
    return " ".join(frame.attrs["notes"])


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("REF", "hidden_reference"),
        ("Hidden-Ref", "hidden_reference"),
        ("Original", "hidden_reference"),
        ("Low Anchor", "low_anchor"),
        ("Anchor70", "mid_anchor"),
        ("refined", "method"),
    ],
)
def test_usual_names_have_their_role_in_any_spelling(name: str, role: str, tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "r.csv", f"{HEAD}a,x,{name},90\na,x,B,40\n"))
    assert dict(zip(frame["condition"], frame["role"], strict=True)) == {name: role, "B": "method"}


def test_roles_by_option_and_a_condition_like_a_reference(tmp_path: Path) -> None:
    rows = "".join(
        f"l{i},x,clean,{100 - i}\nl{i},x,codec,{50 + i}\nl{i},x,muffled,{10 + i}\n" for i in range(4)
    )
    path = write(tmp_path, "r.csv", HEAD + rows)
    assert "'clean' counts as a method" in notes(load_ratings(path))
    frame = load_ratings(path, reference="CLEAN", anchor="muffled", roles={"codec": "mid-anchor"})
    assert list(frame["role"][:3]) == ["hidden_reference", "mid_anchor", "low_anchor"]
    assert "--reference" not in notes(frame)
    with pytest.raises(RatingsError, match=r"no rating has the condition 'clear'.*found 'clean'"):
        load_ratings(path, reference="clear")
    with pytest.raises(RatingsError, match="--role clean=boss names no role; expected one of"):
        load_ratings(path, roles={"clean": "boss"})


@pytest.mark.parametrize(
    "item",
    [
        "Übung 1",
        "uebung",
        "Entraînement",
        "práctica_2",
        "Allenamento",
        "treino-1",
        "Oefening",
        "тренировка",
        "練習1",
    ],
)
def test_training_in_many_languages_does_not_count(item: str, tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "r.csv", f"{HEAD}a,{item},A,1\na,practical,A,2\na,trainer,A,3\n"))
    assert list(frame["kind"]) == ["training", "trial", "trial"] and item in notes(frame)


def test_items_are_left_out_by_name(tmp_path: Path) -> None:
    path = write(tmp_path, "r.csv", f"{HEAD}a,Example_1,A,1\na,training,A,2\na,s,A,3\na,warm,A,4\n")
    frame = load_ratings(path, leave_out="example_*,WARM")
    assert list(frame["kind"]) == ["training", "training", "trial", "training"]
    assert set(load_ratings(path, leave_out="none")["kind"]) == {"trial"}
    with pytest.raises(RatingsError, match="--leave-out 'demo' fits no item; found 'Example_1'"):
        load_ratings(path, leave_out=["demo"])


def test_an_item_that_nobody_touched_is_named(tmp_path: Path) -> None:
    rows = "".join(
        f"{who},first,{c},50\n{who},s,{c},{n}\n" for who in "ab" for n, c in ((20, "A"), (60, "B"))
    )
    assert "'first' is rated the same" in notes(load_ratings(write(tmp_path, "r.csv", HEAD + rows)))


def test_sessions_of_one_listener_are_reported_and_can_be_chosen(tmp_path: Path) -> None:
    rows = "p,one,x,A,20\np,two,x,A,60\nq,one,x,A,30\n"
    path = write(tmp_path, "r.csv", "listener,session,item,condition,score\n" + rows)
    assert "1 listener rated the same stimuli in several sessions ('p')" in notes(load_ratings(path))
    assert sorted(load_ratings(path, repeats="last")["score"]) == [30, 60]
    assert sorted(load_ratings(path, repeats="average")["score"]) == [30, 40]
    with pytest.raises(RatingsError, match="--repeats is 'both'; expected average, first, last or model"):
        load_ratings(path, repeats="both")


def test_listeners_in_the_header(tmp_path: Path) -> None:
    path = write(tmp_path, "v.csv", "clip,cond,mean,r_1,r_2\nx,A,3,2,4\ny,B,1,1,\n")
    how = {"item": "clip", "condition": "cond"}
    frame = load_ratings(path, columns=how, pattern=r"r_(?P<listener>\d)")
    found = scores(frame)
    assert found["1", "x", "A"] == 2 and found["2", "x", "A"] == 4 and found["1", "y", "B"] == 1
    with pytest.raises(RatingsError, match="the group 'who'; expected some of listener, item, condition"):
        load_ratings(path, columns=how, pattern=r"r_(?P<who>\d)")


def test_short_rows_nameless_columns_and_blank_rows(tmp_path: Path) -> None:
    text = f"{HEAD.strip()},,,Approve\na,x,A,20\n,,,\nb,,,,,\na,x,B,30,,\n"
    frame = load_ratings(write(tmp_path, "b.csv", text))
    assert scores(frame) == {("a", "x", "A"): 20, ("a", "x", "B"): 30}
    assert "3 rows end before the header does" in notes(frame) and "1 row has no item" in notes(frame)
    named = write(tmp_path, "n.csv", "who,,A,B\na,x,1,2\n")
    assert len(load_ratings(named, columns={"listener": "who", "item": "column 2"})) == 2


def test_an_item_of_several_columns_with_gaps(tmp_path: Path) -> None:
    path = write(tmp_path, "m.csv", "mail,id,song,take,A\n,7,s,1,10\nu@v,,s,,20\n")
    frame = load_ratings(path, listener=["mail", "id"], columns={"item": ["song", "take"]})
    assert scores(frame) == {("7", "s/1", "A"): 10, ("u@v", "s", "A"): 20}


@pytest.mark.parametrize("code", ["NA", "n/a", ".", "NaN", "null", "-"])
def test_words_for_not_rated_are_named_and_no_scores(code: str, tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "r.csv", f"{HEAD}a,x,A,3\na,y,A,{code}\na,z,A,\n"))
    assert frame["score"].count() == 1 and f"1 score is {code!r}" in notes(frame)


def test_numbers_for_not_rated(tmp_path: Path) -> None:
    path = write(tmp_path, "r.csv", f"{HEAD}a,x,A,70\na,y,A,-1\na,z,A,999\n")
    frame = load_ratings(path)
    assert frame["score"].dropna().tolist() == [70] and "1 score of -1 does not count" in notes(frame)
    few = write(tmp_path, "c.csv", f"{HEAD}a,x,A,0\na,y,A,-1\na,z,A,3\n")
    assert load_ratings(few)["score"].count() == 3 and "--missing -1" in notes(load_ratings(few))
    assert load_ratings(few, missing=-1)["score"].count() == 2
    signed = write(tmp_path, "s.csv", f"{HEAD}a,x,A,-2\na,y,A,-1\na,z,A,3\n")
    assert load_ratings(signed)["score"].count() == 3 and load_ratings(signed).attrs["notes"] == []


def test_percent_signs_and_labelled_points(tmp_path: Path) -> None:
    cells = ["80 %", "5 - Excellent", "4 (good)", "3: Fair", "2 Poor"]
    rows = "".join(f"a,i{n},A,{cell}\n" for n, cell in enumerate(cells))
    assert load_ratings(write(tmp_path, "r.csv", HEAD + rows))["score"].tolist() == [80, 5, 4, 3, 2]
    with pytest.raises(RatingsError, match="the score is '5-6', expected a number"):
        load_ratings(write(tmp_path, "bad.csv", HEAD + "a,x,A,5-6\n"))


def test_encodings(tmp_path: Path) -> None:
    path = write(tmp_path, "r.csv", f"{HEAD}Zoë,x,A,3\n", "cp1252")
    assert load_ratings(path)["listener"].tolist() == ["Zoë"] and "cp1252" in notes(load_ratings(path))
    path = write(tmp_path, "j.csv", f"{HEAD}花子,x,A,3\n", "shift_jis")
    assert load_ratings(path, encoding="shift_jis")["listener"].tolist() == ["花子"]
    with pytest.raises(RatingsError, match="--encoding 'utf-9' is unknown"):
        load_ratings(path, encoding="utf-9")


def test_results_of_other_programs(tmp_path: Path) -> None:
    path = write(tmp_path, "m.json", json.dumps({"id": "u", "ratings": {"p": {"0": 40, "HiddenRef": 99}}}))
    frame = load_ratings(path)
    assert scores(frame) == {("u", "p", "0"): 40, ("u", "p", "HiddenRef"): 99}
    assert frame["role"].tolist() == ["method", "hidden_reference"]
    tests = [{"TestID": "t", "rating": {"Reference": 95, "1": 30}}, {"UserName": "Kim", "UserComments": "ok"}]
    assert scores(load_ratings(write(tmp_path, "b.json", json.dumps(tests))))["Kim", "t", "1"] == 30
    xml = (
        '<waet key="w"><page ref="p"><audioelement ref="a"><value>0.25</value></audioelement>'
        '<audioelement ref="r" type="reference"><value>1</value></audioelement></page></waet>'
    )
    frame = load_ratings(write(tmp_path, "w.xml", xml))
    assert scores(frame) == {("w", "p", "a"): 0.25, ("w", "p", "r"): 1}
    assert frame["role"].tolist() == ["method", "hidden_reference"]
    with pytest.raises(RatingsError, match=r"r\.mat is a MATLAB file; save a table with writetable"):
        load_ratings(write(tmp_path, "r.mat", "MATLAB 5.0 MAT-file"))


def test_a_workbook(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    path = tmp_path / "r.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"listener": [7], "item": ["x"], "condition": ["A"], "score": [62.5]}).to_excel(
            book, sheet_name="one", index=False
        )
        pd.DataFrame({"note": ["y"]}).to_excel(book, sheet_name="two", index=False)
    frame = load_ratings(path)
    assert scores(frame) == {("7", "x", "A"): 62.5} and "the sheet 'one' is read" in notes(frame)
    with pytest.raises(RatingsError, match="no sheet 'three'; found 'one', 'two'"):
        load_ratings(path, sheet="three")


def test_a_workbook_without_openpyxl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(RatingsError, match=r"needs openpyxl; install listenable\[excel\]"):
        load_ratings(write(tmp_path, "r.xlsx", "PK"))


def test_a_table_of_many_columns_gives_no_warning(tmp_path: Path) -> None:
    names = [f"x{n}" for n in range(150)]
    text = ",".join(["id", *names, "i1_A"]) + "\n" + ",".join(["a", *names, "5"]) + "\n"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = load_ratings(
            write(tmp_path, "w.csv", text),
            columns={"listener": "id"},
            pattern="(?P<item>i1)_(?P<condition>A)",
        )
    assert frame["q_x149"].tolist() == ["x149"]


def test_a_data_frame_goes_in() -> None:
    rows = [(w, i, c, 10 * n + 3 * w + i) for w in range(5) for i in range(3) for n, c in enumerate("AB")]
    frame = pd.DataFrame(rows, columns=["who", "song", "system", "points"])
    named = {"listener": "who", "item": "song", "condition": "system", "score": "points"}
    loaded = load_ratings(frame, columns=named)
    plain = frame.rename(columns={header: name for name, header in named.items()})
    for table in (mos(loaded), mos(plain)):
        means = table.set_index("condition")["mos"]
        assert means["A"] == pytest.approx(7) and means["B"] == pytest.approx(17)
    assert abs(compare(plain)["difference"].iloc[0]) == pytest.approx(10)
    assert list(plain.columns) == list(named), "the caller's frame is not changed"
