"""A small study, its app and a listener, for every test of the server."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
import yaml
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from benchmarks.loading.postgresql import Cluster, find_programs, run_postgresql
from mushra_server.app import create_app
from mushra_server.database.database import sqlite_url
from mushra_server.web.server import EXTENSION, Options, Server

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
CONDITIONS = ("lmac-td", "saliency", "anchor35", "anchor70")
QUESTIONS = [
    {"type": "number", "name": "age", "label": "Age", "min": 18, "max": 120},
    {"type": "text", "name": "email", "label": "E-mail", "optional": True},
    {
        "type": "likert",
        "name": "hearing",
        "optional": True,
        "response": [{"value": "good", "label": "Good"}, {"value": "bad", "label": "Bad"}],
    },
]


def write_tone(path: Path, hz: float, seconds: float = 0.25) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_encode_tone(hz, seconds))
    return str(path)


@cache  # a thousand studies have the same tones
def _encode_tone(hz: float, seconds: float) -> bytes:
    time = np.arange(round(16000 * seconds)) / 16000
    file = io.BytesIO()
    sf.write(file, (0.1 * np.sin(2 * np.pi * hz * time)).astype("float32"), 16000, format="WAV")
    return file.getvalue()


def mushra_page(root: Path, number: int, conditions: tuple[str, ...] = CONDITIONS) -> dict[str, Any]:
    names = ("reference", *conditions)
    for place, name in enumerate(names):
        write_tone(
            root / f"audio/item{number}/{name}.wav", 200 + 50 * number + 10 * place, 0.2 + 0.01 * place
        )
    paths = {name: f"audio/item{number}/{name}.wav" for name in names}
    return {
        "type": "mushra",
        "id": f"trial{number}",
        "name": f"Sound {number + 1}",
        "content": "How well?",
        "enableLooping": True,
        "reference": paths.pop("reference"),
        "createAnchor35": False,
        "createAnchor70": False,
        "stimuli": paths,
    }


def build(
    root: Path, *, n_items: int = 3, pages: list[Any] | None = None, strict: bool = False, **options: Any
) -> Path:
    """Write a study folder: welcome, consent, trials in a random block, questions; or the pages given.

    A strict one asks for consent and for listening, which the server then insists on.
    """
    options.setdefault("must_listen", strict)
    root.mkdir(parents=True, exist_ok=True)
    trials = {
        f"trial{n}": {"item": f"item{n}", "kind": "trial", "label": "secret-label", "prediction": "dog"}
        for n in range(n_items)
    }
    if pages is None:
        pages = [
            {"type": "generic", "id": "welcome", "name": "Welcome", "content": "<p>Hello</p>"},
            {
                "type": "consent",
                "id": "consent",
                "name": "Consent",
                "content": "Agree?",
                "mustConsent": strict,
            },
            ["random", *(mushra_page(root, number) for number in range(n_items))],
            {"type": "finish", "id": "end", "name": "Thanks", "content": "", "questionnaire": QUESTIONS},
        ]
    ours = {"schema_version": 1, "seed": 7, "trials": trials, **options}
    config = {"testname": "A study", "testId": "a-study", "pages": pages, "listenable": ours}
    (root / "config.yaml").write_text(yaml.dump(config, Dumper=_Dumper, sort_keys=False), encoding="utf-8")
    return root


def answer_to(page: dict[str, Any], score: float = 50, **changes: Any) -> dict[str, Any]:
    """Answer a page as an obliging listener would."""
    answer: dict[str, Any] = {"page": page["id"], "attempt": str(uuid.uuid4()), "time_ms": 1200}
    answer |= {"ratings": [], "answers": {}}
    if page["type"] == "consent":
        answer["answers"] = {"consent": "true"}
    elif page["type"] == "finish":
        answer["answers"] = {"age": "30"} if page["questionnaire"] else {}
    for place, stimulus in enumerate(page.get("stimuli", [])):
        for scale in page["scales"]:
            rating = {
                "key": stimulus["key"],
                "attribute": scale["name"],
                "score": min(score + place, scale["max"]),
            }
            answer["ratings"].append({**rating, "comment": None, "listened_ms": 800})
    return {**answer, **changes}


def rehearsal_secret(app: Flask) -> str:
    """Read the secret of rehearsals from an app's database."""
    with app.extensions[EXTENSION].database.read() as connection:
        query = text("SELECT value FROM meta WHERE key = 'rehearsal_secret'")
        return str(connection.execute(query).scalar_one())


