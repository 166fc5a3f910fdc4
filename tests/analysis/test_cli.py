"""The commands, called as the command line calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

import analysis
from analysis.choices.power import choice_power, required_choice_listeners
from analysis.commands import analyze, companion, power
from analysis.errors import AnalysisError
from analysis.report.terminal import mos_text, printable
from tests.analysis.choices.tables import draw_table


@pytest.fixture
def run() -> CliRunner:
    return CliRunner()


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    for command in (analyze.analyze, power.power, companion.companion):
        app.command()(command)
    return app


@pytest.fixture
def ratings(mushra: pd.DataFrame, tmp_path: Path) -> Path:
    path = tmp_path / "ratings.csv"
    mushra.to_csv(path, index=False)
    return path


def test_analyze_prints_the_table_and_the_paths(
    run: CliRunner, app: typer.Typer, ratings: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report"
    result = run.invoke(
        app, ["analyze", str(ratings), "--out", str(out), "--draws", "200", "--compare-with", "good"]
    )
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].split() == ["condition", "MOS", "95", "%", "interval", "(two-way)"]
    assert lines[1].split()[:2] == ["reference", "100.0"] and "not estimable" in lines[1]
    assert lines[-3:] == [str(out / name) for name in ("index.html", "mos.csv", "mos.svg")]
    assert len(pd.read_csv(out / "significance.csv")) == 4


def test_bad_input_is_one_sentence_with_exit_code_2(
    run: CliRunner, app: typer.Typer, ratings: Path, tmp_path: Path
) -> None:
    for arguments, message in (
        (["analyze", str(tmp_path / "none.csv")], "does not exist"),
        (["analyze", str(ratings), "--interval", "wald"], "unknown interval 'wald'"),
        (["analyze", str(ratings), "--compare-with", "best"], "no rating has the condition 'best'"),
        (["analyze", str(ratings), "--column", "score"], "--column is 'score'; expected NAME=HEADER"),
        (["analyze", str(ratings), "--simulated", "maybe"], "include, exclude or only, not 'maybe'"),
    ):
        result = run.invoke(app, [*arguments, "--out", str(tmp_path / "out"), "--draws", "200"])
        assert isinstance(result.exception, AnalysisError) and result.exception.exit_code == 2
        assert message in str(result.exception) and "\n" not in str(result.exception)
        assert not (tmp_path / "out").exists()


def test_who_is_excluded_can_be_chosen(
    run: CliRunner, app: typer.Typer, mushra: pd.DataFrame, tmp_path: Path
) -> None:
    low = (mushra["listener"] == "listener 002") & (mushra["condition"] == "reference")
    mushra.loc[low, "score"] = 50.0
    mushra.to_csv(tmp_path / "r.csv", index=False)
    kept = []
    for extra in ([], ["--exclude", "none"], ["--exclude", "mid-anchor", "--exclude", "hidden-reference"]):
        words = ["analyze", str(tmp_path / "r.csv"), "--out", str(tmp_path / "out"), "--draws", "200", *extra]
        assert run.invoke(app, words).exit_code == 0
        kept.append(pd.read_csv(tmp_path / "out" / "screening.csv").set_index("listener")["kept"])
    assert [bool(column["listener 002"]) for column in kept] == [False, True, False]
    assert all(column.drop("listener 002").all() for column in kept)
    for extra, message in (
        (
            ["tired"],
            "--exclude is 'tired'; expected one of hidden-reference, mid-anchor, repeats, straight-lining, "
            "untouched, fast, unfinished, attention, headphones, hearing, environment, transducer, "
            "agreement, anchor-order, spread; or none",
        ),
        (["none", "--exclude", "fast"], "--exclude none keeps everybody; leave it out next to other rules"),
    ):
        result = run.invoke(app, [*words[:6], "--exclude", *extra])
        assert isinstance(result.exception, AnalysisError) and str(result.exception) == message


def test_east_asian_names_keep_the_columns_of_the_table(mushra: pd.DataFrame) -> None:
    table = analysis.mos(mushra.assign(label=mushra["condition"].replace("good", "提案手法")))
    lines = mos_text(table).splitlines()
    assert lines[0] == "condition     MOS  95 % interval (two-way)"
    assert lines[2].startswith(f"提案手法     {table['mos'].iloc[1]:.1f}  ")
    assert lines[3].startswith(f"poor         {table['mos'].iloc[2]:.1f}  ")


def test_a_name_gives_the_terminal_no_order() -> None:
    assert printable("a\x1b]52;c;eA==\x07b\nß ∞") == "a\ufffd]52;c;eA==\ufffdb\nß ∞"


def test_analyze_prints_choices_in_sentences(run: CliRunner, app: typer.Typer, tmp_path: Path) -> None:
    path, out = tmp_path / "pairs.csv", tmp_path / "report"
    draw_table("ab").assign(simulated=1).to_csv(path, index=False)
    result = run.invoke(app, ["analyze", str(path), "--out", str(out), "--draws", "200"])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == "SIMULATED" and lines[-1] == str(out / "index.html")
    assert "MOS" not in result.output
    assert lines[1:-1] == json.loads((out / "report.json").read_text(encoding="utf-8"))["headline"]


def test_power_of_choices_in_words(run: CliRunner, app: typer.Typer) -> None:
    result = run.invoke(app, ["power", "--share", "0.7", "--trials", "5"])
    n = required_choice_listeners(0.7, 5)
    expected = f"{n} listeners x 5 trials find a true share of 70 % right answers with a power of "
    assert result.output.startswith(f"{expected}{100 * choice_power(0.7, n, 5):.0f} % (alpha 0.05, ")
    preference = ["power", "--share", "0.6", "--test", "ab", "--listeners", "30", "--share-sd", "0.1"]
    power = choice_power(0.6, 30, 10, test="ab", listener_sd=0.1)
    assert f"with a power of {100 * power:.0f} %" in run.invoke(app, preference).output
    for wrong in (["power"], ["power", "--share", "0.7", "--difference", "10"]):
        assert "either --difference (scores) or --share (choices)" in str(run.invoke(app, wrong).exception)


def test_power_in_words(run: CliRunner, app: typer.Typer, ratings: Path) -> None:
    result = run.invoke(app, ["power", "--difference", "10"])
    assert result.exit_code == 0
    n = analysis.required_listeners(10, 9)
    assert f"{n} listeners x 9 items find a difference of 10 points with a power of 8" in result.output
    pilot = run.invoke(app, ["power", "--difference", "10", "--pilot", str(ratings), "--listeners", "12"])
    assert "(from the pilot)" in pilot.output and "12 listeners x 9 items" in pilot.output


def test_every_public_name_can_be_imported() -> None:
    for name in analysis.__all__:
        assert getattr(analysis, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = analysis.nothing  # type: ignore[attr-defined]


@pytest.mark.parametrize("words", [["analyze", "ratings.csv", "--out", "report"], ["power", "10"]])
def test_a_seed_is_not_negative(run: CliRunner, app: typer.Typer, words: list[str]) -> None:
    done = run.invoke(app, [*words, "--seed", "-1"])
    assert done.exit_code == 2 and "--seed" in done.output and "equal to 0" in done.output


def test_the_same_listeners_in_two_studies(
    run: CliRunner, app: typer.Typer, mushra: pd.DataFrame, tmp_path: Path
) -> None:
    paths = [str(tmp_path / f"{name}.csv") for name in "ab"]
    for name, path in zip("ab", paths, strict=True):
        mushra.assign(study=name).to_csv(path, index=False)
    words = ["analyze", *paths, "--out", str(tmp_path / "out"), "--draws", "200"]
    for extra, n in (([], 20), (["--same-listeners"], 10)):
        assert run.invoke(app, [*words, *extra]).exit_code == 0
        assert len(pd.read_csv(tmp_path / "out" / "screening.csv")) == n


def test_a_margin_adds_a_table_of_equivalence(
    run: CliRunner, app: typer.Typer, ratings: Path, tmp_path: Path
) -> None:
    words = ["analyze", str(ratings), "--out", str(tmp_path / "out"), "--draws", "200", "--margin"]
    assert run.invoke(app, [*words, "30"]).exit_code == 0
    table = pd.read_csv(tmp_path / "out" / "equivalence.csv")
    assert list(table["margin"]) == [30.0] and table["p_equivalent"].iloc[0] < 0.05
    assert "Equivalence within 30.0 points" in (tmp_path / "out" / "index.html").read_text()
    result = run.invoke(app, [*words, "-2"])
    assert isinstance(result.exception, AnalysisError)
    assert str(result.exception) == "--margin is -2; expected a difference above 0 points"


def test_groups_of_listeners_are_compared(
    run: CliRunner, app: typer.Typer, mushra: pd.DataFrame, tmp_path: Path
) -> None:
    expert = mushra["listener"].str[-1].astype(int) % 2
    path = tmp_path / "ratings.csv"
    mushra.assign(q_expert=expert.map({0: "yes", 1: "no"})).to_csv(path, index=False)
    words = ["analyze", str(path), "--out", str(tmp_path / "out"), "--draws", "200", "--between"]
    assert run.invoke(app, [*words, "q_expert"]).exit_code == 0
    tests = pd.read_csv(tmp_path / "out" / "groups.csv")
    assert list(tests["effect"]) == ["group", "condition", "group x condition"]
    assert set(pd.read_csv(tmp_path / "out" / "group_differences.csv")["condition"]) == {"good", "poor"}
    page = (tmp_path / "out" / "index.html").read_text()
    assert "Groups of listeners by expert were compared by a split-plot" in page
    result = run.invoke(app, [*words, "q_age"])
    assert isinstance(result.exception, AnalysisError) and "no column 'q_age'" in str(result.exception)


def test_metrics_are_compared_with_the_scores(
    run: CliRunner, app: typer.Typer, mushra: pd.DataFrame, ratings: Path, tmp_path: Path
) -> None:
    means = mushra.groupby(["item", "condition"])["score"].mean().reset_index(name="si_sdr")
    means.to_csv(tmp_path / "metrics.csv", index=False)
    words = ["analyze", str(ratings), "--out", str(tmp_path / "out"), "--draws", "100"]
    assert run.invoke(app, [*words, "--metrics", str(tmp_path / "metrics.csv")]).exit_code == 0
    table = pd.read_csv(tmp_path / "out" / "metrics_and_scores.csv")
    assert list(table["metric"]) == ["si_sdr"] and table["pearson"].iloc[0] == pytest.approx(1)
    page = (tmp_path / "out" / "index.html").read_text()
    assert 'id="metrics"' in page and (tmp_path / "out" / "metric_si_sdr.svg").is_file()


def test_power_of_a_part_of_the_items_with_its_curve(
    run: CliRunner, app: typer.Typer, tmp_path: Path
) -> None:
    words = ["power", "--difference", "12", "--items", "6", "--items-each", "3", "--listeners", "8"]
    done = run.invoke(app, [*words, "--out", str(tmp_path)])
    assert done.exit_code == 0
    assert "8 listeners x 3 of 6 items find a difference of 12 points with a power of" in done.stdout
    curve = pd.read_csv(tmp_path / "power.csv")
    assert curve["n_listeners"].to_list() == [6, 8, 10, 12, 14, 16] and set(curve["items_each"]) == {3}
    assert f"a power of {100 * curve['power'][1]:.0f} %" in done.stdout
    assert {path.suffix for path in tmp_path.iterdir()} == {".csv", ".svg", ".pdf", ".png"}
    refused = run.invoke(app, ["power", "--share", "0.7", "--out", str(tmp_path)])
    assert refused.exit_code == 2 or "are about --difference" in str(refused.exception)
