"""How much of the disk an account may fill, and what is left for ratings."""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
import tracemalloc
from collections import namedtuple
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from flask import Flask

from mushra_server.errors import Refusal
from mushra_server.export import looking_file
from mushra_server.export.files import export_files
from mushra_server.many import ManyStudies
from mushra_server.studio import accounts, disk, uploads, worker
from mushra_server.studio.app import close_studio, create_studio, studio_of
from mushra_server.studio.jobs import Jobs, Progress
from mushra_server.studio.planning.plan import estimate_size, plan_draft
from mushra_server.studio.reading import Reading
from mushra_server.studio.routes import launch
from mushra_server.studio.uploads import store_sounds
from mushra_server.web.server import EXTENSION
from study_builder.building.choices import Choices
from tests.mushra_server.conftest import Listener, build
from tests.mushra_server.studio.conftest import Browser, wait_for
from tests.mushra_server.studio.sounds import archive, send, sounds
from tests.mushra_server.studio.test_roles import invite

pytestmark = pytest.mark.usefixtures("jobs_here")

SET = archive(sounds(2))  # 6 sounds of 19 kB, which pack to a part of that
UNPACKED = sum(len(content) for content in sounds(2).values())
Usage = namedtuple("Usage", "total used free")
Files = namedtuple("Files", "f_files f_favail")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[ManyStudies]:
    """A studio whose accounts have room for two sets of sounds."""
    served = create_studio(tmp_path / "lab", account_gib=2.5 * UNPACKED / 2**30)
    yield served
    close_studio(served)


@pytest.fixture
def people(lab: ManyStudies) -> tuple[Browser, Browser]:
    """The administrator, and somebody whom they invited."""
    token = accounts.ensure_first_account(studio_of(lab).store)
    assert token is not None
    admin = Browser(lab, token)
    admin.post("/studies", title="First")
    return admin, invite(lab, admin, "Olga", "first", "viewer")


def upload(browser: Browser, study: str) -> tuple[int, str]:
    answer = browser.post(f"/studies/{study}/sounds", files=(io.BytesIO(SET), "a.zip"))
    return answer.status_code, answer.text


@pytest.mark.parametrize(
    ("files", "left", "enough"),
    [(0, 0, True), (6_000_000, 100_000, True), (6_000_000, 99_999, False), (200, 10, True), (200, 9, False)],
)
def test_files_of_a_few_bytes_leave_room_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int, left: int, enough: bool
) -> None:
    """Of a disk that has room for bytes, but for no further file, nothing is left."""
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: Usage(0, 0, 2 * disk.RESERVE_BYTES))
    monkeypatch.setattr(disk.os, "statvfs", lambda _: Files(files, left))
    try:
        disk.require_reserve(tmp_path)
    except Refusal as refused:
        assert refused.status == 507 and not enough
    else:
        assert enough


