"""The exported files: no cell is a formula, every name comes back exactly, only their owner reads them."""

from __future__ import annotations

import csv
import io
import os

import pytest

from mushra_server.export.files import export_files
from mushra_server.export.tables import _Guarded, write_csv


def exported(server, **options):
    file = io.StringIO()
    with server.database.read() as connection:
        write_csv(connection, file, **options)
    return list(csv.DictReader(io.StringIO(file.getvalue())))


def test_long_comments_are_not_kept_until_the_export_ends():
    guarded = _Guarded()
    assert guarded.guard(["=1", "=" + "x" * 1000]) == ["'=1", "'=" + "x" * 1000]
    assert guarded._known == {"=1": "'=1"}


FORMULAS = ("=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\tx", "'=1", "'plain", "plain")


@pytest.mark.parametrize("name", FORMULAS)
def test_no_text_of_the_csv_is_a_formula_and_the_reader_has_it_exactly(
    make_app, make_listener, tmp_path, name
):
    from analysis import load_ratings

    app = make_app(n_items=1)
    make_listener(app).start({"participant": name.strip()}).save_all()
    server = app.extensions["listenable"]
    with server.database.write() as connection:
        connection.exec_driver_sql("UPDATE ratings SET item = ?, condition = ? || condition", (name, name))
        connection.exec_driver_sql("UPDATE sessions SET uuid = ?", (name,))
    found = exported(server)
    for column in ("session", "listener", "item", "condition"):
        for row in found:
            assert row[column][0] not in "=+-@\t", (column, row[column])
    assert exported(server, exact=True)[0]["session"] == name
    dict(export_files(server.database, server.study.root, "csv", tmp_path))
    frame = load_ratings(tmp_path / "ratings.csv")
    assert set(frame["session"]) == set(frame["item"]) == {name}
    assert all(condition.startswith(name) for condition in frame["condition"])
    assert set(frame["listener"]) == {name.strip()}


@pytest.mark.parametrize("text", ["one\rtwo", "one\r\ntwo\nthree", "\r", "one\r"])
def test_a_line_end_in_a_comment_ends_no_row(make_app, make_listener, tmp_path, text):
    app = make_app(n_items=1)
    make_listener(app).start().save_all()
    server = app.extensions["listenable"]
    with server.database.write() as connection:
        connection.exec_driver_sql("UPDATE ratings SET comment = ?", (text,))
    dict(export_files(server.database, server.study.root, "csv", tmp_path))
    raw = (tmp_path / "ratings.csv").read_bytes().decode()
    assert raw.count(f'"{text}"') == 5
    assert raw.replace(f'"{text}"', "").count("\r") == 0, "rows end with a line feed alone"
    found = list(csv.DictReader(io.StringIO(raw, newline="")))
    assert [row["comment"] for row in found] == [text] * 5
    naive = list(csv.DictReader(io.StringIO(raw, newline=None)))  # which takes every line end for its own
    assert [row["page_type"] for row in naive] == ["mushra"] * 5


@pytest.mark.parametrize("format", ["csv", "json", "webmushra", "pymushra"])
@pytest.mark.parametrize("umask", [0o077, 0o022, 0o000])
def test_only_their_owner_reads_exports(make_app, make_listener, tmp_path, umask, format):
    app = make_app()
    make_listener(app).start().save_all()
    server = app.extensions["listenable"]
    before = os.umask(umask)
    try:
        paths = [
            path for path, _ in export_files(server.database, server.study.root, format, tmp_path / "out")
        ]
    finally:
        os.umask(before)
    made = list((tmp_path / "out").rglob("*"))
    assert {path for path in made if path.is_file()} == set(paths), "no temporary file is left"
    for path in [tmp_path / "out", *made]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_a_folder_that_is_there_keeps_its_mode(make_app, tmp_path):
    server = make_app().extensions["listenable"]
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o755)
    dict(export_files(server.database, server.study.root, "csv", tmp_path / "shared"))
    assert (tmp_path / "shared").stat().st_mode & 0o777 == 0o755
