"""A colour means one condition in every figure, and a role's colour is never a method's."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex, to_rgb

import analysis
from analysis.figures.colours import METHODS, ON_DARK, ROLES, assign_looks
from analysis.figures.style import inline_svg, save
from analysis.ratings.tidy import conditions
from tests.test_styles import contrast, palette

# Machado, Oliveira & Fernandes 2009, severity 1: what is left of linear red, green and blue.
SEEN = {
    "all": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881],
    ],
}  # fmt: skip
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]]
)


def lab(colour: str, seen: str) -> np.ndarray:
    """CIE L*a*b* of an sRGB colour (IEC 61966-2-1, D65) as someone sees it."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    x, y, z = np.cbrt(XYZ @ np.clip(SEEN[seen] @ linear, 0, 1) / [0.95047, 1.0, 1.08883])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("seen", SEEN)
def test_no_method_looks_like_another_or_like_a_role(seen: str, scheme: str) -> None:
    methods = [ON_DARK.get(colour, colour) if scheme == "dark" else colour for colour in METHODS]
    for a, b in itertools.combinations([*methods, *set(ROLES.values())], 2):
        if {a, b} <= set(ROLES.values()):
            continue  # the two anchors: Okabe & Ito's, which also lie at different heights
        assert np.linalg.norm(lab(a, seen) - lab(b, seen)) > 15, (a, b)


def test_on_a_dark_page_every_mark_can_be_seen(make: Callable[..., pd.DataFrame], tmp_path: Path) -> None:
    frame = make(means={f"m{place}": 40.0 + place for place in range(len(METHODS))})
    svg = save(analysis.plot_mos(frame), tmp_path, "mos").svg
    assert all(colour in svg for colour in METHODS)
    page = re.sub(r"light-dark\(#\w{6}, (#\w{6})\)", r"\1", inline_svg(svg, "MOS"))
    drawn = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", page))
    assert drawn >= {ON_DARK.get(colour, colour) for colour in METHODS}
    surface = palette("dark")["surface"]
    assert not {colour for colour in drawn if contrast(colour, surface) < 3}


def test_more_methods_than_colours_still_look_different() -> None:
    frame = pd.DataFrame({"condition": [f"m{place:02d}" for place in range(50)], "role": "method"})
    assert len(set(assign_looks(frame).values())) == 50


@pytest.mark.parametrize("order", [None, ["poor", "reference"]])
def test_a_condition_has_one_colour_in_every_figure(mushra: pd.DataFrame, order: list[str] | None) -> None:
    if order:
        mushra.attrs["order"] = order
        assert list(conditions(mushra)["condition"])[:2] == order
    wanted = {name: look.colour for name, look in assign_looks(mushra).items()}
    assert wanted["reference"] == ROLES["hidden_reference"] and wanted["anchor35"] == ROLES["low_anchor"]
    assert {wanted["good"], wanted["poor"]} <= set(METHODS) and wanted["good"] != wanted["poor"]
    in_order = [wanted[name] for name in conditions(mushra)["condition"]]
    dots = [line for line in analysis.plot_mos(mushra).lines if len(line.get_xdata()) == 1]
    assert [line.get_color() for line in dots] == in_order
    bars = analysis.plot_mos(mushra, style="paper").patches
    assert [to_hex(bar.get_facecolor()) for bar in bars] == in_order
    assert [to_hex(box.get_facecolor()) for box in analysis.plot_box(mushra).patches] == in_order
    assert [
        to_hex(body.get_facecolor()[0]) for body in analysis.plot_violin(mushra).collections[:5]
    ] == in_order
    for plot in (analysis.plot_items, analysis.plot_progress):
        assert [line.get_color() for line in plot(mushra).lines] == in_order


def test_colours_do_not_hang_on_the_scores(mushra: pd.DataFrame) -> None:
    turned = mushra.assign(score=100 - mushra["score"]).sample(frac=1, random_state=0)
    assert list(conditions(turned)["condition"]) != list(conditions(mushra)["condition"])
    assert assign_looks(turned) == assign_looks(mushra)
    # Nor does one of them that has no position in the session.
    rows = mushra.assign(trial_position=mushra["trial_position"].where(mushra["condition"] != "good"))
    assert [line.get_color() for line in analysis.plot_progress(rows).lines] == [
        assign_looks(mushra)[name].colour for name in ("reference", "poor", "anchor70", "anchor35")
    ]


def test_a_difference_is_of_two_conditions_and_has_the_colour_of_none(mushra: pd.DataFrame) -> None:
    drawn = {to_hex(line.get_color()) for line in analysis.plot_differences(mushra).lines}
    assert not drawn & {look.colour for look in assign_looks(mushra).values()}


def test_items_stand_by_falling_mean_of_the_methods(mushra: pd.DataFrame) -> None:
    frame = mushra.copy()
    lift = (frame["item"] == "item 05") & (frame["role"] != "method")
    frame.loc[lift, "score"] = 100.0  # the anchors of one item, which say nothing about the methods
    methods = frame[frame["role"] == "method"].groupby("item")["score"].mean()
    drawn = [text.get_text() for text in analysis.plot_items(frame).get_xticklabels()]
    assert drawn == list(methods.sort_values(ascending=False).index) and drawn[0] != "item 05"
