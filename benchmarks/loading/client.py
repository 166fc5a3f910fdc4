"""A small asyncio HTTP client and participants: enough to load a server on this machine, and no more.

It speaks HTTP/1.1 with up to six kept connections per participant, as browsers do, and times each answer from
the first byte sent to the last byte read.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

RETRY_S = 0.05
LONGEST_PAUSE_S = 30.0  # of the participant page
CONNECTIONS = 6  # of a browser to one host

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Log:
    """What a load measured: seconds by kind of request, acknowledged attempts, failures."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    acknowledged: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    bytes_read: int = 0


class Client:
    """One participant's browser: requests that are sent at the same time use connections side by side."""

    def __init__(self, port: int, log: Log) -> None:
        self.port = port
        self.log = log
        self.cookie = ""
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._kept: list[Stream] = []

    async def send(self, kind: str, method: str, path: str, body: dict[str, Any] | str | None = None) -> Any:
        """Send a request; return its JSON or bytes, and raise OSError if the answer is not good.

        A body of text is a form, urlencoded already; any other is sent as JSON.
        """
        async with self._places:
            begin = time.perf_counter()
            try:
                status, headers, content = await self._exchange(method, path, body)
            except (OSError, asyncio.IncompleteReadError, ValueError) as error:
                raise OSError(f"{kind}: {error!r}") from None
            self.log.seconds.setdefault(kind, []).append(time.perf_counter() - begin)
        self.log.bytes_read += len(content)
        if status >= 400:
            raise OSError(f"{kind}: {status} {content[:200]!r}")
        if "set-cookie" in headers:
            self.cookie = headers["set-cookie"].split(";")[0]
        return json.loads(content) if headers["content-type"] == "application/json" else content

    def close(self) -> None:
        """Close all connections."""
        while self._kept:
            self._kept.pop()[1].close()

    async def open_all(self) -> None:
        """Open as many connections as a browser does for a page with many files."""
        paths = ["/", *["/static/page/start.js"] * (CONNECTIONS - 1)]
        await asyncio.gather(*(self.send("page", "GET", path) for path in paths))

    async def _exchange(
        self, method: str, path: str, body: dict[str, Any] | str | None
    ) -> tuple[int, dict[str, str], bytes]:
        kept = self._take()
        if kept is not None:
            try:
                return await self._use(kept, method, path, body)
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                # Closed as this was sent: a browser asks again if asking twice does no harm.
                if method != "GET" or getattr(error, "partial", b""):
                    raise
        fresh = await asyncio.open_connection("127.0.0.1", self.port)
        return await self._use(fresh, method, path, body)

    async def _use(
        self, stream: Stream, method: str, path: str, body: dict[str, Any] | str | None
    ) -> tuple[int, dict[str, str], bytes]:
        reader, writer = stream
        try:
            answer = await self._ask(reader, writer, method, path, body)
        except BaseException:
            writer.close()
            raise
        if answer[1].get("connection", "").lower() == "close":
            writer.close()
        else:
            self._kept.append((reader, writer))
        return answer

    def _take(self) -> Stream | None:
        """Return a kept connection that the server has not closed."""
        while self._kept:
            reader, writer = self._kept.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return None

    async def _ask(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        method: str,
        path: str,
        body: dict[str, Any] | str | None,
    ) -> tuple[int, dict[str, str], bytes]:
        text, kind = "" if body is None else json.dumps(body), "application/json"
        if isinstance(body, str):
            text, kind = body, "application/x-www-form-urlencoded"
        content = text.encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: {self.cookie}\r\n"
        head += f"Content-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
        writer.write(head.encode() + content)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.split(": ", 1) for line in lines[1:] if line)
        headers = {name.lower(): value for name, value in pairs}
        found = await reader.readexactly(int(headers.get("content-length", 0)))
        return int(lines[0].split()[1]), headers, found


def make_start() -> dict[str, Any]:
    """Return what the page sends to start a session: by its random text, one that is repeated is the same."""
    return {"parameters": {}, "nonce": uuid.uuid4().hex}


