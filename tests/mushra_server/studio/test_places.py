"""Requests that take long leave threads for listeners, whoever sends however many of them."""

from __future__ import annotations

import io
import os
from collections import namedtuple
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from mushra_server.errors import Refusal
from mushra_server.many import ManyStudies
from mushra_server.studio import disk, jobs, previews
from mushra_server.studio.app import studio_of
from mushra_server.studio.routes import report
from mushra_server.web.places import IN_ALL, KEPT, PER_ACCOUNT, Places
from mushra_server.web.server import Options
from mushra_server.web.waitress_server import THREADS
from study_builder.config import StudyConfig
from tests.mushra_server.conftest import build
from tests.mushra_server.studio.conftest import Browser

Usage = namedtuple("Usage", "total used free")

HEAVY = [
    ("GET", "make"),
    ("GET", "choices.yaml"),
    ("POST", "make"),
    ("POST", "sounds"),
    ("POST", "build"),
    ("GET", "launch"),
    ("POST", "launch/preview"),
    ("POST", "launch/backup"),
    ("GET", "everything.zip"),
    ("GET", "lists/approve.csv"),
    ("GET", "reports"),
    ("POST", "reports"),
    ("POST", "copy"),
]


def take_all(places: Places, stack: ExitStack, account: int) -> int:
    """Take as many places as an account gets, and return their number."""
    before = places._of.total()
    with suppress(Refusal):
        while True:
            stack.enter_context(places.place(account))
    return places._of.total() - before


def test_few_are_let_in_of_an_account_and_in_all() -> None:
    places = Places()
    assert PER_ACCOUNT < IN_ALL <= THREADS // 2
    with ExitStack() as stack:
        assert take_all(places, stack, 0) == PER_ACCOUNT
        assert take_all(places, stack, 1) == IN_ALL - KEPT - PER_ACCOUNT
        assert [take_all(places, stack, account) for account in (2, 3)] == [1, 1], "two keep nobody out"
        with pytest.raises(Refusal, match="the studio is busy") as refused, places.place(99):
            pass
        assert (refused.value.status, refused.value.details) == (503, {"retry_after_s": 3})
    with pytest.raises(ZeroDivisionError), places.place(1):
        raise ZeroDivisionError
    assert places._of.total() == 0


def test_one_accounts_jobs_leave_room_for_anothers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = jobs.Jobs(tmp_path / "jobs")
    started: list[tuple[int, str]] = []
    monkeypatch.setattr(jobs.subprocess, "Popen", lambda *_, **__: Running())
    for account, study in ((1, "a"), (1, "b"), (1, "c"), (1, "d"), (2, "e"), (3, "f")):
        try:
            made.start(study, "build", {}, account)
            started.append((account, study))
        except Refusal as refused:
            assert refused.status == 503
            who = "3 of your jobs" if study == "d" else "4 jobs"
            assert str(refused) == f"{who} are running; try again when one has ended"
    assert started == [(1, "a"), (1, "b"), (1, "c"), (2, "e")]


def test_one_accounts_previews_end_before_those_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    @contextmanager
    def show(study: Path, _: object) -> Iterator[None]:
        yield
        ended.append(study.name)

    monkeypatch.setattr(previews, "open_preview", show)
    opened = previews.Previews(Options(), lambda *_: True)
    for account, studies in enumerate(("a", "bcdef", "ghi", "jk")):
        for study in studies:
            opened.open(Path(study), account)
    assert ended == ["b", "c", "a"], "and the oldest once all are in use"
    opened.close()


class Running:
    """A process that does not end."""

    def __init__(self) -> None:
        self.stdin = io.BytesIO()

    def poll(self) -> None:
        return None


def test_what_takes_long_waits_for_a_place_and_nothing_else_does(studio: ManyStudies, admin: Browser) -> None:
    build(studio.folder / "codecs")
    admin.get("/")
    parts = studio_of(studio)
    with ExitStack() as stack:
        for number in range(IN_ALL):
            stack.enter_context(parts.heavy.place(1000 + number))
        for method, path in HEAVY:
            address = f"/studies/codecs/{path}"
            answer = admin.get(address) if method == "GET" else admin.post(address)
            assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "3"), path
        assert admin.get("/").status_code == 503
        for path in ("", "/build", "/watch", "/people"):
            assert admin.get(f"/studies/codecs{path}").status_code == 200, path
    assert admin.get("/studies/codecs/make").status_code == 200


