"""Launching, watching and reporting a study in the studio, and who may do what."""

from __future__ import annotations

import csv
import io
import re
import shutil
import sqlite3
import zipfile
from contextlib import closing
from typing import NoReturn

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.test import Client

from analysis.ratings.names import RATING_COLUMNS
from mushra_server.database import settings
from mushra_server.database.schema import sessions
from mushra_server.errors import Refusal
from mushra_server.many import ManyStudies
from mushra_server.studio.app import studio_of
from mushra_server.studio.bundle import DICTIONARY
from mushra_server.studio.closing import close_if_due
from mushra_server.studio.drafts import CHECKS_NAME, save_fact
from mushra_server.studio.routes.forms import read_moment
from mushra_server.studio.studies import change_study, find_study
from study_builder.simulation.rehearsal import simulate_study
from tests.mushra_server.conftest import build
from tests.mushra_server.studio.conftest import Browser, wait_for


@pytest.fixture
def study(studio: ManyStudies, admin: Browser) -> str:
    """A study that was built by the command line, not opened yet."""
    build(
        studio.folder / "codecs",
        completion={"code": "C1", "redirect": "https://app.prolific.com/done"},
        quota=9,
    )
    admin.get("/")
    return "codecs"


def test_a_study_is_opened_and_closed(studio: ManyStudies, admin: Browser, study: str) -> None:
    listener = Client(studio)
    assert listener.get(f"/s/{study}/").status_code == 404
    admin.post(f"/studies/{study}/launch/open")
    assert listener.post(f"/s/{study}/api/session", json={}).status_code == 201
    assert admin.post(f"/studies/{study}/launch/close").status_code == 400
    admin.post(f"/studies/{study}/launch/close", reason="enough listeners")
    assert Client(studio).post(f"/s/{study}/api/session", json={}).status_code == 403
    assert listener.get(f"/s/{study}/api/session").status_code == 200, "who has started can finish"
    admin.post(f"/studies/{study}/launch/open")
    assert Client(studio).post(f"/s/{study}/api/session", json={}).status_code == 201
    assert "enough listeners" in admin.get("/log").text


def test_a_draft_is_told_to_be_built_first(admin: Browser) -> None:
    admin.post("/studies", title="Draft")
    for action in ("open", "close", "preview", "backup", "check"):
        answer = admin.post(f"/studies/draft/launch/{action}", reason="why")
        assert answer.status_code == 409 and "not built yet; build it first" in answer.text, action


def test_an_open_study_keeps_its_design(admin: Browser, study: str) -> None:
    admin.post(f"/studies/{study}/launch/open")
    for path in ("make", "sounds", "build"):
        assert admin.post(f"/studies/{study}/{path}", version=0).status_code == 409


def test_times_open_and_close_by_themselves(studio: ManyStudies, admin: Browser, study: str) -> None:
    admin.post(f"/studies/{study}/launch/open")
    admin.post(f"/studies/{study}/launch/times", opens_at="2999-01-01T09:00")
    assert Client(studio).get(f"/s/{study}/").status_code == 404
    answer = admin.post(
        f"/studies/{study}/launch/times", opens_at="2999-01-02T09:00", closes_at="2999-01-01T09:00"
    )
    assert answer.status_code == 400
    assert read_moment("2999-01-01T09:00+02:00") == "2999-01-01T07:00:00+00:00"
    with pytest.raises(Refusal, match="is not a time"):
        read_moment("0001-01-01T00:00+02:00")
    over = admin.post(f"/studies/{study}/launch/times", closes_at="2001-01-01T09:00")
    assert over.status_code == 400 and "close the study by hand" in over.text, "scores open with a reason"
    with studio_of(studio).store.write() as connection:
        change_study(connection, study, closes_at="2001-01-01T09:00:00+00:00", opens_at=None)
    assert Client(studio).post(f"/s/{study}/api/session", json={}).status_code == 403
    assert "closed" in admin.get(f"/studies/{study}").text


def test_no_opening_time_takes_an_open_study_from_its_listeners(
    studio: ManyStudies, admin: Browser, study: str
) -> None:
    panel, later = f"/studies/{study}/launch", "2999-01-01T09:00"
    admin.post(f"{panel}/open")
    listener = Client(studio)
    assert listener.post(f"/s/{study}/api/session", json={}).status_code == 201
    answer = admin.post(f"{panel}/times", opens_at=later)
    assert answer.status_code == 409 and "close the study instead" in answer.text
    assert listener.get(f"/s/{study}/api/session").status_code == 200
    admin.post(f"{panel}/close", reason="a second round comes later")
    assert admin.post(f"{panel}/times", opens_at=later).status_code == 302


