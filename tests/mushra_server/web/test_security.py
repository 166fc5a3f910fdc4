"""Threats: traversal, forged requests, code in texts, leaks of what is blind."""

from __future__ import annotations

import hashlib
import io
import json
import re
from pathlib import Path

import pytest

from mushra_server.web.security import HEADERS
from mushra_server.web.server import Options

# Not shorter words: the opaque names are random letters, which spell "sha" now and then.
SECRETS = re.compile(
    r"lmac-td|saliency|anchor|hidden|method|item\d|trial\d|secret-label|\.wav|role|samples|sha256",
    re.IGNORECASE,
)


def test_the_state_tells_a_browser_nothing_but_opaque_names(listener):
    text = json.dumps(listener.state)
    assert '"sha' not in text
    assert SECRETS.search(text) is None, SECRETS.search(text)
    assert text.count('"reference"') == 3, "the open reference of each trial"


def test_an_attention_check_and_a_repeat_look_like_trials(make_app, make_listener, rows):
    trials = {
        "trial0": {"item": "item0", "kind": "training"},
        "trial1": {"item": "item1", "kind": "attention", "expected": {"lmac-td": [0, 10]}},
        "trial2": {"item": "item2", "kind": "repeat", "repeat_of": "trial1"},
    }
    app = make_app(trials=trials)
    listener = make_listener(app).start().save_all()
    assert sorted(page["kind"] for page in listener.trials()) == ["training", "trial", "trial"]
    stored = {row["kind"] for row in rows(app, "SELECT kind FROM export_ratings")}
    assert stored == {"training", "attention", "repeat"}


def test_a_sound_has_no_header_that_tells_which_file_it_is(listener):
    trial = listener.trials()[0]
    open_reference = trial["reference"]["url"]
    urls = [stimulus["url"] for stimulus in trial["stimuli"]]
    assert open_reference not in urls and len(set(urls)) == 5
    first = listener.client.get(open_reference)
    hidden = [url for url in urls if listener.client.get(url).data == first.data]
    assert len(hidden) == 1, "the hidden reference is the same sound under another address"
    tags = set()
    for url in [open_reference, *urls]:
        answer = listener.client.get(url)
        assert answer.status_code == 200 and answer.content_type == "audio/wav"
        tags.add(answer.headers["ETag"])
        assert hashlib.sha256(answer.data).hexdigest()[:8] not in answer.headers["ETag"]
        assert answer.headers["Cache-Control"].startswith("private, max-age=")
        names = {name for name, _ in answer.headers}
        assert not names & {"Last-Modified", "Content-Disposition", "Server", "X-Sendfile"}
    assert len(tags) == 6, "equal sounds have different tags at different addresses"


def test_addresses_differ_between_sessions_and_are_only_for_their_own(app, make_listener):
    one, two = make_listener(app).start(), make_listener(app).start()
    urls = [{s["url"] for t in who.trials() for s in t["stimuli"]} for who in (one, two)]
    assert not urls[0] & urls[1]
    assert two.client.get(next(iter(urls[0]))).status_code == 404


