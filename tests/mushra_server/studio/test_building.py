"""Building in the studio: cancelled or killed in the middle, nothing half-built is ever listed or served."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from werkzeug.test import Client

from mushra_server.many import ManyStudies, find_studies
from mushra_server.studio import uploads, worker
from mushra_server.studio.app import studio_of
from mushra_server.studio.drafts import (
    CHECKS_NAME,
    CHOICES_NAME,
    SOUNDS_NAME,
    UPLOAD_NAME,
    load_fact,
    save_fact,
)
from mushra_server.studio.jobs import Progress
from mushra_server.studio.studies import Studies, change_study, find_study
from mushra_server.studio.uploads import store_sounds
from stimuli.vocabulary import RATINGS_NAME
from study_builder.simulation.rehearsal import simulate_study
from tests.mushra_server.studio.conftest import Browser, wait_for
from tests.mushra_server.studio.sounds import archive, send, sounds, tone

TRIES = 20


@pytest.fixture
def study(studio: ManyStudies, admin: Browser) -> str:
    admin.post("/studies", title="Codecs")
    draft = studio_of(studio).studies.draft("codecs")
    store_sounds([send("sounds.zip", archive(sounds(3)))], draft / SOUNDS_NAME)
    save_fact(draft, UPLOAD_NAME, {"name": "one", "left_out": []})
    return "codecs"


def half_built(folder: Path) -> list[Path]:
    """Return what a building has written so far, under the name that it has meanwhile."""
    return [path for path in folder.glob(".codecs.*.part") if any(path.rglob("*.wav"))]


def stop_half_way(studio: ManyStudies, admin: Browser, study: str) -> int:
    """Start a building and stop its process while a part of the study is written; return its number."""
    for _ in range(TRIES):
        assert admin.post(f"/studies/{study}/build").status_code == 302
        worker = studio_of(studio).jobs._running[study, "build"]
        while worker.poll() is None and not half_built(studio.folder):
            time.sleep(0.0005)
        os.kill(worker.pid, signal.SIGSTOP) if worker.poll() is None else None
        if half_built(studio.folder) and worker.poll() is None:
            return worker.pid
        if worker.poll() is None:  # it was complete just before it stopped
            os.kill(worker.pid, signal.SIGCONT)
        wait_for(studio, study, "build")
    raise AssertionError(f"no building could be stopped half-way in {TRIES} tries")


def is_asked_to_end(process: int) -> bool:
    """Tell whether SIGTERM waits for a process that is stopped."""
    status = Path(f"/proc/{process}/status").read_text()
    waiting = next(line.split()[1] for line in status.splitlines() if line.startswith("ShdPnd"))
    return bool(int(waiting, 16) >> (signal.SIGTERM - 1) & 1)


def looks_unbuilt(studio: ManyStudies, admin: Browser, study: str) -> bool:
    listed = admin.get("/").text
    return (
        find_studies(studio.folder) == []
        and listed.count('href="/studies/codecs"') == 1
        and ">draft</span>" in listed
        and Client(studio).get(f"/s/{study}/").status_code == 404
        and admin.post(f"/studies/{study}/launch/open").status_code == 409
    )


def test_a_cancelled_building_leaves_nothing(studio: ManyStudies, admin: Browser, study: str) -> None:
    before = sorted(path.name for path in studio.folder.iterdir())
    worker = stop_half_way(studio, admin, study)
    assert looks_unbuilt(studio, admin, study)
    assert "Cancel</button>" in admin.get(f"/studies/{study}/build").text
    cancelling = threading.Thread(target=admin.post, args=(f"/studies/{study}/build/cancel",))
    cancelling.start()
    while not is_asked_to_end(worker):
        time.sleep(0.001)
    os.kill(worker, signal.SIGCONT)
    cancelling.join()
    assert studio_of(studio).jobs.look(study, "build").state == "cancelled"
    assert sorted(path.name for path in studio.folder.iterdir()) == before
    assert "nothing of it is left" in admin.get(f"/studies/{study}/build").text


def test_a_killed_building_is_not_listed_and_the_next_one_is_whole(
    studio: ManyStudies, admin: Browser, study: str
) -> None:
    os.kill(stop_half_way(studio, admin, study), signal.SIGKILL)
    assert wait_for(studio, study, "build").state == "cancelled"
    assert half_built(studio.folder) != [], "a killed process removes nothing"
    assert looks_unbuilt(studio, admin, study)
    admin.post(f"/studies/{study}/build")
    assert wait_for(studio, study, "build").state == "done"
    assert [path.name for path in find_studies(studio.folder)] == ["codecs"]
    assert "The study is built" in admin.get(f"/studies/{study}/build").text
    left = half_built(studio.folder)
    studio_of(studio).studies.remove_leftovers()
    assert half_built(studio.folder) == left, "what is new may be being written"
    for path in left:
        os.utime(path, (0, 0))
    studio_of(studio).studies.remove_leftovers()
    assert half_built(studio.folder) == []

    simulate_study(studio.folder / study, 1, seed=1)
    answer = admin.post(f"/studies/{study}/build")
    assert answer.status_code == 409 and "the study has sessions" in answer.text.lower()
    studio.release(study)
    (studio.folder / study / RATINGS_NAME).write_bytes(b"SQLite format 3\0" + bytes(100))
    answer = admin.post(f"/studies/{study}/build")
    assert answer.status_code == 503 and "the ratings of the study cannot be read" in answer.text.lower()
    assert admin.post(f"/studies/{study}/copy").status_code == 302
    assert not (studio_of(studio).studies.draft("codecs-copy") / "built.json").exists()
    assert "test_id: codecs-copy" in admin.get("/studies/codecs-copy/choices.yaml").text


@pytest.mark.usefixtures("jobs_here")
@pytest.mark.parametrize("first", ["build", "open"])
def test_of_building_and_opening_at_one_moment_only_one_happens(
    studio: ManyStudies, admin: Browser, study: str, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """Both have looked whether they may before either has begun; a listener must not lose the study."""
    admin.post(f"/studies/{study}/build")
    assert wait_for(studio, study, "build").state == "done"
    rivals = {"build": f"/studies/{study}/build", "open": f"/studies/{study}/launch/open"}
    second = next(name for name in rivals if name != first)
    looked = threading.Event()
    lock, status = studio_of(studio).studies.lock_design(study), {}

    def lock_design(_: Studies, name: str) -> threading.Lock:
        looked.set()  # the first looks have been passed
        return lock

    monkeypatch.setattr(Studies, "lock_design", lock_design)
    slow = threading.Thread(target=lambda: status.update({second: admin.post(rivals[second]).status_code}))
    with lock:
        slow.start()
        assert looked.wait(60)
        if first == "build":
            jobs = studio_of(studio).jobs
            monkeypatch.setattr(jobs, "look", lambda study, kind: Progress("running"))
        else:
            with studio_of(studio).store.write() as connection:
                change_study(connection, study, launched_at="2026-01-01T00:00:00+00:00")
    slow.join()
    assert status == {second: 409}


@pytest.mark.parametrize("rival", ["build", "open"])
def test_sounds_that_arrive_while_the_study_is_built_or_opened_are_refused(
    studio: ManyStudies, admin: Browser, study: str, monkeypatch: pytest.MonkeyPatch, rival: str
) -> None:
    sounds_of = studio_of(studio).studies.draft(study) / SOUNDS_NAME
    before = sorted(sounds_of.rglob("*"))
    jobs, store = studio_of(studio).jobs, studio_of(studio).store

    def read(*_: object) -> bool:
        """Notice the first sound that is read: the request has passed its first looks."""
        if rival == "build":
            monkeypatch.setattr(jobs, "look", lambda study, kind: Progress("running"))
        else:
            with store.write() as connection:
                change_study(connection, study, launched_at="2026-01-01T00:00:00+00:00")
        return True

    monkeypatch.setattr(uploads, "_is_sound", read)
    files = {"files": (io.BytesIO(archive(sounds(1))), "new.zip")}
    assert admin.post(f"/studies/{study}/sounds", **files).status_code == 409
    assert sorted(sounds_of.rglob("*")) == before
    assert [path.name for path in sounds_of.parent.iterdir() if path.name.endswith(".part")] == []


def test_choices_that_were_saved_after_the_building_are_noticed(
    studio: ManyStudies, admin: Browser, study: str
) -> None:
    studies = studio_of(studio).studies
    with studio_of(studio).store.read() as connection:
        row = connection.execute(studies.query(study)).one()
    draft = studies.draft(study)
    save_fact(draft, "built.json", studies.describe_source(row))
    assert studies.is_current(row)
    save_fact(draft, UPLOAD_NAME, {"name": "two", "left_out": []})
    assert not studies.is_current(row)


def test_a_building_that_fails_leaves_the_study_before_and_what_is_known_of_it(
    studio: ManyStudies, admin: Browser, study: str
) -> None:
    parts = studio_of(studio)
    draft, status = parts.studies.draft(study), parts.store.data / "jobs" / "codecs.build.json"
    (draft / CHOICES_NAME).write_text("test_id: codecs\n")
    task = {
        "draft": str(draft),
        "built_of": {"upload": "one", "choices": 0},
        "choices": str(draft / CHOICES_NAME),
        "out": str(parts.studies.folder(study)),
    }
    worker.build(task, status)
    with parts.store.read() as connection:
        row = find_study(connection, study)
    assert parts.studies.is_current(row)
    checks = load_fact(draft, CHECKS_NAME)
    (draft / SOUNDS_NAME / "item0" / "codec-a.wav").write_bytes(tone(0.9))
    save_fact(draft, UPLOAD_NAME, {"name": "two", "left_out": []})
    with pytest.raises(ValueError, match="length") as refused:
        worker.build({**task, "built_of": {"upload": "two", "choices": 0}}, status)
    worker.write_status(status, Progress("failed", message=str(refused.value)))
    assert not parts.studies.is_current(row), "the launch panel does not say that it is of these sounds"
    assert load_fact(draft, CHECKS_NAME) == checks
    page = admin.get(f"/studies/{study}/build").text
    assert "The study that was built before is still there" in page
    assert "Build the study again" in admin.get(f"/studies/{study}/launch").text
