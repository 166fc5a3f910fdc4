"""Files in place of a report's figures, which take most of its time."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes

from analysis.figures.style import Saved

SAVE = "analysis.figures.style.save"
"""What `write_stand_ins` can be put in place of."""


def write_stand_ins(ax: Axes, folder: Path, name: str) -> Saved:
    """Write what stands for the figure `name` in each of its formats."""
    for kind in ("svg", "pdf", "png"):
        (folder / f"{name}.{kind}").write_text(f"a stand-in of {name}", encoding="utf-8")
    return Saved('<svg width="72pt"></svg>', has_boxes=False)
