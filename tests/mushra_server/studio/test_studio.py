"""The studio by Flask's test client: login, list, copies, many studies at one address."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from werkzeug.test import Client

from mushra_server.database.schemas import name_schema
from mushra_server.errors import ServerError
from mushra_server.many import ManyStudies, is_folder_of_studies, make_front
from mushra_server.studio import accounts
from mushra_server.studio.app import studio_of
from mushra_server.studio.store import Store
from mushra_server.web.server import Options
from stimuli.files import temporary_name
from study_builder.config import StudyConfig
from tests.mushra_server.conftest import build
from tests.mushra_server.studio.conftest import Browser
from tests.servers import hears_ctrl_c


def test_the_first_start_makes_one_token_and_later_ones_none(tmp_path: Path) -> None:
    store = Store(tmp_path)
    token = accounts.ensure_first_account(store)
    assert token is not None
    assert accounts.ensure_first_account(store) is None
    assert token.encode() not in (store.data / "studio.sqlite3").read_bytes()
    store.close()


def test_nothing_is_shown_without_a_login(studio: ManyStudies) -> None:
    client = Client(studio)
    for path in ("/", "/log", "/studies/x"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/login")
    assert client.post("/login", data={"token": "guess"}).status_code == 403
    assert client.post("/studies", data={"title": "x"}).status_code == 403


def test_a_form_without_its_token_changes_nothing(studio: ManyStudies, admin: Browser) -> None:
    assert admin.client.post("/studies", data={"title": "Forged"}).status_code == 403
    assert "Forged" not in admin.get("/").text


def test_a_study_is_made_found_copied_and_archived(studio: ManyStudies, admin: Browser) -> None:
    assert (
        admin.post("/studies", title="Codecs at 16 kbit/s").headers["Location"]
        == "/studies/codecs-at-16-kbit-s/make"
    )
    assert admin.post("/studies", title="Codecs at 16 kbit/s").headers["Location"].endswith("kbit-s-2/make")
    assert admin.post("/studies", title="  ").status_code == 400
    for title in ("a" * 200, "\N{ROMAN NUMERAL EIGHT}" * 200, "\N{LATIN SMALL LETTER SHARP S}" * 200):
        name = admin.post("/studies", title=title).headers["Location"].split("/")[2]
        assert len(name_schema(name)) < 63, "whole, also with a number behind it"
    assert "codecs-at-16-kbit-s" in admin.get("/?q=16+codecs").text
    assert "No study matches" in admin.get("/?q=nothing").text
    assert "codecs-at-16-kbit-s" in admin.get("/?q=" + 10 * "16+" + "nothing+" * 5000).text, "of ten words"
    admin.post("/studies/codecs-at-16-kbit-s/archive")
    assert 'href="/studies/codecs-at-16-kbit-s"' not in admin.get("/").text
    archived = admin.get("/?state=archived").text
    assert 'href="/studies/codecs-at-16-kbit-s"' in archived
    assert '<option value="archived" selected>' in archived, "the list says what it shows"
    assert "archive" in admin.get("/log").text


def test_a_folder_built_by_the_command_line_is_listed_and_copied_without_ratings(
    studio: ManyStudies, admin: Browser
) -> None:
    study = build(studio.folder / "found")
    (study / "ratings.sqlite3").write_bytes(b"")
    assert 'href="/studies/found"' in admin.get("/").text
    assert admin.post("/studies/found/copy").status_code == 302
    copy = next(path for path in studio.folder.iterdir() if path.name.endswith("copy"))
    assert (copy / "config.yaml").read_bytes() == (study / "config.yaml").read_bytes()
    assert not (copy / "ratings.sqlite3").exists()


def test_two_who_look_at_once_both_see_a_new_study(
    studio: ManyStudies, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(studio.folder / "codecs")
    pages, load_title = [], StudyConfig.load_title

    def look_meanwhile(path: Path) -> str:
        monkeypatch.setattr(StudyConfig, "load_title", load_title)
        pages.append(admin.get("/"))
        return load_title(path)

    monkeypatch.setattr(StudyConfig, "load_title", look_meanwhile)
    pages.append(admin.get("/"))
    assert [(page.status_code, "codecs" in page.text) for page in pages] == [(200, True)] * 2


def test_a_study_with_ratings_that_was_about_to_be_replaced_is_left(studio: ManyStudies) -> None:
    """A kill between the two renames leaves it under the name of what is half written."""
    left = [temporary_name(studio.folder / name) for name in ("rated", "empty")]
    for path in left:
        path.mkdir()
    (left[0] / "ratings.sqlite3").touch()
    for path in left:
        os.utime(path, (0, 0))
    studio_of(studio).studies.remove_leftovers()
    assert [path.exists() for path in left] == [True, False]


def test_half_a_backup_and_half_a_report_do_not_stay(studio: ManyStudies) -> None:
    """They count for their account, and `listenable forget` does not reach them."""
    data = studio_of(studio).store.data
    left = [
        data / "backups" / "codecs" / ".2026.sqlite3.0123abcd.part",
        data / "backups" / "codecs" / ".2026.sqlite3.0123abcd.part-journal",
        data / "backups" / "codecs" / ".2026.sqlite3.0123abcd.part-shm",
        data / "backups" / "codecs" / ".2026.sqlite3.0123abcd.part-wal",
        data / "reports" / "codecs" / ".1.0123abcd.part" / "index.html",
        data / "drafts" / "codecs" / ".sounds.0123abcd.part" / "a.wav",
    ]
    for age, gone in ((0, False), (7200, True)):
        for path in left:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            for one in (path, path.parent):
                os.utime(one, (time.time() - age,) * 2)
        studio_of(studio).studies.remove_leftovers()
        assert [not path.exists() for path in left] == [gone] * 6
    assert all((data / kind / "codecs").is_dir() for kind in ("backups", "reports", "drafts"))


def test_a_draft_cannot_be_reached_by_listeners(studio: ManyStudies, admin: Browser) -> None:
    build(studio.folder / "found")
    admin.get("/")
    assert Client(studio).get("/s/found/").status_code == 404
    with studio_of(studio).store.write() as connection:
        connection.exec_driver_sql("UPDATE studies SET launched_at = '2026-01-01T00:00:00+00:00'")
    assert Client(studio).get("/s/found/").status_code == 200
    for _ in range(2):  # whoever presses twice, or second, wants what the button says
        admin.post("/studies/found/archive")
        assert Client(studio).get("/s/found/").status_code == 404
    admin.post("/studies/found/restore")
    assert Client(studio).get("/s/found/").status_code == 200


def test_each_study_keeps_its_own_sessions(tmp_path: Path) -> None:
    for name in ("one", "two"):
        build(tmp_path / name)
    assert is_folder_of_studies(tmp_path)
    assert not is_folder_of_studies(tmp_path / "one")
    served = ManyStudies(tmp_path, make_front())
    client = Client(served)
    answer = client.get("/s/one?participant=p1")
    assert (answer.status_code, answer.headers["Location"]) == (308, "/s/one/?participant=p1")
    assert client.post("/s/one/api/session", json={}).status_code == 201
    assert client.get("/s/three/").status_code == 404
    assert client.get("/s/../one/").status_code == 404
    assert client.get("/").status_code == 404
    counts = []
    for name in ("one", "two"):
        client.get(f"/s/{name}/")
        with sqlite3.connect(tmp_path / name / "ratings.sqlite3") as database:
            counts.append(database.execute("SELECT COUNT(*) FROM sessions").fetchone()[0])
        database.close()
    assert counts == [1, 0]
    with pytest.raises(ServerError, match="is not a study; expected a folder"), served.use("three"):
        pass
    served.close()


def test_a_study_behind_a_proxy_at_a_path_knows_its_whole_address(tmp_path: Path) -> None:
    build(tmp_path / "one")
    for options, headers in (
        (Options(behind_proxy=True), {"X-Forwarded-Prefix": "/lab", "X-Forwarded-Proto": "https"}),
        (Options(public_url="https://lab.example/lab"), {}),
    ):
        served = ManyStudies(tmp_path, make_front(options), options)
        client = Client(served)
        answer = client.get("/s/one", headers=headers)
        assert (answer.status_code, answer.headers["Location"]) == (308, "/lab/s/one/")
        answer = client.post("/s/one/api/session", json={}, headers=headers)
        assert "Path=/lab/s/one" in answer.headers["Set-Cookie"]
        served.close()


def test_the_command_serves_a_studio_and_says_where(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "listenable", "studio", str(tmp_path / "lab"), "--port", "0"]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=hears_ctrl_c)
    assert started.stdout is not None
    try:
        lines = [started.stdout.readline() for _ in range(6)]
        address = next(line.split()[-1] for line in lines if line.startswith("Studio:"))
        assert any(line.startswith("Your token:") for line in lines)
        with urllib.request.urlopen(address) as answer:
            assert "Your token" in answer.read().decode()
    finally:
        started.terminate()
        started.wait(10)
        started.stdout.close()
    assert started.returncode == 0


def test_the_list_of_200_studies_is_quick(studio: ManyStudies, admin: Browser) -> None:
    with studio_of(studio).store.write() as connection:
        for number in range(200):
            connection.exec_driver_sql(
                "INSERT INTO studies (name, title, created_at, choices, version, config_changed) VALUES"
                f" ('s{number}', 'Study {number}', '2026-01-01', '{{}}', 0, 0)"
            )
    admin.get("/")
    taken = []
    for _ in range(3):
        started = time.process_time()  # this process's own: other tests may share the machine
        assert admin.get("/").status_code == 200
        taken.append(time.process_time() - started)
    assert min(taken) < 0.2


def test_a_name_that_is_taken_is_refused_on_the_form(admin: Browser) -> None:
    assert "shown this once" in admin.post("/people", name="Vera").text
    answer = admin.post("/people", name="Vera")
    assert answer.status_code == 400 and "Invite" in answer.text
    assert "There is an account &#39;Vera&#39; already" in answer.text and 'value="Vera"' in answer.text
    assert admin.post("/people", name="nobody", again="yes").status_code == 404


def test_no_step_of_a_new_study_leads_out_of_the_studio(admin: Browser) -> None:
    admin.post("/studies", title="Codecs")
    page = admin.get("/studies/codecs").text
    steps = re.findall(r'href="(/studies/codecs(?:/\w+)?)"', page[page.index('class="steps"') :])
    assert len(set(steps)) == 6
    for step in steps:
        answer = admin.get(step)
        assert answer.status_code == 200 and 'class="steps"' in answer.text, step


def test_an_error_leads_back_to_the_studies(studio: ManyStudies, admin: Browser) -> None:
    for path in ("/nothing", "/studies/nothing"):
        answer = admin.get(path)
        assert answer.status_code == 404 and '<a class="button quiet" href="/">Studies</a>' in answer.text
    assert "Studies</a>" not in Client(studio).get("/s/nothing/").text, "nor listeners"


def test_a_list_reads_no_more_of_a_config_than_its_title(
    studio: ManyStudies, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of thousands of sounds takes seconds, and whoever lists studies next would wait for it."""
    config = build(studio.folder / "codecs", n_items=1) / "config.yaml"
    monkeypatch.setattr(StudyConfig, "parse", lambda *_, **__: pytest.fail("all of it was read"))
    assert "A study" in admin.get("/").text
    config.write_text(config.read_text().replace("A study", "Another title"))
    assert "Another title" in admin.get("/").text


def test_a_title_that_no_database_stores_takes_no_list(studio: ManyStudies, admin: Browser) -> None:
    """SQLite has no half of a surrogate pair, PostgreSQL no NUL: all studies were missing, for everybody."""
    config = build(studio.folder / "odd", n_items=1) / "config.yaml"
    config.write_text(config.read_text().replace("A study", '"half \\uD800 and \\0"'))
    answer = admin.get("/")
    assert answer.status_code == 200 and "half \N{REPLACEMENT CHARACTER} and" in answer.text
