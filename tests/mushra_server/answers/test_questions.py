"""Questionnaires between pages, and pictures of the points of a scale."""

from __future__ import annotations

import struct
import zlib

import pytest

from mushra_server import create_app
from mushra_server.errors import ServerError

ABOUT = [
    {"type": "number", "name": "years", "label": "Years of practice", "min": 0, "max": 80},
    {"type": "text", "name": "city", "label": "City", "optional": True},
]


def picture(colour):
    """A PNG of one pixel, written by hand."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixel = zlib.compress(b"\0" + bytes(colour))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")


@pytest.fixture
def asking(make_app, make_study, make_page, tmp_path):
    """A study that asks after its first trial and on its last page."""
    first, second = (make_page(tmp_path / "asking", number) for number in (0, 1))
    pages = [
        first,
        {"type": "generic", "id": "about", "name": "About you", "content": "A few questions."},
        second,
        {
            "type": "finish",
            "id": "end",
            "name": "End",
            "content": "",
            "questionnaire": [{"type": "text", "name": "remarks", "label": "Remarks"}],
        },
    ]
    return make_app(make_study("asking", pages=pages, questionnaires={"about": ABOUT}))


def test_a_questionnaire_between_pages_is_asked_checked_and_exported(asking, make_listener, rows, tmp_path):
    listener = make_listener(asking).start()
    page = listener.state["pages"][1]
    assert page["type"] == "generic"
    assert [(question["name"], question["max"]) for question in page["questionnaire"]] == [
        ("years", 80),
        ("city", None),
    ]
    for answers, sentence in (
        ({}, "answers: 'years' is missing"),
        ({"years": "81"}, "answers: 'years' is '81'; expected a number from 0 to 80"),
        ({"years": "3", "remarks": "x"}, "answers: 'remarks' is not asked on this page"),
    ):
        refused = listener.put(1, {"attempt": "a", "answers": answers})
        assert (refused.status_code, refused.json["error"]) == (400, sentence)
    for index in (0, 2):
        listener.save(index)
    listener.save(3, answers={"remarks": "none"})
    missing = listener.finish()
    assert (missing.status_code, missing.json["missing"]) == (409, [1])
    listener.save(1, answers={"years": "07", "city": 'Ø;"rsted'})
    assert listener.finish().status_code == 200
    found = {row["name"]: row["value"] for row in rows(asking, "SELECT * FROM export_answers")}
    assert found == {"years": "07", "city": 'Ø;"rsted', "remarks": "none"}
    check_webmushra_columns(asking, tmp_path)


def check_webmushra_columns(app, tmp_path):
    import csv

    from mushra_server.export.files import export_files

    server = app.extensions["listenable"]
    dict(export_files(server.database, server.study.root, "webmushra", tmp_path / "out"))
    with (tmp_path / "out/results/a-study/mushra.csv").open(newline="", encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    assert (row["years"], row["city"], row["remarks"]) == ("07", 'Ø;"rsted', "none")


def write_rated_with_pictures(make_page, root, response):
    make_page(root, 0, ("one",))
    return {
        "type": "likert_single_stimulus",
        "id": "l",
        "name": "x",
        "content": "",
        "stimuli": {"one": "audio/item0/one.wav"},
        "response": response,
    }


POINTS = [
    {"value": "1", "label": "Bad", "img": "faces/sad.png", "imgSelected": "faces/sad-on.png"},
    {"value": "2", "label": "Good", "img": "faces/glad.png", "imgHigherResponseSelected": "faces/below.png"},
]


def test_pictures_have_addresses_that_hold_no_name(make_app, make_study, make_page, make_listener, tmp_path):
    root = tmp_path / "faces"
    contents = {name: picture((n, n, n)) for n, name in enumerate(("sad", "sad-on", "glad", "below"))}
    (root / "faces").mkdir(parents=True)
    for name, content in contents.items():
        (root / f"faces/{name}.png").write_bytes(content)
    app = make_app(make_study("faces", pages=[write_rated_with_pictures(make_page, root, POINTS)]))
    one, other = make_listener(app).start(), make_listener(app).start()
    bad, good = one.state["pages"][0]["response"][0]
    assert {*bad} == {"value", "label", "picture", "picture_chosen"}
    assert {*good} == {"value", "label", "picture", "picture_below"}
    for address, name in (
        (bad["picture"], "sad"),
        (bad["picture_chosen"], "sad-on"),
        (good["picture"], "glad"),
        (good["picture_below"], "below"),
    ):
        assert address.startswith("/picture/") and name not in address
        answer = one.client.get(address)
        assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/png", contents[name])
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Content-Disposition" not in answer.headers and "Last-Modified" not in answer.headers
        assert other.client.get(address).status_code == 404
    assert other.state["pages"][0]["response"][0][0]["picture"] != bad["picture"]
    assert app.test_client().get(bad["picture"]).status_code == 401
    for guessed in ("faces/sad.png", "../config.yaml", "sad.png"):
        assert one.client.get(f"/picture/{guessed}").status_code == 404


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("no.png", "no.png: not found; expected a picture of page 'l'"),
        (
            "config.yaml",
            "config.yaml: expected a picture for page 'l' (.avif, .gif, .jpeg, .jpg, .png, .svg, .webp)",
        ),
        ("../up.png", "config.yaml: the path '../up.png' leaves the study's folder"),
    ],
)
def test_a_picture_that_cannot_be_shown_stops_the_start(make_study, make_page, tmp_path, path, sentence):
    page = write_rated_with_pictures(make_page, tmp_path / "wrong", [{"value": "1", "img": path}])
    study = make_study("wrong", pages=[page])
    with pytest.raises(ServerError) as error:
        create_app(study)
    assert str(error.value).endswith(sentence)
    assert not (study / "ratings.sqlite3").exists()


def test_two_consent_pages_keep_both_answers(make_app, make_study, make_listener, rows, tone, tmp_path):
    """A refusal to publish must not read as consent to take part, nor the other way round."""
    tone(tmp_path / "study/noise.wav", 300)
    shared = {"name": "x", "content": ""}
    pages = [
        {"type": "consent", "id": "take-part", "mustConsent": True, **shared},
        {"type": "consent", "id": "publish", **shared},
        {"type": "volume", "id": "first", "stimulus": "noise.wav", **shared},
        {"type": "volume", "id": "again", "stimulus": "noise.wav", **shared},
    ]
    app = make_app(make_study(pages=pages))
    listener = make_listener(app).start()
    first = {"volume": "25", "volume_played_ms": "2400"}
    sent = ({"consent": "true"}, {"consent": "false"}, first, {"volume": "75"})
    for index, texts in enumerate(sent):
        listener.save(index, answers=texts)
    assert {row["name"]: row["value"] for row in rows(app, "SELECT * FROM export_answers")} == {
        "consent:take-part": "true",
        "consent:publish": "false",
        "volume:first": "25",
        "volume_played_ms:first": "2400",
        "volume:again": "75",
    }
    state = listener.client.get("/api/session").json
    assert [page["answer"]["answers"] for page in state["pages"]] == list(sent), "as the page sent them"


def test_a_question_named_as_a_kept_url_parameter_stops_the_start(make_study):
    questions = [{"type": "text", "name": "participant"}]
    pages = [{"type": "finish", "id": "end", "name": "x", "content": "", "questionnaire": questions}]
    with pytest.raises(ServerError) as error:
        create_app(make_study(pages=pages))
    assert str(error.value) == (
        "config.yaml: the question 'participant' has the name of a URL parameter that is always kept; "
        "expected another name"
    )
