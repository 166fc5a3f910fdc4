"""Files and folders that appear whole or not at all: written under another name, synced to disk, renamed.

A reader sees the old content or the new one, never a part of either: not after an error, not on a full disk,
not after Ctrl-C, and not after a power failure. The umask decides the mode of what is written.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_ENDING = ".part"
_ENDINGS = tuple(f"{_ENDING}{rest}" for rest in ("", "-journal", "-shm", "-wal"))
"""Of a file that is being written, and of what SQLite keeps beside it."""
_NAME_LETTERS = 40
"""How much of a name its temporary name repeats, so that a name of 255 bytes has a temporary one too."""
_HERE, _EXCHANGE = -100, 2
"""The kernel's numbers: paths are as the process sees them (AT_FDCWD), names are traded (RENAME_EXCHANGE)."""


@contextmanager
def atomic_path(path: Path, before_removing: Callable[[Path], None] | None = None) -> Iterator[Path]:
    """Give a temporary name next to `path`, renamed to `path` at the end and removed after an error.

    What is written under the temporary name may be a file or a folder; `atomic_folder` replaces a folder.

    Args:
        path: the final name.
        before_removing: as in `atomic_folder`.

    Raises:
        OSError: of the block, of the sync or of the rename; it names `path` rather than the temporary name.
    """
    temporary = temporary_name(path)
    try:
        yield temporary
        move_into_place(temporary, path, before_removing)
    except BaseException as error:
        _remove(temporary)
        if isinstance(error, OSError) and _blames(error, temporary):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


@contextmanager
def atomic_folder(path: Path, before_removing: Callable[[Path], None] | None = None) -> Iterator[Path]:
    """Give an empty folder to write into; it takes the place of the folder `path` at the end.

    A folder that is at `path` stays until the new one is complete, and is then removed with all that is in
    it: whether that may be is for the caller to check.

    Args:
        path: the folder.
        before_removing: is given the folder that was at `path`, which nobody finds there any more, before
            the new one is; what it raises puts it back, and leaves all as it was.

    Raises:
        OSError: as `atomic_path`.
    """
    if path.is_symlink():
        path = path.resolve()  # the link stays: what it leads to is replaced
    with atomic_path(path, before_removing) as temporary:
        temporary.mkdir(parents=True)
        yield temporary


def write_text(path: Path, text: str, *, private: bool = False) -> None:
    """Write text as UTF-8, line ends as they are; see `write_bytes`."""
    write_bytes(path, text.encode("utf-8"), private=private)


def write_bytes(path: Path, content: bytes | memoryview, *, private: bool = False) -> None:
    """Write a file whole or not at all.

    Args:
        path: the file; one that exists is replaced.
        content: all of it.
        private: whether only its owner may read it, whatever the umask says.
    """
    with atomic_path(path) as temporary, os.fdopen(create(temporary, private=private), "wb") as file:
        file.write(content)


def create(path: Path, *, private: bool = False) -> int:
    """Make a new file and return its descriptor, open for writing; `private` as in `write_bytes`.

    Raises:
        FileExistsError: it is there already.
    """
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666)


def copy_file(source: Path, path: Path) -> None:
    """Copy a file's content, whole or not at all."""
    with atomic_path(path) as temporary:
        shutil.copyfile(source, temporary)


def temporary_name(path: Path) -> Path:
    """Return a new name in the folder of `path`, which no other process or thread is given."""
    return path.with_name(f".{path.name[:_NAME_LETTERS]}.{secrets.token_hex(4)}{_ENDING}")


def is_temporary(path: Path) -> bool:
    """Tell whether a path is a temporary name: of what is being written, or of what a kill left."""
    return path.name.startswith(".") and path.name.endswith(_ENDINGS)


def remove_temporary(folder: Path) -> None:
    """Remove what a kill has left half written in a folder that nobody else writes to."""
    for path in folder.iterdir():
        if is_temporary(path):
            _remove(path)


def move_into_place(made: Path, path: Path, before_removing: Callable[[Path], None] | None = None) -> None:
    """Rename a finished file or folder to `path` in the same file system, on the disk before it returns.

    A file that is inside a temporary folder is synced together with that folder, which is several times
    faster than each by itself. `before_removing` as in `atomic_folder`.
    """
    staged = any(is_temporary(folder) for folder in path.parents)
    if not staged:
        sync_tree(made)
    if made.is_dir() and path.is_dir():  # the system replaces only an empty folder
        if before_removing is None and _exchange(made, path):
            shutil.rmtree(made)
        else:
            _put_aside(made, path, before_removing)
    else:
        made.replace(path)
    if not staged:
        sync_folder(path.parent)


def _exchange(made: Path, path: Path) -> bool:
    """Let two folders trade names in one step, so that a kill never leaves neither; False if this cannot be.

    Python has no function for it. Linux has, on most of its file systems (renameat2(2)).
    """
    if sys.platform != "linux":
        return False
    import ctypes

    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    return bool(rename(_HERE, os.fsencode(made), _HERE, os.fsencode(path), _EXCHANGE) == 0)


def _put_aside(made: Path, path: Path, before_removing: Callable[[Path], None] | None) -> None:
    aside = temporary_name(path)
    path.rename(aside)
    try:
        if before_removing is not None:
            before_removing(aside)
        made.rename(path)
    except BaseException:
        aside.rename(path)
        raise
    shutil.rmtree(aside)


def sync_tree(path: Path) -> None:
    """Write a file, or a folder with everything in it, to disk."""
    if path.is_dir():
        for folder, _, names in os.walk(path):
            for name in names:
                _sync(Path(folder, name))
            sync_folder(Path(folder))
    else:
        _sync(path)


def sync_folder(path: Path) -> None:
    """Write to disk which names a folder has, not the content of its files."""
    if os.name != "nt":  # Windows cannot open a folder
        _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems cannot sync
            raise
    finally:
        os.close(handle)


def _blames(error: OSError, temporary: Path) -> bool:
    """Whether an error is about the temporary file, or names none as those of a full disk do."""
    if error.errno is None:
        return False
    return error.filename is None or Path(os.fsdecode(error.filename)).is_relative_to(temporary)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):  # what made the writing fail is what is reported
            path.unlink()


@contextmanager
def lock_folder(folder: Path, wait: bool = False) -> Iterator[None]:
    """Keep other processes that ask for the same out of a folder until the block, or the process, ends.

    Windows, and some network file systems, cannot lock a folder: there nobody is kept out.

    Args:
        folder: An existing folder.
        wait: Whether to wait until it is free.

    Raises:
        BlockingIOError: Another process has it.
    """
    if os.name == "nt":
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise
        except OSError:
            pass  # of a file system that has no locks
        yield
    finally:
        os.close(handle)
