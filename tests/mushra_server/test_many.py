"""Many studies at one address: one that is being edited, broken or slow to open concerns no other."""

from __future__ import annotations

import ast
import os
import resource
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from werkzeug.test import Client

from mushra_server import many, openings
from mushra_server.errors import ServerError
from mushra_server.many import ManyStudies, make_front
from mushra_server.web.server import Options
from mushra_server.web.waitress_server import THREADS
from tests.mushra_server.conftest import build


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ManyStudies]:
    for name in ("one", "two"):
        build(tmp_path / name, n_items=1)
    found = ManyStudies(tmp_path, make_front())
    yield found
    found.close()


def write_config(study: Path, text: str) -> None:
    before = (study / "config.yaml").stat().st_mtime_ns
    (study / "config.yaml").write_text(text)
    os.utime(study / "config.yaml", ns=(before + 10**9, before + 10**9))


def test_listeners_keep_the_study_that_they_have_begun(served: ManyStudies, tmp_path, caplog) -> None:
    client = Client(served)
    assert client.post("/s/one/api/session", json={}).status_code == 201
    whole = (tmp_path / "one" / "config.yaml").read_text()
    another_design = whole.replace("seed: 7", "seed: 8")
    for text, why in (("pages: [", "config.yaml"), (another_design, "no longer gives the pages")):
        caplog.clear()
        write_config(tmp_path / "one", text)
        for _ in range(2):
            assert client.get("/s/one/api/session").status_code == 200
        (said,) = [record.message for record in caplog.records if "is served as before" in record.message]
        assert why in said
    write_config(tmp_path / "one", whole.replace("A study", "A corrected title"))
    assert client.get("/s/one/api/session").json["study"]["title"] == "A corrected title"


def test_a_study_that_cannot_be_served_says_so(served: ManyStudies, tmp_path, caplog) -> None:
    client = Client(served)
    write_config(tmp_path / "one", "pages: [")
    page, program = client.get("/s/one/"), client.post("/s/one/api/session", json={})
    assert page.status_code == program.status_code == 503
    assert "This study cannot be served now: please tell the experimenter." in page.text
    assert program.json == {
        "error": "this study cannot be served now: please tell the experimenter", "retry_after_s": 60,
    }  # fmt: skip
    assert page.headers["Retry-After"] == "60" and "default-src" in page.headers["Content-Security-Policy"]
    assert "one cannot be served: " in caplog.text and "config.yaml" not in page.text
    assert client.get("/s/two/").status_code == 200
    page = client.get("/s/one/")
    assert page.status_code == 503 and caplog.text.count("one cannot be served: ") == 1, "once in ten seconds"


