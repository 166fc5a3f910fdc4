"""The ten tasks of a notebook user, run as they stand, and how figures show themselves."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import matplotlib
import pandas as pd
import pytest
from matplotlib.axes import Axes

from analysis import plot_mos

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "ratings_in_a_notebook.py"


def test_the_ten_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [str(SCRIPT)])
    monkeypatch.setitem(matplotlib.rcParams, "backend", "agg")
    found = runpy.run_path(str(SCRIPT))
    matplotlib.pyplot.close("all")
    assert re.findall(r"^# %% (\d+)\. ", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE) == [
        str(number) for number in range(1, 11)
    ]
    assert list(found["means"]["condition"]) == [
        "reference", "lmac-td", "l-mac", "gradcam", "anchor70", "anchor35",
    ]  # fmt: skip
    assert found["means"]["mos"].iloc[1] == pytest.approx(74.5, abs=0.05)  # as docs/analysis.md prints it
    assert len(found["differences"]) == 3 and (tmp_path / "differences.pdf").is_file()
    assert found["left"].lines and found["right"].lines, "both are drawn in the axes that were given"


def test_a_notebook_shows_axes_as_their_figure(mushra: pd.DataFrame) -> None:
    axes = plot_mos(mushra)
    assert isinstance(axes, Axes) and axes._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]
