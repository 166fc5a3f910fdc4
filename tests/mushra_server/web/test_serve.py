"""The commands, as processes: addresses, a busy port, and what survives `kill -9`."""

from __future__ import annotations

import http.client
import http.cookiejar
import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from benchmarks.loading.ports import find_free_port
from tests.warm import run_listenable

ROOT = Path(__file__).resolve().parents[3]
SERVE = [sys.executable, "-m", "listenable", "serve"]


class Served:
    """`listenable serve` in its own process."""

    def __init__(self, study, *options):
        self.process = subprocess.Popen(
            [*SERVE, str(study), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
        )
        self.lines = []
        patience = threading.Timer(60, self.process.kill)
        patience.start()
        while not any("Ctrl-C" in line for line in self.lines):
            self.lines.append(self.process.stdout.readline())
            assert self.lines[-1], "".join(self.lines)
        patience.cancel()
        self.text = "".join(self.lines)
        self.url = re.search(r"Participants: (\S+)", self.text)[1]

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        code = self.process.wait(timeout=30)
        self.process.stdout.close()
        return code


class Browser:
    """A cookie jar that speaks JSON."""

    def __init__(self, url):
        self.url = url
        self.jar = http.cookiejar.CookieJar()
        handlers = urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.jar)
        self.opener = urllib.request.build_opener(*handlers)

    def send(self, method, path, body):
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
        )
        with self.opener.open(request, timeout=20) as answer:
            return json.load(answer)


def test_serve_says_where_it_is_and_answers_and_shows_the_admin_token_once(make_study):
    study = make_study()
    served = Served(study, "--port", "0")
    try:
        assert "Study:        A study" in served.text
        assert "Only this machine can reach it (127.0.0.1)" in served.text
        first = re.search(r"Admin token:  (\S{30,})   \(shown this once", served.text)
        state = Browser(served.url).send("POST", "api/session", {"parameters": {}})
        assert len(state["pages"]) == 6
        with urllib.request.urlopen(served.url, timeout=20) as answer:
            assert "Server" not in answer.headers
    finally:
        assert served.end() == 0
    again, anew = (
        re.search(r"Admin token:  (\S+)", ended(study, *options)) for options in ((), ("--new-admin-token",))
    )
    assert first and again is None and anew and anew[1] != first[1]


def ended(study, *options):
    served = Served(study, "--port", "0", *options)
    served.end()
    return served.text


def run(*arguments):
    return run_listenable([str(word) for word in arguments], ROOT, timeout=60)


