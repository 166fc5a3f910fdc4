"""Simulated listeners as the server meets them: over HTTP, page by page, as a browser would.

The server is blind: a page names no condition. So each sound is fetched, and its hash says which file of the
local study it is. Every request is a browser's, except that the first says `simulated: true` and carries the
secret that only somebody with the study's database, or its admin token, has.
"""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http.cookiejar import Cookie, CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from study_builder.config import StudyConfig
from study_builder.config.session_cookie import SESSION_COOKIE
from study_builder.config.sound_tags import read_untagged
from study_builder.errors import SimulateError

logger = logging.getLogger(__name__)

TIMEOUT_S = 60.0


class Browser:
    """What one listener's browser does: keeps a cookie, speaks JSON, fetches sounds.

    Args:
        url: of the study.
        token: the session's cookie from an earlier visit, or None.
        secret: what lets a program start a session: the study's rehearsal secret or its admin token.
    """

    def __init__(self, url: str, token: str | None = None, *, secret: str = "") -> None:
        self.secret = secret
        self.url = url if url.endswith("/") else f"{url}/"
        self._cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self._cookies)
        )
        if token is not None:
            self._cookies.set_cookie(_cookie(token, self.url))

    @property
    def token(self) -> str | None:
        """The session's cookie."""
        return next((cookie.value for cookie in self._cookies if cookie.name == SESSION_COOKIE), None)

    def fetch(self, path: str) -> bytes:
        """Return the bytes at `path`."""
        return self._send(urllib.request.Request(urljoin(self.url, path)))

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send JSON and return the JSON answer.

        Raises:
            SimulateError: the server refused, with its message.
        """
        request = urllib.request.Request(
            urljoin(self.url, path),
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        answer: dict[str, Any] = json.loads(self._send(request))
        return answer

    def _send(self, request: urllib.request.Request) -> bytes:
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as response:
                content: bytes = response.read()
                return content
        except urllib.error.HTTPError as error:
            with error:
                said = _sentence(error.read())
            what = f"{request.get_method()} {urlsplit(request.full_url).path}"
            raise SimulateError(f"{what}: the server answered {error.code}: {said}") from None
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            reason = getattr(error, "reason", error)
            raise SimulateError(
                f"{self.url}: cannot reach the server ({reason}); is `listenable serve` running?"
            ) from None


@dataclass
class SoundIndex:
    """Which item and condition a sound belongs to, by the hash of its file."""

    known: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, study: Path, config: StudyConfig) -> SoundIndex:
        """Hash every sound of a study's rating pages."""
        index = cls()
        hashes: dict[str, str] = {}
        for page in config.walk():
            if not page.rates:
                continue
            item = config.trial(page).item
            for condition, path in page.sounds().items():
                digest = hashes.get(path) or hashes.setdefault(
                    path, sha256(read_untagged(study / path)).hexdigest()
                )
                entry = (item, condition)
                if entry not in index.known.setdefault(digest, []):
                    index.known[digest].append(entry)
        return index

    def page(self, sounds: Mapping[str, bytes]) -> tuple[str, dict[str, str]]:
        """Return the item of a page and the condition behind each key.

        Raises:
            SimulateError: a sound is not in the study, or the sounds of the page are of different items.
        """
        found = {key: self.known.get(sha256(sound).hexdigest(), []) for key, sound in sounds.items()}
        unknown = [key for key, entries in found.items() if not entries]
        if unknown:
            raise SimulateError(f"the server sent a sound ({unknown[0]}) that is not in the local study")
        items = set.intersection(*({item for item, _ in entries} for entries in found.values()))
        if not items:
            raise SimulateError("the server sent sounds of different items on one page")
        item = min(items)
        return item, _tell_apart(
            {key: [c for i, c in entries if i == item] for key, entries in found.items()}
        )


def _tell_apart(candidates: Mapping[str, list[str]]) -> dict[str, str]:
    """Give sounds of equal bytes different conditions: which of them is which, nobody can hear."""
    chosen: dict[str, str] = {}
    for key, names in sorted(candidates.items(), key=lambda pair: len(pair[1])):
        chosen[key] = next((name for name in names if name not in chosen.values()), names[0])
    return chosen


def _cookie(token: str, url: str) -> Cookie:
    host = urlsplit(url).hostname or "localhost"
    domain = host if "." in host else f"{host}.local"
    return Cookie(
        version=0,
        name=SESSION_COOKIE,
        value=token,
        port=None,
        port_specified=False,
        domain=domain,
        domain_specified=False,
        domain_initial_dot=False,
        path="/",
        path_specified=True,
        secure=False,
        expires=None,
        discard=True,
        comment=None,
        comment_url=None,
        rest={},
    )


def _sentence(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return body[:200].decode(errors="replace").strip() or "nothing"
