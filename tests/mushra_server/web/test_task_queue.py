"""Which request a thread takes next when all of them are busy."""

from __future__ import annotations

import socket
import sys
import threading
import time
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest

from mushra_server.web.connections import Limits
from mushra_server.web.task_queue import POSTED_AT_ONCE, STATES_AT_ONCE, TaskQueue
from mushra_server.web.waitress_server import THREADS
from tests.mushra_server.web.test_connections import serving

SAVES = ["PUT /api/session/pages/3", "POST /s/codecs/api/session/finish", "PUT /lab/api/session/pages/12"]
OTHERS = ["GET /", "GET /static/page/main.js", "PUT /api/session/pages/3/draft", "GET /admin", "GET /api/x"]
LATE = ["GET /audio/abc", "GET /s/codecs/picture/abc", "POST /api/session", "GET /lab/api/session"]


def channel(line: str, network: str = "", from_proxy: bool = False, **headers: str) -> Any:
    command, path = line.split(" ")
    request = SimpleNamespace(command=command, path=path, headers=headers)
    return SimpleNamespace(
        requests=[request], network=network, from_proxy=from_proxy, service=lambda: None, line=line
    )


def drain(queue: TaskQueue) -> list[str]:
    found: list[str] = []
    while queue:
        taken = queue.popleft()
        found.append(getattr(taken, "line", "of few"))
        taken.service()
    return found


def test_saves_come_first_and_sounds_and_starts_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mushra_server.web.task_queue.OTHERS_EVERY", 100)
    queue = TaskQueue(threading.Condition())
    for line in (*LATE, *OTHERS, *SAVES):
        queue.append(channel(line))
    assert len(queue) == len(LATE) + len(OTHERS) + len(SAVES)
    assert drain(queue) == [*SAVES, *OTHERS, *LATE[:2], "of few", "of few"]


@pytest.mark.parametrize(
    ("asked", "most"),
    [
        ("GET /s/codecs/api/session", STATES_AT_ONCE),
        ("POST /service/write.php", POSTED_AT_ONCE),
        ("POST /lab/results.php", POSTED_AT_ONCE),
    ],
)
def test_few_requests_that_compute_are_answered_at_once(
    asked: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mushra_server.web.task_queue.OTHERS_EVERY", 100)
    queue = TaskQueue(threading.Condition())
    for number in range(2 * most):
        queue.append(channel(asked, f"203.0.113.{number}"))
    assert len(queue) == most
    taken = [queue.popleft() for _ in range(most)]
    assert not queue  # threads that are free wait for something else
    for line in ("GET /audio/abc", *SAVES):
        queue.append(channel(line))
    assert drain(queue) == [*SAVES, "GET /audio/abc"]
    taken[0].service()
    assert queue and queue.popleft() and not queue
    for one in taken[1:]:
        one.service()
    assert drain(queue) == (most - 1) * ["of few"]
    queue.append(channel(asked))
    assert queue  # none of the places was lost


def test_no_flood_of_saves_keeps_others_out() -> None:
    queue = TaskQueue(threading.Condition())
    for line in ("GET /audio/abc", *["PUT /api/session/pages/1"] * 40, "GET /"):
        queue.append(channel(line))
    found = drain(queue)
    assert found.index("GET /audio/abc") == 3
    assert found.count("PUT /api/session/pages/1") == 40 and "GET /" in found


@pytest.mark.parametrize("from_proxy", [False, True])
def test_whoever_sends_thousands_at_once_waits_for_them(from_proxy: bool) -> None:
    queue = TaskQueue(threading.Condition())
    for number, sender in enumerate([*["203.0.113.1"] * 1000, "203.0.113.2", "203.0.113.3"]):
        forwarded = f"8.8.8.8, {sender}" if from_proxy else f"8.8.8.{number}"
        network = "127.0.0.1" if from_proxy else sender
        queue.append(channel(f"GET /audio/{number}", network, from_proxy, X_FORWARDED_FOR=forwarded))
    assert drain(queue)[:5] == [f"GET /audio/{number}" for number in (0, 1000, 1001, 1, 2)]


def test_a_connection_without_a_request_is_answered_too() -> None:
    queue = TaskQueue(threading.Condition())
    gone = SimpleNamespace(requests=[], network="", from_proxy=True)
    queue.append(gone)
    assert queue.popleft() is gone and not queue


def test_a_save_overtakes_sounds_that_wait_for_a_thread() -> None:
    """With every thread taken and ten sounds waiting, the save that comes last is answered first."""
    begun, go, answered = threading.Semaphore(0), threading.Semaphore(0), []

    def app(environ, start_response):
        path = environ["PATH_INFO"]
        if path == "/":
            begun.release()
            go.acquire(timeout=20)
        else:
            answered.append(path)
        start_response("200 OK", [("Content-Length", "0")])
        return []

    with serving(app, Limits(connections=100, per_address=100, idle_s=30)) as server, ExitStack() as stack:

        def ask(line: str) -> socket.socket:
            sender = stack.enter_context(socket.create_connection(("127.0.0.1", server.effective_port)))
            sender.sendall(f"{line} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".encode())
            return sender

        for _ in range(THREADS):
            ask("GET /")
        for _ in range(THREADS):
            assert begun.acquire(timeout=10)
        senders = [ask(f"GET /audio/{number}") for number in range(10)]
        senders.append(ask("PUT /api/session/pages/1"))
        until = time.monotonic() + 10
        while len(server.task_dispatcher.queue) < len(senders) and time.monotonic() < until:
            time.sleep(0.01)
        go.release()  # one thread, which answers all that wait
        for sender in senders:
            sender.settimeout(20)
            assert sender.recv(20).startswith(b"HTTP/1.1 200")
        go.release(THREADS)
    assert answered[0] == "/api/session/pages/1" and len(answered) == 11


def test_a_save_does_not_wait_for_states() -> None:
    """With more states asked for than there are threads, a save is answered; and then all of them are."""
    begun, go = threading.Semaphore(0), threading.Event()

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/api/session":
            begun.release()
            go.wait(timeout=60)
        start_response("200 OK", [("Content-Length", "0")])
        return []

    with serving(app, Limits(connections=100, per_address=100, idle_s=30)) as server, ExitStack() as stack:

        def ask(line: str) -> socket.socket:
            sender = stack.enter_context(socket.create_connection(("127.0.0.1", server.effective_port)))
            sender.settimeout(20)
            sender.sendall(f"{line} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".encode())
            return sender

        states = [ask("GET /api/session") for _ in range(2 * THREADS)]
        for _ in range(STATES_AT_ONCE):
            assert begun.acquire(timeout=10)
        assert ask("PUT /api/session/pages/1").recv(20).startswith(b"HTTP/1.1 200")
        assert not begun.acquire(blocking=False)
        go.set()
        for sender in states:
            assert sender.recv(20).startswith(b"HTTP/1.1 200")


def test_threads_take_turns_more_often_than_python_lets_them_by_itself() -> None:
    with serving(lambda *_: [], Limits(connections=10, per_address=10, idle_s=30)):
        assert sys.getswitchinterval() <= 0.001