def test_a_busy_port_is_one_sentence_and_a_wrong_study_is_told_before_it(make_study):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        study = make_study()
        done = run("serve", study, "--port", port)
        sound = study / "audio/item1/saliency.wav"
        sound.unlink()
        wrong = run("serve", study, "--port", port)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.strip() == (
        f"Error: port {port} on 127.0.0.1 is in use; choose another with --port, or --port 0 for a free one"
    )
    assert not (study / "ratings.sqlite3").exists()
    assert wrong.returncode == 2 and wrong.stderr.strip() == (
        f"Error: {sound}: not found; expected a sound of page 'trial1'"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["serve", "{tmp}/none", "--port", "0"], "does not exist"),
        (["serve", "{study}", "--host", "no.such.host.invalid"], "no.such.host.invalid: no such address"),
        (["serve", "{study}", "--frontend", "webmushra"], "--webmushra FOLDER go together"),
        (["serve", "{study}", "--port", "0", "--database", "oracle://x"], "database URL"),
        (["export", "{study}", "--out", "{tmp}/out"], "not found; the study has not been served yet"),
        (["forget", "{study}", "--participant", "x"], "ratings.sqlite3: not found"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_sentence(make_study, tmp_path, arguments, sentence):
    study = make_study()
    done = run(*(word.format(tmp=tmp_path, study=study) for word in arguments))
    assert done.returncode == 2 and sentence in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists() and not (study / "ratings.sqlite3").exists()


def test_export_and_forget_as_commands(make_app, make_listener, tmp_path):
    app = make_app()
    make_listener(app).start({"participant": "p7"}).save_all().finish()
    study = app.extensions["listenable"].study.root
    for name, file in (
        ("csv", "ratings.csv"),
        ("json", "ratings.json"),
        ("webmushra", "results/a-study/mushra.csv"),
    ):
        done = run("export", study, "--format", name, "--out", tmp_path / "out")
        assert done.returncode == 0 and f"{tmp_path / 'out' / file}: 15 rows" in done.stdout
        assert (tmp_path / "out" / file).stat().st_size > 500
    done = run("forget", study, "--participant", "p7")
    assert done.returncode == 0 and "removed 1 identities" in done.stdout
    assert "p7" not in json.dumps(rows_of(study, "SELECT * FROM sessions"))


def rows_of(study, query):
    connection = sqlite3.connect(study / "ratings.sqlite3")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


@pytest.mark.slow
def test_acknowledged_ratings_survive_kill_9(make_study, answer):
    """Listeners save while the server is killed again and again; each acknowledged page is there once."""
    study = make_study()
    port = find_free_port()
    acknowledged, stop = [], threading.Event()
    threads = [threading.Thread(target=listen, args=(port, answer, acknowledged, stop)) for _ in range(4)]
    served = Served(study, "--port", str(port))
    for thread in threads:
        thread.start()
    for _ in range(3):
        wait_for_more(acknowledged)
        assert served.end(signal.SIGKILL) == -signal.SIGKILL
        served = Served(study, "--port", str(port))
    wait_for_more(acknowledged)
    stop.set()
    for thread in threads:
        thread.join(timeout=60)
    served.end()
    assert len(acknowledged) >= 40
    stored = rows_of(study, "SELECT attempt, COUNT(*) FROM submissions GROUP BY attempt")
    assert max(count for _, count in stored) == 1
    assert set(acknowledged) <= {attempt for attempt, _ in stored}
    incomplete = """
        SELECT COUNT(*) FROM submissions p WHERE page_type = 'mushra'
        AND (SELECT COUNT(*) FROM ratings r WHERE r.submission_id = p.id) <> 5"""
    assert rows_of(study, incomplete) == [(0,)], "a page is stored whole or not at all"
    assert rows_of(study, "PRAGMA integrity_check") == [("ok",)]


def listen(port, answer, acknowledged, stop):
    """Save pages one after the other, each again until it is acknowledged."""
    while not stop.is_set():
        browser = Browser(f"http://127.0.0.1:{port}/")
        state = insist(stop, browser, "POST", "api/session", {"parameters": {}})
        for page in state["pages"] if state else []:
            body = answer(page)
            if insist(stop, browser, "PUT", f"api/session/pages/{page['index']}", body):
                acknowledged.append(body["attempt"])


def insist(stop, browser, *request):
    while not stop.is_set():
        try:
            return browser.send(*request)
        except (OSError, urllib.error.URLError, ValueError, http.client.HTTPException):
            stop.wait(0.05)
    return None


def wait_for_more(acknowledged, pages=10, patience_s=60):
    """Wait until so many more pages were acknowledged."""
    before, deadline = len(acknowledged), time.monotonic() + patience_s
    while len(acknowledged) < before + pages:
        assert time.monotonic() < deadline, "the server acknowledges nothing"
        threading.Event().wait(0.01)


def test_a_full_disk_stores_nothing_and_says_so(app, listener, rows, monkeypatch):
    """SQLite's own limit on pages stands in for the disk."""
    database = app.extensions["listenable"].database
    with database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    database.close()

    from sqlalchemy import event

    def limit(connection, _record):
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(database.engine, "connect", limit)
    comment = "x" * 12_000
    page = listener.trials()[0]
    shared = {"attribute": "score", "score": 5, "comment": comment}
    ratings = [{"key": s["key"], **shared} for s in page["stimuli"]]
    body = {"attempt": "a", "ratings": ratings}
    refused = listener.put(page["index"], body)
    assert refused.status_code == 503 and refused.headers["Retry-After"] == "5"
    assert refused.json["error"] == (
        "the server's disk is full or cannot be written to; nothing was stored: tell the experimenter"
    )
    assert refused.json["reason"] == "disk_full"
    event.remove(database.engine, "connect", limit)
    database.close()
    assert rows(app, "SELECT * FROM submissions") == []
    assert listener.put(page["index"], body).status_code == 200, "the same attempt again, once there is room"
