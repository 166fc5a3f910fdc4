"""Default texts: the same ones in every language of the participant page, with the same places to fill in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from study_builder.building.build import build_study
from study_builder.building.choices import Choices
from study_builder.building.default_texts import attention_question, instructions, questionnaire
from study_builder.building.languages import LANGUAGES, texts_in
from study_builder.building.texts_of_tests import attention_words
from study_builder.config import StudyConfig
from study_builder.config.listening_tests import TESTS
from study_builder.config.options import Scale

MakeFolder = Callable[..., Path]
I18N = Path(__file__).resolve().parents[3] / "mushra_server" / "static" / "page" / "i18n"


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    else:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, below in pairs:
            yield from leaves(below, f"{path}.{key}")


def test_the_languages_are_those_of_the_participant_page() -> None:
    assert set(LANGUAGES) == {path.stem for path in I18N.glob("??.js")}
    assert texts_in("nl") == texts_in("en"), "a page in a language without texts of ours has English ones"


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_text_is_there_with_its_places_and_marks(language: str) -> None:
    english, other = (dict(leaves(asdict(texts_in(code)))) for code in ("en", language))
    assert english.keys() == other.keys()
    for path, text in english.items():
        marks = re.compile(r"\{\w+\}|</?\w+>")
        assert sorted(marks.findall(text)) == sorted(marks.findall(other[path])), path
        assert other[path].strip() == other[path] != "", path
    same = {path for path in english if english[path] == other[path]}
    assert same <= {".names.volume", ".hearings.0", ".names.training"}, "words that two languages share"
    assert set(texts_in(language).instructions) == {
        n for n, test in TESTS.items() if test.page_type != "mushra"
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_preference_is_called_as_on_the_page(language: str) -> None:
    page = (I18N / f"{language}.js").read_text("utf-8")
    assert f'no_preference: "{texts_in(language).no_preference}"' in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_places_are_filled_in(language: str) -> None:
    scale = Scale(name="score", min=0, max=100)
    for reference in ("hidden", "open", "none"):
        text = instructions(reference, True, [scale], language)
        assert "{" not in text and "100" in text and text.startswith("<p>")
    two = [scale, Scale(name="noise", min=1, max=5)]
    assert "{" not in instructions("hidden", False, two, language)
    assert "80" in attention_question(80, language) and "“5”".strip("“”") in attention_words("5", language)
    stored = [[point.value for point in question.response or ()] for question in questionnaire(language)]
    assert stored[1] == ["headphones", "earphones", "loudspeakers", "built-in loudspeakers"]


def test_a_german_study_asks_in_german(make_folder: MakeFolder, tmp_path: Path) -> None:
    choices = Choices.model_validate({"language": "de", "attention_checks": 1, "test": "acr"})
    build_study(make_folder(items=2), tmp_path / "study", choices, jobs=1)
    config = StudyConfig.load(tmp_path / "study")
    text = (tmp_path / "study" / "config.yaml").read_text("utf-8")
    assert {page.name for page in config.walk()} >= {"Lautstärke", "Anleitung", "Übung", "Letzte Fragen"}
    assert "Wie gut ist die Qualität dieses Klangs?" in text and "Kopfhörer" in text
    assert re.search(r"Bitte wählen Sie auf dieser Seite „[1-4]“", text), (
        "the page shows points by number, too"
    )
    assert "Please" not in text and "How good" not in text
