"""The interface's texts in eight languages; no browser is needed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[3] / "mushra_server" / "static" / "page"
LANGUAGES = ["en", "de", "fr", "es", "it", "pt", "zh", "ja"]
ENTRY = re.compile(r'^  (\w+):\s+"((?:[^"\\]|\\.)*)",$', re.MULTILINE)
SAME_IN_ALL = {"score_with_word", "volume", "pause", "start", "name_shift", "sound_n", "play", "playback"}


def texts(language: str) -> dict[str, str]:
    return dict(ENTRY.findall((PAGE / "i18n" / f"{language}.js").read_text("utf-8")))


SOURCE = "\n".join(
    file.read_text("utf-8") for file in sorted(PAGE.rglob("*.js")) if file.parent.name != "i18n"
)


def asked_keys() -> set[str]:
    """Every key that is asked for by name, in both arms of a choice too."""
    direct = re.findall(r'\bt\("(\w+)"', SOURCE)
    chosen = re.findall(r'\bt\([^;]{0,60}?\? "(\w+)" : "(\w+)"', SOURCE)
    return {*direct, *(key for pair in chosen for key in pair), *re.findall(r'\], "(key_\w+)", ', SOURCE)}


def test_the_page_speaks_these_languages() -> None:
    assert sorted(file.stem for file in (PAGE / "i18n").iterdir()) == sorted(LANGUAGES)
    listed = re.search(r"LANGUAGES = \[(.*?)\]", (PAGE / "i18n.js").read_text("utf-8"))
    assert listed is not None and re.findall(r'"(\w+)"', listed[1]) == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_missing_or_left_over(language: str) -> None:
    english, found = texts("en"), texts(language)
    lines = (PAGE / "i18n" / f"{language}.js").read_text("utf-8").count('",\n')
    assert len(found) == lines, "a line that this test cannot read"
    assert list(found) == list(english)


ANOTHER_SESSION = {
    "en": "Another session was opened in this browser",
    "de": "In diesem Browser wurde eine andere Sitzung geöffnet",
    "fr": "Une autre session a été ouverte dans ce navigateur",
    "es": "Se abrió otra sesión en este navegador",
    "it": "In questo browser è stata aperta un’altra sessione",
    "pt": "Foi aberta outra sessão neste navegador",
    "zh": "此浏览器中打开了另一个会话",
    "ja": "このブラウザーで別のセッションが開かれました",
}
"""What is said to who opened two links in one browser; `test_page_lost.py` sees it in the page."""


def test_another_session_is_named_in_every_language() -> None:
    assert {name: texts(name)["other_session_title"] for name in LANGUAGES} == ANOTHER_SESSION


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_keeps_its_blanks(language: str) -> None:
    for key, text in texts(language).items():
        assert text.strip(), key
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", texts("en")[key])), key


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_texts_are_translated(language: str) -> None:
    same = {key for key, text in texts(language).items() if text == texts("en")[key]}
    assert len(same - SAME_IN_ALL) <= 6, sorted(same)


def test_every_key_that_is_asked_for_has_a_text() -> None:
    assert len(asked_keys()) > 60
    assert asked_keys() - set(texts("en")) == {"key"}  # the example in a comment


def test_every_text_is_used() -> None:
    put_together = re.compile(r"scale_|refused_(closed|full|already|placeholder|crowded)_|name_(shift|space)")
    assert [key for key in texts("en") if not put_together.match(key) and f'"{key}"' not in SOURCE] == []
