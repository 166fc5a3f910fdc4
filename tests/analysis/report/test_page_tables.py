"""What the page's tables show: what a reader needs first, in words and units that stand by themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.models.anova import omnibus
from analysis.report import table_columns as columns
from analysis.report.html_tables import Column, table_of
from analysis.report.page import context, render_page
from analysis.report.results import Options, analyse
from analysis.statistics.populations import MEANING
from tests.analysis.html import Balanced

FIGURES = dict.fromkeys(("mos", "box", "violin", "listeners", "differences"), "")


def header(shown: list[Column]) -> list[str]:
    return [column.title for column in shown]


def test_spare_columns_are_left_out_where_they_are_empty() -> None:
    spare = [Column("a", "A"), Column("note", "Note", spare=True), Column("x", "X", "score", spare=True)]
    frame = pd.DataFrame({"a": ["", ""], "note": ["", None], "x": [np.nan, np.nan]})
    empty = table_of(frame, spare, 1)
    assert header(empty.columns) == ["A"] and [[cell.text for cell in row] for row in empty.rows] == [
        [""],
        [""],
    ]
    full = table_of(frame.assign(note=["", "few"], x=[np.nan, 1.0]), spare, 1)
    assert header(full.columns) == ["A", "Note", "X"] and full.rows[1][1].text == "few"


def test_shares_have_their_unit_in_the_header() -> None:
    shares = [
        column
        for shown in (columns.VARIANCE, columns.screening_columns((0, 100)), columns.differences(Options()))
        for column in shown
        if column.kind == "share"
    ]
    assert len(shares) == 4 and all("(%" in column.title for column in shares)
    cells = table_of(pd.DataFrame({"x": [0.126]}), [Column("x", "X (%)", "share")], 1).rows[0]
    assert cells[0].text == "13" and float(cells[0].sort) == 0.126


def test_the_screenings_limit_is_one_of_the_scale() -> None:
    assert "Reference < 90 (%)" in header(columns.screening_columns((0.0, 100.0)))
    assert "Mid anchor > 4.6 (%)" in header(columns.screening_columns((1.0, 5.0)))


def test_the_corrected_p_value_names_its_correction() -> None:
    for correction, title in (("holm", "p, Holm"), ("hochberg", "p, Hochberg"), ("none", "p")):
        assert header(columns.differences(Options(correction=correction)))[4] == title


def test_statistics_stand_as_papers_print_them(mushra: pd.DataFrame) -> None:
    table = omnibus(mushra)
    shown = columns.add_words(table)
    friedman, anova = table.iloc[0], table.iloc[1]
    assert list(shown["shown"][:2].str.replace("\u00a0", " ")) == [
        f"χ²(1) = {friedman['statistic']:.2f}", f"F(1, 9) = {anova['statistic']:.2f}",
    ]  # fmt: skip
    assert shown["advised"].iloc[0] == "p"
    assert list(columns.add_words(table.assign(statistic=np.nan))["shown"]) == ["–"] * len(table)


def test_the_mixed_model_calls_conditions_by_their_labels(mushra: pd.DataFrame) -> None:
    labels = {"good": "Our method (α = 0.75)", "poor": "Baseline"}
    results = analyse(mushra.assign(label=mushra["condition"].replace(labels)), Options(draws=200))
    rows = context(results, {}, "x")["tables"]["mixed"].rows
    assert [[cell.text for cell in row[:2]] for row in rows] == [list(labels.values())]


def test_captions_say_what_the_headers_mean(mushra: pd.DataFrame) -> None:
    results = analyse(mushra, Options(draws=200, against="good", test="wilcoxon"))
    page = render_page(results, FIGURES, "x")
    assert (
        "Paired differences in points: simultaneous 95 % intervals of 4 pairs and p values corrected by Holm "
        "over 4 pairs, both about new listeners, these items." in page
    )
    assert "The first p value is of the test wilcoxon; those after it are uncorrected: " in page
    assert "their intervals are in significance.csv." in page
    found = set(results.tables["comparisons"].columns)
    assert {"rank_biserial", "p_medians", "dz_low", "superiority_high"} <= found, "not on the page, but there"
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    page = render_page(analyse(mushra, Options(draws=200, correction="none")), FIGURES, "x")
    assert "95 % intervals and p values uncorrected, both about new listeners and items" in page


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        ("two-way", "with other listeners and other items of the same kind"),
        ("listener", "with other listeners and the same items"),
        ("item", "If the same listeners rated other items"),
        ("naive-t", "such intervals are usually too narrow."),
    ],
)
def test_the_page_says_what_its_intervals_promise(mushra: pd.DataFrame, interval: str, said: str) -> None:
    page = render_page(analyse(mushra, Options(draws=200, interval=interval)), FIGURES, "x")
    assert [sentence in page for sentence in MEANING.values()].count(True) == 1 and said in page


def test_no_interval_promises_nothing(make: Callable[..., pd.DataFrame]) -> None:
    page = render_page(analyse(make(items=1), Options(draws=200)), FIGURES, "x")
    assert not [sentence for sentence in MEANING.values() if sentence in page]


def test_one_item_is_counted_as_one_and_compares_nothing(make: Callable[..., pd.DataFrame]) -> None:
    results = analyse(make(items=1), Options(draws=200))
    shown = context(results, FIGURES, "x")
    assert dict(shown["counts"])["item"] == "1" and dict(shown["counts"])["listeners"] == "8"
    page = render_page(results, FIGURES, "x")
    assert "These ratings do not allow any two conditions to be compared" in page
    assert "do not distinguish" not in page


def test_tables_fit_a_screen_and_scroll_within_their_box_on_a_phone(
    mushra: pd.DataFrame, tmp_path: Path, browser: Any
) -> None:
    names = {"good": "Proposed method, 5.51 kbit/s", "poor": "Proposed method, 1.38 kbit/s"}
    bad = (mushra["listener"] == "listener 000") & (mushra["condition"] == "reference")
    frame = mushra.assign(
        label=mushra["condition"].replace(names),
        listener="f38152e2-600f-425f-a708-" + mushra["listener"].str[-3:],
        score=mushra["score"].where(~bad, 40.0),
    )
    page = tmp_path / "index.html"
    page.write_text(render_page(analyse(frame, Options(draws=200, against="good")), FIGURES, "x"))
    measure = """() => {
        for (const more of document.querySelectorAll("details")) more.open = true;
        const root = document.documentElement;
        const tables = [...document.querySelectorAll(".scroll")];
        return [root.scrollWidth - root.clientWidth, tables.map(t => t.scrollWidth - t.clientWidth),
                [...document.querySelectorAll("caption span")].map(c => c.getBoundingClientRect().right)];
    }"""
    found = {}
    for width, height in ((1280, 800), (390, 844)):
        with browser.new_context(viewport={"width": width, "height": height}) as context:
            tab = context.new_page()
            tab.goto(page.as_uri())
            found[width] = tab.evaluate(measure)
    assert len(found[1280][1]) >= 11 and not any(found[1280][1]), "no table is wider than its place"
    beyond, tables, captions = found[390]
    assert beyond == 0 and max(tables) > 300, "a wide table does not widen the page"
    assert max(captions) <= 390, "what a table says of itself can be read without scrolling"
