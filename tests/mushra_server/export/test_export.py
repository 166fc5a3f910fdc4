"""The exported files: no cell is a formula, every name comes back exactly, their mode follows the umask."""

from __future__ import annotations

import csv
import io
import os

import pytest

from mushra_server.export.files import export_files
from mushra_server.export.tables import write_csv


def exported(server, **options):
    file = io.StringIO()
    with server.database.read() as connection:
        write_csv(connection, file, **options)
    return list(csv.DictReader(io.StringIO(file.getvalue())))


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


@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o027, 0o640)])
def test_exports_have_the_mode_that_the_umask_leaves(make_app, tmp_path, umask, mode):
    server = make_app().extensions["listenable"]
    before = os.umask(umask)
    try:
        ((path, _),) = export_files(server.database, server.study.root, "csv", tmp_path / "out")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == mode
    assert list(path.parent.iterdir()) == [path], "no temporary file is left"
