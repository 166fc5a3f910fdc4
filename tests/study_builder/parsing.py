"""Reads a config as the tests need it, or what is wrong with it."""

from __future__ import annotations

import pytest

from study_builder.config import StudyConfig
from study_builder.errors import ConfigError


def load(text: str) -> StudyConfig:
    return StudyConfig.parse(text)[0]


def error_of(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(text)
    return str(caught.value)
