"""Exports as downloads: what is in them, sent while they are written, never half of one."""

from __future__ import annotations

import io
import zipfile
from collections import namedtuple

import pytest

from mushra_server.admin import work, worker
from mushra_server.admin.work import stream_export
from mushra_server.export import looking_file
from mushra_server.web.large_bodies import RESERVE_BYTES

Usage = namedtuple("Usage", "total used free")


def test_downloads_hold_what_was_rated(app, listener, admin):
    listener.save_all(score=70).finish()
    assert admin.get("/admin/data/csv").text.count("\n") == 16
    assert len(admin.get("/admin/data/json").json["ratings"]) == 15
    archive = zipfile.ZipFile(io.BytesIO(admin.get("/admin/data/webmushra").data))
    assert archive.namelist() == ["results/a-study/mushra.csv"]
    assert admin.get("/admin/data/exe").status_code == 404


def test_an_export_is_sent_while_it_is_written_and_ends_if_the_browser_goes(app, listener, admin):
    listener.save_all()
    chunks = stream_export(app.extensions["listenable"], "csv")
    assert next(chunks).startswith(b"study,")
    chunks.close()
    chunks = stream_export(app.extensions["listenable"], "csv")
    chunks.close()  # never read, as after a HEAD request
    answer = admin.get("/admin/data/csv", buffered=False)
    assert answer.headers["Content-Disposition"] == "attachment; filename=ratings.csv"
    assert "Content-Length" not in answer.headers and answer.mimetype == "text/csv"
    answer.close()


def test_an_export_that_fails_is_no_file(admin, monkeypatch):
    monkeypatch.setattr("mushra_server.admin.work.sys.executable", "/bin/false")
    for format in ("csv", "json", "webmushra"):
        answer = admin.get(f"/admin/data/{format}")
        assert answer.status_code == 500 and "The export failed" in answer.text, format


def test_an_export_leaves_room_for_ratings(app, listener, tmp_path, monkeypatch):
    """webMUSHRA's tables have each answer of a listener in every row of theirs."""
    listener.save_all().finish()
    server = app.extensions["listenable"]
    monkeypatch.setattr(looking_file, "LOOK_CHARS", 100)
    monkeypatch.setattr(worker.shutil, "disk_usage", lambda _: Usage(10**12, 10**12, RESERVE_BYTES - 1))
    for format in ("webmushra", "pymushra"):
        with pytest.raises(OSError, match="the rest of the disk is for ratings"):
            worker.export_folder(server.database, server.study.root, format, tmp_path / format)
        assert not [path for path in (tmp_path / format).rglob("*") if path.is_file()]


def test_an_export_that_breaks_off_is_not_taken_for_a_whole_one(listener, admin):
    """In HTTP/1.0, which nginx speaks by itself, only the length says that some of an answer is missing."""
    listener.save_all().finish()
    for format in ("csv", "json", "webmushra", "pymushra"):
        seen = []
        for protocol in ("HTTP/1.0", "HTTP/1.1"):
            with admin.get(
                f"/admin/data/{format}", environ_overrides={"SERVER_PROTOCOL": protocol}
            ) as answer:
                content = answer.data if format in ("csv", "pymushra") else b""  # others have times in them
                seen.append((answer.headers["Content-Disposition"], answer.mimetype, content))
                if protocol == "HTTP/1.0":
                    assert answer.content_length == len(answer.data) > 0, format
        assert seen[0] == seen[1]


def test_only_few_exports_are_made_at_once(app, listener, admin):
    """Each is a process, and a thread as long as its reader reads; sixteen would stop the server.

    All places but one are taken here without a process.
    """
    assert work.EXPORTS_AT_ONCE == 3
    listener.save_all()
    for _ in range(work.EXPORTS_AT_ONCE - 1):
        assert work._exports.acquire(blocking=False)
    try:
        chunks = stream_export(app.extensions["listenable"], "csv")
        try:
            for format in ("csv", "json", "webmushra", "pymushra"):
                answer = admin.get(f"/admin/data/{format}")
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        finally:
            chunks.close()
        assert list(admin.get("/admin/data/pymushra").json) == ["a-study"]
        answer = admin.get("/admin/data/csv")
        assert answer.status_code == 200 and answer.data.startswith(b"study,"), "its place is free again"
    finally:
        for _ in range(work.EXPORTS_AT_ONCE - 1):
            work._exports.release()


def test_other_programs_files_are_offered_only_if_they_have_the_studys_pages(admin, monkeypatch):
    monkeypatch.setattr("mushra_server.admin.downloads.list_other_tests", lambda config: ["ab"])
    page = admin.get("/admin/data").text
    assert "ratings.json" in page and "webmushra.zip" not in page and "pymushra.json" not in page
    assert admin.get("/admin/data/webmushra").status_code == 404
