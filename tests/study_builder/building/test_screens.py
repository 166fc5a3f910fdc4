"""Screens of a study: the page that asks for the transducer, and the names that answers may have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from study_builder.checks.study import check_study
from study_builder.config import FinishPage, StudyConfig
from study_builder.errors import ConfigError
from tests.study_builder.small_studies import build, refuse

MakeFolder = Callable[..., Path]


def test_the_transducer_is_asked_for_once_and_before_the_volume(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    config = build(make_folder(items=2), tmp_path / "study", screens=["transducer", "hearing"])
    assert StudyConfig.load(tmp_path / "study") == config
    pages = list(config.walk())
    assert [page.id for page in pages[:3]] == ["consent", "equipment", "volume"]
    transducer, model = config.questions(pages[1])
    assert (transducer.name, transducer.optional) == ("transducer", False)
    assert [point.value for point in transducer.response or ()][-1] == "built-in loudspeakers"
    assert (model.name, model.optional) == ("transducer_model", True)
    finish = pages[-1]
    assert isinstance(finish, FinishPage)
    assert "device" not in [question.name for question in finish.questionnaire]
    assert config.options.checks == ("hearing_check",)
    found = check_study(tmp_path / "study", jobs=1).findings
    assert [finding for finding in found if finding.severity == "error"] == []


def test_names_of_screens_are_taken(make_folder: MakeFolder, tmp_path: Path) -> None:
    sounds, out = make_folder(items=2), tmp_path / "study"
    asked = [{"type": "text", "name": "transducer", "label": "With what?"}]
    refuse(
        "^'transducer' is asked on the last page and on page 'equipment'; expected different names$",
        sounds,
        out,
        screens=["transducer"],
        questionnaire=asked,
    )
    asked = [{"type": "text", "name": "hearing_check", "label": "Well?"}]
    refuse(
        "^'hearing_check' is a question and the result of the hearing check; expected different names$",
        sounds,
        out,
        screens=["hearing"],
        questionnaire=asked,
    )
    with pytest.raises(ConfigError, match=r"^--screens: 'screens': screens are hearing, hearing; expected"):
        build(sounds, out, screens=["hearing", "hearing"])
