"""The page's own files: whole, compressed where that helps, and asked for in one round trip."""

from __future__ import annotations

import gzip
import re
from pathlib import Path, PurePosixPath

import pytest

from mushra_server.web.assets import read_assets

STATIC = Path(__file__).resolve().parents[3] / "mushra_server" / "static"
IMPORT = re.compile(r'^import [^;]*?from "(\.[^"]+)";|^import "(\.[^"]+)";', re.MULTILINE)


def test_every_file_is_sent_as_it_is_written_with_and_without_compression(app) -> None:
    client = app.test_client()
    names = [
        path.relative_to(STATIC).as_posix()
        for path in STATIC.rglob("*")
        if path.suffix in {".css", ".js", ".svg"}
    ]
    assert len(names) > 50
    for name in names:
        plain = client.get(f"/static/{name}")
        packed = client.get(f"/static/{name}", headers={"Accept-Encoding": "br, gzip;q=0.5"})
        assert plain.status_code == packed.status_code == 200
        assert plain.data == (STATIC / name).read_bytes(), name
        assert "Content-Encoding" not in plain.headers
        assert packed.headers.get("Content-Encoding") in ("gzip", None)
        content = gzip.decompress(packed.data) if "Content-Encoding" in packed.headers else packed.data
        assert content == plain.data
        assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
        assert packed.mimetype == plain.mimetype != "application/octet-stream"


def test_refusing_gzip_is_respected(app) -> None:
    answer = app.test_client().get("/static/page/main.js", headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "Content-Encoding" not in answer.headers


def test_both_forms_are_asked_for_again_and_an_unchanged_one_costs_304(app) -> None:
    client = app.test_client()
    for accepted in ("identity", "gzip"):
        first = client.get("/static/page/main.js", headers={"Accept-Encoding": accepted})
        headers = {"Accept-Encoding": accepted, "If-None-Match": first.headers["ETag"]}
        again = client.get("/static/page/main.js", headers=headers)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["Cache-Control"] == "no-cache"
    other = client.get("/static/page/main.js", headers={**headers, "Accept-Encoding": "identity"})
    assert other.status_code == 200


def test_types_for_the_checker_are_not_served(app) -> None:
    assert (STATIC / "page" / "types.d.ts").is_file()
    assert app.test_client().get("/static/page/types.d.ts").status_code == 404
    assert {PurePosixPath(name).suffix for name in read_assets(STATIC)} == {".js", ".css", ".svg"}


def test_a_file_that_compression_would_enlarge_stays_as_it_is(tmp_path) -> None:
    (tmp_path / "tiny.js").write_text("1")
    (tmp_path / "long.js").write_text("let a = 1;\n" * 50)
    found = read_assets(tmp_path)
    assert found["tiny.js"].packed is None
    assert found["long.js"].packed is not None and len(found["long.js"].packed) < 60


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/page", "/static/page/", "/static/no.js"]
)
def test_nothing_else_is_there(app, path: str) -> None:
    answer = app.test_client().get(path)
    assert answer.status_code == 404 and b"import" not in answer.data


def imported(name: str) -> set[str]:
    """Return a module and all that it imports at once, by their paths below `page/`."""
    found, open_ones = set(), [name]
    while open_ones:
        module = open_ones.pop()
        if module in found:
            continue
        found.add(module)
        for groups in IMPORT.findall((STATIC / "page" / module).read_text("utf-8")):
            parts: list[str] = []
            for part in (PurePosixPath(module).parent / (groups[0] or groups[1])).parts:
                parts[:] = parts[:-1] if part == ".." else [*parts, part]
            open_ones.append("/".join(parts))
    return found


def test_the_page_asks_for_all_modules_of_its_start_at_once(app) -> None:
    page = app.test_client().get("/").get_data(as_text=True)
    asked = set(re.findall(r'modulepreload" href="/static/page/([^"]+)"', page))
    assert asked == imported("main.js") - {"main.js"}
    assert "pages/mushra.js" not in asked  # a page type is loaded where a session has one
