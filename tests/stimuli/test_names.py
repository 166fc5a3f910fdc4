"""Names are shortened in the middle, stay different, and are no wider than estimated."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from stimuli.names import dress, ems, shorten

NAMES = st.text(st.sampled_from("abW漢字éЖ 0\u0301\u200d"), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("short", "short"),
        ("explainer with all the options v2", "explainer…ons v2"),
        ("two\nlines", "two lines"),
        ("漢" * 20, "漢漢漢漢漢…漢漢漢"),
        ("e\u0301" * 20, "e\u0301" * 8 + "…" + "e\u0301" * 5),
    ],
)
def test_a_long_name_keeps_its_ends(text: str, short: str) -> None:
    assert shorten([text], 10) == [short]


def test_names_that_differ_in_the_middle_get_the_same_numbers_in_any_order() -> None:
    names = [f"the same beginning {letter} the same end" for letter in "cab"]
    assert [name[-2:] for name in shorten(names, 12)] == ["#3", "#1", "#2"]
    assert shorten(names[::-1], 12) == shorten(names, 12)[::-1]


@example(["00000000 \u030100W"], 8.0)
@given(st.lists(NAMES, min_size=1, max_size=8, unique=True), st.floats(8, 20))
def test_shortened_names_fit_and_stay_different(names: list[str], most: float) -> None:
    short = shorten(names, most)
    assert len(set(short)) == len(names)
    for name, drawn in zip(names, short, strict=True):
        assert ems(drawn) <= most + 1e-9
        assert drawn == name or "…" in drawn
        cut = drawn.split("…")[-1]
        assert drawn == name or not cut or not unicodedata.combining(cut[0])


def test_a_text_that_becomes_bold_asks_no_font_for_a_weight_that_it_may_lack() -> None:
    figure = Figure()
    text = figure.text(0, 0, "SIMULATED")
    dress(figure)
    text.set_fontweight("bold")
    dress(figure)
    assert text.get_fontfamily() == ["sans-serif"]


@pytest.mark.parametrize(
    "letters", ["abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", "_-+%@#&.,()"]
)
def test_the_estimate_is_not_below_the_width_in_the_widest_usual_font(letters: str) -> None:
    font = FontProperties(family="DejaVu Sans", size=100)
    for letter in letters:
        width = TextToPath().get_text_width_height_descent(letter * 10, font, False)[0] / 1000
        assert width <= ems(letter) * 1.03, letter
