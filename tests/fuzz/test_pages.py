"""Pages of every listening test with spoiled answers, and the studies themselves with spoiled configs.

Answers are stored or refused, never a failure of the server; what is stored can be exported and analysed.
A config, or a file of choices, is refused in a sentence, or its study is served.
"""

from __future__ import annotations

import logging
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from analysis import load_ratings
from mushra_server.app import create_app
from mushra_server.database.database import sqlite_url
from mushra_server.export.files import export_files
from mushra_server.web.server import EXTENSION
from study_builder.building.build import plan_study
from study_builder.building.choices import Choices
from study_builder.checks.listening_tests import check_tests
from study_builder.checks.pages import check_blindness, check_pages
from study_builder.config import TEST_NAMES, TESTS, StudyConfig
from study_builder.design import session_plan
from tests.fuzz.mutations import VALUES, bounded, fewer, refused_in_words, spoiled, spoiled_bytes
from tests.fuzz.served_studies import CHOICES, answer_to, build_every, make_sounds

STUDIES = (*CHOICES, "webMUSHRA's")
SHOWN = ("study", "session", "item", "condition", "attribute", "trial_position", "score")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build_every(tmp_path_factory.mktemp("fuzz"))


@pytest.fixture(scope="module")
def apps(folders: dict[str, Path]) -> Iterator[dict[str, Flask]]:
    logging.getLogger("mushra_server").setLevel(logging.CRITICAL)
    made = {name: create_app(folder) for name, folder in folders.items()}
    yield made
    for app in made.values():
        app.extensions[EXTENSION].database.close()
    logging.getLogger("mushra_server").setLevel(logging.NOTSET)


def start(app: Flask) -> tuple[FlaskClient, dict[str, Any]]:
    client = app.test_client()
    answer = client.post("/api/session", json={"parameters": {}, "nonce": uuid.uuid4().hex})
    assert answer.status_code == 201, answer.data
    return client, answer.json


def put(client: FlaskClient, page: dict[str, Any], body: Any, ending: str = "") -> int:
    answer = client.put(f"/api/session/pages/{page['index']}{ending}", json=body)
    assert answer.status_code < 500, (page["type"], body, answer.data)
    return answer.status_code


def test_pages_of_every_test_are_answered_before(apps: dict[str, Flask]) -> None:
    seen = set()
    for app in apps.values():
        client, state = start(app)
        while unsaved := [page for page in state["pages"] if not page["saved"]]:
            for page in unsaved:
                assert put(client, page, answer_to(page)) == 200, page
                seen.add(page["type"])
            state = client.get("/api/session").json
        assert client.post("/api/session/finish", json={}).status_code == 200
    assert seen >= {TESTS[name].page_type for name in TEST_NAMES} | {"hearing_check", "headphone_check"}


def answer_badly(client: FlaskClient, page: dict[str, Any], data: st.DataObject) -> None:
    whole = answer_to(page)
    body = data.draw(spoiled(whole) | spoiled({**whole, "ratings": whole["ratings"][:1]}) | VALUES)
    if isinstance(body, dict) and data.draw(st.booleans(), label="of this page"):
        body = {**body, "page": whole["page"], "attempt": whole["attempt"]}
    put(client, page, body, "/draft")
    put(client, page, body)


@pytest.mark.parametrize("study", STUDIES)
def test_answers(apps: dict[str, Flask], folders: dict[str, Path], study: str, tmp_path: Path) -> None:
    app = apps[study]
    most_pages = 2 if study in ("staircase", "active pairs") else 3

    @fewer(0.2)
    @given(st.data())
    def answer(data: st.DataObject) -> None:
        client, state = start(app)
        for page in state["pages"]:
            if page.get("must_consent"):
                put(client, page, answer_to(page))
        for _ in range(most_pages):
            rated = [page for page in state["pages"] if not page["saved"]]
            if not rated:
                break
            page = data.draw(st.sampled_from(rated))
            answer_badly(client, page, data)
            put(client, page, answer_to(page))
            state = client.get("/api/session").json
            assert [one["type"] for one in state["pages"]], "and the session can be resumed"
        assert client.post("/api/session/finish", json={}).status_code in (200, 409)

    answer()
    check_stored(app, folders[study], tmp_path)


def check_stored(app: Flask, folder: Path, out: Path) -> None:
    """The database and both exports have the same ratings, of which none is a bad row."""
    database = app.extensions[EXTENSION].database
    frames = [load_ratings(folder)]
    for format in ("csv", "json"):
        [(path, rows)] = export_files(database, folder, format, out)
        assert rows >= len(frames[0]), "of what was rated twice, one counts"
        frames.append(load_ratings(path))
    first, *others = (frame[list(SHOWN)].sort_values(list(SHOWN), ignore_index=True) for frame in frames)
    for other in others:
        pd.testing.assert_frame_equal(first, other)
    for format in ("webmushra", "pymushra"):
        refused_in_words(lambda format=format: list(export_files(database, folder, format, out / format)))


