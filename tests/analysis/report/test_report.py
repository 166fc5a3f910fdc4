"""The report, its figures and the companion page: files, marks, one self-contained page, same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import analysis
from analysis import DesignError, write_report
from analysis.figures.ranks import rank_shares
from analysis.report.html_tables import Column, cells_of
from analysis.report.latex import escape, latex_mos
from analysis.report.page import unbroken
from analysis.report.results import Options
from tests.analysis.estimates import FIGURES_OF_ESTIMATES, OTHER_FIGURES, estimates
from tests.analysis.html import Balanced

Make = Callable[..., pd.DataFrame]
FIGURES = [
    name
    for name in analysis.__all__
    if name.startswith("plot_") and name not in FIGURES_OF_ESTIMATES and name not in OTHER_FIGURES
]
FAST = Options(draws=300)


@pytest.fixture(scope="module")
def report(kept_mushra: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_report(kept_mushra, folder, FAST, title="A <study>")
    return folder


def test_every_file_is_there_and_nothing_half_written(report: Path) -> None:
    names = {path.name for path in report.iterdir()}
    tables = {"mos.csv", "mos_unscreened.csv", "significance.csv", "screening.csv", "mos_by_item.csv"}
    assert names >= {"index.html", "report.json", "mos.tex", "significance.tex", *tables}
    figures = ("mos", "box", "violin", "listeners", "ranks", "progress", "items", "differences")
    assert names >= {f"{name}.{kind}" for name in figures for kind in ("svg", "pdf", "png")}
    assert not [name for name in names if name.startswith(".") or name.endswith(".part")]


def test_mos_csv_has_the_agreed_columns_and_a_row_per_condition(report: Path) -> None:
    table = pd.read_csv(report / "mos.csv")
    expected = ["condition", "n_listeners", "n_items", "n_ratings", "mos", "ci_low", "ci_high", "interval"]
    assert list(table.columns)[:8] == expected
    assert list(table["condition"]) == ["reference", "good", "poor", "anchor70", "anchor35"]
    assert "SIMULATED" not in (report / "mos.csv").read_text()


def test_the_page_is_one_sound_self_contained_file(report: Path) -> None:
    page = (report / "index.html").read_text(encoding="utf-8")
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    links = {path.name for path in report.iterdir()}  # only followed on a click
    fetched = [address for address in parser.addresses if address not in links]
    assert all(address.startswith(("#", "data:image/")) for address in fetched), "nothing is fetched"
    assert not re.search(r"""<(?:img|script|iframe|audio|link)[^>]+(?:src|href)=["'](?!data:)""", page)
    assert "A &lt;study&gt;" in page and "A <study>" not in page
    assert (
        page.count('role="img"') == 8 and "Mean opinion scores with 95 % intervals: reference 100.0" in page
    )
    assert "good is " in page and " points above poor, 95 % interval " in page
    assert re.search(r"Analysed with listenable [\d.]+ \(seed 0\)", page)
    assert "prefers-color-scheme: dark" in page and "SIMULATED" not in page


@pytest.mark.usefixtures("drawn_figures")
def test_the_same_ratings_give_the_same_bytes(mushra: pd.DataFrame, report: Path, tmp_path: Path) -> None:
    write_report(mushra, tmp_path / "again", FAST, title="A <study>")
    for path in report.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_report_json_is_plain_json(report: Path) -> None:
    found = json.loads((report / "report.json").read_text())
    assert found["schema_version"] == 1 and found["simulated"] is False
    assert found["mos"][0]["condition"] == "reference"
    assert found["mos"][0]["note"] == "not estimable if all scores are equal"
    assert found["options"]["interval"] == "two-way" and found["missing"] == {}


@pytest.mark.usefixtures("drawn_figures")
def test_simulated_ratings_are_marked_everywhere(mushra: pd.DataFrame, tmp_path: Path) -> None:
    write_report(mushra.assign(simulated=True), tmp_path, FAST)
    page = (tmp_path / "index.html").read_text()
    assert "SIMULATED ratings: made by a program" in page and "<title>SIMULATED" in page
    captions = re.findall(r"<(?:caption|figcaption)>.*?</(?:caption|figcaption)>", page, re.DOTALL)
    assert len(captions) >= 14 and all("SIMULATED" in caption for caption in captions)
    for name in (
        "mos.csv",
        "mos_unscreened.csv",
        "significance.csv",
        "screening.csv",
        "mos.tex",
        "significance.tex",
    ):
        assert "SIMULATED" in (tmp_path / name).read_text(), name
    for path in tmp_path.glob("*.svg"):
        assert "SIMULATED" in path.read_text(), path.name


