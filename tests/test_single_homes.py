"""Facts that several modules need are written in one of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("stimuli", "interpreter", "study_builder", "mushra_server", "analysis", "listenable")
HOMES = {
    r"\b2595\b|\b1127\b": "interpreter/classifier/front_end.py",
    r'"listenable_session"': "study_builder/config/session_cookie.py",
    r"Literal\[[^\]]*\"low_anchor\"": "stimuli/vocabulary.py",
    r'== "repeat"|"trial", "repeat"\)': "analysis/models/repeats.py",
    r"os\.fsync": "stimuli/files.py",
    r"^OTHERS_EVERY\b": "mushra_server/database/turns.py",
}


@pytest.mark.parametrize("pattern", HOMES)
def test_a_fact_is_written_once(pattern: str) -> None:
    found = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert found == {HOMES[pattern]}