def test_ranges_and_etags(listener):
    url = listener.trials()[0]["stimuli"][0]["url"]
    whole = listener.client.get(url)
    part = listener.client.get(url, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206 and part.data == whole.data[10:20]
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole.data)}"
    assert listener.client.get(url, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    assert listener.client.get(url, headers={"Range": "bytes=9999999-"}).status_code == 416


@pytest.mark.parametrize(
    "path",
    [
        "/audio/../config.yaml",
        "/audio/%2e%2e%2fconfig.yaml",
        "/audio/..%5cconfig.yaml",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static//etc/passwd",
        "/resume/../config.yaml",
        "/config.yaml",
        "/ratings.sqlite3",
        "/audio/item0/reference.wav",
        "/admin/sessions/%00",
    ],
)
def test_no_path_leaves_what_is_served(listener, path):
    answer = listener.client.get(path)
    assert answer.status_code in (308, 404) and b"listenable:" not in answer.data


def test_a_study_whose_paths_leave_its_folder_is_not_served(make_app, make_study):
    study = make_study()
    config = study / "config.yaml"
    config.write_text(config.read_text().replace("audio/item0/reference.wav", "../secret.wav"))
    with pytest.raises(ValueError, match=r"leaves the study's folder|outside"):
        make_app(study)


def test_security_headers_are_on_every_answer(listener):
    for path in ("/", "/api/session", "/nothing", "/admin/login", listener.trials()[0]["stimuli"][0]["url"]):
        headers = listener.client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy, path
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"


def test_pages_have_no_inline_script_or_style(app):
    for path in ("/", "/admin/login", "/nothing"):
        text = app.test_client().get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|javascript:", text), path


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_other_sites_cannot_act_for_a_participant(app, listener, rows, headers):
    answer = listener.client.put("/api/session/pages/0", json={"attempt": "a"}, headers=headers)
    assert answer.status_code == 403 and rows(app, "SELECT * FROM submissions") == []
    assert listener.client.post("/api/session/finish", data="{}").status_code == 415, "no form can send JSON"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://lab.example"}, 201),
        ({"Sec-Fetch-Site": "none"}, 201),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://localhost"}, 201),
        ({"Origin": "https://lab.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_browser_that_says_where_a_request_is_from_is_believed_behind_a_proxy(app, headers, status, caplog):
    """A proxy that writes another Host makes every Origin look foreign."""
    assert app.test_client().post("/api/session", json={}, headers=headers).status_code == status
    said = "give --public-url with the address that participants open" in caplog.text
    assert said == (status == 403 and "Sec-Fetch-Site" not in headers)


def test_a_failure_shows_no_traceback_and_stores_nothing(app, listener, rows, monkeypatch, caplog):
    def fail(*_: object) -> None:
        raise OSError("disk on fire at /secret/place")

    monkeypatch.setattr("mushra_server.database.sessions.touch", fail)
    answer = listener.put(0, {"attempt": "a"})
    assert answer.status_code == 500
    assert answer.json == {"error": "the server could not do this; nothing was stored"}
    assert rows(app, "SELECT * FROM submissions") == []
    assert "disk on fire" in caplog.text


def test_cookies_are_secure_over_https(make_app, make_study):
    app = make_app(options=Options(behind_proxy=True))
    answer = app.test_client().post("/api/session", json={}, headers={"X-Forwarded-Proto": "https"})
    assert "; Secure" in answer.headers["Set-Cookie"]
    assert "; Secure" not in app.test_client().post("/api/session", json={}).headers["Set-Cookie"]


def test_a_spreadsheet_runs_no_formula(app, make_listener):
    from mushra_server.export.tables import write_csv

    make_listener(app).start({"PROLIFIC_PID": "=HYPERLINK(1)"}).save_all()
    for exact, start in ((False, "'=HYPERLINK(1)"), (True, "=HYPERLINK(1)")):
        file = io.StringIO()
        with app.extensions["listenable"].database.read() as connection:
            write_csv(connection, file, exact=exact)
        assert file.getvalue().splitlines()[1].split(",")[2] == start


def test_an_answer_is_stored_by_no_cache_unless_it_says_so(listener):
    assert listener.client.get("/api/session").headers["Cache-Control"] == "no-store"
    for name, value in HEADERS.items():
        assert listener.client.get("/").headers[name] == value


def test_the_tests_that_the_documentation_names_exist():
    root = Path(__file__).parents[3]
    named = set(re.findall(r"`(test_\w+)`", (root / "docs/security.md").read_text(encoding="utf-8")))
    files = (root / "tests/mushra_server").rglob("test_*.py")
    there = {
        name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)
    }
    assert len(named) > 30 and named <= there, named - there
