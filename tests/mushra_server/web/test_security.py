"""Threats: traversal, forged requests, code in texts, oversized and deep bodies, leaks of what is blind."""

from __future__ import annotations

import hashlib
import io
import json
import re
from pathlib import Path

import pytest

from mushra_server.errors import Refusal
from mushra_server.web.security import HEADERS, RateLimiter, parse_object
from mushra_server.web.server import Options

SECRETS = re.compile(
    r"lmac-td|saliency|anchor|hidden|method|item\d|trial\d|secret-label|\.wav|role|samples|sha", re.IGNORECASE
)


def test_the_state_tells_a_browser_nothing_but_opaque_names(listener):
    text = json.dumps(listener.state)
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


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"{", 400, "the body is not JSON"),
        (b"[]", 400, "the body is a JSON list; expected an object"),
        (b'{"time_ms": NaN}', 400, "the body is not JSON"),
        (b'{"time_ms": -1e999}', 400, "the body is not JSON"),
        (b'{"time_ms": 1' + b"0" * 400 + b"}", 400, "the body is not JSON"),
        (b'{"a":' + b"[" * 20 + b"]" * 20 + b"}", 400, "the JSON is nested more than 16 levels deep"),
        (b"[" * 60_000, 400, "the body is not JSON"),
        (b'{"attempt": "' + b"x" * (1024 * 1024) + b'"}', 413, "Request Entity Too Large"),
        (b"\xff\xfe", 400, "the body is not JSON"),
    ],
)
def test_bodies_that_are_refused(listener, body, status, sentence):
    answer = listener.client.put("/api/session/pages/0", data=body, content_type="application/json")
    assert answer.status_code == status and sentence in answer.json["error"]


def test_a_failure_shows_no_traceback_and_stores_nothing(app, listener, rows, monkeypatch, caplog):
    def fail(*_: object) -> None:
        raise OSError("disk on fire at /secret/place")

    monkeypatch.setattr("mushra_server.database.sessions.touch", fail)
    answer = listener.put(0, {"attempt": "a"})
    assert answer.status_code == 500
    assert answer.json == {"error": "the server could not do this; nothing was stored"}
    assert rows(app, "SELECT * FROM submissions") == []
    assert "disk on fire" in caplog.text


def test_addresses_of_the_network_are_limited_and_this_machine_is_not(make_app):
    app = make_app(options=Options(requests_per_s=0.01, burst=3))
    client = app.test_client()
    for address, expected in (("203.0.113.9", 429), ("127.0.0.1", 400)):
        environ = {"REMOTE_ADDR": address}
        answers = [client.post("/api/session", json=[], environ_base=environ).status_code for _ in range(5)]
        assert answers[:3] == [400] * 3 and answers[-1] == expected


def test_the_bucket_refills():
    limiter = RateLimiter(per_second=2, burst=1, everyone=True)
    assert limiter._take("a", 0.0) == 0 and limiter._take("a", 0.1) > 0
    assert limiter._take("b", 0.1) == 0, "each address has its own"
    assert limiter._take("a", 0.6) == 0
    with pytest.raises(Refusal, match="too many requests"):
        for _ in range(3):
            limiter.check("c")


def test_forwarded_addresses_count_only_behind_a_declared_proxy(make_app, make_study):
    for number, behind in enumerate((False, True)):
        options = Options(requests_per_s=0.01, burst=1, behind_proxy=behind)
        client = make_app(make_study(f"s{number}"), options=options).test_client()
        answers = [
            client.post("/api/session", json=[], headers={"X-Forwarded-For": "203.0.113.9"}).status_code
            for _ in range(2)
        ]
        assert answers == ([400, 429] if behind else [400, 400])


def test_cookies_are_secure_over_https(make_app, make_study):
    app = make_app(options=Options(behind_proxy=True))
    answer = app.test_client().post("/api/session", json={}, headers={"X-Forwarded-Proto": "https"})
    assert "; Secure" in answer.headers["Set-Cookie"]
    assert "; Secure" not in app.test_client().post("/api/session", json={}).headers["Set-Cookie"]


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
    assert client.get("/audio/item0/reference.wav", buffered=True).status_code == 200
    for path in (
        "/.git/config", "/results/a/mushra.csv", "/service/write.php", "/lib/.hidden.js", "/lib/link.js",
        "/Dockerfile", "/configs/other.yaml", "/ratings.sqlite3", "/lib/../.git/config",
        "/lib/%2e%2e/.git/config", "/audio/none.wav", "/api/session",
        "/configs/resources/audio/theirs.wav",
    ):  # fmt: skip
        assert client.get(path, buffered=True).status_code in (404, 405), path
    with pytest.raises(ValueError, match=r"holds no index\.html and startup\.js"):
        make_app(make_study("other"), options=Options(webmushra=str(tmp_path)))
    (folder / "startup.js").rename(folder / "startup.min.js")
    release = make_app(make_study("release"), options=Options(webmushra=str(folder))).test_client()
    assert release.get("/startup.min.js", buffered=True).text == "start()"


