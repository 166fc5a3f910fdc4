"""What is said without the page's scripts, in the languages of the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from mushra_server.participant import plain_texts
from mushra_server.participant.plain_texts import texts_for_browser

I18N = Path(plain_texts.__file__).parents[1] / "static/page/i18n"


def test_plain_pages_speak_the_languages_of_the_page():
    assert set(plain_texts._TEXTS) == {file.stem for file in I18N.iterdir()}
    for number in range(len(plain_texts._KEYS)):
        assert len({texts[number] for texts in plain_texts._TEXTS.values()}) == len(plain_texts._TEXTS)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("nl,ja;q=0.1", "ja"),
        ("*", "en"),
        (",".join(f"x{number}" for number in range(4000)) + ",de;q=0.1", "de"),
    ],
)
def test_a_browser_gets_its_language(header, language):
    assert texts_for_browser(parse_accept_header(header, LanguageAccept))["language"] == language


def test_a_mistyped_address_is_answered_in_the_browsers_language(app):
    client = app.test_client()
    shown = client.get("/stduy", headers={"Accept-Language": "de"})
    assert shown.status_code == 404
    assert '<html lang="de">' in shown.text and "<h1>Diese Seite gibt es nicht</h1>" in shown.text
    assert client.get("/api/stduy").get_json() == {"error": "Not Found: GET /api/stduy"}
