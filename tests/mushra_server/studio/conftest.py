"""A studio with its administrator at a browser."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from mushra_server.many import ManyStudies
from mushra_server.studio import accounts, worker
from mushra_server.studio.app import close_studio, create_studio, studio_of
from mushra_server.studio.jobs import Jobs, Progress


class Browser:
    """A logged-in browser that sends each form with its token."""

    def __init__(self, served: ManyStudies, token: str) -> None:
        self.client = Client(served)
        answer = self.client.post("/login", data={"token": token})
        assert answer.status_code == 302, answer.text
        found = re.search(r'name="form_token" value="([^"]+)"', self.client.get("/").text)
        assert found
        self.form_token = found[1]

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, **fields: object) -> TestResponse:
        return self.client.post(path, data={"form_token": self.form_token, **fields})


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[ManyStudies]:
    served = create_studio(tmp_path / "lab")
    yield served
    close_studio(served)


@pytest.fixture
def admin(studio: ManyStudies) -> Browser:
    token = accounts.ensure_first_account(studio_of(studio).store)
    assert token is not None
    return Browser(studio, token)


@pytest.fixture
def jobs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that run in this process, at once, for what comes after them; one is a second of imports."""

    def start(jobs: Jobs, study: str, kind: str, task: dict[str, Any], account: int) -> None:
        status = jobs._file(study, kind)
        try:
            done = worker.JOBS[kind](task, status)
            worker.write_status(status, Progress("done", done, done))
        except (ValueError, OSError) as error:
            worker.write_status(status, Progress("failed", message=worker.say(str(error), task)))

    monkeypatch.setattr(Jobs, "start", start)


def wait_for(served: ManyStudies, study: str, kind: str, seconds: float = 300) -> Progress:
    """Wait until a job has ended."""
    until = time.monotonic() + seconds
    while (found := studio_of(served).jobs.look(study, kind)).state == "running" and time.monotonic() < until:
        time.sleep(0.05)
    return found
