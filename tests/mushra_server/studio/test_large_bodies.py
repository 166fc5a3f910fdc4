"""Bodies of gigabytes: who may send one, how many at once, and what is said of one that is too large."""

from __future__ import annotations

import http.client
import itertools
import socket
import threading
from contextlib import closing
from functools import partial
from typing import Any, NamedTuple

import pytest

from mushra_server.many import ManyStudies
from mushra_server.studio.login import find_uploader
from mushra_server.studio.uploads import MAX_UPLOAD_BYTES
from mushra_server.web import large_bodies
from mushra_server.web.large_bodies import AT_ONCE, OF_ONE, RESERVE_BYTES
from mushra_server.web.waitress_server import bind, listen
from tests.mushra_server.studio.conftest import Browser
from tests.mushra_server.studio.test_roles import invite


def test_only_a_browser_that_has_logged_in_may_send_much(studio: ManyStudies, admin: Browser) -> None:
    """Waitress writes a body to disk before an app sees it: a large one needs the cookie, and an address."""
    server: Any = listen(
        studio, bind("127.0.0.1", 0), body_bytes=2**31, find_sender=partial(find_uploader, studio.front)
    )
    cookie = admin.client.get_cookie("listenable_studio")
    assert cookie is not None
    taken = []
    for path in ("/studies/codecs/sounds", "/login"):
        for who, value in (("known", cookie.value), ("forged", f"{cookie.value[:-4]}AAAA"), ("nobody", "")):
            parser = server.channel_class.parser_class(server.adj)
            head = f"POST {path} HTTP/1.1\r\nHost: a\r\nCookie: listenable_studio={value}\r\n"
            parser.received(f"{head}Content-Length: {2**30}\r\n\r\n".encode())
            taken += [(path, who)] if parser.error is None else []
            assert parser.error is None or parser.error.code == 413
            parser.close()
    assert taken == [("/studies/codecs/sounds", "known")]
    server.task_dispatcher.shutdown()
    for one in list(server._map.values()):
        one.close()


def test_only_few_large_bodies_are_taken_at_once(studio: ManyStudies, admin: Browser) -> None:
    """Each may be gigabytes in a temporary file; one that has ended, or whose sender has gone, makes room."""
    server: Any = listen(
        studio, bind("127.0.0.1", 0), body_bytes=2**31, find_sender=lambda path, who: who[path == "/login" :]
    )
    head = b"POST %s HTTP/1.1\r\nHost: a\r\nCookie: %s\r\nContent-Length: 5000000\r\n\r\nx"
    names = itertools.cycle(b"abcd"[at : at + 1] for at in range(4))

    def send(path: bytes = b"/up", who: bytes | None = None) -> Any:
        parser = server.channel_class.parser_class(server.adj)
        rest = head % (path, who or next(names))
        while rest and not parser.completed:
            rest = rest[parser.received(rest) :]
        return parser

    try:
        taken = [send() for _ in range(AT_ONCE)]
        assert [parser.error for parser in taken] == [None] * AT_ONCE
        refused = send()
        assert refused.error.code == 503 and refused.completed
        assert send(b"/login", b"z").error.code == 413, "and small ones are bounded as ever"
        refused.close()
        assert send().error.code == 503, "one that was refused took no room"
        taken[0].close()
        assert send().error is None
        channel = socket.socketpair()
        gone = server.channel_class(server, channel[0], ("127.0.0.1", 1), server.adj, map=server._map)
        gone.request = taken[1]
        gone.handle_close()
        channel[1].close()
        assert send().error is None
    finally:
        server.task_dispatcher.shutdown()
        for one in list(server._map.values()):
            one.close()


