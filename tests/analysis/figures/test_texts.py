"""Names and intervals are drawn as they are: dollars, underscores, far ends, scales."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import analysis
from analysis import DesignError, compare, mos, plot_differences, plot_mos
from analysis.figures.style import save
from analysis.ratings.tidy import tidy
from tests.analysis.estimates import FIGURES_OF_ESTIMATES, OTHER_FIGURES, estimates

NAMES = {"A": "cost $5 to $6", "B": "_hidden", "C": "$a_{$"}


def ratings(scores: dict[str, list[float]]) -> pd.DataFrame:
    rows = [
        {"listener": f"p{place}", "item": f"item {item}", "condition": name, "label": NAMES.get(name, name),
         "score": score + item, "trial_position": item + 1}
        for name, values in scores.items()
        for place, score in enumerate(values)
        for item in range(3)
    ]  # fmt: skip
    return tidy(pd.DataFrame(rows))


def svg(ax: object, folder: Path) -> str:
    return save(ax, folder, "figure").svg  # type: ignore[arg-type]


PLOTS = [
    name
    for name in analysis.__all__
    if name.startswith("plot_") and name not in FIGURES_OF_ESTIMATES and name not in OTHER_FIGURES
]


@pytest.mark.parametrize("plot", PLOTS)
def test_dollars_and_underscores_are_drawn_as_they_are(plot: str, tmp_path: Path) -> None:
    frame = ratings({"A": [50, 60, 70], "B": [40, 42, 47], "C": [30, 33, 36]})
    if plot == "plot_grades":
        frame = frame.assign(score=(frame["score"] / 20).round())
    drawn = svg(getattr(analysis, plot)(frame), tmp_path)
    assert all(label in drawn for label in NAMES.values())


@pytest.mark.parametrize("plot", FIGURES_OF_ESTIMATES)
def test_dollars_and_underscores_of_estimates_are_drawn_as_they_are(plot: str, tmp_path: Path) -> None:
    drawn = svg(getattr(analysis, plot)(estimates(NAMES), **FIGURES_OF_ESTIMATES[plot]), tmp_path)
    assert all(label in drawn for label in NAMES.values())


def test_an_interval_beyond_the_scale_is_shown_to_its_end() -> None:
    frame = ratings({"A": [2, 30, 2], "B": [40, 90, 95]})
    table = analysis.mos(frame)
    assert table["ci_low"].min() >= 0 and table["ci_high"].max() <= 100, "no mean is beyond the scale"
    table = table.assign(ci_low=[-20.0, -12.0], ci_high=[115.0, 120.0])
    for style, ends in (("default", "get_xlim"), ("paper", "get_ylim")):
        ax = analysis.plot_mos(frame, table=table, style=style)
        low, high = getattr(ax, ends)()
        assert low <= max(table["ci_low"].min(), -100) and high >= min(table["ci_high"].max(), 200)


@pytest.mark.parametrize(("style", "marks"), [("default", {"<", ">"}), ("paper", {"v", "^"})])
def test_what_goes_on_beyond_the_axis_has_an_arrow(style: str, marks: set[str]) -> None:
    frame = ratings({"A": [40, 60], "B": [10, 12]})
    table = analysis.mos(frame).assign(ci_low=[-500.0, 5.0], ci_high=[600.0, 15.0])
    ax = analysis.plot_mos(frame, table=table, style=style)
    assert {str(line.get_marker()) for line in ax.get_lines()} >= marks
    plain = analysis.plot_mos(frame, table=table.assign(ci_low=5.0, ci_high=70.0), style=style)
    assert not {str(line.get_marker()) for line in plain.get_lines()} & marks


def test_the_scale_of_the_figures_is_the_ratings() -> None:
    frame = ratings({"A": [1, 2, 1], "B": [2, 2, 3]})
    frame.attrs["scales"] = {"score": (1.0, 7.0)}
    assert analysis.plot_box(frame).get_xlim() == pytest.approx((1 - 0.12, 7.12))
    bars = analysis.plot_mos(frame, table=analysis.mos(frame, interval="naive-t"), style="paper").patches
    assert [bar.get_y() for bar in bars] == [1.0, 1.0] and all(bar.get_height() > 0 for bar in bars)


def test_difference_grades_hang_from_zero() -> None:
    frame = ratings({"A": [-4, -3, -4], "B": [-2, -2, -3]})
    frame["score"] -= 3
    bars = analysis.plot_mos(frame, style="paper").patches
    assert all(bar.get_y() == 0 and bar.get_height() < 0 for bar in bars)


def test_ranks_need_a_complete_trial() -> None:
    frame = ratings({"A": [1, 2, 1], "B": [2, 2, 3]})
    halves = frame[(frame["condition"] == "A") == (frame["item"] == "item 0")].reset_index(drop=True)
    with pytest.raises(DesignError, match="no listener rated all the conditions of an item; ranks cannot"):
        analysis.plot_ranks(halves)


def test_an_axis_says_the_level_of_its_intervals(mushra: pd.DataFrame) -> None:
    assert plot_mos(mushra).get_xlabel() == "MOS with 95 % interval\n(two-way: new listeners and items)"
    table = mos(mushra, level=0.9)
    assert plot_mos(mushra, table=table).get_xlabel().startswith("MOS with 90 % interval\n")
    pairs = compare(mushra, level=0.99, draws=200)
    assert (
        "points, 99 % interval\n(new listeners and items; filled"
        in plot_differences(mushra, table=pairs).get_xlabel()
    )