def test_nothing_is_done_to_a_study_without_its_line_in_the_log(
    studio: ManyStudies, admin: Browser, study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are in two databases, of which one may fail: the answer says that nothing was stored."""
    admin.post(f"/studies/{study}/launch/open")
    assert Client(studio).post(f"/s/{study}/api/session", json={}).status_code == 201
    with studio.use(study) as server, server.database.read() as connection:
        uuid = connection.execute(select(sessions.c.uuid)).scalar_one()

    monkeypatch.setattr(studio_of(studio).store._watch, "find_problem", lambda: "was removed")
    for path in (f"sessions/{uuid}/exclude", "launch/close"):
        answer = admin.post(f"/studies/{study}/{path}", reason="why")
        assert answer.status_code == 503 and "nothing was stored" in answer.text
    with studio.use(study) as server, server.database.read() as connection:
        assert connection.execute(select(sessions.c.excluded_at)).scalar_one() is None
        assert not settings.is_closed(connection)


def test_a_preview_without_the_studios_database_is_a_sentence(
    studio: ManyStudies, admin: Browser, study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = admin.post(f"/studies/{study}/launch/preview").headers["Location"]

    def read(store: object) -> NoReturn:
        raise OperationalError("SELECT", {}, Exception("disk I/O error"))

    monkeypatch.setattr(type(studio_of(studio).store), "read", read)
    answer = admin.get(place)
    assert answer.status_code == 503 and "does not answer now" in answer.text


def test_a_closing_time_that_has_come_closes_the_study_once(
    studio: ManyStudies, admin: Browser, study: str
) -> None:
    """Also if no listener came since: what is opened then stays open, and other times open nothing."""
    panel = f"/studies/{study}/launch"
    over = "2001-01-01T09:00:00+00:00"

    def begin() -> int:
        return Client(studio).post(f"/s/{study}/api/session", json={}).status_code

    def pass_time() -> None:
        with studio_of(studio).store.write() as connection:
            change_study(connection, study, closes_at=over)

    pass_time()
    admin.post(f"{panel}/open")
    assert begin() == 201, "the time of before it was opened"
    pass_time()
    admin.post(f"{panel}/open")
    assert begin() == 201
    for times in ({"closes_at": "2999-01-01T09:00"}, {"closes_at": over[:16]}, {}):
        pass_time()
        assert admin.post(f"{panel}/times", **times).status_code == 302
        assert begin() == 403, "its scores were open"
        admin.post(f"{panel}/open")
        assert begin() == 201


def test_a_time_that_was_changed_meanwhile_closes_nothing(
    studio: ManyStudies, admin: Browser, study: str
) -> None:
    admin.post(f"/studies/{study}/launch/open")
    store = studio_of(studio).store
    with store.write() as connection:
        change_study(connection, study, closes_at="2001-01-01T09:00:00+00:00")
        before = find_study(connection, study)
        change_study(connection, study, closes_at="2999-01-01T09:00:00+00:00")
    close_if_due(store, studio, before)
    assert Client(studio).post(f"/s/{study}/api/session", json={}).status_code == 201


def test_a_study_of_the_command_line_is_copied_with_its_sounds_after_a_check(
    studio: ManyStudies, admin: Browser, study: str
) -> None:
    """What the check found is in a folder of its own, without sounds."""
    draft = studio_of(studio).studies.draft(study)
    draft.mkdir(parents=True)
    save_fact(draft, CHECKS_NAME, {})
    copy = admin.post(f"/studies/{study}/copy").headers["Location"].rpartition("/")[2]
    assert studio_of(studio).studies.is_built(copy)


def test_the_panel_has_the_addresses_of_the_services(admin: Browser, study: str) -> None:
    page = admin.get(f"/studies/{study}/launch").text
    assert "http://localhost/s/codecs/?PROLIFIC_PID={{%PROLIFIC_PID%}}" in page
    assert "/s/codecs/?workerId=${workerId}" in page
    assert 'href="https://app.prolific.com/done" target="_blank" rel="noopener noreferrer"' in page
    assert admin.get(f"/studies/{study}/launch/qr.svg").mimetype == "image/svg+xml"


def test_a_preview_is_shown_at_once_and_keeps_nothing(
    studio: ManyStudies, admin: Browser, study: str
) -> None:
    place = admin.post(f"/studies/{study}/launch/preview").headers["Location"]
    assert re.fullmatch(r"/preview/[\w-]{32}/preview", place)
    assert admin.get(place).status_code == 200
    assert admin.client.post(place.removesuffix("preview") + "api/session", json={}).status_code == 201
    assert not (studio.folder / study / "ratings.sqlite3").exists()
    assert admin.get("/preview/guess/preview").status_code == 404


def test_a_backup_is_a_database_that_opens(studio: ManyStudies, admin: Browser, study: str) -> None:
    admin.post(f"/studies/{study}/launch/backup")
    found = list((studio_of(studio).store.data / "backups" / study).iterdir())
    assert len(found) == 1
    with closing(sqlite3.connect(found[0])) as database:
        assert database.execute("SELECT COUNT(*) FROM sessions").fetchone() == (0,)


def test_scores_are_seen_once_the_study_is_closed(studio: ManyStudies, admin: Browser, study: str) -> None:
    simulate_study(studio.folder / study, 4, seed=1)
    file = studio.folder / study / "ratings.sqlite3"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE sessions SET simulated = 0, participant = 'p' || id")
    admin.post(f"/studies/{study}/launch/open")
    with closing(sqlite3.connect(file)) as database:
        uuid, mean = database.execute(
            "SELECT session, AVG(score) FROM export_ratings WHERE condition = 'lmac-td' AND kind = 'trial' "
            "GROUP BY session ORDER BY session LIMIT 1"
        ).fetchone()
    session = f"/studies/{study}/sessions/{uuid}"
    assert f"{mean:.1f}" not in admin.get(session).text
    for path in ("reports", "everything.zip"):
        answer = (
            admin.post(f"/studies/{study}/reports")
            if path == "reports"
            else admin.get(f"/studies/{study}/{path}")
        )
        assert answer.status_code == 403, path
    admin.post(f"/studies/{study}/launch/close", reason="=HYPERLINK(1)")
    assert f">{mean:.1f}</td>" in admin.get(session).text

    for _ in range(2):  # whoever presses twice, or second, wants what the button says
        admin.post(session + "/exclude", reason="did not listen")
    assert f"exclude {uuid}" in admin.get("/log").text
    assert "did not listen" not in admin.get("/log").text, (
        "`forget` removes reasons from the study's database"
    )
    lists = {
        kind: list(csv.reader(io.StringIO(admin.get(f"/studies/{study}/lists/{kind}.csv").text)))
        for kind in ("approve", "reject", "bonus", "decisions")
    }
    assert (len(lists["approve"]), len(lists["reject"]), len(lists["decisions"])) == (3, 1, 5)
    assert {tuple(line[1:]) for line in lists["bonus"]} == {("1.00",)}
    assert [*lists["reject"][0], "reject", "did not listen"] in lists["decisions"]

    assert admin.post(f"/studies/{study}/reports", screening="some").status_code == 400
    admin.post(f"/studies/{study}/reports", screening="none")
    progress = wait_for(studio, study, "report")
    assert progress.state == "done", progress
    reports = studio_of(studio).store.data / "reports" / study
    shutil.copytree(reports / "1", reports / "2")  # as if it had been made of other ratings
    before = (reports / "1" / "mos.csv").read_text("utf-8-sig").splitlines()
    means = [float(line["mos"]) for line in csv.DictReader(before)]
    changed = [row.replace(f",{mean},", f",{mean + 5},") for row, mean in zip(before[1:], means, strict=True)]
    (reports / "2" / "mos.csv").write_text("\n".join([before[0], *changed]), "utf-8")
    page = admin.get(f"/studies/{study}/reports").text
    assert "Report 2 compared with report 1" in page
    assert page.count(">nobody</td>") == 2
    assert page.count("+5.0</td>") == 5
    report = admin.get(f"/studies/{study}/reports/2/index.html")
    assert report.status_code == 200
    assert report.headers["Content-Security-Policy"].startswith("sandbox ")
    assert (report.headers["Cache-Control"], report.headers.get("ETag")) == ("no-store", None)
    report.close()
    assert admin.get(f"/studies/{study}/reports/2/../../../studio.sqlite3").status_code == 404

    sent = admin.get(f"/studies/{study}/everything.zip")
    assert sent.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(sent.data)) as archive:
        names = set(archive.namelist())
        described = {
            row["column"] for row in csv.DictReader(io.StringIO(archive.read("data_dictionary.csv").decode()))
        }
        columns = next(csv.reader(io.StringIO(archive.read("ratings/ratings.csv").decode("utf-8-sig"))))
        reasons = [row["detail"] for row in csv.DictReader(io.StringIO(archive.read("log.csv").decode()))]
        assert archive.testzip() is None
    sent.close()
    assert {"study/config.yaml", "ratings/ratings.json", "report/index.html", "log.csv"} <= names
    assert described == set(columns)
    assert "'=HYPERLINK(1)" in reasons, "an assistant's reason runs nothing on the owner's machine"


def test_every_column_of_the_ratings_is_in_the_dictionary() -> None:
    assert set(DICTIONARY) == set(RATING_COLUMNS)