def test_nul_and_half_surrogates_are_stored_readably(app, listener, rows):
    page = listener.trials()[0]
    body = {
        "page": page["id"],
        "attempt": "a",
        "ratings": [
            {"key": s["key"], "attribute": "score", "score": 1, "comment": "a\x00b\ud83d"}
            for s in page["stimuli"]
        ],
    }
    answer = listener.client.put(
        f"/api/session/pages/{page['index']}", data=json.dumps(body), content_type="application/json"
    )
    assert answer.status_code == 200
    assert {row["comment"] for row in rows(app, "SELECT comment FROM export_ratings")} == {"a�b�"}


def test_a_spreadsheet_runs_no_formula(app, make_listener):
    from mushra_server.export.tables import write_csv

    make_listener(app).start({"PROLIFIC_PID": "=HYPERLINK(1)"}).save_all()
    for exact, start in ((False, "'=HYPERLINK(1)"), (True, "=HYPERLINK(1)")):
        file = io.StringIO()
        with app.extensions["listenable"].database.read() as connection:
            write_csv(connection, file, exact=exact)
        assert file.getvalue().splitlines()[1].split(",")[2] == start


def test_the_bucket_says_how_long_to_wait_and_forgets_the_oldest_address(monkeypatch):
    limiter = RateLimiter(per_second=0.25, burst=2)
    assert [limiter._take("a", 100.0) for _ in range(3)] == [0, 0, 5], "a token every 4 s, rounded up"
    assert limiter._take("a", 102.0) == 3 and limiter._take("a", 104.0) == 0, "one whole token is enough"
    assert [limiter._take("a", 1000.0) for _ in range(3)] == [0, 0, 5], "it never holds more than a burst"
    monkeypatch.setattr("mushra_server.web.security.MAX_ADDRESSES", 2)
    limiter._take("b", 1000.0)
    limiter._take("c", 1000.0)
    assert list(limiter._buckets) == ["b", "c"]
    limiter._take("b", 1001.0)
    limiter._take("d", 1001.0)
    assert list(limiter._buckets) == ["b", "d"], "the one that was silent longest goes"


def test_the_limits_of_a_body_are_those_that_are_stated(listener):
    def send(body):
        answer = listener.client.post("/api/session", data=body, content_type="application/json")
        return answer.status_code, answer.json.get("error", "")

    frame = b'{"attempt": "", "page": ""}'
    for extra, refused in ((0, False), (1, True)):
        body = frame.replace(b'""', b'"' + b"x" * (1024 * 1024 - len(frame) + extra) + b'"', 1)
        assert len(body) == 1024 * 1024 + extra
        assert (send(body)[0] == 413) == refused
    deepest = b'{"a":' + b"[" * 15 + b"1" + b"]" * 15 + b"}"
    deeper = b'{"a":' + b"[" * 17 + b"1" + b"]" * 17 + b"}"
    assert "nested" not in send(deepest)[1]
    assert send(deeper) == (400, "the JSON is nested more than 16 levels deep")
    answer = listener.client.put("/api/session/pages/0", data=b"{}", content_type="text/plain")
    assert (answer.status_code, answer.json["error"]) == (
        415, "content type 'text/plain': expected application/json",
    )  # fmt: skip


def test_an_answer_is_stored_by_no_cache_unless_it_says_so(listener):
    assert listener.client.get("/api/session").headers["Cache-Control"] == "no-store"
    for name, value in HEADERS.items():
        assert listener.client.get("/").headers[name] == value


def test_large_whole_numbers_stay_whole():
    assert parse_object('{"a": 9007199254740993, "b": 1.5}') == {"a": 9007199254740993, "b": 1.5}


def test_the_tests_that_the_documentation_names_exist():
    root = Path(__file__).parents[3]
    named = set(re.findall(r"`(test_\w+)`", (root / "docs/security.md").read_text(encoding="utf-8")))
    files = (root / "tests/mushra_server").rglob("test_*.py")
    there = {
        name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)
    }
    assert len(named) > 30 and named <= there, named - there