@pytest.fixture(scope="module")
def configs(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Any]:
    """The configs of all studies, by copies of their folders."""
    home = tmp_path_factory.mktemp("configs")
    for name, folder in folders.items():
        shutil.copytree(folder, home / name, ignore=shutil.ignore_patterns("*.sqlite3*"))
    return {home / name: yaml.safe_load((home / name / "config.yaml").read_text()) for name in folders}


def serve(folder: Path, content: bytes, database: Path) -> None:
    """Read a config, check it, serve its study, and answer to the first pages as if nothing were wrong."""
    (folder / "config.yaml").write_bytes(content)
    config = StudyConfig.load(folder)
    for check in (check_pages, check_tests, check_blindness):
        list(check(config))
    app = create_app(folder, sqlite_url(database))
    try:
        client = app.test_client()
        state = client.post("/api/session", json={}).json
        assert client.get("/").status_code == 200
        for page in state["pages"][:4]:
            put(client, page, answer_to(page))
        assert client.get("/api/session").status_code == 200
    finally:
        app.extensions[EXTENSION].database.close()


@fewer(0.3)
@given(st.sampled_from(STUDIES), st.booleans(), st.data())
def test_configs(
    apps: dict[str, Flask], configs: dict[Path, Any], study: str, by_bytes: bool, data: st.DataObject
) -> None:
    folder = next(folder for folder in configs if folder.name == study)
    if by_bytes:
        content = data.draw(spoiled_bytes(yaml.safe_dump(configs[folder], sort_keys=False).encode()))
    else:
        content = yaml.safe_dump(data.draw(spoiled(configs[folder]))).encode()
    for left in folder.parent.glob("*.sqlite3*"):
        left.unlink()
    refused_in_words(lambda: serve(folder, content, folder.parent / "ratings.sqlite3"))


WHOLE: dict[str, Any] = {
    "title": "A study", "test_id": "a", "items": ["dog", "rain"], "conditions": ["new", "old"],
    "seed": 3, "order": "random", "training_items": 1, "repeats": 1, "attention_checks": 1, "quota": 20,
    "language": "de", "target_lufs": -23.0, "sample_rate": 16000, "url_parameters": ["PROLIFIC_PID"],
    "screens": ["hearing"], "completion": {"code": "C1", "redirect": "https://example.org/"},
    "lab": {"name": "Lab", "colour": "#336699", "contact": "a@example.org"},
    "questionnaire": [{"type": "number", "name": "age", "label": "Age", "min": 18, "max": 99}],
    "scales": [{"name": "score", "question": "How good?", "min": 0, "max": 100, "labels": ["Bad", "Good"]}],
}  # fmt: skip
OF_TESTS: dict[str, dict[str, Any]] = {
    "ab": {"ties": True, "pairs": ["new:old", "old:reference"]}, "abx": {"against": "reference"},
    "bs1116": {"attention_checks": 0}, "acr": {"items_per_session": 1}, "dcr": {"pages_per_session": 2},
    "mushra": {"anchors": True},
}  # fmt: skip


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sounds(tmp_path_factory.mktemp("sounds"))


def plan(sounds: Path, choices: Path) -> None:
    """Do what the studio does of choices before it builds; what it plans can be written and read again."""
    config = plan_study(sounds, Choices.load(choices))
    for check in (check_pages, check_tests, check_blindness):
        list(check(config))
    session_plan(config, 0)
    StudyConfig.parse(config.to_yaml())


@bounded
@given(st.sampled_from(TEST_NAMES), st.data())
def test_choices(sounds: Path, test: str, data: st.DataObject) -> None:
    chosen = data.draw(spoiled({**WHOLE, "test": test, **OF_TESTS.get(test, {})}))
    choices = sounds.parent / "choices.yaml"
    choices.write_text(yaml.safe_dump(chosen), "utf-8")
    refused_in_words(lambda: plan(sounds, choices))


@pytest.mark.parametrize("test", TEST_NAMES)
def test_the_choices_that_are_spoiled_are_good_ones(sounds: Path, test: str) -> None:
    choices = sounds.parent / "choices.yaml"
    choices.write_text(yaml.safe_dump({**WHOLE, "test": test, **OF_TESTS.get(test, {})}), "utf-8")
    plan(sounds, choices)
