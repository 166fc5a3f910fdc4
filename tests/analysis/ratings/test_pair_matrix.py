"""Counts of preferences as a square table, and tables of two sounds per row under other names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import DesignError, Options, RatingsError, load_ratings, write_report
from analysis.report.choices.write import ChoiceResults, analyse_choices
from tests.analysis.conftest import shared_ratings
from tests.analysis.sources import write

MATRIX = """,mono,stereo,surround
mono,0,12,5
surround,35,24,
stereo,28,,16
"""


def test_counts_become_choices(tmp_path: Path) -> None:
    frame = load_ratings(write(tmp_path, "matrix.csv", MATRIX))
    assert len(frame) == 2 * (12 + 5 + 35 + 24 + 28 + 16)
    assert set(frame["attribute"]) == {"preferred"}
    wins = frame[frame["score"] == 1].groupby("condition").size()
    assert wins.to_dict() == {"mono": 17, "stereo": 44, "surround": 59}


def test_nothing_is_said_about_listeners_and_order_that_a_matrix_does_not_have(tmp_path: Path) -> None:
    results = analyse_choices(load_ratings(write(tmp_path, "matrix.csv", MATRIX)), "ab", Options(draws=200))
    findings = results.findings
    assert [what for what, _ in findings.counts] == ["conditions", "choices"]
    assert "Order" not in [section.title for section in findings.sections]
    assert "does not say who chose" in findings.headline[-1]
    assert "listeners heard" not in results.methods
    table = findings.tables["preferences"]
    assert np.allclose(table["ci_low"], table["wilson_low"])  # Wilson's interval is tested in test_shares.py
    with pytest.raises(DesignError, match="--interval listener needs to know who chose about which item"):
        analyse_choices(load_ratings(tmp_path / "matrix.csv"), "ab", Options(interval="listener"))


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("mono,0,-12,5", "line 2: 'mono' over 'stereo' is '-12'; expected a whole number of choices"),
        ("mono,0,1.5,5", "line 2: 'mono' over 'stereo' is '1.5'; expected a whole number"),
        ("mono,0,many,5", "line 2: 'mono' over 'stereo' is 'many'; expected a whole number"),
        ("mono,3,12,5", "line 2: 'mono' over 'mono' is '3'; expected 0 or nothing"),
    ],
)
def test_a_cell_that_is_no_count_is_named(tmp_path: Path, cell: str, said: str) -> None:
    with pytest.raises(RatingsError, match=said):
        load_ratings(write(tmp_path, "matrix.csv", MATRIX.replace("mono,0,12,5", cell)))


def test_the_published_matrix_gives_the_published_strengths(tmp_path: Path) -> None:
    path = shared_ratings("SoundQuality_pairmatrix.csv")
    results = write_report(load_ratings(path), tmp_path / "report", Options(draws=200))
    assert isinstance(results, ChoiceResults)
    scale = pd.read_csv(tmp_path / "report" / "scale.csv").set_index("condition")
    # Choisel and Wickelmaier (2007), as R's psychotools prints them.
    strengths = {
        "Mono": 0.0145, "PhantomMono": 0.0260, "Stereo": 0.1977, "WideStereo": 0.1433, "Matrix": 0.1733,
        "Upmix1": 0.1528, "Upmix2": 0.1197, "Original": 0.1726,
    }  # fmt: skip
    assert scale["strength"].round(4).to_dict() == strengths
    assert "G²(21) = 24.21" in results.methods


def test_headers_with_blanks_are_quoted_in_the_advice(tmp_path: Path) -> None:
    path = write(tmp_path, "pairs.csv", "subject,first sound,second sound,rating\nL1,a,b,1\n")
    with pytest.raises(RatingsError, match="--column 'first=first sound' --column 'second=second sound'"):
        load_ratings(path)


def test_two_sounds_per_row_under_other_names_say_which_options_read_them(tmp_path: Path) -> None:
    path = shared_ratings("hd_uhd_ccr.csv")
    with pytest.raises(RatingsError) as refused:
        load_ratings(path)
    assert str(refused.value) == (
        "hd_uhd_ccr.csv has two sounds per row; say what is compared, for example --column first=first_res "
        "--column second=second_res --column listener=subject --column item=src --column score=rating; first "
        "and second may also be 'first_label' and 'second_label'"
    )
    columns = {
        "first": "first_res", "second": "second_res", "listener": "subject", "item": "src", "score": "rating",
    }  # fmt: skip
    results = analyse_choices(load_ratings(path, columns=columns), "ccr", Options())
    raw = pd.read_csv(path)
    up, down = (
        raw.loc[(raw["first_res"] == a) & (raw["second_res"] == b), "rating"].mean()
        for a, b in (("HD", "UHD"), ("UHD", "HD"))
    )
    table = results.findings.tables["comparisons"].set_index(["condition_a", "condition_b"])
    assert table.loc[("UHD", "HD"), "difference"] == pytest.approx((up - down) / 2)
    assert "1 pair of conditions, 2 conditions also with themselves, and 8 items" in results.methods
    used = raw.assign(size=raw["rating"].abs()).groupby("subject")["size"].max()
    assert (
        f"{(used <= 1).sum()} of 60 listeners gave no rating below −1"
        in (results.findings.sections[0].sentences[0])
    )
