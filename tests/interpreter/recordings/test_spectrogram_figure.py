"""The pictures of an explanation: a title inside however long the names are, and those of the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imsave
from PIL import Image

from interpreter.recordings.spectrogram_figure import (
    _SHARES,
    _choose_hop,
    _choose_levels,
    _decibels,
    _magnitude,
    _share,
    draw_explanation,
    draw_strips,
)
from stimuli.names import collect_missing_letters


@pytest.mark.parametrize("name", ["dog", "W" * 60, "a$b_{$" * 10, "犬の鳴き声" * 4, "\ue123"])
def test_the_title_is_inside_the_picture(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures: list[Figure] = []
    whole = Figure.savefig

    def watched(self: Figure, *args: Any, **options: Any) -> None:
        figures.append(self)
        whole(self, *args, **options)

    monkeypatch.setattr(Figure, "savefig", watched)
    sound = torch.randn(8000, generator=torch.Generator().manual_seed(0))
    title = f"{name}.wav · LMAC-TD · explained as: {', '.join([name] * 4)}"
    draw_explanation(tmp_path / "picture.png", sound, sound / 2, 8000, title)
    figure = figures[0]
    renderer = FigureCanvasAgg(figure).get_renderer()
    with collect_missing_letters():
        box = figure.texts[0].get_window_extent(renderer)
    assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
    assert all(ax.get_window_extent(renderer).height > 0.1 * figure.bbox.height for ax in figure.axes)


def test_the_pictures_of_the_page_are_those_of_matplotlib(tmp_path: Path) -> None:
    """Pixel by pixel, though with a palette; levels beyond the range have its last colours."""
    generator = torch.Generator().manual_seed(0)
    sound = torch.randn(6000, generator=generator) * torch.linspace(0, 1, 6000) ** 4
    draw_strips(tmp_path, sound, sound / 2, sound / 2)
    hop = _choose_hop(sound)
    before, inside = (_magnitude(part, hop) for part in (sound, sound / 2))
    for name, values, colours in (
        ("input", _decibels(before), _choose_levels(before)),
        ("interpretation", _decibels(inside), _choose_levels(before)),
        ("kept", _share(before, inside), _SHARES),
    ):
        imsave(tmp_path / "expected.png", values.T[::-1], **colours)
        with Image.open(tmp_path / f"{name}.png") as ours, Image.open(tmp_path / "expected.png") as expected:
            assert ours.mode == "P"
            assert np.array_equal(np.asarray(ours.convert("RGB")), np.asarray(expected.convert("RGB"))), name