def test_a_failure_of_who_may_be_admitted_is_a_sentence(tmp_path: Path, caplog) -> None:
    """It comes before Flask: each request would write a traceback, and listeners would be told nothing."""
    build(tmp_path / "one", n_items=1)

    def admits(name: str) -> bool:
        raise OperationalError("SELECT 1", {}, Exception("disk I/O error"))

    client = Client(ManyStudies(tmp_path, make_front(), admits=admits))
    answers = [client.post("/s/one/api/session", json={}) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {503}
    assert "cannot be served now" in answers[0].json["error"]
    assert caplog.text.count("one cannot be served: ") == 1, "once in ten seconds"


def test_a_name_that_no_folder_can_have_is_no_study(served: ManyStudies) -> None:
    assert [Client(served).get(f"/s/{'a' * size}/").status_code for size in (255, 256, 5000)] == [404] * 3


def test_a_study_has_one_writing_where_the_file_system_finds_others(served, tmp_path, monkeypatch) -> None:
    is_file = Path.is_file
    monkeypatch.setattr(Path, "is_file", lambda path: is_file(Path(str(path).replace("ONE", "one"))))
    assert served.folder.joinpath("ONE", "config.yaml").is_file()
    codes = [Client(served).get(f"/s/{name}/").status_code for name in ("one", "ONE", "one")]
    assert codes == [200, 404, 200]


def test_a_study_that_is_slow_to_open_holds_up_no_other(served: ManyStudies, monkeypatch) -> None:
    begun, go_on, create = threading.Event(), threading.Event(), many.create_app

    def slowly(study: Path, **options: object) -> object:
        if study.name == "one":
            begun.set()
            assert go_on.wait(30)
        return create(study, **options)

    monkeypatch.setattr(many, "create_app", slowly)
    codes: list[int] = []
    slow = threading.Thread(target=lambda: codes.append(Client(served).get("/s/one/").status_code))
    slow.start()
    assert begun.wait(30)
    assert Client(served).get("/s/two/").status_code == 200 and codes == []
    go_on.set()
    slow.join(30)
    assert codes == [200]


def test_requests_for_a_study_that_is_being_opened_leave_threads_for_others(
    served: ManyStudies, tmp_path, monkeypatch
) -> None:
    begun, go_on, create = threading.Event(), threading.Event(), many.create_app

    def slowly(study: Path, **options: object) -> object:
        begun.set()
        assert go_on.wait(30)
        return create(study, **options)

    assert Client(served).get("/s/two/").status_code == 200
    write_config(tmp_path / "two", (tmp_path / "two" / "config.yaml").read_text())
    monkeypatch.setattr(many, "create_app", slowly)
    codes: list[int] = []

    def ask(path: str) -> None:
        codes.append(Client(served).get(path).status_code)

    waiting = [
        threading.Thread(target=ask, args=(path,))
        for path in ("/s/one/", "/s/two/")
        for _ in range(openings.MOST_WAITING)
    ]
    for thread in waiting:
        thread.start()
    assert begun.wait(30)
    deadline = time.monotonic() + 30
    while served._openings.waiting.total() < len(waiting) and time.monotonic() < deadline:
        time.sleep(0.001)
    refused = Client(served).post("/s/one/api/session", json={})
    assert refused.status_code == 503 and refused.headers["Retry-After"] == "5"
    assert refused.json["error"] == "this study is being opened: try again in a moment"
    assert Client(served).get("/s/two/").status_code == 200, "as it was before its config changed"
    go_on.set()
    for thread in waiting:
        thread.join(30)
    assert codes == [200] * len(waiting)


def test_studies_that_are_being_opened_leave_threads_for_those_that_are(
    served: ManyStudies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each may take seconds; of many at once the requests would have all threads."""
    assert Client(served).get("/s/two/").status_code == 200
    assert openings.MOST_WAITING_IN_ALL <= THREADS // 2
    with ExitStack() as others:
        for number in range(openings.MOST_WAITING_IN_ALL):
            others.enter_context(served._openings.place(f"other-{number}", "127.0.0.1"))
        assert Client(served).get("/s/one/").status_code == 503
        assert Client(served).get("/s/two/").status_code == 200
    assert Client(served).get("/s/one/").status_code == 200


def test_a_study_that_cannot_be_opened_is_not_tried_for_each_request(
    served: ManyStudies, tmp_path, monkeypatch
) -> None:
    whole = (tmp_path / "one" / "config.yaml").read_text()
    write_config(tmp_path / "one", "pages: [")
    create, tries = many.create_app, []
    monkeypatch.setattr(
        many, "create_app", lambda study, **more: (tries.append(study), create(study, **more))[1]
    )
    assert [Client(served).get("/s/one/").status_code for _ in range(5)] == [503] * 5
    assert len(tries) == 1
    monkeypatch.setattr(many, "BROKEN_S", 0.0)
    served.release("one")
    assert [Client(served).get("/s/one/").status_code for _ in range(2)] == [503] * 2
    assert len(tries) == 3, "again after a while"
    write_config(tmp_path / "one", whole)
    assert Client(served).get("/s/one/").status_code == 200, "at once when its config was written"


def test_a_database_without_room_for_its_log_is_a_sentence(served: ManyStudies, tmp_path, caplog) -> None:
    """What a server that was killed has left in the log is moved into the file, which a full disk refuses."""
    with served.use("one") as server, server.database.write() as connection:
        connection.exec_driver_sql("INSERT INTO meta VALUES ('long', ?)", ("x" * 50_000,))
    for name in ("ratings.sqlite3", "ratings.sqlite3-wal"):
        shutil.copy(tmp_path / "one" / name, tmp_path / "two")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "two" / "ratings.sqlite3").stat().st_size, hard))
    try:
        answers = [Client(served).get("/s/two/") for _ in range(3)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [answer.status_code for answer in answers] == [503] * 3
    assert caplog.text.count("two cannot be served: ") == 1 and "make room on its disk" in caplog.text
    served.release("two")
    assert Client(served).get("/s/two/").status_code == 200, "once there is room"


def test_studies_that_are_opened_at_once_parse_their_addresses_in_turn(
    served: ManyStudies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """werkzeug calls `ast.parse`, which fails in CPython 3.11 if threads are in it at once."""
    inside, most, lock = 0, 0, threading.Lock()

    def parse(*args, of=ast.parse, **more):
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        try:
            time.sleep(0.001)
            return of(*args, **more)
        finally:
            with lock:
                inside -= 1

    monkeypatch.setattr("werkzeug.routing.rules.ast.parse", parse)
    answers = []
    threads = [
        threading.Thread(
            target=lambda name=name: answers.append(Client(served).get(f"/s/{name}/").status_code)
        )
        for name in ("one", "two")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (answers, most) == ([200, 200], 1)


def test_a_public_path_of_a_folder_differs_from_the_paths_of_its_studies(served: ManyStudies, tmp_path):
    """/s/on is no beginning of /s/one, and /s is one of every study's."""
    options = Options(public_url="https://lab.example/s/on")
    found = ManyStudies(tmp_path, make_front(options), options)
    for path in ("/s/one/", "/s/on/s/one/"):
        assert Client(found).get(path).status_code == 200
    found.close()
    with pytest.raises(ServerError, match=r"--public-url has the path '/s', with which .* '/s/' begins"):
        make_front(Options(public_url="https://lab.example/s"))
