"""A study in the language of each listener's browser: its config has every default text in eight."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from study_builder.building.build import plan_study
from study_builder.building.choices import Choices
from study_builder.building.languages import LANGUAGES
from study_builder.checks.study import check_study
from study_builder.config import StudyConfig

MakeFolder = Callable[..., Path]


@pytest.mark.parametrize("tests", [("mushra",), ("ab", "acr")])
def test_the_texts_of_a_language_are_those_of_a_study_in_it(
    make_folder: MakeFolder, tests: tuple[str, ...]
) -> None:
    root = make_folder(items=3)
    given = {"tests": tests, "repeats": 1, "attention_checks": 0, "ties": "ab" in tests}
    several = plan_study(root, Choices.model_validate({**given, "language": "browser"}))
    assert several.find_languages() == list(LANGUAGES)
    for language in LANGUAGES:
        alone = plan_study(root, Choices.model_validate({**given, "language": language}))
        table = several.translations_into(language)
        for page, translated in zip(several.walk(), alone.walk(), strict=True):
            shown = [table.get(text, text) for text in (page.name, *page.html())]
            assert shown == [translated.name, *translated.html()]
            for question, other in zip(several.questions(page), alone.questions(translated), strict=True):
                assert table.get(question.label or "", question.label) == other.label
                labels = [table.get(point.label or "", point.label) for point in question.response or ()]
                assert labels == [point.label for point in other.response or ()]


def test_translations_are_written_and_read_and_checked_for_names(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    config = plan_study(make_folder(items=1), Choices(language="browser"))
    (tmp_path / "study").mkdir()
    config.save(tmp_path / "study")
    assert StudyConfig.load(tmp_path / "study") == config
    spoilt = tuple({**texts, "de": f"{texts['de']} gradcam"} for texts in config.options.translations or ())
    options = config.options.model_copy(update={"translations": spoilt})
    config.model_copy(update={"options": options}).save(tmp_path / "study")
    found = check_study(tmp_path / "study", jobs=1).findings
    assert "listenable.translations" in [one.where for one in found if one.code == "name-readable"]