def test_an_account_makes_only_so_many_studies(
    lab: ManyStudies, people: tuple[Browser, Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The administrator's list has all of them, and is read again whenever it is looked at."""
    admin, olga = people
    monkeypatch.setattr(disk, "MAX_STUDIES", 2)
    assert [olga.post("/studies", title=title).status_code for title in "abc"] == [302, 302, 413]
    copied = olga.post("/studies/a/copy")
    assert copied.status_code == 413 and "ou have made 2 studies" in copied.text
    assert [admin.post("/studies", title=title).status_code for title in "def"] == [302] * 3


def test_an_account_fills_only_its_part_of_the_disk(
    lab: ManyStudies, people: tuple[Browser, Browser]
) -> None:
    admin, olga = people
    for title in ("One", "Two", "Three"):
        olga.post("/studies", title=title)
    assert [upload(olga, name)[0] for name in ("one", "two")] == [302, 302]
    wait_for(lab, "one", "measure")
    status, said = upload(olga, "three")
    assert status == 413 and "made take 0.0 GiB, and this would take" in said
    three = studio_of(lab).studies.draft("three")
    assert not three.exists() or list(three.iterdir()) == [], "what was unpacked is gone"
    assert upload(olga, "two")[0] == 302, "sounds in place of others take no more room"
    assert upload(admin, "three")[0] == 413, "a study counts for who made it, whoever brings the sounds"
    assert olga.post("/studies/two/copy").status_code == 413
    assert admin.post("/studies/two/copy").status_code == 302, "and a copy for who copies"
    assert upload(admin, "first")[0] == 302, "the administrator's are not counted"


def test_a_copy_holds_up_nobody_and_leaves_nothing_if_it_fails(
    lab: ManyStudies, people: tuple[Browser, Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gigabytes take minutes: others log in meanwhile, whose threads listeners need too."""
    _, olga = people
    olga.post("/studies", title="One")
    assert upload(olga, "one")[0] == 302
    parts, free = studio_of(lab), []

    def copy(*_: object, **__: object) -> None:
        free.append(parts.store._writers.acquire(blocking=False))
        if free[-1]:
            parts.store._writers.release()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", copy)
    assert olga.post("/studies/one/copy").status_code == 500
    assert free == [True]
    every = parts.studies.list(accounts.Account(1, "administrator", True))
    assert [one.name for one in every] == ["one", "first"]
    monkeypatch.undo()
    assert olga.post("/studies/one/copy").status_code == 302
    assert olga.get("/studies/one-copy").status_code == 200


def test_whatever_takes_room_is_counted(lab: ManyStudies, people: tuple[Browser, Browser]) -> None:
    _, olga = people
    olga.post("/studies", title="One")
    assert upload(olga, "one")[0] == 302
    assert olga.post("/studies/one/build").status_code == 413, "with anchors it is larger than what was sent"
    studio_of(lab).disk._account_bytes *= 2
    assert olga.post("/studies/one/build").status_code == 302
    assert wait_for(lab, "one", "build").state == "done"
    plan = plan_draft(studio_of(lab).studies.draft("one"), {"title": "One", "test_id": "one"})
    written = disk.measure(studio_of(lab).studies.folder("one") / "audio")
    assert plan.size == pytest.approx(written, rel=0.01), "but for the headers"
    (studio_of(lab).studies.draft("one") / "more.bin").write_bytes(bytes(3 * UNPACKED))
    assert olga.post("/studies/one/build").status_code == 413
    assert olga.post("/studies/one/copy").status_code == 413
    olga.post("/studies/one/launch/open")
    olga.post("/studies/one/launch/close", reason="done")
    assert olga.post("/studies/one/launch/backup").status_code == 413
    assert olga.post("/studies/one/reports").status_code == 413


def test_silence_that_becomes_gigabytes_is_counted_as_such() -> None:
    """Ten minutes of it are some kilobytes of FLAC, of which an upload may have thousands."""
    silence = Reading(
        conditions=("a", "b"),
        files=60,
        seconds=(1.0, 600.0),
        sound_seconds=6000.0,
        rates={8000: 60},
        channels={1: 60},
    )
    bare, fine = Choices(anchors=()), Choices(anchors=(), sample_rate=192_000, bits=24)
    assert estimate_size(silence, bare) == 6000 * 8000 * 2
    assert estimate_size(silence, fine) == 6000 * 192_000 * 3
    assert estimate_size(silence, bare.model_copy(update={"length": "pad"})) == 60 * 600 * 8000 * 2
    assert estimate_size(silence, Choices()) == 2 * 6000 * 8000 * 2, "two anchors for two conditions"
    assert estimate_size(Reading(), Choices()) == 0


def test_building_ends_before_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = iter([2 << 30, 100])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 0, next(free)))
    written = worker._leave_room(iter("abc"), tmp_path)
    assert next(written) == "a"
    with pytest.raises(Refusal, match="disk is nearly full"):
        next(written)


def test_room_is_left_for_ratings(
    lab: ManyStudies, people: tuple[Browser, Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, _ = people
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12, disk.RESERVE_BYTES))
    status, said = upload(admin, "first")
    assert status == 507 and "disk is nearly full" in said


def test_an_archive_that_unpacks_to_the_last_byte_of_the_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "LOOK_BYTES", 50_000)
    free = iter([2 << 30, 2 << 30, 100])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 0, next(free)))
    with pytest.raises(Refusal, match="disk is nearly full"):
        store_sounds([send("a.zip", archive(sounds(4)))], tmp_path / "sounds")
    assert list(tmp_path.iterdir()) == []


def test_backups_at_one_moment_find_the_room_that_is_left_by_the_others(
    lab: ManyStudies, people: tuple[Browser, Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, _ = people
    study = build(lab.folder / "codecs")
    admin.get("/")
    admin.post("/studies/codecs/launch/open")
    size = disk.measure(study)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 50, 0, disk.RESERVE_BYTES + 2 * size - 1))
    found = []

    def back_up(_url: str, _out: Path) -> None:  # while which another is asked for
        if len(found) < 1:
            found.append(admin.post("/studies/codecs/launch/backup").status_code)

    monkeypatch.setattr(launch, "back_up", back_up)
    assert admin.post("/studies/codecs/launch/backup").status_code == 302
    assert found == [507], "there is room for one"
    assert admin.post("/studies/codecs/launch/backup").status_code == 302


def test_a_report_takes_no_number_while_another_is_being_made(
    lab: ManyStudies, people: tuple[Browser, Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be that of the other one, and if that ended before the new one began, be put in its place."""
    admin, _ = people
    build(lab.folder / "codecs")
    admin.get("/")
    admin.post("/studies/codecs/launch/open")
    admin.post("/studies/codecs/launch/close", reason="enough")
    started: list[dict[str, Any]] = []
    monkeypatch.setattr(Jobs, "start", lambda _self, _study, _kind, task, _account: started.append(task))
    assert admin.post("/studies/codecs/reports").status_code == 302
    assert Path(started[0]["out"]).parts[-2:] == ("codecs", "1")
    monkeypatch.setattr(Jobs, "look", lambda *_: Progress("running"))
    assert admin.post("/studies/codecs/reports").status_code == 409 and len(started) == 1


def test_an_archive_of_everything_leaves_room_for_ratings_however_long_it_becomes(
    lab: ManyStudies, people: tuple[Browser, Browser], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A table has each answer in every row of its listener: a database of megabytes becomes gigabytes."""
    admin, _ = people
    build(lab.folder / "codecs")
    admin.get("/")
    admin.post("/studies/codecs/launch/open")
    admin.post("/studies/codecs/launch/close", reason="enough")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = set(tmp_path.iterdir())
    looks: list[int] = []

    def measure(_: object) -> Usage:
        looks.append(disk.RESERVE_BYTES - 1 if looks else 1 << 40)
        return Usage(1 << 50, 0, looks[-1])

    monkeypatch.setattr(shutil, "disk_usage", measure)
    monkeypatch.setattr(looking_file, "LOOK_CHARS", 100)
    answer = admin.get("/studies/codecs/everything.zip")
    assert answer.status_code == 507 and "disk is nearly full" in answer.text
    assert set(tmp_path.iterdir()) == before


def test_a_table_is_looked_at_while_it_is_written(listener: Listener, app: Flask, tmp_path: Path) -> None:
    listener.save_all()

    def look() -> None:
        raise Refusal("full", 507)

    database = app.extensions[EXTENSION].database
    for format in ("csv", "json"):
        for most in (100, 10**9):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(looking_file, "LOOK_CHARS", most)
                with pytest.raises(Refusal) if most == 100 else nullcontext():
                    list(export_files(database, tmp_path / "study", format, tmp_path / "out", look=look))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["ratings.csv", "ratings.json"]


def test_a_report_names_its_data_without_all_of_them_in_memory() -> None:
    frame = pd.DataFrame({"score": range(3000), "remark": 'a "long", ümläut\n' * 1000})
    expected = hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()
    tracemalloc.start()
    assert worker.hash_table(frame) == expected
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10e6, "of 54 MB"


def test_sounds_that_come_while_a_study_is_copied_are_not_mixed_with_those_before(
    lab: ManyStudies, people: tuple[Browser, Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, _ = people
    assert upload(admin, "first")[0] == 302
    copytree, drafts = shutil.copytree, studio_of(lab).store.data / "drafts"

    def replace_meanwhile(*given: Any, **more: Any) -> Any:
        assert upload(admin, "first")[0] == 302
        found = copytree(*given, **more)
        if vanishes[-1]:
            raise shutil.Error("a sound of before")
        return found

    (drafts / "first" / ".sounds.0123.part").mkdir()  # of an upload that is under way
    vanishes = []
    for vanishes_now in (False, True):
        vanishes.append(vanishes_now)
        monkeypatch.setattr(shutil, "copytree", replace_meanwhile)
        refused = admin.post("/studies/first/copy")
        assert refused.status_code == 409 and "came while the study was copied" in refused.text
        assert [path.name for path in drafts.iterdir()] == ["first"], "and nothing of it is left"
        monkeypatch.setattr(shutil, "copytree", copytree)
    copy = admin.post("/studies/first/copy").headers["Location"].rpartition("/")[2]
    assert (drafts / copy / "sounds").is_dir() and not (drafts / copy / ".sounds.0123.part").exists()
