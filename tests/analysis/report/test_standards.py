"""The recommendation that a report of scores names, by the type of the pages."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analysis import Options, analyse, load_ratings, write_report
from analysis.report.methods_text import methods, references
from tests.analysis.sources import write

LIKERT = "session_test_id,session_uuid,trial_id,stimuli_rating,stimuli,rating_time"


def of_pages(mushra: pd.DataFrame, page_type: str, attribute: str = "score") -> pd.DataFrame:
    """Return ratings from 1 to 5 as our server exports them."""
    scores = (mushra["score"] / 25 + 1).round()
    return mushra.assign(
        score=scores, attribute=attribute, page_type=page_type, session=mushra["listener"], study="s",
        kind="trial", simulated=0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("page_type", "attribute", "said", "recommendation"),
    [
        ("dcr", "score", "degradation category rating (DCR) of ITU-T P.800, annex D", "P.800"),
        ("likert_single_stimulus", "score", "absolute category rating (ACR; ITU-T P.800, annex B", "P.808"),
        ("likert_single_stimulus", "bak", "ITU-T P.835, in which background noise is one of three", "P.835"),
    ],
)
def test_pages_of_a_recommendation_name_it(
    mushra: pd.DataFrame, tmp_path: Path, page_type: str, attribute: str, said: str, recommendation: str
) -> None:
    path = tmp_path / "ratings.csv"
    of_pages(mushra, page_type, attribute).to_csv(path, index=False)
    results = analyse(load_ratings(path, scale=(1, 5)))
    assert said in methods(results)
    assert any(f"Recommendation {recommendation}:" in text for text in references(results))


def test_the_result_of_p835_is_the_overall_quality(mushra: pd.DataFrame, tmp_path: Path) -> None:
    scales = [of_pages(mushra, "likert_single_stimulus", name) for name in ("bak", "ovrl", "sig")]
    path = tmp_path / "ratings.csv"
    pd.concat(scales).to_csv(path, index=False)
    results = analyse(load_ratings(path, scale=(1, 5)))
    assert results.attribute == "ovrl"
    assert "the ratings have 2 more: bak, sig" in results.notes[-1] or "2 more: bak, sig" in str(
        results.notes
    )


def test_other_pages_name_none(mushra: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    for page_type, scale in (("mushra", (0, 100)), ("likert_single_stimulus", (0, 100))):
        table = of_pages(mushra, page_type).assign(score=mushra["score"])
        table.to_csv(path, index=False)
        results = analyse(load_ratings(path, scale=scale))
        assert "P.800" not in methods(results)
        assert not any("Recommendation P." in text for text in references(results))


def test_the_type_of_the_pages_is_kept_if_it_is_one(tmp_path: Path) -> None:
    rows = "t,u1,page,3,C1,500\nt,u2,page,4,C1,500\n"
    frame = load_ratings(write(tmp_path, "lms.csv", f"{LIKERT}\n{rows}"))
    assert frame.attrs["page_types"] == {"score": "likert_multi_stimulus"}


def test_outliers_among_grades_do_not_cite_bs1534(tmp_path: Path) -> None:
    rows = [
        (f"l{n:02}", item, condition, 1 if (n, item, condition) == (0, "dog", "a") else 4 + n % 2)
        for n in range(12)
        for item in ("dog", "rain", "bell")
        for condition in ("a", "b")
    ]
    table = pd.DataFrame(rows, columns=["listener", "item", "condition", "score"])
    for scale, factor, said in (
        ((1, 5), 1, "Leave out such a score"),
        ((0, 100), 20, "BS.1534-3 leaves out"),
    ):
        frame = load_ratings(table.assign(score=table["score"] * factor), scale=scale)
        write_report(frame, tmp_path / "report", Options(draws=100))
        page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
        assert f"they are counted in all results. {said}" in page
