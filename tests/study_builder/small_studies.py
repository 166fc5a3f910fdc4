"""Builds a study as the tests need it, or sees it refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from study_builder.building.build import build_study
from study_builder.building.choices import Choices
from study_builder.config import MushraPage, StudyConfig
from study_builder.errors import BuildError

WEBMUSHRA_KEYS = {
    "testname",
    "testId",
    "bufferSize",
    "stopOnErrors",
    "showButtonPreviousPage",
    "language",
    "remoteService",
    "pages",
}
"""What webMUSHRA reads at the top of a config."""


def build(source: Path, out: Path, **choices: object) -> StudyConfig:
    return build_study(source, out, Choices.load(None, **choices), jobs=1).config


def rated(config: StudyConfig, kind: str = "trial") -> list[MushraPage]:
    return [p for p in config.walk() if isinstance(p, MushraPage) and config.trial(p).kind == kind]


def refuse(message: str, source: Path, out: Path, **choices: object) -> None:
    with pytest.raises(BuildError, match=message):
        build(source, out, **choices)
    assert not out.exists()
    assert not [path for path in out.parent.iterdir() if path.name.startswith(".")]
