"""Every endpoint of the server with spoiled bodies: an answer or a refusal, never a failure of the server."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from mushra_server.app import create_app
from mushra_server.web.server import EXTENSION, Options
from tests.fuzz.mutations import VALUES, bounded, spoiled, spoiled_bytes
from tests.mushra_server.conftest import answer_to, build

WIRE = {
    "testId": "a-study", "participant": {"name": ["age"], "response": ["30"]}, "uuid": "u-1",
    "trials": [{"type": "mushra", "id": "trial0", "responses": [
        {"stimulus": "lmac-td", "score": 40, "time": 1000, "comment": ""}]}],
}  # fmt: skip
TYPES = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    logging.getLogger("mushra_server").setLevel(logging.CRITICAL)
    study = build(tmp_path_factory.mktemp("fuzz") / "study")
    app = create_app(study, options=Options(collect_webmushra=True))
    yield app
    app.extensions[EXTENSION].database.close()
    logging.getLogger("mushra_server").setLevel(logging.NOTSET)


def endpoints(app: Flask) -> list[tuple[str, str]]:
    """Every method and address, with a page, a session or a format where the address asks for one."""
    parts = {"index": "3", "uuid": "nobody", "token": "t", "opaque": "x.wav", "format": "csv", "number": "0"}
    found = []
    for rule in app.url_map.iter_rules():
        address = rule.build({name: parts.get(name, "x") for name in rule.arguments})
        assert address is not None
        found += [(method, address[1]) for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})]
    return found


def body_of(method: str, address: str, page: dict[str, Any]) -> Any:
    """A body that the endpoint would take."""
    if address.endswith("write.php"):
        return WIRE
    if "/pages/" in address:
        return answer_to(page)
    return {"parameters": {"PROLIFIC_PID": "p"}, "simulated": True, "reason": "x", "token": "t"}


@bounded
@given(st.data())
def test_every_endpoint(app: Flask, data: st.DataObject) -> None:
    client = app.test_client()
    if data.draw(st.booleans(), label="with a session"):
        client.post("/api/session", json={})
    state = client.post("/api/session", json={}).json
    page = next(page for page in state["pages"] if page["type"] == "mushra")
    for method, address in endpoints(app):
        whole = body_of(method, address, page)
        body = data.draw(spoiled(whole) | VALUES | st.just(whole), label=f"{method} {address}")
        text = json.dumps(body).encode()
        raw = data.draw(st.just(text) | spoiled_bytes(text) | st.binary(max_size=40))
        kind = data.draw(st.sampled_from(TYPES))
        answer = client.open(address, method=method, data=raw, content_type=kind)
        assert answer.status_code < 500, (method, address, raw, answer.data)
        wire = client.open(address, method=method, data={"sessionJSON": raw.decode("latin-1")})
        assert wire.status_code < 500, (method, address, raw, wire.data)


@bounded
@given(st.text(max_size=30), st.text(max_size=30), st.integers(-(2**70), 2**70))
def test_every_address(app: Flask, name: str, cookie: str, number: int) -> None:
    client = app.test_client()
    for path in (
        "/audio/",
        "/picture/",
        "/resume/",
        "/admin/data/",
        "/admin/sessions/",
        "/",
        "/api/session/pages/",
    ):
        sent = (path + name).encode().decode("latin-1")  # as it is: the client would take `//name` for a host
        answer = client.get("/", environ_overrides={"PATH_INFO": sent})
        assert answer.status_code < 500, (path, name)
    for method in ("GET", "PUT", "POST"):
        for path in (
            f"/api/session/pages/{number}",
            f"/api/session/pages/{number}/draft",
            f"/admin/mos/{number}.svg",
        ):
            assert client.open(path, method=method, json={}).status_code < 500, (path, number)
    safe = cookie.encode("ascii", "ignore").decode().replace("\r", "").replace("\n", "")
    for key in ("session", "listenable", "listenable_session"):
        answer = client.get("/api/session", headers={"Cookie": f"{key}={safe}"})
        assert answer.status_code < 500, (key, safe)


def test_the_answers_that_are_spoiled_are_good_ones(app: Flask) -> None:
    client = app.test_client()
    state = client.post("/api/session", json={}).json
    page = next(page for page in state["pages"] if page["type"] == "mushra")
    assert client.put(f"/api/session/pages/{page['index']}", json=answer_to(page)).status_code == 200
    methods = {method for method, _ in endpoints(app)}
    assert {"GET", "POST", "PUT"} <= methods and len(endpoints(app)) > 20