def answer_to(page: dict[str, Any]) -> dict[str, Any]:
    """Answer a page with a score for each of its sounds."""
    ratings = [
        {"key": sound["key"], "attribute": "score", "score": 50, "comment": None, "listened_ms": 2000}
        for sound in page.get("stimuli", [])
    ]
    named = {"page": page["id"], "attempt": str(uuid.uuid4())}
    return {**named, "time_ms": 5000, "ratings": ratings, "answers": {}}


async def start(client: Client, draw: random.Random) -> Any:
    """Start a session as the page does: again after about 1, 2, 4, ... seconds as long as the server is busy.

    All of it is timed as one request.
    """
    begin, body, pause = time.perf_counter(), make_start(), 1.0
    while True:
        try:
            state = await client.send("try", "POST", "/api/session", body)
        except OSError as error:
            if not str(error).startswith("try: 503"):
                raise OSError(f"session: {error}") from None
            await asyncio.sleep(pause * draw.uniform(0.75, 1.25))
            pause = min(2 * pause, LONGEST_PAUSE_S)
        else:
            client.log.seconds.setdefault("session", []).append(time.perf_counter() - begin)
            return state


async def rate(port: int, log: Log, *, seconds: float, every_s: float, sounds: bool, seed: int) -> None:
    """Take part for some seconds: save a page every so often, loading its sounds first if asked to.

    All six connections are open from the beginning; an idle one is used again, or opened again if the server
    has closed it.
    """
    client, draw = Client(port, log), random.Random(seed)
    end = time.perf_counter() + seconds
    try:
        await asyncio.sleep(draw.uniform(0, every_s))
        await client.open_all()
        state = await start(client, draw)
        trials = [page for page in state["pages"] if "stimuli" in page]
        turn, place = time.perf_counter(), 0
        while turn < end:
            page = trials[place % len(trials)]
            if sounds:
                urls = (page["reference"]["url"], *(sound["url"] for sound in page["stimuli"]))
                await asyncio.gather(*(client.send("sound", "GET", url) for url in urls))
            body = answer_to(page)
            await client.send("save", "PUT", f"/api/session/pages/{page['index']}", body)
            log.acknowledged.append(body["attempt"])
            turn, place = turn + every_s, place + 1
            await asyncio.sleep(max(turn - time.perf_counter(), 0))
    except OSError as error:
        log.errors.append(str(error))
    finally:
        client.close()


async def trickle(port: int, count: int, every_s: float) -> None:
    """Open connections that send a byte every so often and never a whole request, until cancelled.

    One that the server closes is opened again.
    """

    async def one() -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                try:
                    for byte in b"GET / HTTP/1.1":
                        writer.write(bytes([byte]))
                        await writer.drain()
                        await asyncio.sleep(every_s)
                finally:
                    writer.close()
            except OSError:
                await asyncio.sleep(every_s)

    await asyncio.gather(*(one() for _ in range(count)))


async def insist(client: Client, *request: Any) -> Any:
    """Send a request again until it is answered, as a browser's outbox does."""
    while True:
        try:
            return await client.send(*request)
        except OSError:
            await asyncio.sleep(RETRY_S)


async def whole_session(port: int, log: Log) -> None:
    """Go through a whole session, each request again until it is acknowledged."""
    client = Client(port, log)
    state = await insist(client, "session", "POST", "/api/session", make_start())
    for page in state["pages"]:
        body = answer_to(page)
        await insist(client, "save", "PUT", f"/api/session/pages/{page['index']}", body)
        log.acknowledged.append(body["attempt"])
    await insist(client, "finish", "POST", "/api/session/finish", {})
    client.close()


async def many_sessions(
    port: int,
    log: Log,
    count: int,
    at_once: int,
    done: Callable[[], None],
    session: Callable[[int, Log], Awaitable[None]] = whole_session,
) -> None:
    """Go through many whole sessions, some at once."""
    left = iter(range(count))

    async def one_after_another() -> None:
        for _ in left:
            await session(port, log)
            done()

    await asyncio.gather(*(one_after_another() for _ in range(at_once)))
