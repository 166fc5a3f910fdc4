"""Study folders that appear when they are complete."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath

from stimuli.files import atomic_folder, copy_file
from stimuli.vocabulary import CONFIG_NAME, RATINGS_NAME
from study_builder.errors import BuildError

_HOLD_RATINGS = ("sessions", "wire_sessions", "refused_posts")


def leaves_the_folder(path: str) -> bool:
    """Whether a path that a config names leads out of the study's folder, or to another machine."""
    parts = PurePosixPath(path)
    return "://" in path or parts.is_absolute() or ".." in parts.parts


def links_outside(folder: Path, path: str) -> bool:
    """Whether a file of a study is a link, or in a folder that is one, to somewhere else."""
    return not (folder / path).resolve().is_relative_to(folder.resolve())


def copy_named_file(path: str, base: Path, study: Path) -> None:
    """Copy a file that a page names into a study, under its own path.

    The study may be a stranger's, and whoever it is served to gets the content: a link called `logo.png` may
    lead to anything. In a folder that is a link, other files than pictures and sounds keep their own names.

    Raises:
        BuildError: the path leaves `base` or is hidden, or the file does not exist or is a link to elsewhere.
    """
    if leaves_the_folder(path):
        raise BuildError(f"a page names the file {path!r}; expected a path within the folder {base}")
    if any(part.startswith(".") for part in PurePosixPath(path).parts):
        raise BuildError(f"a page names the hidden file {path!r}; expected one that is not hidden")
    if (base / path).is_symlink() and links_outside(base, path):
        raise BuildError(f"{base / path}: is a link that leaves the folder {base}; expected a file in it")
    if not (base / path).is_file():
        raise BuildError(f"{base / path}: is named by a page, but missing")
    (study / path).parent.mkdir(parents=True, exist_ok=True)
    copy_file(base / path, study / path)


def _has_sessions(database: Path) -> bool:
    """Whether anybody took part; a file that cannot be read as a server's database counts as ratings."""
    if not database.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = (f"EXISTS (SELECT 1 FROM {table})" for table in _HOLD_RATINGS)
            return bool(connection.execute(f"SELECT {' OR '.join(found)}").fetchone()[0])
    except sqlite3.Error:
        return True


@contextmanager
def folder_when_complete(out: Path, overwrite: bool) -> Iterator[Path]:
    """Yield a folder to build in; it replaces `out` at the end, and is removed after an error.

    Args:
        out: where the study is to be; must not exist, or be empty.
        overwrite: whether a study there is replaced. What is not a study, or has ratings, never is.

    Raises:
        BuildError: `out` is in use and may not be replaced, or somebody took part while it was being built.
    """

    def refuse_ratings(folder: Path) -> None:
        if _has_sessions(folder / RATINGS_NAME):
            raise BuildError(
                f"{out}: contains ratings ({RATINGS_NAME}) and is not replaced; choose another folder"
            )

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        refuse_ratings(out)
        if not overwrite:
            raise BuildError(f"{out}: exists already; choose another folder, or --overwrite to replace it")
        if not (out / CONFIG_NAME).is_file():
            raise BuildError(f"{out}: is not a study, so it is not replaced; choose another folder")
    # A server may have it open. What it has acknowledged is there when it can no longer find the folder.
    with atomic_folder(out, before_removing=refuse_ratings) as folder:
        yield folder
