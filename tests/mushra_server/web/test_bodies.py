"""Bodies that are too long, too deep or not JSON, and texts that no database stores."""

from __future__ import annotations

import io
import json

import pytest
from flask import Flask, request

from mushra_server.web.security import parse_object, sent_kib


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"{", 400, "the body is not JSON"),
        (b"[]", 400, "the body is a JSON list; expected an object"),
        (b'{"time_ms": NaN}', 400, "the body is not JSON"),
        (b'{"time_ms": -1e999}', 400, "the body is not JSON"),
        (b'{"time_ms": 1' + b"0" * 400 + b"}", 400, "the body is not JSON"),
        (b'{"a":' + b"[" * 20 + b"]" * 20 + b"}", 400, "the JSON is nested more than 16 levels deep"),
        (b"[" * 60_000, 400, "the body is not JSON"),
        (b'{"attempt": "' + b"x" * (1024 * 1024) + b'"}', 413, "this has 1.1 MiB; expected at most 1 MiB"),
        (b"\xff\xfe", 400, "the body is not JSON"),
    ],
)
def test_bodies_that_are_refused(listener, body, status, sentence):
    answer = listener.client.put("/api/session/pages/0", data=body, content_type="application/json")
    assert answer.status_code == status and sentence in answer.json["error"]


def test_a_refusal_quotes_only_the_beginning_of_what_was_sent(listener):
    answer = listener.client.post("/api/session", json={"simulated": ["x" * 60_000]})
    assert answer.status_code == 400 and answer.json["error"].startswith("simulated is ['xxx")
    assert len(answer.json["error"]) < 1010 and answer.json["error"].endswith("xxx ...")
    assert len(listener.client.get("/resume/" + "x" * 30_000 + "/y").data) < 2000


def test_the_limits_of_a_body_are_those_that_are_stated(listener):
    def send(body, path="/api/session"):
        answer = listener.client.post(path, data=body, content_type="application/json")
        return answer.status_code, answer.json.get("error", "")

    frame = b'{"attempt": "", "page": ""}'
    # A megabyte of brackets would take a third of a second each time.
    for extra, refused in ((0, False), (1, True)):
        body = frame.replace(b'""', b'"' + b"x" * (64 * 1024 - len(frame) + extra) + b'"', 1)
        assert len(body) == 64 * 1024 + extra
        for path in ("/api/session", "/api/session/finish"):
            assert (send(body, path)[0] == 413) == refused
    deepest = b'{"a":' + b"[" * 15 + b"1" + b"]" * 15 + b"}"
    deeper = b'{"a":' + b"[" * 17 + b"1" + b"]" * 17 + b"}"
    assert "nested" not in send(deepest)[1]
    assert send(deeper) == (400, "the JSON is nested more than 16 levels deep")
    answer = listener.client.put("/api/session/pages/0", data=b"{}", content_type="text/plain")
    assert (answer.status_code, answer.json["error"]) == (
        415, "content type 'text/plain': expected application/json",
    )  # fmt: skip


def test_large_whole_numbers_stay_whole():
    assert parse_object('{"a": 9007199254740993, "b": 1.5}') == {"a": 9007199254740993, "b": 1.5}


def test_nul_and_half_surrogates_are_stored_readably(app, listener, rows):
    page = listener.trials()[0]
    body = {
        "page": page["id"],
        "attempt": "a",
        "ratings": [
            {"key": s["key"], "attribute": "score", "score": 1, "comment": "a\x00b\ud83d"}
            for s in page["stimuli"]
        ],
    }
    answer = listener.client.put(
        f"/api/session/pages/{page['index']}", data=json.dumps(body), content_type="application/json"
    )
    assert answer.status_code == 200
    assert {row["comment"] for row in rows(app, "SELECT comment FROM export_ratings")} == {"a�b�"}


def test_a_body_in_chunks_counts_as_far_as_it_arrives():
    """Waitress says its length; gunicorn behind a proxy that does not buffer does not."""
    for headers in ({"Transfer-Encoding": "chunked"}, {}):
        with Flask("x").test_request_context(
            "/",
            method="PUT",
            input_stream=io.BytesIO(b"x" * 2048),
            headers=headers,
            environ_base={"wsgi.input_terminated": True},
        ):
            assert (request.content_length is None) == bool(headers) and sent_kib() == 2.0
            assert len(request.get_data()) == 2048, "and is there to be read"
