"""A role or a login that ends while an upload, a copy or a job is under way: it takes no effect."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from werkzeug.test import Client

from mushra_server.many import ManyStudies
from mushra_server.studio import accounts, studies, uploads
from mushra_server.studio.app import studio_of
from mushra_server.studio.store import log
from tests.mushra_server.conftest import build
from tests.mushra_server.studio.conftest import Browser
from tests.mushra_server.studio.sounds import archive, send, sounds


@pytest.fixture
def study(studio: ManyStudies, admin: Browser) -> str:
    admin.post("/studies", title="Codecs")
    return "codecs"


@pytest.fixture
def vera(studio: ManyStudies, study: str) -> Browser:
    with studio_of(studio).store.write() as connection:
        token = accounts.add_account(connection, "Vera")
        accounts.give_role(connection, study, "Vera", "assistant")
    return Browser(studio, token)


def during(monkeypatch: pytest.MonkeyPatch, module: object, name: str, then: Callable[[], object]) -> None:
    """Let somebody send a request once a function has done its work."""
    of = getattr(module, name)

    def do(*args: object, **more: object) -> object:
        found = of(*args, **more)
        request = threading.Thread(target=then)  # in this one it would have this request's account
        request.start()
        request.join(60)
        return found

    monkeypatch.setattr(module, name, do)


def test_a_login_with_a_token_that_is_replaced_meanwhile(studio, admin: Browser, monkeypatch) -> None:
    with studio_of(studio).store.write() as connection:
        token = accounts.add_account(connection, "Vera")

    def replace() -> None:
        monkeypatch.undo()
        admin.post("/people", name="Vera", again="yes")

    during(monkeypatch, accounts, "find_by_token", replace)
    late = Client(studio)
    assert late.post("/login", data={"token": token}).status_code == 403
    assert late.get("/").headers["Location"] == "/login"


def read_log(studio: ManyStudies, action: str) -> list[tuple[str, str, str]]:
    with studio_of(studio).store.read() as connection:
        found = connection.execute(log.select().where(log.c.action == action)).all()
    return [(row.account, row.study, row.detail) for row in found]


@pytest.mark.parametrize(
    ("path", "fields", "why"),
    [
        ("/studies/codecs/people", {"person": "Vera", "role": "viewer"}, "role ended"),
        ("/people", {"name": "Vera", "again": "yes"}, "login ended"),
    ],
)
def test_an_upload(studio, admin: Browser, vera: Browser, monkeypatch, path, fields, why) -> None:
    during(monkeypatch, uploads, "read_headers", lambda: admin.post(path, **fields))
    answer = vera.post("/studies/codecs/sounds", files=send("sounds.zip", archive(sounds())))
    assert answer.status_code == 403 and "ended meanwhile; nothing was changed" in answer.text
    assert not (studio_of(studio).studies.draft("codecs") / "sounds").exists()
    assert read_log(studio, "upload refused") == [("Vera", "codecs", why)]
    assert read_log(studio, "upload") == []


def test_a_copy(studio: ManyStudies, admin: Browser, vera: Browser, monkeypatch) -> None:
    build(studio.folder / "codecs", n_items=1)
    take = {"person": "Vera", "role": ""}
    during(monkeypatch, studies.shutil, "copytree", lambda: admin.post("/studies/codecs/people", **take))
    assert vera.post("/studies/codecs/copy").status_code == 403
    assert sorted(path.name for path in studio.folder.iterdir()) == [".studio", "codecs"]
    assert read_log(studio, "copy refused") == [("Vera", "codecs", "role ended")]
    assert admin.get("/studies/codecs-copy").status_code == 404


@pytest.fixture
def start(studio: ManyStudies) -> Iterator[Callable[[str, str], subprocess.Popen[bytes]]]:
    """Start a job of somebody that goes on until it is ended."""
    jobs, begun = studio_of(studio).jobs, []

    def begin(kind: str, name: str) -> subprocess.Popen[bytes]:
        with studio_of(studio).store.read() as connection:
            query = accounts.accounts.select().where(accounts.accounts.c.name == name)
            number = connection.execute(query).one().id
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        begun.append(process)
        jobs._running["codecs", kind], jobs._starters["codecs", kind] = process, number
        return process

    yield begin
    for process in begun:
        process.communicate()


@pytest.mark.parametrize("kind", ["build", "report"])
def test_a_job(studio: ManyStudies, admin: Browser, vera: Browser, start, kind: str) -> None:
    own, of_another = start(kind, "Vera"), start("report" if kind == "build" else "build", "administrator")
    for role, runs in (("owner", True), ("viewer", False)):
        assert admin.post("/studies/codecs/people", person="Vera", role=role).status_code == 302
        assert (own.poll() is None) == runs
    assert read_log(studio, f"cancel {kind}") == [("administrator", "codecs", "the role of Vera has ended")]
    assert admin.post("/studies/codecs/people", person="administrator", role="").status_code == 302
    assert of_another.poll() is None, "administrators may do everything anyway"


def test_a_building_that_is_being_planned(studio, admin: Browser, vera: Browser, monkeypatch) -> None:
    from mushra_server.studio.routes import make

    assert vera.post("/studies/codecs/sounds", files=send("s.zip", archive(sounds()))).status_code == 302
    take = {"person": "Vera", "role": "viewer"}
    during(monkeypatch, make, "plan_draft", lambda: admin.post("/studies/codecs/people", **take))
    assert vera.post("/studies/codecs/build").status_code == 403
    assert studio_of(studio).jobs.look("codecs", "build").state == "none"
    assert read_log(studio, "build refused") == [("Vera", "codecs", "role ended")]
