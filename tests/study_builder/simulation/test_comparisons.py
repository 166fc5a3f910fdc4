"""Simulated listeners that compare: every test is rehearsed over HTTP, and the known truth comes out."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import Options, load_ratings, write_report
from study_builder.checks.study import check_study
from study_builder.config import TEST_NAMES, TESTS, StudyConfig
from study_builder.errors import SimulateError
from study_builder.simulation.comparisons import preference_probability
from study_builder.simulation.listeners import ListenerModel, SimulatedListener, condition_quality
from study_builder.simulation.panel import plan_sessions, rate_plans
from study_builder.simulation.rehearsal import simulate_study
from tests.figures import SAVE, write_stand_ins
from tests.study_builder.small_studies import build

MakeFolder = Callable[..., Path]


def pages_of(study: Path) -> dict[tuple[str, int], list[dict[str, Any]]]:
    with contextlib.closing(sqlite3.connect(study / "ratings.sqlite3")) as connection:
        connection.row_factory = sqlite3.Row
        query = "SELECT * FROM export_ratings ORDER BY condition_position, attribute"
        rows = [dict(row) for row in connection.execute(query)]
    pages: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        pages[row["session"], row["trial_position"]].append(row)
    return pages


SAYS = {
    "mushra": "post-screening rules of ITU-R BS.1534-3",
    "mushra-nmr": "Varadhan",
    "acr": "absolute category rating (ACR",
    "dcr": "degradation category rating (DCR)",
    "ccr": "P.800, annex E",
    "ab": "which of two sounds is preferred",
    "abx": "ABX test (Clark, 1982)",
    "bs1116": "BS.1116-3",
    "p835": "P.835",
    "best-worst": "best-worst scaling",
}
"""What the report on a test says, and that on no other test does."""


def check_report(study: Path, out: Path, test: str) -> None:
    """Analyse the simulated ratings of a study: the report speaks of its own test and of no other."""
    frame = load_ratings(str(study), simulated="only")
    write_report(frame, out, Options(draws=50))
    page = re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", (out / "index.html").read_text(), flags=re.DOTALL)
    said = {name for name, words in SAYS.items() if words in " ".join(page.split())}
    assert said == {test}
    if TESTS[test].presents in ("pair", "block"):
        assert "pinion score" not in page.replace("comparison mean opinion score", "")


def check_same_without_server(config: StudyConfig, stored: list[dict[str, Any]]) -> None:
    """What was stored over HTTP are the draws of the benchmarks, which simulate without a server."""
    model = ListenerModel(condition_quality(config))
    panel = [SimulatedListener(config, model, 0, number) for number in (1, 2)]
    columns = ("listener", "trial_position", "item", "condition", "condition_position", "attribute", "score")
    drawn = [tuple(row[name] for name in columns) for row in rate_plans(panel, plan_sessions(config, 2))]
    # Rows that follow from others: which sound X was, and the two scores of a difference grade.
    left_out = {"x"} | ({"score", "hidden_reference"} if stored[0]["page_type"] == "bs1116" else set())
    rows = [row for row in stored if row["attribute"] not in left_out]
    assert sorted(drawn) == sorted(tuple(row[name] for name in columns) for row in rows)


@pytest.mark.parametrize("test", TEST_NAMES)
def test_every_test_is_built_checked_rehearsed_and_analysed(
    make_folder: MakeFolder, tmp_path: Path, test: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SAVE, write_stand_ins)
    source = make_folder(items=2, conditions=("reference", "new", "old", "codec"))
    study = tmp_path / "study"
    checks = 0 if test == "bs1116" else 1
    config = build(source, study, test=test, attention_checks=checks, training_items=0)
    passed: list[bool] = []
    assert [str(found) for found in check_study(study, jobs=1).of_severity("error")] == []
    simulate_study(study, 2)
    check_report(study, tmp_path / "report", test)
    pages = pages_of(study)
    check_same_without_server(config, [row for rows in pages.values() for row in rows])
    scale = TESTS[test].scale
    for rows in pages.values():
        assert {row["page_type"] for row in rows} == {TESTS[test].page_type}
        scores = [row["score"] for row in rows]
        if scale is not None and test != "bs1116":
            assert all(scale[0] <= score <= scale[1] for score in scores)
        if test in ("ab", "abx", "ccr"):
            assert len({row["condition"] for row in rows}) == 2
        if test == "ab":
            assert sorted(scores) == [0, 1]
        if test == "ccr":
            assert scores[0] == -scores[1]
        if test == "best-worst":
            assert sorted(scores) == [-1, 0, 0, 1]
        if rows[0]["kind"] == "attention":
            asked = config.options.trials["attention-1"].expected or {}
            answers = [row for row in rows if row["attribute"] != "x"]
            ends = [asked[row["condition"]] for row in answers]
            scores_in = [low <= row["score"] <= high for row, (low, high) in zip(answers, ends, strict=True)]
            passed.append(all(scores_in))
        if test == "abx":
            assert sorted(r["score"] for r in rows if r["attribute"] == "x") == [0, 1]
            assert len({r["score"] for r in rows if r["attribute"] == "correct"}) == 1
        if test == "p835":
            assert sorted(row["attribute"] for row in rows) == ["bak", "ovrl", "sig"]
    kinds = {row["kind"] for rows in pages.values() for row in rows}
    assert kinds == ({"trial", "attention"} if checks else {"trial"})
    assert len(passed) == 2 * checks and any(passed) == bool(checks)  # one of the two is careless


def test_choices_have_the_probability_that_is_known() -> None:
    quality = {"a": 70.0, "b": 62.0}
    model = ListenerModel(quality)
    wins = []
    for number in range(1, 1201):
        listener = SimulatedListener(StudyConfig(), model, 5, number)
        a, b = (listener.impression("item", name, "page") for name in ("a", "b"))
        wins.append(a > b)
    # Witness: the normal distribution of the difference of two impressions, drawn another way.
    rng = np.random.default_rng(0)
    spread = np.hypot(model.taste_sd, model.noise_sd)
    drawn = rng.normal(70, spread, 400_000) > rng.normal(62, spread, 400_000)
    truth = preference_probability(model, "a", "b")
    assert truth == pytest.approx(drawn.mean(), abs=0.003)
    assert np.mean(wins) == pytest.approx(truth, abs=4 * np.sqrt(truth * (1 - truth) / 1200))


def test_listeners_of_acr_follow_the_quality_and_the_attention_check(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    source = make_folder(items=3, conditions=("reference", "new", "old"))
    config = build(source, tmp_path / "study", test="acr", attention_checks=1, training_items=0)
    simulate_study(tmp_path / "study", 6, quality={"new": 80, "old": 20})
    rows = [row for rows in pages_of(tmp_path / "study").values() for row in rows]
    means = {
        name: np.mean([row["score"] for row in rows if row["condition"] == name and row["kind"] == "trial"])
        for name in ("new", "old")
    }
    assert means["new"] > means["old"] + 1.5
    asked = next(trial for trial in config.options.trials.values() if trial.kind == "attention")
    low, high = next(iter((asked.expected or {}).values()))
    passed = [low <= row["score"] <= high for row in rows if row["kind"] == "attention"]
    assert np.mean(passed) >= 0.8


def test_a_staircase_is_rehearsed(make_folder: MakeFolder, tmp_path: Path) -> None:
    source = make_folder(items=1, conditions=("reference", "q1", "q2", "q3", "q4"))
    study = tmp_path / "study"
    build(source, study, test="abx", against="reference", adaptive="2-down-1-up", training_items=0)
    with pytest.raises(SimulateError, match="an adaptive test or screens need the server"):
        plan_sessions(StudyConfig.load(study), 1)
    quality = {"q1": 99.0, "q2": 40.0, "q3": 20.0, "q4": 0.0}
    simulate_study(study, 3, quality=quality)
    simulate_study(study, 3, quality=quality)  # nothing is left to do
    pages = pages_of(study)
    assert len({session for session, _ in pages}) == 3
    found = [row["score"] for rows in pages.values() for row in rows if row["attribute"] == "threshold"]
    assert len(found) == 6  # both sounds of the page that ended each track
    # Level 1 cannot be heard, level 2 cannot be missed but for a lapse: levels go to and fro between them.
    assert 1.3 < np.median(found) < 2.2
