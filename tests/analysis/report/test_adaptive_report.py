"""The report on a staircase: thresholds in levels, from tracks that were simulated with a known rule."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from analysis import Options, load_ratings, write_report
from analysis.choices.thresholds import Rule, infer_rule, thresholds
from analysis.ratings.choices import tracks_of
from analysis.report.choices.adaptive import warn_of_ends
from analysis.report.choices.write import ChoiceResults
from study_builder.design.staircase import follow_track

LEVELS = 8


def draw(rule: str = "2-down-1-up", listeners: int = 6, items: int = 2, cut: bool = False) -> pd.DataFrame:
    """Return stored rows of simulated sessions; with `cut`, the first track ends after five trials."""
    rng = np.random.default_rng(1)
    rows: list[dict[str, object]] = []
    for listener in range(listeners):
        position = 0
        for item in range(items):
            answers: list[bool] = []
            while len(states := list(follow_track(rule, LEVELS, answers))) > len(answers):
                if cut and not listener + item and len(answers) == 5:
                    break
                state = states[-1]
                answers.append(bool(rng.random() < 0.5 + 0.5 * expit(2 * (state.level - 4))))
                after = state.answer(answers[-1])
                found = {"correct": float(answers[-1]), "level": state.level}
                if after.finished:
                    found["threshold"] = after.threshold
                for place, condition in enumerate((f"q{state.level:g}", "reference")):
                    where = {"listener": f"l{listener}", "session": f"s{listener}", "item": f"i{item}"}
                    where |= {"condition": condition, "condition_position": place, "kind": "trial"}
                    rows += [
                        {**where, "trial_position": position, "attribute": name, "score": score}
                        for name, score in found.items()
                    ]
                position += 1
    return pd.DataFrame(rows)


def load(table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    table.to_csv(folder / "ratings.csv", index=False)
    return load_ratings(folder / "ratings.csv")


@pytest.mark.parametrize(("rule", "down", "weight"), [("2-down-1-up", 2, 1), ("1-down-1-up-x3", 1, 3)])
def test_the_rule_is_seen_in_the_trials(tmp_path: Path, rule: str, down: int, weight: int) -> None:
    trials, tracks = tracks_of(load(draw(rule), tmp_path))
    found = infer_rule(trials)
    assert found is not None
    assert (found.down, found.weight) == (down, weight)
    assert len(tracks) == 12
    assert tracks["trials"].sum() == len(trials)


def test_thresholds_are_means_over_listeners(tmp_path: Path) -> None:
    table = draw(cut=True)
    _, tracks = tracks_of(load(table, tmp_path))
    found = thresholds(tracks, interval="listener").set_index("item")
    assert list(found["tracks"]) == [12, 6, 6]
    assert list(found["ended"]) == [11, 5, 6]
    stored = table[(table["attribute"] == "threshold") & (table["condition"] == "reference")]
    values = stored.loc[stored["item"] == "i1", "score"]
    low, high = stats.t.interval(0.95, 5, values.mean(), stats.sem(values))
    assert found.loc["i1", ["threshold", "ci_low", "ci_high"]].to_list() == pytest.approx(
        [values.mean(), low, high]
    )
    assert found.loc["all items", "threshold"] == pytest.approx(stored["score"].mean())


def test_the_report_is_about_levels(tmp_path: Path) -> None:
    frame = load(draw(cut=True), tmp_path)
    results = write_report(frame, tmp_path / "report", Options())
    assert isinstance(results, ChoiceResults)
    assert results.test == "staircase"
    first, second = results.findings.headline
    assert first.startswith("The threshold, where 71 % of the answers are right, is at level ")
    assert "between q" in first
    assert second.startswith("1 of 12 tracks did not end")
    assert "settle at 70.7 % right answers (Levitt, 1971)" in results.methods
    assert "p values" not in results.methods
    written = json.loads((tmp_path / "report" / "report.json").read_text())
    assert [text.split(".")[1].strip() for text in written["references"]] == ["Clark", "Levitt", "-W"]
    assert results.notes == []


def test_without_an_end_there_is_no_threshold(tmp_path: Path) -> None:
    table = draw(listeners=1, items=1, cut=True)
    results = write_report(load(table, tmp_path), tmp_path / "report", Options())
    assert isinstance(results, ChoiceResults)
    assert results.findings.headline[0].startswith("None of 1 track ended: there is no threshold.")
    assert results.findings.sections[0].figures == []


def test_a_threshold_outside_the_series_is_not_placed_in_it() -> None:
    levels = pd.DataFrame({"level": [1, 2, 3], "n": [1752, 562, 229], "percent": [88.1, 94.5, 99.0]})
    [said] = warn_of_ends(levels, Rule(down=2, weight=1.0))
    assert said.startswith(
        "Level 1 is easier than that (88 % of 1\u202f752 answers were right): the threshold lies"
    )
    [said] = warn_of_ends(levels.assign(percent=[55.0, 56.0, 57.0]), Rule(down=2, weight=1.0))
    assert (
        said.startswith("Level 3 is harder than that (57 % of 229 answers") and "needs easier pairs" in said
    )
    assert warn_of_ends(levels.assign(percent=[60.0, 75.0, 90.0]), Rule(down=2, weight=1.0)) == []
    assert warn_of_ends(levels, None) == []
