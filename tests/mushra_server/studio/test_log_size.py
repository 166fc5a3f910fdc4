"""What the log takes: whoever may change a study leaves a line in it, for ever."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mushra_server.many import ManyStudies
from mushra_server.studio.app import close_studio, create_studio, studio_of
from mushra_server.studio.routes import report
from tests.mushra_server.conftest import build
from tests.mushra_server.studio.conftest import Browser
from tests.mushra_server.studio.test_roles import invite


@pytest.fixture
def study(studio: ManyStudies, admin: Browser) -> str:
    build(studio.folder / "codecs")
    admin.get("/")
    return "/studies/codecs"


def test_an_account_writes_only_so_many_lines(studio: ManyStudies, admin: Browser, study: str) -> None:
    olga, pia = (invite(studio, admin, name, "codecs", "assistant") for name in ("Olga", "Pia"))
    studio_of(studio).changes.burst = 3
    tries = [olga.post(f"{study}/launch/completion") for _ in range(5)]
    assert [answer.status_code for answer in tries] == [302] * 3 + [429] * 2
    assert tries[-1].headers["Retry-After"]
    assert olga.get(f"{study}/lists/approve.csv").status_code == 429, "which the log keeps, too"
    assert olga.get(f"{study}/watch").status_code == 200
    assert olga.post(f"{study}/make", only="plan").status_code == 200, "changes nothing"
    assert olga.post(f"{study}/launch/completion", only="plan").status_code == 429
    assert pia.post(f"{study}/launch/completion").status_code == 302, "somebody else"
    assert [admin.post(f"{study}/launch/completion").status_code for _ in range(9)] == [302] * 9


def test_the_archive_of_everything_reads_the_log_line_by_line(
    admin: Browser, study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, taken = report.write_bundle, []

    def look(*given: Any) -> None:
        taken.append(given[4])
        write(*given)

    monkeypatch.setattr(report, "write_bundle", look)
    admin.post(f"{study}/launch/open")
    admin.post(f"{study}/launch/close", reason="enough")
    admin.get(f"{study}/everything.zip").close()
    assert isinstance(taken[0], Iterator), "a list of all that somebody has written takes any memory"


def test_an_earlier_log_is_found_by_study_and_by_account(tmp_path: Path) -> None:
    close_studio(create_studio(tmp_path))
    file = tmp_path / ".studio" / "studio.sqlite3"
    with closing(sqlite3.connect(file)) as database, database:
        for name in ("log_by_study", "log_by_account"):
            database.execute(f"DROP INDEX {name}")
    close_studio(create_studio(tmp_path))
    with closing(sqlite3.connect(file)) as database:
        query = "EXPLAIN QUERY PLAN SELECT account FROM log WHERE {} = 'a' AND action IN ('create', 'copy')"
        plans = [database.execute(query.format(name)).fetchall() for name in ("study", "account")]
    assert all("log_by_" in str(plan) for plan in plans), plans
