"""Ratings with several attributes: a report has a part for each; other commands take the first and say so."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import soundfile
import typer
from typer.testing import CliRunner, Result

from analysis import DesignError, mos, pilot_spread, write_companion
from analysis.commands import analyze, companion, power
from analysis.errors import AnalysisError

NOTE = "This is the analysis of 'score' only; the ratings have 1 more: timbre (--attribute chooses).\n"
UNKNOWN = "no rating has the attribute 'warmth'; found 'score', 'timbre'"


def call(*words: object) -> Result:
    app = typer.Typer()
    for command in (analyze.analyze, power.power, companion.companion):
        app.command()(command)
    return CliRunner().invoke(app, list(map(str, words)))


@pytest.fixture
def both(mushra: pd.DataFrame) -> pd.DataFrame:
    """The scores, and a second attribute whose scores of a method differ more between listeners."""
    timbre = mushra.assign(attribute="timbre")
    own = timbre["listener"].str[-1].astype(int) * 4.0
    timbre["score"] = timbre["score"].where(timbre["condition"] != "poor", own)
    return pd.concat([mushra, timbre], ignore_index=True)


@pytest.fixture
def ratings(both: pd.DataFrame, tmp_path: Path) -> Path:
    path = tmp_path / "ratings.csv"
    both.to_csv(path, index=False)
    return path


@pytest.fixture
def study(both: pd.DataFrame, tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    folder.mkdir()
    names = sorted(set(both["condition"]))
    for name in names:
        soundfile.write(folder / f"{name}.wav", [0.1] * 800, 16000)
    stimuli = ", ".join(f"{name}: {name}.wav" for name in names if name != "reference")
    page = f"{{type: mushra, id: 'item 00', reference: reference.wav, stimuli: {{{stimuli}}}}}"
    (folder / "config.yaml").write_text(f"testname: Pets\npages: [{page}]\n")
    return folder


def test_analyze_takes_an_attribute(ratings: Path, both: pd.DataFrame, tmp_path: Path) -> None:
    words = ("analyze", ratings, "--out", tmp_path / "out", "--draws", 200)
    assert call(*words, "--attribute", "timbre").stderr == ""
    table = pd.read_csv(tmp_path / "out" / "mos.csv").set_index("condition")
    assert table.loc["poor", "mos"] == pytest.approx(18.0), "the mean of 0, 4, ..., 36"
    failed = call(*words, "--attribute", "warmth").exception
    assert isinstance(failed, AnalysisError) and str(failed) == UNKNOWN


def test_the_companion_shows_the_scores_of_an_attribute(
    study: Path, ratings: Path, both: pd.DataFrame, tmp_path: Path
) -> None:
    words = ("companion", study, ratings, "--out", tmp_path / "site")
    assert call(*words).stderr == NOTE
    page = tmp_path / "site" / "index.html"
    first = mos(both, attribute="score").set_index("condition").loc["poor"]
    assert f"{first['mos']:.1f} ({first['ci_low']:.1f} to" in page.read_text()
    assert "on the scale" not in page.read_text()
    assert call(*words, "--attribute", "timbre").stderr == ""
    assert "Scores on the scale “timbre” are means" in page.read_text() and "<span>18.0 (" in page.read_text()
    failed = call(*words, "--attribute", "warmth").exception
    assert isinstance(failed, AnalysisError) and str(failed) == UNKNOWN
    with pytest.raises(DesignError, match="choose one with attribute="):
        write_companion(study, both, tmp_path / "site")


def test_power_learns_from_an_attribute_of_a_pilot(ratings: Path, both: pd.DataFrame) -> None:
    words = ("power", "--difference", 10, "--listeners", 12, "--pilot", ratings)
    for attribute, extra, note in (("score", (), NOTE), ("timbre", ("--attribute", "timbre"), "")):
        found = call(*words, *extra)
        sd = pilot_spread(both, attribute=attribute).listener_sd
        assert found.stdout.startswith(f"SD of the difference: listeners {sd:.1f},") and found.stderr == note
    assert (
        pilot_spread(both, attribute="timbre").listener_sd
        > 10
        > pilot_spread(both, attribute="score").listener_sd
    )
    failed = call(*words, "--attribute", "warmth").exception
    assert isinstance(failed, AnalysisError) and str(failed) == UNKNOWN


def test_power_without_a_pilot_has_no_attribute() -> None:
    for extra in (("--attribute", "score"), ("--between", "A", "B")):
        failed = call("power", "--difference", 10, *extra).exception
        assert isinstance(failed, AnalysisError)
        assert str(failed) == (
            "--between and --attribute choose among a pilot's ratings; name them with --pilot"
        )
