"""The title of an explanation's picture stays inside of it, however long the names are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from interpreter.recordings.spectrogram_figure import draw_explanation
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
