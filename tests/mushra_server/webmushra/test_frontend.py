"""A checkout of webMUSHRA that is served: its page, and nothing else of the folder."""

from __future__ import annotations

import os

import pytest

from mushra_server.web.server import Options
from mushra_server.webmushra.public_config import read_public_config
from study_builder.config.yaml_reader import parse


def test_a_config_that_anybody_can_read_has_no_completion_code(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("# ours\ntestId: '007'\npages: [{type: generic, id: a}]\n")
    assert read_public_config(path) == path.read_text(), "as it was written"
    path.write_text(
        "testId: '007'\nlistenable: {completion: {code: C1A2}}\npages: [{type: generic, id: a}]\n"
    )
    os.utime(path, ns=(1, 1))
    assert "C1A2" not in read_public_config(path)
    assert parse(read_public_config(path), "config.yaml").data == {
        "testId": "007", "pages": [{"type": "generic", "id": "a"}],
    }  # fmt: skip


def test_a_webmushra_checkout_shows_its_page_and_nothing_else(make_app, make_study, tmp_path):
    folder = tmp_path / "webMUSHRA"
    files = {
        "index.html": "<html>webMUSHRA</html>",
        "startup.js": "start()",
        "lib/webmushra/pages/MushraPage.js": "page()",
        "design/style.css": "body{}",
        "design/fonts/icons.eot": "font",
        "favicon.ico": "icon",
        "res/spatial/carpet.png": "what a spatial page's floor is made of",
        "res/spatial/listener_head.dae": "<COLLADA/>",
        "configs/resources/images/star_on.png": "star",
        "configs/resources/audio/theirs.wav": "RIFF",
        "configs/default.yaml": "testname: theirs",
        ".git/config": "[core]",
        "results/a/mushra.csv": "private",
        "service/write.php": "<?php",
        "lib/.hidden.js": "x",
        "Dockerfile": "x",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "lib/link.js").symlink_to(tmp_path / "study/config.yaml")
    app = make_app(options=Options(webmushra=str(folder)))
    client = app.test_client()
    for path in (
        "/", "/startup.js", "/lib/webmushra/pages/MushraPage.js", "/design/style.css",
        "/design/fonts/icons.eot", "/favicon.ico", "/res/spatial/carpet.png",
        "/res/spatial/listener_head.dae", "/configs/resources/images/star_on.png",
    ):  # fmt: skip
        assert client.get(path, buffered=True).status_code == 200, path
    assert "testId: a-study" in client.get("/configs/default.yaml", buffered=True).text, (
        "the study's config, under its name"
    )
    assert "secret-label" not in client.get("/configs/config.yaml", buffered=True).text
    assert client.get("/audio/item0/reference.wav", buffered=True).status_code == 200
    for path in (
        "/.git/config", "/results/a/mushra.csv", "/service/write.php", "/lib/.hidden.js", "/lib/link.js",
        "/Dockerfile", "/configs/other.yaml", "/ratings.sqlite3", "/lib/../.git/config",
        "/lib/%2e%2e/.git/config", "/audio/none.wav", "/api/session",
        "/configs/resources/audio/theirs.wav", "/.", "/./.", f"/lib/{'a' * 300}.js",
    ):  # fmt: skip
        assert client.get(path, buffered=True).status_code in (404, 405), path
    with pytest.raises(ValueError, match=r"has no index\.html or startup\.js"):
        make_app(make_study("other"), options=Options(webmushra=str(tmp_path)))
    (folder / "startup.js").rename(folder / "startup.min.js")
    release = make_app(make_study("release"), options=Options(webmushra=str(folder))).test_client()
    assert release.get("/startup.min.js", buffered=True).text == "start()"
