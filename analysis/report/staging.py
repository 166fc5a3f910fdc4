"""Writing a folder of files so that it contains all of them or none, and nothing from the previous time."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from stimuli.files import lock_folder, sync_folder, sync_tree, temporary_name

_PART = "report"
_LEFTOVER_S = 86_400.0
"""After which what is half written was left by a process that was killed; until then it may be another's."""
_UNUSABLE = re.compile(r"[^\w.-]+")


@contextmanager
def stage_folder(folder: Path, record: str) -> Iterator[Path]:
    """Yield an empty folder to write into; its contents then replace the files of the previous time.

    Other files in the folder stay. If writing fails, nothing in the folder changes. Of several processes that
    write into one folder at once, it has the files of the one that ends last.

    Args:
        folder: Where the files go; made if it does not exist.
        record: The JSON file, one of those written, whose `files` lists them all.

    Raises:
        OSError: The folder cannot be written.
    """
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f".{_PART}.*.part"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _LEFTOVER_S:
                shutil.rmtree(left, ignore_errors=True)
    part = temporary_name(folder / _PART)
    try:
        part.mkdir(parents=True)
        yield part
        written = sorted(path.name for path in part.iterdir())
        about = json.loads((part / record).read_text(encoding="utf-8")) | {"files": written}
        (part / record).write_text(_lay_out(about), encoding="utf-8")
        sync_tree(part)
        with lock_folder(folder, wait=True):
            for name in set(_files_of(folder / record)) - set(written):
                (folder / name).unlink(missing_ok=True)
            for name in sorted(written, key=lambda name: name == record):  # the record last
                (part / name).replace(folder / name)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        if made:
            with suppress(OSError):  # it has what somebody else has written meanwhile
                folder.rmdir()
        raise
    part.rmdir()
    sync_folder(folder)


def _lay_out(about: dict[str, Any]) -> str:
    """Return a mapping as JSON with a line per key; more indentation takes ten times as long to write."""
    lines = (
        f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False, allow_nan=False)}"
        for key, value in about.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _files_of(record: Path) -> list[str]:
    """Return the files that a record lists; none if it cannot be read. Paths elsewhere are ignored."""
    try:
        names = json.loads(record.read_text(encoding="utf-8"))["files"]
        return [name for name in names if isinstance(name, str) and Path(name).name == name]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def file_name(name: str) -> str:
    """Return a name that every file system takes: letters, digits, and single lines for the rest."""
    return _UNUSABLE.sub("_", name)
