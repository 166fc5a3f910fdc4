"""A study in several languages, and the laboratory that asks: what a browser is sent."""

from __future__ import annotations

import pytest

from mushra_server import create_app
from mushra_server.errors import ServerError
from mushra_server.participant.lab_colours import accents, palettes
from tests.test_styles import contrast

WORDS = [
    {"en": "Hello", "de": "Hallo", "pt": "Olá"},
    {"en": '<p>Read <img src="x.png"></p>', "de": '<p>Lies <img src="x.png"></p>'},
    {"en": "Your age", "de": "Ihr Alter"},
    {"en": "Man", "de": "Mann"},
]


def several(make_study, make_page, tmp_path, **options):
    root = tmp_path / "several"
    root.mkdir()
    (root / "x.png").write_bytes(b"x")
    answers = [{"value": "m", "label": "Man"}, {"value": "f", "label": "Woman"}]
    questions = [
        {"type": "number", "name": "age", "label": "Your age"},
        {"type": "likert", "name": "sex", "label": "Sex", "response": answers},
    ]
    pages = [
        {"type": "generic", "id": "hello", "name": "Hello", "content": WORDS[1]["en"]},
        make_page(root, 0),
        {"type": "finish", "name": "End", "content": "", "questionnaire": questions},
    ]
    return make_study("several", pages=pages, translations=WORDS, **options)


@pytest.mark.parametrize(
    ("accepted", "parameters", "language", "title"),
    [
        ("de-AT,en;q=0.5", {}, "de", "Hallo"),
        ("fr,pt-BR;q=0.8,en;q=0.5", {}, "pt", "Olá"),
        ("ja", {}, "en", "Hello"),
        ("de", {"language": "en"}, "en", "Hello"),
        ("ja", {"language": "de"}, "de", "Hallo"),
        ("de", {"language": "xx"}, "de", "Hallo"),
    ],
)
def test_a_session_has_the_language_of_its_browser(
    make_app, make_study, make_page, tmp_path, rows, accepted, parameters, language, title
):
    app = make_app(several(make_study, make_page, tmp_path))
    client = app.test_client()
    headers = {"Accept-Language": accepted}
    state = client.post("/api/session", json={"parameters": parameters}, headers=headers).json
    assert (state["study"]["language"], state["pages"][0]["title"]) == (language, title)
    read = "Lies" if language == "de" else "Read"
    assert state["pages"][0]["content"].startswith(f'<p>{read} <img src="/picture/')
    questions = state["pages"][-1]["questionnaire"]
    words = ["Ihr Alter", "Mann"] if language == "de" else ["Your age", "Man"]
    assert [questions[0]["label"], questions[1]["response"][0]["label"]] == words
    again = client.get("/api/session", headers={"Accept-Language": "ja"}).json  # of another browser
    assert again["pages"] == state["pages"]
    stored = rows(app, "SELECT name, value FROM export_answers")
    assert stored == [{"name": "language", "value": language}]


def test_a_study_of_one_language_keeps_none(make_app, rows):
    app = make_app()
    app.test_client().post("/api/session", json={"parameters": {}}, headers={"Accept-Language": "de"})
    assert rows(app, "SELECT * FROM parameters") == []


def test_no_question_has_the_name_under_which_the_language_is_kept(make_study, make_page, tmp_path):
    study = several(make_study, make_page, tmp_path)
    config = study / "config.yaml"
    config.write_text(config.read_text().replace("name: sex", "name: language"))
    with pytest.raises(ServerError, match="the question 'language' has the name of a URL parameter"):
        create_app(study)


def test_a_laboratory_is_shown_without_the_name_of_its_logo(
    make_app, make_study, make_page, make_listener, tmp_path
):
    lab = {"name": "Lab", "logo": "x.png", "colour": "#ffcc00", "contact": '<a href="mailto:a@b.org">Ask</a>'}
    listener = make_listener(make_app(several(make_study, make_page, tmp_path, lab=lab))).start()
    found = listener.state["study"]["lab"]
    assert (found["name"], found["contact"]) == (lab["name"], lab["contact"])
    assert found["logo"].startswith("/picture/") and listener.client.get(found["logo"]).data == b"x"
    assert found["colours"] == accents("#ffcc00")


def test_a_logo_that_is_missing_stops_the_start(make_study, make_page, tmp_path):
    with pytest.raises(ServerError, match=r"no\.png: not found; expected a picture of page 'lab'"):
        create_app(several(make_study, make_page, tmp_path, lab={"logo": "no.png"}))


@pytest.mark.parametrize("colour", ["#ffcc00", "#000000", "#ffffff", "#a01c2d", "#00ff00", "#2b56d3"])
def test_any_colour_is_made_readable_in_both_schemes(colour):
    """The contrast is computed by the tests' own formula."""
    for name, found in accents(colour).items():
        palette = palettes()[name]
        others = [palette["surface"], palette["ground"], palette["raised"], found["soft"], found["ink"]]
        assert min(contrast(found["accent"], other) for other in others) >= 4.5
    if colour == "#2b56d3":
        assert accents(colour)["light"]["accent"] == colour  # readable as it is
