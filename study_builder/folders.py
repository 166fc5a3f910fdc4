"""Study folders that appear when they are complete."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from study_builder.errors import BuildError

RATINGS_NAME = "ratings.sqlite3"


@contextmanager
def folder_when_complete(out: Path, overwrite: bool) -> Iterator[Path]:
    """Give a folder to build in; it takes the place of `out` at the end, and is removed after an error."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        if (out / RATINGS_NAME).exists():
            raise BuildError(
                f"{out}: holds ratings ({RATINGS_NAME}) and is not replaced; choose another folder"
            )
        if not overwrite:
            raise BuildError(f"{out}: exists already; choose another folder, or --overwrite to replace it")
    temporary = out.with_name(f".{out.name}.{os.getpid()}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        if out.exists():
            shutil.rmtree(out)
        temporary.rename(out)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
