"""Figures take most of a report's time: they are drawn only where a test asks for `drawn_figures`."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.axes import Axes

from analysis.figures.style import Saved


@pytest.fixture
def drawn_figures() -> None:
    """Draw the figures of the reports in this test."""


@pytest.fixture(autouse=True)
def _figures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "drawn_figures" not in request.fixturenames:
        monkeypatch.setattr("analysis.figures.style.save", _write_stand_ins)


def _write_stand_ins(ax: Axes, folder: Path, name: str) -> Saved:
    for kind in ("svg", "pdf", "png"):
        (folder / f"{name}.{kind}").write_text(f"a stand-in of {name}", encoding="utf-8")
    return Saved('<svg width="72pt"></svg>', has_boxes=False)
