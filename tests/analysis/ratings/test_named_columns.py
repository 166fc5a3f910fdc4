"""Tables of other programs that have columns of ours: they mean what they mean in our own table."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis import RatingsError, load_ratings, mos
from tests.analysis.sources import scores, write

LONG = """listener,session,item,condition,attribute,role,kind,simulated,time_ms,comment,mood,score
a,s1,x,A,clarity,method,trial,0,900,good,fine,3
a,s1,x,B,clarity,low_anchor,training,0,900,,fine,4
"""


def test_columns_of_ours_keep_their_meaning_in_a_long_table(tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "long.csv", LONG))
    first, second = frame.iloc[0], frame.iloc[1]
    assert (first["session"], first["attribute"]) == ("s1", "clarity")
    assert (first["time_ms"], first["comment"]) == (900, "good")
    assert (second["kind"], second["role"]) == ("training", "low_anchor")
    assert [name for name in frame if name.startswith("q_")] == ["q_mood"]
    assert list(mos(frame)["condition"]) == ["A"], "training does not count"


def test_simulated_rows_of_a_long_table_are_never_mixed_in_silently(tmp_path: Path) -> None:
    path = write(tmp_path, "long.csv", LONG.replace("training,0", "trial,1"))
    with pytest.raises(RatingsError, match="mix 1 simulated rows with 1 real ones; say --simulated include"):
        load_ratings(path)
    assert list(load_ratings(path, simulated="only")["condition"]) == ["B"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            ("training", "warm-up"),
            "long.csv has the kind 'warm-up'; expected one of trial, training, attention",
        ),
        (("low_anchor", "boss"), "long.csv has the role 'boss'; expected one of reference, hidden_reference"),
        (("trial,0", "trial,partly"), "long.csv has 'partly' in the column 'simulated'; expected 0 or 1"),
        (("900,good", "soon,good"), "long.csv, line 2: the time_ms is 'soon', expected a number"),
    ],
)
def test_their_values_are_checked(tmp_path: Path, change: tuple[str, str], sentence: str) -> None:
    with pytest.raises(RatingsError) as error:
        load_ratings(write(tmp_path, "long.csv", LONG.replace(*change)))
    assert sentence in str(error.value)


def test_columns_of_ours_hold_no_scores_in_a_wide_table(tmp_path: Path) -> None:
    path = write(
        tmp_path, "wide.csv", "subject,song,simulated,kind,A,B\ns1,x,1,trial,3,4\ns2,x,1,training,5,6\n"
    )
    frame = load_ratings(path, columns={"listener": "subject", "item": "song"})
    assert scores(frame[frame["kind"] == "trial"]) == {("s1", "x", "A"): 3, ("s1", "x", "B"): 4}
    assert frame["simulated"].all() and len(frame) == 4


def test_the_map_decides_what_a_column_means(tmp_path: Path) -> None:
    path = write(tmp_path, "long.csv", "listener,item,kind,score\na,x,fast,3\n")
    assert list(load_ratings(path, columns={"condition": "kind"})["condition"]) == ["fast"]
    with pytest.raises(RatingsError) as error:
        load_ratings(path, columns={"condition": "kind", "speed": "score"})
    assert str(error.value).startswith(
        "--column speed=score names no column of ratings; expected one of study, listener, session, item,"
    )


@pytest.mark.parametrize("missing", ["item", "condition", "score"])
def test_a_column_that_is_missing_is_named(missing: str, tmp_path: Path) -> None:
    names = [name for name in ("listener", "item", "condition", "score", "kind") if name != missing]
    file = tmp_path / "ratings.csv"
    file.write_text(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    with pytest.raises(RatingsError) as caught:
        load_ratings(file)
    assert str(caught.value) == (
        f"ratings.csv has no column '{missing}'; expected listener, item, condition and score "
        f"(or --column {missing}=HEADER)"
    )
