from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from interpreter.evaluation.published_results import HALVED_NOTE, PUBLISHED
from interpreter.evaluation.summary import COLUMNS
from interpreter.evaluation.tables import format_table, latex, markdown, write_tables
from interpreter.faithfulness import METRICS
from tests.conftest import ROOT


def row(method: str, label: str, setting: str = "id", **values: float) -> dict[str, object]:
    numbers = dict.fromkeys(COLUMNS[3:], 0.0) | values
    return {"method": method, "setting": setting, "n_items": 80, **numbers, "label": label}


@pytest.fixture
def table() -> pd.DataFrame:
    ours = row("lmac-td", "LMAC-TD (alpha 0.75)", ai=60.04, ai_low=49.0, ai_high=70.96, ff=-0.0001, comp=11.8)
    rows = [ours, row("floor-loudest", "Floor: loudest 20%", ai=21.0, ai_low=np.nan, ai_high=np.nan)]
    return pd.DataFrame(rows)


def test_markdown_shows_intervals_floors_and_published_rows(table) -> None:
    text = markdown(table)
    assert "### Setting: id (80 items; the classifier gets 0.0 % right)" in text
    assert "| LMAC-TD (alpha 0.75) | 60.0 [49.0, 71.0] |" in text
    assert "| Floor: loudest 20% | 21.0 |" in text
    assert "-0.00" not in text
    assert "| L-MAC* (published) | 36.25 |  |  |  | 0.20 | 0.42 | 0.47 | 4.71 |" in text
    assert "| LMAC-TD (published) | 69.75 |  | 2.10 | 28.07 | 0.42 | 0.91 | 0.86 | 10.53 |" in text
    assert HALVED_NOTE in text
    widths = {line.count("|") for line in text.split("\n\n")[1].splitlines()}
    assert widths == {len(METRICS) + 2}


def test_markdown_shows_the_randomisation_check_where_it_was_run(table) -> None:
    assert "Randomised" not in markdown(table)
    text = markdown(table.assign(randomised=[0.104, np.nan]))
    assert text.count("| Randomised |") == 1
    assert "| 0.10 |" in text


def test_settings_without_published_rows_have_none(table) -> None:
    text = markdown(table.assign(setting="clean"))
    assert "published)" not in text.replace("AD (published)", "")
    assert HALVED_NOTE not in text


def test_latex_escapes_and_groups(table) -> None:
    text = latex(table)
    assert "Floor: loudest 20\\% &" in text
    assert "\\emph{As published}" in text
    body = [line for line in text.splitlines() if line.endswith("\\\\") and "&" in line]
    assert {line.count("&") for line in body} == {len(METRICS)}
    assert text.count("\\midrule") == 3
    assert text.index("LMAC-TD (alpha 0.75)") < text.index("Floor:") < text.index("As published")


def test_a_runs_name_of_any_signs_stays_one_cell(table) -> None:
    named = table.assign(label=["a|b", "x~2^n\\y"])
    assert "x\\textasciitilde{}2\\textasciicircum{}n\\textbackslash{}y &" in latex(named)
    rows = [line for line in markdown(named).splitlines() if line.startswith("| a")]
    assert next(row.count("|") for row in rows) == len(METRICS) + 2


def test_terminal_rows_have_one_width(table) -> None:
    rows = format_table(table)
    assert {len(cells) for cells in rows} == {len(METRICS) + 2}
    assert rows[1][:2] == ["LMAC-TD (alpha 0.75)", "60.0"]


def test_what_looks_halved_is_half_of_the_other_table() -> None:
    """SPS and COMP of a marked in-domain row against the same method's on mixtures."""
    others = {published.label: published.values for published in PUBLISHED["mixtures"]}
    marked = [published for published in PUBLISHED["id"] if published.halved]
    assert len(marked) == 8
    for published in marked:
        for metric, tolerance in (("sps", 0.025), ("comp", 0.12)):
            assert 2 * published.values[metric] == pytest.approx(
                others[published.label][metric], abs=2.5 * tolerance
            )
    whole = next(published for published in PUBLISHED["id"] if not published.halved)
    assert whole.values["comp"] == pytest.approx(others["LMAC-TD"]["comp"], abs=0.2)


def test_the_page_says_how_many_published_cells_there_are() -> None:
    cells = sum(len(row.values) for rows in PUBLISHED.values() for row in rows)
    page = (ROOT / "docs" / "reproduce-the-paper.md").read_text(encoding="utf-8")
    assert f"prints {cells} of them" in page and f"other {252 - cells} are left out" in page
    assert all(0 <= row.values.get("sps", 0) <= 1 for rows in PUBLISHED.values() for row in rows)


def test_tables_are_written_whole(table, tmp_path) -> None:
    paths = write_tables(table, tmp_path / "deep" / "t.csv")
    assert [path.suffix for path in paths] == [".csv", ".md", ".tex"]
    assert pd.read_csv(paths[0])["ai"].tolist() == [60.04, 21.0]
    assert sorted(path.name for path in paths[0].parent.iterdir()) == ["t.csv", "t.md", "t.tex"]