def test_requests_of_one_account_leave_threads_for_others(studio: ManyStudies, admin: Browser) -> None:
    """Also those that take no place of their own: sixteen of them at a time would be all threads."""
    build(studio.folder / "codecs")
    admin.get("/")
    parts = studio_of(studio)
    assert parts.requests.per_account < parts.requests.in_all < THREADS
    with ExitStack() as stack:
        assert take_all(parts.requests, stack, 1) == parts.requests.per_account
        for path in ("/log", "/people", "/studies/codecs/watch", "/studies/codecs/launch/qr.svg"):
            assert admin.get(path).status_code == 503, path
        assert admin.post("/studies/codecs/launch/open").status_code == 503
    assert admin.get("/log").status_code == 200
    assert parts.requests._of.total() == 0


@pytest.mark.parametrize("token", ["right", "wrong"])
def test_forms_that_take_long_to_read_are_not_read(studio: ManyStudies, admin: Browser, token: str) -> None:
    """The token is in them, so they are read before anything counts them."""
    admin.post("/studies", title="Codecs")
    token = admin.form_token if token == "right" else token
    many = f"form_token={token}&title=a" + 300_000 * "&a"
    long = f"form_token={token}&title={'a' * 70_000}"
    for path, body in (
        ("/studies", many),
        ("/studies", long),
        ("/studies/codecs/make", many),
        ("/studies/codecs/sounds", many),  # as an upload it may be gigabytes
        ("/studies/codecs/sounds", long),
        ("/studies/codecs/launch/close", long),
    ):
        answer = admin.client.post(path, data=body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 413, (path, answer.text)


def test_archives_that_nobody_reads_are_few_of_an_account(
    studio: ManyStudies, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is gigabytes of the disk, until the last byte was read or the reader has gone."""
    build(studio.folder / "codecs")
    admin.get("/")
    admin.post("/studies/codecs/launch/open")
    admin.post("/studies/codecs/launch/close", reason="enough")
    path = "/studies/codecs/everything.zip"
    archives = studio_of(studio).archives
    unread = [admin.get(path) for _ in range(archives.per_account)]
    assert [answer.status_code for answer in unread] == [200] * archives.per_account
    assert admin.get(path).status_code == 503
    unread.pop().close()
    with monkeypatch.context() as patch:
        patch.setattr(report, "write_bundle", lambda *_: 1 / 0)
        assert admin.get(path).status_code == 500
    again = admin.get(path)
    assert again.status_code == 200 and again.data.startswith(b"PK"), "one that failed takes no place"
    for answer in (*unread, again):
        answer.close()
    assert archives._of.total() == 0


def test_requests_that_take_room_at_once_find_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, free = disk.Room(), disk.RESERVE_BYTES + 5
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: Usage(0, 0, free))
    with room.take(tmp_path, 3):
        with pytest.raises(Refusal, match="nearly full"), room.take(tmp_path, 3):
            pass
        with room.take(tmp_path, 2):
            pass
    with room.take(tmp_path, 5):
        pass


def test_a_config_of_thousands_of_sounds_is_not_read_for_each_look_at_the_panel(
    studio: ManyStudies, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(studio.folder / "codecs", quota=5)
    admin.get("/")
    read, load = [], StudyConfig.load
    monkeypatch.setattr(StudyConfig, "load", lambda path: read.append(path) or load(path))
    for quota in (5, 6):
        config = studio.folder / "codecs" / "config.yaml"
        config.write_text(config.read_text().replace("quota: 5", f"quota: {quota}"))
        os.utime(config, (quota, quota))
        pages = [admin.get("/studies/codecs/launch").text for _ in range(3)]
        assert pages[0] == pages[2] and len(read) == quota - 4
