"""Names in other scripts: a font that has the letters is found, and one that is missing is told of once."""

from __future__ import annotations

import logging
from pathlib import Path

import pandas as pd
import pytest

import analysis
from analysis import write_report
from analysis.figures.style import save
from analysis.report.results import Options
from stimuli import names

PRIVATE = "\ue123"  # a letter that no font has


def test_letters_that_no_font_has_are_told_once_a_report(
    mushra: pd.DataFrame, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    named = mushra.assign(label=mushra["condition"].replace("good", f"good {PRIVATE}"))
    with caplog.at_level(logging.WARNING):
        write_report(named, tmp_path, Options(draws=200))
    assert [record.getMessage() for record in caplog.records] == [
        "No installed font has all letters of the names: they are boxes in the PDF and PNG of mos, "
        "box, violin, listeners, ranks, progress, items, differences. The page and the SVG files show them "
        "on any machine with a suitable font. For the others install one, such as Noto Sans CJK, and write "
        "the report again."
    ]
    assert PRIVATE in (tmp_path / "mos.svg").read_text(), "in the SVG a letter is a letter"


def test_letters_that_a_font_has_are_not_told_of(mushra: pd.DataFrame, tmp_path: Path) -> None:
    assert not save(analysis.plot_mos(mushra), tmp_path, "mos").has_boxes


def test_a_font_of_the_machine_is_asked_for_what_the_others_lack(
    mushra: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """STIX has a letter of a private range that the house's fonts lack: it stands for a CJK font."""
    frame = mushra.assign(label=mushra["condition"].replace("good", "\ue000"))
    assert save(analysis.plot_mos(frame), tmp_path, "before").has_boxes
    monkeypatch.setattr(names, "_FURTHER", ["STIXNonUnicode", "A font that is not there"])
    saved = save(analysis.plot_mos(frame), tmp_path, "after")
    assert not saved.has_boxes and "STIXNonUnicode" in saved.svg and "not there" not in saved.svg
