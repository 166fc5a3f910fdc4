"""Pictures and sounds in the texts of pages: sent under addresses that contain no name."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from mushra_server import create_app
from mushra_server.errors import ServerError

SCREEN = b"\x89PNG of a screen"


def pages_of(make_page, root, text, popup=""):
    return [
        {"type": "generic", "id": "hello", "name": "Hello", "content": text},
        make_page(root, 0),
        {"type": "finish", "id": "end", "name": "End", "content": "", "popupContent": popup},
    ]


def test_a_picture_in_a_text_is_served_without_its_name(
    make_app, make_study, make_page, make_listener, tmp_path
):
    root = tmp_path / "told"
    (root / "help").mkdir(parents=True)
    (root / "help/the lmac-td.png").write_bytes(SCREEN)
    text = (
        '<p>Look:</p>\n<p>Here <img alt="A &lt;page&gt;" src="help/the%20lmac-td.png" width=300> it is.</p>'
    )
    pages = pages_of(make_page, root, text, '<img src="./help/the lmac-td.png">Bye')
    app = make_app(make_study("told", pages=pages))
    one, other = make_listener(app).start(), make_listener(app).start()
    content = one.state["pages"][0]["content"]
    address = content.split('src="')[1].split('"')[0]
    assert content == (
        f'<p>Look:</p>\n<p>Here <img alt="A &lt;page&gt;" src="{address}" width="300"> it is.</p>'
    )
    assert address.startswith("/picture/")
    assert one.save_all().finish().json["popup_content"] == f'<img src="{address}">Bye'
    answer = one.client.get(address)
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/png", SCREEN)
    assert other.client.get(address).status_code == 404
    assert "lmac-td" not in str(one.state)


def test_the_last_words_are_for_who_has_finished(make_app, make_study, make_page, make_listener, tmp_path):
    """Studies for webMUSHRA have their completion codes in them: anybody read it before the first page."""
    root, completion = tmp_path / "code", {"screened_out_code": "OUT"}
    pages = pages_of(make_page, root, "Hello", "Your code is C7.")
    app = make_app(make_study("code", pages=pages, completion=completion, headphone_check="huggins"))
    listener = make_listener(app).start()
    assert "Your code" not in str(listener.state) and listener.state["popup_content"] is None
    assert "Your code" not in listener.finish().text
    listener.save_all()
    for _ in range(2):
        assert listener.finish().json["popup_content"] == "Your code is C7."
    assert listener.start().state["popup_content"] == "Your code is C7."
    out = make_listener(app).start()
    failed = {"attempt": "a", "answers": {"headphone_check": "failed"}}
    check = next(page["index"] for page in out.state["pages"] if page["type"] == "headphone_check")
    assert out.put(check, failed).status_code == 200
    assert "Your code" not in out.finish().text and "Your code" not in str(out.start().state)


def test_a_text_with_pictures_from_elsewhere_stays_as_it_is(
    make_app, make_study, make_page, make_listener, tmp_path
):
    text = '<img src="https://example.org/x.png"><img src="data:image/png;base64,AA=="><img alt="none">'
    app = make_app(make_study("far", pages=pages_of(make_page, tmp_path / "far", text)))
    assert make_listener(app).start().state["pages"][0]["content"] == text


def test_a_sound_in_a_text_is_served_without_its_name(
    make_app, make_study, make_page, make_listener, tmp_path
):
    root = tmp_path / "heard"
    root.mkdir()
    soundfile.write(root / "lmac-td.wav", np.zeros(800), 8000)
    text = "<p>Listen: <audio controls><source src='lmac-td.wav' type='audio/wav'></audio></p>"
    app = make_app(make_study("heard", pages=pages_of(make_page, root, text)))
    listener = make_listener(app).start()
    content = listener.state["pages"][0]["content"]
    address = content.split('src="')[1].split('"')[0]
    assert content == text.replace("src='lmac-td.wav' type='audio/wav'", f'src="{address}" type="audio/wav"')
    answer = listener.client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "audio/wav")
    assert answer.data[:4] == b"RIFF"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("no.png", "no.png: not found; expected a picture of page 'hello'"),
        ("../up.png", "config.yaml: the path '../up.png' leaves the study's folder"),
    ],
)
def test_a_text_whose_picture_is_missing_stops_the_start(make_study, make_page, tmp_path, source, sentence):
    pages = pages_of(make_page, tmp_path / "wrong", f'<img src="{source}">')
    with pytest.raises(ServerError) as error:
        create_app(make_study("wrong", pages=pages))
    assert str(error.value).endswith(sentence)