def in_grades(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(score=(1 + frame["score"] / 25).round())


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_draws_into_given_axes_and_marks_simulated_ratings(
    mushra: pd.DataFrame, name: str
) -> None:
    from matplotlib.figure import Figure

    plot = getattr(analysis, name)
    mushra = in_grades(mushra) if name == "plot_grades" else mushra
    ax = Figure().add_subplot()
    assert plot(mushra.assign(simulated=True), ax) is ax
    assert "SIMULATED" in [text.get_text() for text in ax.texts]
    assert "SIMULATED" not in [text.get_text() for text in plot(mushra).texts]


@pytest.mark.parametrize("name", FIGURES_OF_ESTIMATES)
def test_every_figure_of_estimates_draws_into_given_axes_and_marks_simulated_ratings(name: str) -> None:
    from matplotlib.figure import Figure

    plot, options = getattr(analysis, name), FIGURES_OF_ESTIMATES[name]
    ax = Figure().add_subplot()
    assert plot(estimates({"A": "A"}, simulated=True), ax, **options) is ax
    assert "SIMULATED" in [text.get_text() for text in ax.texts]
    assert "SIMULATED" not in [text.get_text() for text in plot(estimates({"A": "A"}), **options).texts]


def test_figures_leave_pyplot_alone(mushra: pd.DataFrame) -> None:
    import matplotlib.pyplot as plt

    for name in FIGURES:
        getattr(analysis, name)(in_grades(mushra) if name == "plot_grades" else mushra)
    for name, options in FIGURES_OF_ESTIMATES.items():
        getattr(analysis, name)(estimates({"A": "A"}), **options)
    assert plt.get_fignums() == []


def test_the_mos_figure_shows_the_intervals(mushra: pd.DataFrame) -> None:
    table = analysis.mos(mushra)
    ax = analysis.plot_mos(mushra, table=table)
    drawn = [tuple(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2]
    ends = list(zip(table["ci_low"], table["ci_high"], strict=True))
    assert drawn == [pytest.approx(pair, nan_ok=True) for pair in ends]
    assert np.isnan(ends[0]).all(), "a reference that always got 100 has no interval"
    bars = analysis.plot_mos(mushra, table=table, style="paper")
    assert [patch.get_height() for patch in bars.patches] == pytest.approx(list(table["mos"]))
    assert bars.get_ylabel() == "MOS"
    with pytest.raises(DesignError, match="unknown style 'fancy'; expected one of default, paper"):
        analysis.plot_mos(mushra, style="fancy")


def test_rank_shares(make: Make) -> None:
    frame = make(listeners=1, items=2, means={"A": 3.0, "B": 2.0, "C": 1.0}, sd=(0, 0, 0), own=(0, 0))
    frame.loc[(frame["item"] == "item 01") & (frame["condition"] == "B"), "score"] = 3.0
    shares = rank_shares(frame)
    assert shares.loc["A", 1] == 1 and shares.loc["B", 1] == 0.5 and shares.loc["B", 2] == 0.5
    assert shares.loc["C", 3] == 1 and (shares.sum(axis=1) == 1).all()


def test_a_study_that_allows_little_still_gets_a_report(make: Make, tmp_path: Path) -> None:
    results = write_report(make(listeners=1, items=3, means={"A": 50.0}), tmp_path, FAST)
    assert set(results.missing) >= {"comparisons", "omnibus", "mixed", "reliability"}
    page = (tmp_path / "index.html").read_text()
    assert "Not estimable with this design" in page and "only one condition, &#39;A&#39;" in page
    assert pd.read_csv(tmp_path / "mos.csv")["note"].iloc[0] == "not estimable from one listener"


def test_screening_changes_the_report_and_both_versions_are_there(
    mushra: pd.DataFrame, tmp_path: Path
) -> None:
    bad = (mushra["listener"] == "listener 000") & (mushra["condition"] == "reference")
    results = write_report(mushra.assign(score=mushra["score"].where(~bad, 40.0)), tmp_path, FAST)
    assert results.excluded == 1
    page = (tmp_path / "index.html").read_text()
    assert "9 of 10" in page and "Scores without screening" in page
    assert "1 of 10 listeners was excluded by the post-screening rules" in page
    before, after = (pd.read_csv(tmp_path / name) for name in ("mos_unscreened.csv", "mos.csv"))
    assert (before["n_listeners"] == 10).all() and (after["n_listeners"] == 9).all()
    assert (tmp_path / "significance_unscreened.csv").is_file()


def test_nobody_left_after_screening(mushra: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="screening excludes every listener"):
        write_report(mushra.assign(score=50.0), tmp_path / "out", FAST)
    assert not (tmp_path / "out").exists(), "nothing is half-written"


def test_cells_print_numbers_for_people() -> None:
    table = pd.DataFrame(
        {"x": [-0.04, -1.26, np.nan], "p": [0.00001, 0.0003, 0.25], "ok": [True, False, True]}
    )
    rows = cells_of(table, [Column("x", "X", "score"), Column("p", "P", "p"), Column("ok", "OK")])
    assert [[cell.text for cell in row] for row in rows] == [
        ["0.0", "< 0.0001", "yes"], ["−1.3", "0.0003", "no"], ["–", "0.250", "yes"],
    ]  # fmt: skip
    assert rows[2][0].sort == "" and float(rows[1][0].sort) == -1.26


def test_numbers_and_their_signs_stay_on_one_line() -> None:
    assert unbroken("a is 9.0 points above b, 95 % interval 4 to 13, p = 0.004, Holm.") == (
        "a is 9.0 points above b, 95\u00a0% interval 4 to 13, p\u00a0=\u00a00.004, Holm."
    )
    assert unbroken("p < 0.0001") == "p\u00a0<\u00a00.0001"
    assert unbroken("(b = 0.64) and F = 2") == "(b\u00a0=\u00a00.64) and F\u00a0=\u00a02"


def test_latex_is_escaped(mushra: pd.DataFrame) -> None:
    assert escape(r"50 % of A_1 & B") == r"50 \% of A\_1 \& B"
    text = latex_mos(analysis.mos(mushra.assign(label="A_1 & co")))
    assert r"A\_1 \& co & 60 & 100.0 & -- \\" in text
    assert text.count("\\begin{") == text.count("\\end{") == 2
