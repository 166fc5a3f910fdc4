"""Sounds under names that say nothing: each session, page and place has its own address for the same file.

An address is a keyed hash (HMAC-SHA-256) of session, page and place, so nobody can compute one, compare two
sessions, or distinguish the open reference from the hidden one. The answer carries no date or file name; its
ETag is a keyed hash of the address and the content.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from pathlib import PurePath

from mushra_server.study.served_study import SessionPage, Study
from mushra_server.study.session_cache import SessionCache
from study_builder.config import MEDIA_TYPES, ReferencePage, VolumePage

__all__ = ["HIDDEN_X", "MAX_AGE_S", "AudioNames", "KnownTokens", "media_type_of", "sounds_of"]

OPEN_REFERENCE = "reference"
HIDDEN_X = "x"
MOST_ADDRESSES = 1_200_000
"""Of all sessions that are kept: some 130 MB, two thousand listeners with 60 pages of nine sounds each."""
KNOWN_S = 3600.0
KNOWN_TOKENS = 10_000
MAX_AGE_S = 7 * 24 * 3600
_TYPES = {ending: media_type for types in MEDIA_TYPES.values() for ending, media_type in types.items()}

# Of all studies of this process.
_addresses: SessionCache[dict[str, str]] = SessionCache(MOST_ADDRESSES)


class AudioNames:
    """The opaque addresses of a study's sounds and pictures.

    Args:
        study: The study.
        key: The server's secret key.
    """

    def __init__(self, study: Study, key: str) -> None:
        self.study = study
        self._key = key.encode()
        self._owner = object()  # of what is kept

    def make_opaque(self, session: str, *parts: str) -> str:
        """Return the opaque name of something of a session."""
        text = "\n".join((session, *parts)).encode()
        digest = hmac.new(self._key, text, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:18]).decode()

    def url(self, session: str, page: SessionPage, place: str, root: str = "") -> str:
        """Return the address of the sound at a place of a page: a key such as ``s1``, or ``reference``."""
        return f"{root}/audio/{self.make_opaque(session, page.id, place)}"

    def medium(self, session: str, path: str, root: str = "") -> str:
        """Return the address of a picture or sound of the texts: the same on all pages of a session."""
        return f"{root}/picture/{self.make_opaque(session, 'picture', path)}"

    def tag(self, opaque: str, digest: str) -> str:
        """Return the ETag of a content at an address: another one for another content, or address."""
        return self.make_opaque("etag", opaque, digest)

    def find(self, session: str, slot: int, opaque: str, answers: tuple[float, ...] = ()) -> str | None:
        """Return the path in the study of what is behind an opaque name of a session, or None."""
        key = (self._owner, session, slot, answers)
        return _addresses.get(key, lambda: self._build(session, slot, answers)).get(opaque)

    def forget(self) -> None:
        """Let go of the addresses that are kept, when the study is closed."""
        _addresses.forget(self._owner)

    def _build(self, session: str, slot: int, answers: tuple[float, ...]) -> dict[str, str]:
        pages = self.study.pages(slot, answers)
        sounds = {
            self.make_opaque(session, page.id, place): path
            for page in pages
            for place, path in sounds_of(page).items()
        }
        lab = self.study.config.options.lab
        shown = [path for page in pages for path in page.media] + ([lab.logo] if lab and lab.logo else [])
        return sounds | {self.make_opaque(session, "picture", path): path for path in shown}


class KnownTokens:
    """Sessions that were opened here, so that their sounds never wait for the database.

    A token that was replaced may still fetch the sounds of its own session, from another worker process, for
    an hour.
    """

    def __init__(self) -> None:
        self._found: dict[str, tuple[float, str, int]] = {}
        self._lock = threading.Lock()

    def get(self, token: str) -> tuple[str, int] | None:
        """Return a session's name and slot, or None if the database must be asked."""
        until, session, slot = self._found.get(token, (0.0, "", 0))
        return (session, slot) if time.monotonic() < until else None

    def put(self, token: str, session: str, slot: int) -> None:
        """Remember a session for an hour."""
        with self._lock:
            self._found.pop(token, None)
            self._found[token] = (time.monotonic() + KNOWN_S, session, slot)
            while len(self._found) > KNOWN_TOKENS:
                self._found.pop(next(iter(self._found)))

    def forget(self, session: str) -> None:
        """Forget the tokens of a session that was given another one."""
        with self._lock:
            self._found = {token: found for token, found in self._found.items() if found[1] != session}


def sounds_of(page: SessionPage) -> dict[str, str]:
    """Return the paths of a page's sounds by their place on it."""
    found = page.page
    if isinstance(found, VolumePage):
        return {"volume": found.stimulus}
    if found is None or not page.rates:
        return {}
    paths = found.sounds()
    places = {key: paths[condition] for key, condition in page.conditions().items()}
    if isinstance(found, ReferencePage) and found.reference is not None:
        places[OPEN_REFERENCE] = found.reference
    if page.planned is not None and page.planned.hidden is not None:
        places[HIDDEN_X] = paths[page.planned.hidden]
    return places


def media_type_of(path: PurePath) -> str:
    """Return the media type of a sound or a picture."""
    return _TYPES.get(path.suffix.lower(), "application/octet-stream")
