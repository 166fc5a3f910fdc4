"""Every figure has room for what is drawn in it: axes, names and legend, at any size of a study."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text

import analysis
from analysis.figures.style import CM, figure_of, new_axes
from analysis.ratings.tidy import conditions, tidy
from stimuli.names import collect_missing_letters
from stimuli.names import settings as written

LETTERS = ("abc", "W", "%M", "漢字", "e\u0301o\u0308", "a b", "Ж", "_.-")
MOST_CM = 50.0


def differences(frame: pd.DataFrame) -> Axes:
    """The figure of all pairs, of a table that takes no time to compute."""
    listed = conditions(frame)
    pairs = itertools.combinations(zip(listed["condition"], listed["label"], strict=True), 2)
    table = pd.DataFrame(
        [
            {"condition_a": a[0], "condition_b": b[0], "label_a": a[1], "label_b": b[1], "p": k % 3 / 20,
             "difference": k % 40 - 10.0, "ci_low": k % 40 - 15.0, "ci_high": k % 40, "correction": "holm",
             "together": 9, "about": "new listeners and items"}
            for k, (a, b) in enumerate(pairs)
        ]
    )  # fmt: skip
    return analysis.plot_differences(frame, table=table)


def mos_table(frame: pd.DataFrame) -> pd.DataFrame:
    listed = conditions(frame)
    middle = np.linspace(90, 10, len(listed))
    return listed.assign(
        mos=middle, ci_low=middle - 5, ci_high=middle + 5, interval="two-way", about="new listeners and items"
    )


PLOTS: dict[str, Callable[[pd.DataFrame], Axes]] = {
    "mos": lambda frame: analysis.plot_mos(frame, table=mos_table(frame)),
    "paper": lambda frame: analysis.plot_mos(frame, table=mos_table(frame), style="paper"),
    "box": analysis.plot_box,
    "violin": analysis.plot_violin,
    "listeners": analysis.plot_listeners,
    "ranks": analysis.plot_ranks,
    "progress": analysis.plot_progress,
    "items": lambda frame: analysis.plot_items(
        frame, table=frame.groupby(["item", "condition"])["score"].mean().reset_index(name="mos")
    ),
    "differences": differences,
}


def study(
    shape: tuple[int, int, int], length: int, letters: str, simulated: bool, seed: int = 0
) -> pd.DataFrame:
    """Ratings of conditions x (listener, item), each listener and each item at least once."""
    n_conditions, n_items, n_listeners = shape
    trials = range(max(n_items, n_listeners))
    rng = np.random.default_rng(seed)

    def named(kind: str, place: int) -> str:
        return (letters * 60)[: max(0, length - 3)] + f"{kind}{place:02d}"

    rows = [
        {"listener": named("l", k % n_listeners), "item": named("i", k % n_items), "condition": named("c", c),
         "score": rng.uniform(0, 100), "trial_position": k % n_items + 1.0, "simulated": simulated}
        for k in trials
        for c in range(n_conditions)
    ]  # fmt: skip
    return tidy(pd.DataFrame(rows))


def ticks_of(axis: Axis) -> tuple[list[Text], set[Text]]:
    """The tick labels that are seen, in their order, and all that exist."""
    low, high = sorted(axis.get_view_interval())
    edge = 1e-6 * (high - low)
    both = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    seen = [
        tick.label1
        for tick in both
        if low - edge <= tick.get_loc() <= high + edge
        and tick.label1.get_visible()
        and tick.label1.get_text()
    ]
    return seen, {label for tick in both for label in (tick.label1, tick.label2)}


def texts_of(figure: Figure) -> Iterator[Text]:
    ticks = [ticks_of(axis) for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]
    every = set().union(*(labels for _, labels in ticks))
    yield from (label for seen, _ in ticks for label in seen)
    for text in figure.findobj(Text):
        if text not in every and text.get_visible() and text.get_text():  # type: ignore[attr-defined]
            yield text  # type: ignore[misc]


def touching(labels: list[Text], renderer: Any) -> list[tuple[str, str]]:
    """Neighbours among tick labels that overlap: on slanted ones, lines that are too close."""
    found = []
    for a, b in itertools.pairwise(labels):
        angle = math.radians(a.get_rotation())
        if angle:
            height = renderer.get_text_width_height_descent(a.get_text(), a.get_fontproperties(), False)[1]
            (ax, ay), (bx, by) = (text.get_transform().transform(text.get_position()) for text in (a, b))
            apart = abs((bx - ax) * math.sin(angle) - (by - ay) * math.cos(angle)) >= 0.95 * height
        else:
            first, second = (text.get_window_extent(renderer) for text in (a, b))
            apart = not first.overlaps(second)
        found += [] if apart else [(a.get_text(), b.get_text())]
    return found


def assert_has_room(ax: Axes) -> None:
    figure = figure_of(ax)
    with rc_context(written("room")), collect_missing_letters():
        figure.draw_without_rendering()
        renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
        width, height = (side / figure.dpi / CM for side in (ax.bbox.width, ax.bbox.height))
        assert width >= 3 and height >= 1.5, f"axes of {width:.1f} x {height:.1f} cm"
        assert max(figure.get_size_inches()) / CM <= MOST_CM
        whole = figure.bbox.padded(1)
        for drawn in (*texts_of(figure), *figure.legends):
            box = drawn.get_window_extent(renderer)
            inside = whole.x0 <= box.x0 and box.x1 <= whole.x1 and whole.y0 <= box.y0 and box.y1 <= whole.y1
            assert inside, f"{drawn} is cut: {box} in {whole}"
        for axes in figure.axes:
            for axis in (axes.xaxis, axes.yaxis):
                assert touching(ticks_of(axis)[0], renderer) == []


@pytest.mark.parametrize("name", PLOTS)
@pytest.mark.parametrize(
    ("shape", "letters"), [((1, 1, 1), "W"), ((13, 19, 3), "漢字")], ids=["least", "more than usual"]
)
def test_a_small_and_a_large_study_have_room(name: str, shape: tuple[int, int, int], letters: str) -> None:
    if name != "differences" or shape[0] > 1:
        assert_has_room(PLOTS[name](study(shape, 60, letters, simulated=True)))


@pytest.mark.slow
@pytest.mark.parametrize("name", PLOTS)
@settings(max_examples=2, deadline=None, derandomize=True, database=None)
@given(
    shape=st.tuples(st.integers(2, 60), st.integers(1, 80), st.integers(1, 60)),
    length=st.integers(1, 60),
    letters=st.sampled_from(LETTERS),
    simulated=st.booleans(),
)
@example(shape=(60, 80, 40), length=60, letters="abc", simulated=True)
def test_every_figure_has_room(
    name: str, shape: tuple[int, int, int], length: int, letters: str, simulated: bool
) -> None:
    assert_has_room(PLOTS[name](study(shape, length, letters, simulated)))


def test_a_figure_that_is_too_small_does_not_pass() -> None:
    frame = study((40, 4, 4), 20, "abc", False)
    ax = analysis.plot_mos(frame, new_axes(9, 6), table=mos_table(frame))
    with pytest.raises(AssertionError, match=r"== \[\]"):
        assert_has_room(ax)
    with pytest.raises(AssertionError, match="axes of"):
        assert_has_room(new_axes(4, 1.5))
