"""A report's folder holds one whole report and nothing of the one before."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pandas as pd
import pytest

from analysis import mos, write_report
from analysis.models.screening import RULES
from analysis.ratings.tidy import tidy
from analysis.report import scores as report
from analysis.report.page import render_page
from analysis.report.results import Options, analyse
from analysis.report.staging import stage_folder

FAST = Options(draws=200)


def ratings(conditions: tuple[str, ...] = ("A", "B"), **columns: object) -> pd.DataFrame:
    rows = [
        {"listener": f"p{listener}", "item": f"i{item}", "condition": name, "attribute": "score",
         "score": 40.0 + 10 * place + 3 * listener + item * (place + 1),
         "q_a/b": ["left", "right"][listener % 2]}
        for listener in range(4)
        for item in range(3)
        for place, name in enumerate(conditions)
    ]  # fmt: skip
    return tidy(pd.DataFrame(rows).assign(**columns))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_files_that_a_second_report_does_not_make_go_and_others_stay(tmp_path: Path) -> None:
    write_report(ratings(), tmp_path, FAST)
    (tmp_path / "notes.txt").write_text("mine")
    before = set(files(tmp_path))
    assert {"significance.csv", "significance.tex", "omnibus.csv", "differences.svg"} <= before
    write_report(ratings(("A",)), tmp_path, FAST)
    after = files(tmp_path)
    assert not {"significance.csv", "significance.tex", "omnibus.csv", "differences.svg"} & set(after)
    assert after.pop("notes.txt") == b"mine"
    assert sorted(after) == json.loads(after["report.json"])["files"]


def test_a_report_that_fails_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    write_report(ratings(), out, FAST)
    before = files(out)

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report, "latex_mos", full)
    with pytest.raises(OSError, match="No space left"):
        write_report(ratings(("A",)), out, FAST)
    assert files(out) == before
    with pytest.raises(OSError, match="No space left"):
        write_report(ratings(("A",)), tmp_path / "new", FAST)
    assert not (tmp_path / "new").exists()


def test_two_reports_that_are_written_into_one_folder_at_once(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt), stage_folder(out, "report.json"):  # which made the folder
        for text in ("one", "another"):
            with stage_folder(out, "report.json") as folder:
                (folder / f"{text}.csv").write_text(text)
                (folder / "report.json").write_text("{}")
        raise KeyboardInterrupt
    assert set(files(out)) == {"report.json", "another.csv"}
    with stage_folder(out, "report.json") as first:
        with stage_folder(out, "report.json") as second:
            (second / "report.json").write_text("{}")
        (first / "last.csv").write_text("last")
        (first / "report.json").write_text("{}")
    assert set(files(out)) == {"report.json", "last.csv"}


def test_what_a_killed_report_has_left_goes_after_a_day(tmp_path: Path) -> None:
    left = tmp_path / ".report.0a1b2c3d.part"
    left.mkdir()
    os.utime(left, (0, 0))
    with stage_folder(tmp_path, "report.json") as folder:
        (folder / "report.json").write_text("{}")
    assert set(files(tmp_path)) == {"report.json"}


def test_a_column_of_any_name_splits_a_table(tmp_path: Path) -> None:
    options = Options(interval="bootstrap", draws=200, seed=5, by=("q_a/b",), order=["B", "A"])
    results = write_report(ratings(), tmp_path, options)
    assert (tmp_path / "by_q_a_b.csv").is_file()
    expected = mos(
        ratings(), by="q_a/b", interval="bootstrap", draws=200, seed=5, order=["B", "A"]
    )  # the report's own choices
    pd.testing.assert_frame_equal(results.tables["by_q_a/b"], expected)
    assert list(expected["condition"]) == ["B", "A", "B", "A"]


@pytest.mark.usefixtures("drawn_figures")
@pytest.mark.parametrize("order", [["A", "B"], ["B", "A"]])
def test_an_order_holds_for_every_figure(tmp_path: Path, order: list[str]) -> None:
    write_report(ratings(), tmp_path, Options(draws=200, order=order))
    for name in ("mos", "box", "violin", "listeners", "items", "ranks"):
        assert re.findall(r">([AB])</text>", (tmp_path / f"{name}.svg").read_text()) == order, name


def test_one_of_several_attributes_can_be_chosen(tmp_path: Path) -> None:
    both = pd.concat([ratings(), ratings(attribute="timbre")], ignore_index=True)
    said = "This is the analysis of 'score' only; the ratings have 1 more: timbre (--attribute chooses)."
    assert said in analyse(both, FAST).notes
    write_report(both, tmp_path, Options(draws=200, attribute="timbre"))
    about = json.loads((tmp_path / "report.json").read_text())
    assert about["attribute"] == "timbre" and not [note for note in about["notes"] if "attribute" in note]
    assert (tmp_path / "mos.csv").is_file() and not (tmp_path / "timbre-mos.csv").exists()


def test_zero_has_no_sign() -> None:
    from analysis.report.latex import latex_mos

    table = mos(ratings()).assign(ci_low=-0.04)
    assert "0.0 to" in latex_mos(table) and "-0.0" not in latex_mos(table)


def test_captions_say_whether_listeners_were_screened() -> None:
    frame = ratings(("A", "reference"))
    frame.loc[frame["condition"] == "reference", "score"] = 100.0
    figures = dict.fromkeys(("mos", "box", "violin", "listeners", "differences"), "")
    assert "Scores after screening (95 % intervals, two-way: new listeners and items)" in render_page(
        analyse(frame, FAST), figures, "x"
    )
    for rows, exclude, said in (
        (frame, (), "Screening was switched off"),
        (ratings(), RULES, "Nobody was screened:"),
    ):
        page = render_page(analyse(rows, Options(draws=200, exclude=exclude)), figures, "x")
        assert (
            "scores of all listeners, none screened (95 % intervals" in page and "after screening" not in page
        )
        assert page.index("Before you trust the means") < page.index(said) < page.index('id="distributions"')


def test_the_page_links_to_every_file_and_copies_its_texts(mushra: pd.DataFrame, tmp_path: Path) -> None:
    write_report(mushra, tmp_path / "out", Options(draws=200))
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    linked = set(re.findall(r'<a href="([^"#]+)"', page))
    assert linked == {path.name for path in (tmp_path / "out").iterdir()} - {"index.html"}
    copied = re.findall(r'data-copy="([^"]+)"', page)
    assert copied == ["methods-text", "latex-1", "latex-2"]
    assert all(page.count(f'id="{name}"') == 1 for name in copied)
    assert r"\begin{table}" in page and (tmp_path / "out" / "mos.tex").read_text().splitlines()[0] in page