def test_whoever_sends_slowly_keeps_nobody_else_out(studio: ManyStudies, admin: Browser) -> None:
    server: Any = listen(studio, bind("127.0.0.1", 0), body_bytes=2**31, find_sender=lambda _, who: who)

    def send(who: bytes) -> Any:
        parser = server.channel_class.parser_class(server.adj)
        head = b"POST /up HTTP/1.1\r\nHost: a\r\nCookie: %s\r\nContent-Length: 5000000\r\n\r\n"
        parser.received(head % who)
        return parser

    try:
        mine = [send(b"a") for _ in range(AT_ONCE)]
        assert [parser.error is None for parser in mine] == [True] * OF_ONE + [False] * (AT_ONCE - OF_ONE)
        assert mine[-1].error.code == 503 and "2 of your uploads are arriving" in mine[-1].error.body
        assert send(b"b").error is None, "somebody else has a place"
        mine[0].close()
        assert send(b"a").error is None
    finally:
        server.task_dispatcher.shutdown()
        for one in list(server._map.values()):
            one.close()


def test_an_upload_ends_with_its_login(studio: ManyStudies) -> None:
    who = ["ann"]
    server: Any = listen(studio, bind("127.0.0.1", 0), body_bytes=2**31, find_sender=lambda *_: who[0])
    ours, theirs = socket.socketpair()
    channel = server.channel_class(server, ours, ("127.0.0.1", 1), server.adj, map=server._map)
    try:
        channel.received(b"POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\nx")
        assert not channel.dawdles()
        who[0] = ""
        assert channel.dawdles(), "so that somebody else has its place"
    finally:
        theirs.close()
        server.task_dispatcher.shutdown()
        for one in list(server._map.values()):
            one.close()


