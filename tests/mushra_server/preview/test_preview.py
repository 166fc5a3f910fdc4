"""A look at one's own study: nothing is kept, any listener's order is shown, texts follow the config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mushra_server.commands.serve import serve
from mushra_server.errors import ServerError
from mushra_server.preview import app as preview_app
from mushra_server.preview.app import open_preview
from mushra_server.web.server import Options
from tests.mushra_server.page import studies


@pytest.fixture
def study(tmp_path: Path) -> Path:
    pages = [
        studies.CONSENT,
        ["random", *({**studies.MUSHRA, "id": f"m{n}", "name": f"Trial {n}"} for n in range(3))],
        studies.FINISH,
    ]
    trials = {f"m{n}": {"item": "item", "kind": "trial"} for n in range(3)}
    rated = [page for page in pages if isinstance(page, dict)]
    folder = studies.write_study(tmp_path / "study", rated, trials=trials, order="williams")
    config = studies.yaml.safe_load((folder / "config.yaml").read_text())
    config["pages"] = pages
    (folder / "config.yaml").write_text(studies.yaml.safe_dump(config, sort_keys=False))
    return folder


def titles(client: Any, slot: int) -> list[str]:
    assert client.post("/preview/session", json={"slot": slot}).status_code == 201
    state = client.get("/api/session").get_json()
    assert state["preview"] is True
    return [page["title"] for page in state["pages"]]


def test_a_look_shows_any_listeners_order_and_writes_nothing(study: Path) -> None:
    before = sorted(study.rglob("*"))
    with open_preview(study, Options()) as app:
        client = app.test_client()
        orders = [tuple(titles(client, slot)) for slot in range(6)]
        assert titles(client, 0) == list(orders[0])  # a slot can be taken again
        assert len(set(orders)) > 3
        shown = client.get("/")
        assert shown.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "frame-ancestors 'self'; frame-src 'self'" in shown.headers["Content-Security-Policy"]
        assert b"nothing is kept" in client.get("/preview").data
        assert client.post("/preview/session", json={"slot": -1}).status_code == 400
    assert sorted(study.rglob("*")) == before


def test_no_page_insists_on_an_earlier_one(study: Path) -> None:
    with open_preview(study, Options()) as app:
        client = app.test_client()
        titles(client, 0)
        page = client.get("/api/session").get_json()["pages"][1]
        ratings = [{"key": f"s{n}", "attribute": "score", "score": 50} for n in range(1, 6)]
        body = {"page": page["id"], "attempt": "a" * 32, "time_ms": 1, "ratings": ratings, "answers": {}}
        assert client.put("/api/session/pages/1", json=body).status_code == 200
        assert client.post("/api/session/finish", json={}).status_code == 200


def test_what_a_preview_stores_is_bounded(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_preview(study, Options()) as app:
        client = app.test_client()
        titles(client, 0)
        monkeypatch.setattr(preview_app, "MOST_BYTES", 100_000)
        refused = client.post("/preview/session", json={"slot": 0})
        assert refused.status_code == 507 and "this preview has stored" in refused.text.lower()
        assert client.post("/api/session", json={}).status_code == 507
        assert client.get("/api/session").status_code == 200, "it can still be looked at"


def test_texts_follow_the_config(study: Path) -> None:
    config = study / "config.yaml"
    text = config.read_text()
    with open_preview(study, Options()) as app:
        client = app.test_client()
        assert client.get("/preview/state").get_json() == {"version": 0, "error": None}
        config.write_text(text.replace("Taking part is voluntary.", "You may stop at any time."))
        assert client.get("/preview/state").get_json() == {"version": 1, "error": None}
        titles(client, 0)
        assert "You may stop" in client.get("/api/session").get_json()["pages"][0]["content"]
        config.write_text("pages: [")
        found = client.get("/preview/state").get_json()
        assert found["version"] == 1 and "config.yaml, line 1" in found["error"]
        assert client.get("/api/session").status_code == 200
        config.write_text(text)
        assert client.get("/preview/state").get_json() == {"version": 2, "error": None}


def test_an_ordinary_server_has_no_preview(study: Path, tmp_path: Path) -> None:
    from mushra_server import create_app

    app = create_app(study, f"sqlite:///{tmp_path / 'r.sqlite3'}")
    client = app.test_client()
    assert client.get("/preview").status_code == 404
    assert client.post("/api/session", json={}).get_json()["preview"] is False
    app.extensions["listenable"].database.close()


def test_a_preview_with_a_database_is_refused(study: Path) -> None:
    with pytest.raises(ServerError, match="keeps nothing; expected no --database"):
        serve(study, preview=True, database="sqlite:///x")
