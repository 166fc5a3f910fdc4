"""Sounds on the disk against the hashes of the study: a sound that was replaced is another stimulus.

Hashing gigabytes at every start would be slow. The database therefore keeps what the files looked like when
they were last found right (size and time of change), and only when that differs are they read again.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mushra_server.database import settings
from mushra_server.database.database import Database
from mushra_server.errors import ServerError
from mushra_server.study.served_study import Study

__all__ = ["check_hashes"]

THREADS = 4


def check_hashes(study: Study, database: Database) -> None:
    """Compare the sounds with `listenable.files` of the study's config.

    Raises:
        ServerError: With the first sound that is not the one the study was built with.
    """
    used = {path for page in study.config.walk() for path in page.sounds().values()}
    listed = study.config.options.files
    expected = {path: listed[path] for path in sorted(used & set(listed)) if study.file(path).is_file()}
    seen = _hash_looks(study, expected)
    if not expected or settings.load_seen_sounds(database) == seen:
        return
    with ThreadPoolExecutor(THREADS) as pool:
        found = pool.map(_sha256, [study.file(path) for path in expected])
        for (path, wanted), digest in zip(expected.items(), found, strict=True):
            if digest != wanted:
                raise ServerError(
                    f"{study.file(path)}: is not the sound that the study was built with (its SHA-256 is not "
                    "the one in listenable.files); restore it, or build the study again"
                )
    settings.set_seen_sounds(database, seen)


def _hash_looks(study: Study, expected: dict[str, str]) -> str:
    """Return a hash of paths, sizes, times of change and expected hashes."""
    stats = ((path, study.file(path).stat(), wanted) for path, wanted in expected.items())
    looks = [[path, stat.st_size, stat.st_mtime_ns, wanted] for path, stat, wanted in stats]
    return hashlib.sha256(json.dumps(looks).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
