"""One report on several scales and tests: a part for each, with its own files, links and options."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import DesignError, load_ratings, write_report
from analysis.errors import AnalysisError
from analysis.ratings.selection import list_attributes
from analysis.report.parts import Parts
from analysis.report.results import Options, Results
from analysis.report.terminal import describe_results
from tests.analysis.html import Balanced

FAST = Options(draws=200)


def scores(attribute: str = "score", names: str = "AB", **columns: object) -> pd.DataFrame:
    """Eight listeners, five items; the second condition is worse."""
    rng = np.random.default_rng(len(attribute))
    rows = [
        (f"L{i}", f"item{j}", name, 60 - 20 * k + float(rng.integers(-8, 8)))
        for i in range(8)
        for j in range(5)
        for k, name in enumerate(names)
    ]
    frame = pd.DataFrame(rows, columns=["listener", "item", "condition", "score"])
    return frame.assign(attribute=attribute, study="s", **columns)


def abx() -> pd.DataFrame:
    """Right and wrong answers of the same listeners, on pages of their own."""
    rng = np.random.default_rng(1)
    rows = []
    for i in range(8):
        for j in range(5):
            right = float(rng.random() < 0.8)
            rows += [(f"L{i}", f"item{j}", name, right, 10.0 + j, float(k)) for k, name in enumerate("AB")]
    names = ["listener", "item", "condition", "score", "trial_position", "condition_position"]
    return pd.DataFrame(rows, columns=names).assign(attribute="correct", study="s")


@pytest.fixture(scope="module")
def mixed() -> pd.DataFrame:
    """MUSHRA scores on two scales, and ABX."""
    return load_ratings(pd.concat([scores(), scores("timbre", "ABC"), abx()], ignore_index=True))


@pytest.fixture(scope="module")
def written(mixed: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> tuple[Parts, Path]:
    out = tmp_path_factory.mktemp("report")
    steps: list[str] = []
    found = write_report(mixed, out, Options(draws=200, by=("item",)), announce=steps.append)
    assert isinstance(found, Parts) and "timbre: screening" in steps
    return found, out


def test_each_scale_and_test_has_its_part_and_files(written: tuple[Parts, Path]) -> None:
    found, out = written
    assert list(found.parts) == ["score", "timbre", "correct"]
    for name in ("score-mos.csv", "timbre-mos.svg", "timbre-significance.tex", "correct-results.tex"):
        assert (out / name).is_file()
    assert not (out / "mos.csv").exists()
    first = found.parts["score"]
    assert isinstance(first, Results)
    table = pd.read_csv(out / "score-mos.csv")
    assert table["mos"].to_numpy() == pytest.approx(first.mos["mos"].to_numpy())
    about = json.loads((out / "report.json").read_text())
    assert list(about["parts"]) == ["score", "timbre", "correct"]
    assert about["parts"]["timbre"]["attribute"] == "timbre"
    assert sorted(path.name for path in out.iterdir()) == sorted(about["files"])


def test_the_page_has_a_contents_list_whose_links_lead_somewhere(written: tuple[Parts, Path]) -> None:
    page = (written[1] / "index.html").read_text()
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    outside = re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)
    ids = re.findall(r'\bid="([^"]+)"', outside)
    assert len(ids) == len(set(ids)), "an id names one thing"
    links = re.findall(r'href="#([^"]+)"', outside)
    assert {"part-score", "part-timbre", "part-correct", "timbre-mos", "files"} <= set(links) <= set(ids)
    for name in re.findall(r'<a href="([^"#]+)"', page):
        assert (written[1] / name).is_file()
    assert '<h2 id="part-timbre">Scale “timbre”</h2>' in page
    assert page.count("<h1>") == 1 and "their intervals are in timbre-significance.csv." in page


def test_latex_labels_and_captions_tell_the_scales_apart(written: tuple[Parts, Path]) -> None:
    text = "".join(path.read_text() for path in written[1].glob("*.tex"))
    labels = re.findall(r"\\label{([^}]+)}", text)
    assert len(labels) == len(set(labels)) and "tab:mos-timbre" in labels
    assert "Mean opinion scores of timbre with" in text


def test_options_fit_some_parts_and_a_part_that_cannot_be_analysed_is_named(
    mixed: pd.DataFrame, tmp_path: Path
) -> None:
    # The scale "score" has no condition C, and choices have neither the option nor the flag.
    found = write_report(mixed, tmp_path, Options(draws=200, against="C", exclude=("spread", "attention")))
    assert isinstance(found, Parts) and list(found.parts) == ["timbre", "correct"]
    said = "'score' is not in this report: no rating has the condition 'C' to compare with; found 'A', 'B'."
    assert found.notes == [said] and said.replace("'", "&#39;") in (tmp_path / "index.html").read_text()
    text = describe_results(found)
    assert text.startswith("Scale “timbre”\n") and "were right" in text
    with pytest.raises(DesignError, match="no rating has the condition 'X' to compare with"):
        write_report(mixed[mixed["attribute"] != "correct"], tmp_path, Options(against="X"))


def test_the_main_question_is_the_first_part() -> None:
    three = pd.concat([scores(name) for name in ("sig", "bak", "ovrl")], ignore_index=True)
    assert list_attributes(load_ratings(three)) == ["ovrl", "sig", "bak"]
    with pytest.raises(AnalysisError, match="no rating of kind 'trial'"):
        list_attributes(load_ratings(three).assign(kind="training"))
