"""What a request needs, in one place: the study, its database, its audio names, and how it is served."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

from flask import current_app

from mushra_server.database.database import Database
from mushra_server.errors import ServerError
from mushra_server.study.lossless import SHARED, FlacCache
from mushra_server.study.opaque_files import AudioNames, KnownTokens
from mushra_server.study.served_files import ServedFiles
from mushra_server.study.served_study import Study
from mushra_server.web.proxy import IsProxy, find_proxy
from mushra_server.web.security import KIB_PER_HOUR, MAX_BODY_BYTES, RateLimiter
from mushra_server.web.sound_copies import SoundCopies

__all__ = ["Limits", "Options", "Server", "current_server"]

EXTENSION = "listenable"
MOST_MINUTES = 10_000_000.0
"""Nineteen years: no clock counts back to a moment before the first year."""
PAGES_OF_A_SESSION = 16
"""With the longest answers: short ones always have room."""


@dataclass(frozen=True)
class Options:
    """How a study is served; none of it changes what listeners hear.

    Attributes:
        one_entry: Refuse a second session with the same participant id.
        abandoned_after_min: Minutes without a request after which an unfinished session's slot is handed
            out again.
        requests_per_s: Requests per second that one address may make in the long run.
        burst: Requests that one address may make at once.
        reads_per_s: The same for requests that only read: scripts, sounds, states.
        read_burst: Reading requests that one address may make at once.
        sessions_per_hour: Sessions that one address may start in an hour, in the long run and at once.
        page_bytes: Bytes that the answer to a page may have.
        behind_proxy: Trust the `X-Forwarded-*` headers of one reverse proxy.
        proxy_address: That proxy's address or network; None for one on this machine.
        public_url: Where participants reach the study, with its path; None if it is what the request says.
        host: Where the server listens, which with `public_url` says which names it has; None if unknown.
        embed: Sites that may show the study in a frame.
        preview: The experimenter looks at the pages, in any order: no page insists on an earlier one.
        webmushra: Folder of an unmodified webMUSHRA that is served in place of this server's own page, or
            None.
        collect_webmushra: Take the sessions that a webMUSHRA elsewhere posts.
        sendfile: Folder for copies of sounds that nginx sends in this server's place; None if it sends them.
        limit_local: Also limit the rate of addresses of this machine.
    """

    one_entry: bool = False
    abandoned_after_min: float = 120.0
    requests_per_s: float = 50.0
    burst: int = 500
    reads_per_s: float = 500.0
    read_burst: int = 10_000
    sessions_per_hour: int = 1000
    page_bytes: int = 64 * 1024
    behind_proxy: bool = False
    proxy_address: str | None = None
    public_url: str | None = None
    host: str | None = None
    embed: tuple[str, ...] = ()
    preview: bool = False
    webmushra: str | None = None
    collect_webmushra: bool = False
    sendfile: str | None = None
    limit_local: bool = False

    def __post_init__(self) -> None:
        """Check what would fail, or have no effect, only once a session starts.

        Raises:
            ServerError: If there is no moment so many minutes ago, or no body may be as long as an answer.
        """
        if not 0 <= self.abandoned_after_min <= MOST_MINUTES:  # nor is it NaN
            raise ServerError(
                f"--abandoned-after is {self.abandoned_after_min:g}; expected 0 to {MOST_MINUTES:.0f} minutes"
            )
        if self.page_bytes > MAX_BODY_BYTES:
            raise ServerError(
                f"--max-page-kib is {self.page_bytes // 1024}; expected at most {MAX_BODY_BYTES // 1024}, as "
                "no request may have more"
            )

    @functools.cached_property
    def is_proxy(self) -> IsProxy:
        """What tells whether an address is that of the proxy."""
        return find_proxy(self.behind_proxy, self.proxy_address)

    @property
    def session_chars(self) -> int:
        """Characters that all answers and drafts of a session may have: sixteen pages of the longest."""
        return PAGES_OF_A_SESSION * self.page_bytes

    @property
    def collects(self) -> bool:
        """Whether sessions of webMUSHRA are taken: of the one that is served, or of one elsewhere."""
        return self.collect_webmushra or self.webmushra is not None


@dataclass(frozen=True)
class Limits:
    """How much each address may still do in a study, whether the study is open or not.

    Attributes:
        changes: Requests that change anything.
        reads: Requests of any kind.
        volume: KiB to be stored.
        starts: Sessions.
        logins: Guesses at the admin token.
        failures: Wrong guesses that are logged.
    """

    changes: RateLimiter
    reads: RateLimiter
    volume: RateLimiter
    starts: RateLimiter
    logins: RateLimiter
    failures: RateLimiter

    @classmethod
    def of(cls, options: Options) -> Limits:
        """Return the limits of a study of which nobody has asked for anything yet."""
        everyone, sessions = options.limit_local, options.sessions_per_hour
        return cls(
            changes=RateLimiter(options.requests_per_s, options.burst, everyone=everyone),
            reads=RateLimiter(options.reads_per_s, options.read_burst, everyone=everyone),
            volume=RateLimiter(KIB_PER_HOUR / 3600, KIB_PER_HOUR, everyone=everyone),
            starts=RateLimiter(
                sessions / 3600,
                sessions,
                everyone=everyone,
                sentence="too many sessions were started from this address within an hour; please try again "
                "later, or tell the experimenter (--sessions-per-hour)",
                reason="too_many_sessions",
            ),
            logins=RateLimiter(0.2, 10, everyone=True),
            failures=RateLimiter(1 / 60, 100, everyone=True),
        )


@dataclass(frozen=True)
class Server:
    """The parts of one serving process."""

    study: Study
    database: Database
    names: AudioNames
    files: ServedFiles
    options: Options
    limits: Limits
    tokens: KnownTokens = field(default_factory=KnownTokens)
    flac: FlacCache = field(default_factory=lambda: SHARED)
    copies: SoundCopies | None = None


def current_server() -> Server:
    """Return the parts of the app that handles the present request."""
    server: Server = current_app.extensions[EXTENSION]
    return server