def test_what_the_disk_has_no_room_for_does_not_begin_to_arrive(
    studio: ManyStudies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of a listener needs the disk, too. A body is on it as it arrived, and in its parts."""
    server: Any = listen(studio, bind("127.0.0.1", 0), body_bytes=2**31, find_sender=lambda _, who: who)
    free = RESERVE_BYTES + 7 * 2**20
    monkeypatch.setattr(large_bodies.shutil, "disk_usage", lambda _: Usage(free))

    def send(who: bytes, size: bytes) -> Any:
        parser = server.channel_class.parser_class(server.adj)
        parser.received(b"POST /up HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n%s\r\n\r\n" % (who, size))
        return parser

    try:
        assert send(b"a", b"Content-Length: 2097152").error is None, "4 MiB of 7"
        assert send(b"b", b"Content-Length: 2097152").error.code == 507
        assert send(b"b", b"Transfer-Encoding: chunked").error.code == 507, "any size, up to 2 GiB"
        assert send(b"b", b"Content-Length: 1048576").error is None
    finally:
        server.task_dispatcher.shutdown()
        for one in list(server._map.values()):
            one.close()


def test_a_length_that_is_announced_keeps_nobody_out(
    studio: ManyStudies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two bodies of 2 GiB, of which hardly a byte came, had 8 GiB of the disk for as long as they liked."""
    monkeypatch.setattr(large_bodies, "AHEAD_BYTES", 1000)
    server: Any = listen(studio, bind("127.0.0.1", 0), body_bytes=2**31, find_sender=lambda _, who: who)
    free = [RESERVE_BYTES + 22_000]
    monkeypatch.setattr(large_bodies.shutil, "disk_usage", lambda _: Usage(free[0]))

    def send(who: bytes, size: int) -> Any:
        parser = server.channel_class.parser_class(server.adj)
        parser.received(
            b"POST /up HTTP/1.1\r\nHost: a\r\nCookie: %s\r\nContent-Length: %d\r\n\r\n" % (who, size)
        )
        return parser

    try:
        slow = [send(b"a", size) for size in (10_000, 9_000)]
        assert [one.error for one in slow] == [None, None]
        assert send(b"b", 10_000).error.code == 507, "it would not fit beside what these may send next"
        other = send(b"b", 8_000)
        assert other.error is None
        for _ in range(6):
            other.received(b"x" * 1000)
            free[0] -= 1000
        assert other.error is None
        free[0] = RESERVE_BYTES + 5_000
        slow[0].received(b"x" * 999)
        assert slow[0].error is None, "what it had room for"
        slow[0].received(b"x")
        assert slow[0].error.code == 507 and slow[0].completed and slow[0].body_rcv is None
    finally:
        server.task_dispatcher.shutdown()
        for one in list(server._map.values()):
            one.close()


class Usage(NamedTuple):
    """Of a disk."""

    free: int


def test_uploads_are_an_accounts_whatever_login_they_come_by(studio: ManyStudies, admin: Browser) -> None:
    """And a header that is no text, which the event loop reads before any app, is nobody's."""
    cookie = admin.client.get_cookie("listenable_studio")
    assert cookie is not None
    found = find_uploader(studio.front, "/studies/codecs/sounds", f"listenable_studio={cookie.value}")
    assert found == "1"
    assert find_uploader(studio.front, "/studies/codecs/make", f"listenable_studio={cookie.value}") == ""
    admin.post("/studies", title="Codecs")
    olga = invite(studio, admin, "Olga", "codecs", "assistant")
    for browser, end in ((olga, ("/people", {"name": "Olga", "again": "yes"})), (admin, ("/logout", {}))):
        sent = browser.client.get_cookie("listenable_studio")
        assert sent is not None
        kept = f"listenable_studio={sent.value}"
        assert find_uploader(studio.front, "/studies/codecs/sounds", kept) != ""
        admin.post(end[0], **end[1])
        assert find_uploader(studio.front, "/studies/codecs/sounds", kept) == "", "a copy of it, or its owner"
    for broken in ("listenable_studio=\xff\xfe", "listenable_studio=\u20ac", "", "\xff"):
        assert find_uploader(studio.front, "/studies/codecs/sounds", broken) == ""


def test_an_upload_that_is_too_large_is_refused_in_words(studio: ManyStudies, admin: Browser) -> None:
    """By waitress, which reads nothing of it: the studio says what is too large, and what the limit is."""
    admin.post("/studies", title="Codecs")
    cookie = admin.client.get_cookie("listenable_studio")
    assert cookie is not None
    sent = {"Cookie": f"listenable_studio={cookie.value}", "Content-Type": "multipart/form-data; boundary=x"}
    server: Any = listen(
        studio,
        bind("127.0.0.1", 0),
        body_bytes=MAX_UPLOAD_BYTES + 1,
        find_sender=partial(find_uploader, studio.front),
    )
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            server.asyncore.loop(timeout=0.05, map=server._map, use_poll=True, count=1)

    thread = threading.Thread(target=serve)
    thread.start()
    found = {}
    for path, size, headers in (
        ("/studies/codecs/sounds", MAX_UPLOAD_BYTES + 5 * 2**20, sent),
        ("/studies/codecs/make", 3 * 2**20, sent),
        ("/studies/codecs/sounds", 3 * 2**20, {}),
    ):
        with closing(http.client.HTTPConnection("127.0.0.1", server.effective_port, timeout=20)) as client:
            client.putrequest("POST", path)
            for name, value in {**headers, "Content-Length": str(size)}.items():
                client.putheader(name, value)
            client.endheaders(b"--x\r\n")
            answer = client.getresponse()
            found[path, len(headers)] = answer.status, answer.read().decode()
    stop.set()
    thread.join()
    server.task_dispatcher.shutdown()
    for one in list(server._map.values()):
        one.close()
    status, page = found["/studies/codecs/sounds", 2]
    assert status == 413 and "This has 2.1 GiB; expected at most 2 GiB." in page and "<h1>Too large" in page
    status, page = found["/studies/codecs/make", 2]
    assert status == 413 and "This has 3 MiB; expected at most 1 MiB." in page
    status, page = found["/studies/codecs/sounds", 0]
    assert status == 403 and "Your login has ended" in page