class Listener:
    """A browser of one participant."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.state: dict[str, Any] = {}

    def start(self, parameters: dict[str, str] | None = None, **more: Any) -> Listener:
        if more.get("simulated"):
            more.setdefault("secret", rehearsal_secret(self.client.application))
        answer = self.client.post("/api/session", json={"parameters": parameters or {}, **more})
        assert answer.status_code in (200, 201), answer.json
        self.state = answer.json
        return self

    def put(self, index: int, body: dict[str, Any]) -> Any:
        """Send a page answer; the page's id is added where the body has none."""
        pages = self.state["pages"]
        named = {"page": pages[index]["id"]} if index < len(pages) else {}
        return self.client.put(f"/api/session/pages/{index}", json={**named, **body})

    def save(self, index: int, score: float = 50, **changes: Any) -> dict[str, Any]:
        body = answer_to(self.state["pages"][index], score, **changes)
        answer = self.put(index, body)
        assert answer.status_code == 200, answer.json
        return body

    def save_all(self, score: float = 50) -> Listener:
        for page in self.state["pages"]:
            self.save(page["index"], score)
        return self

    def finish(self) -> Any:
        return self.client.post("/api/session/finish", json={})

    def trials(self) -> list[dict[str, Any]]:
        return [page for page in self.state["pages"] if page["type"] == "mushra"]


@pytest.fixture
def make_study(tmp_path: Path) -> Callable[..., Path]:
    def make(name: str = "study", **options: Any) -> Path:
        return build(tmp_path / name, **options)

    return make


@pytest.fixture
def tone() -> Callable[..., str]:
    return write_tone


@pytest.fixture
def make_page() -> Callable[..., dict[str, Any]]:
    return mushra_page


@pytest.fixture
def answer() -> Callable[..., dict[str, Any]]:
    return answer_to


@pytest.fixture
def make_app(make_study: Callable[..., Path]) -> Iterator[Callable[..., Flask]]:
    """Make an app from a study folder, or from a new one's options; its database is closed at the end."""
    opened: list[Flask] = []

    def make(
        study: Path | None = None, *, options: Options | None = None, url: str | None = None, **config: Any
    ) -> Flask:
        folder = study or make_study(**config)
        app = create_app(folder, url, options)
        opened.append(app)
        return app

    yield make
    for app in opened:
        app.extensions[EXTENSION].database.close()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def listener(app: Flask) -> Listener:
    return Listener(app.test_client()).start()


@pytest.fixture
def make_listener() -> Callable[[Flask], Listener]:
    return lambda app: Listener(app.test_client())


@pytest.fixture
def rows() -> Callable[..., list[dict[str, Any]]]:
    """Query an app's database."""

    def query(app: Flask, sql: str, **values: Any) -> list[dict[str, Any]]:
        server: Server = app.extensions[EXTENSION]
        with server.database.read() as connection:
            return [dict(row) for row in connection.execute(text(sql), values).mappings()]

    return query


@pytest.fixture(scope="session")
def postgresql_cluster() -> Iterator[Cluster]:
    """Start PostgreSQL in a temporary folder, reached by a Unix socket."""
    if find_programs() is None:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    with run_postgresql("max_connections=200") as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgresql_server(postgresql_cluster: Cluster) -> str:
    """Return the folder of PostgreSQL's socket."""
    return str(postgresql_cluster.folder)


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """Return the URL of an empty PostgreSQL database."""
    import psycopg

    name = f"test_{uuid.uuid4().hex}"
    server = f"host={postgresql_server} user=postgres"
    with psycopg.connect(f"{server} dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield f"postgresql://postgres@/{name}?host={postgresql_server}"
    with psycopg.connect(f"{server} dbname=postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "elsewhere.sqlite3")
    address: str = request.getfixturevalue("postgresql_url")
    return address
